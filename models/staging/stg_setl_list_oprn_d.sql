{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    setl_id,
    seq as line_number,
    mdtrt_id as visit_id,
    psn_no as person_key,
    main_oprn_flag as main_operation_flag,
    oprn_oprt_code as operation_code,
    oprn_oprt_name as operation_name,
    oprn_oprt_date as operation_date,
    anst_way as anaesthesia_code,
    oper_dr_code as doctor_code,
    anst_dr_code as anaesthetist_code,
    oprn_oprt_begntime as operation_began_at,
    oprn_oprt_endtime as operation_ended_at,
    anst_begntime as anaesthesia_began_at,
    anst_endtime as anaesthesia_ended_at,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('setl_list_oprn_d') }}
from {{ source('landing', 'setl_list_oprn_d') }} as landed
where {{ counts('setl_list_oprn_d') }}
