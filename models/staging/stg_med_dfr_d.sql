{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    dfr_id as payment_id,
    cashym as cash_month,
    dfr_notc_type as payment_type_code,
    trt_issu_way as issue_method_code,
    dfr_obj as payee_type_code,
    dfr_obj_code as payee_code,
    dfr_sumamt as payment,
    dfr_souc as payment_source_code,
    souc_sn as source_number,
    docno as document_number,
    fin_dspo_flag as booked_flag,
    fin_acen_time as booked_at,
    pay_fail_desc as failure_text,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('med_dfr_d') }}
from {{ source('landing', 'med_dfr_d') }} as landed
where {{ counts('med_dfr_d') }}
