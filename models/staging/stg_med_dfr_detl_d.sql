{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    dfr_id as payment_id,
    seq as line_number,
    insutype as insurance_type_code,
    replace(med_type, '_', '') as care_type_code,
    clr_type as clearing_type_code,
    clr_type_lv2 as clearing_subtype_code,
    psn_type as person_type_code,
    dfr_amt as payment,
    det_type as deduction_type_code,
    det_amt as deduction,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('med_dfr_detl_d') }}
from {{ source('landing', 'med_dfr_detl_d') }} as landed
where {{ counts('med_dfr_detl_d') }}
