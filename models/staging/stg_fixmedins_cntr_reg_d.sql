{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    fix_cntr_id as agreement_id,
    fixmedins_code as institution_code,
    fix_cntr_type as agreement_type_code,
    try_cast(cntr_sign_year as integer) as agreement_year,
    begntime as valid_from_at,
    endtime as valid_to_at,
    fixmedins_chrg_lv as charge_level_code,
    cntr_stas as agreement_status_code,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('fixmedins_cntr_reg_d') }}
from {{ source('landing', 'fixmedins_cntr_reg_d') }} as landed
where {{ counts('fixmedins_cntr_reg_d') }}
