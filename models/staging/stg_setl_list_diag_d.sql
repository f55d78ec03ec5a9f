{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    case when diag_srt_no is not null then concat_ws('|', setl_id, diag_type, diag_srt_no) else concat_ws('|', mdtrt_id, diag_type, diag_srt_no) end as row_key,
    setl_id,
    mdtrt_id as visit_id,
    psn_no as person_key,
    diag_type as diagnosis_type_code,
    diag_srt_no as diagnosis_number,
    maindiag_flag as main_diagnosis_flag,
    diag_code as diagnosis_code,
    diag_name as diagnosis_name,
    adm_cond_type as admission_condition_code,
    diag_dept as diagnosis_department,
    dise_dor_no as doctor_code,
    diag_time as diagnosed_at,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('setl_list_diag_d') }}
from {{ source('landing', 'setl_list_diag_d') }} as landed
where {{ counts('setl_list_diag_d') }}
