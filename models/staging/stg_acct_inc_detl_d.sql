{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    coalesce(rid, concat_ws('|', psn_no, year, acct_incexpd_type, opt_time)) as row_key,
    rid as record_id,
    psn_no as person_key,
    psn_insu_rlts_id as relation_id,
    insutype as insurance_type_code,
    try_cast(year as integer) as year,
    acct_incexpd_type as account_entry_type_code,
    inc_sumamt as credited,
    cury_inc_amt as credited_this_year,
    lasty_inc_amt as credited_last_year,
    bfy_inc_amt as credited_earlier,
    opt_time as handled_at,
    poolarea_no as pool_area_code,
    vali_flag as valid_flag,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('acct_inc_detl_d') }}
from {{ source('landing', 'acct_inc_detl_d') }} as landed
where {{ counts('acct_inc_detl_d') }}
