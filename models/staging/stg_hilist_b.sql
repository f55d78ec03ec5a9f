{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    hilist_code as item_code,
    insu_admdvs as org_code,
    begndate as valid_from,
    enddate as valid_to,
    hilist_name as item_name,
    med_chrgitm_type as charge_type_code,
    chrgitm_lv as charge_level_code,
    lmt_used_flag as restricted_use_flag,
    list_type as catalogue_type_code,
    med_use_flag as medical_use_flag,
    matn_used_flag as maternity_use_flag,
    hilist_lmtpric_type as price_limit_type_code,
    hilist_pric_uplmt_amt as price_limit,
    overlmt_dspo_way as over_limit_handling_code,
    selfpay_prop_psn_type as ratio_person_type_code,
    selfpay_prop_type as ratio_type_code,
    selfpay_prop as prepaid_ratio,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('hilist_b') }}
from {{ source('landing', 'hilist_b') }} as landed
where {{ counts('hilist_b') }}
