{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    setl_id,
    grp_sys as group_system,
    grp_ver as group_version,
    mdc as major_category_code,
    adrg as adrg_code,
    grp_code as group_code,
    grp_name as group_name,
    rw_or_score as weight_or_score,
    rate_or_point_value,
    std_pay_amt as standard_payment,
    case_type as case_type_code,
    grp_period as group_month,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('drg_dip_rslt_d') }}
from {{ source('landing', 'drg_dip_rslt_d') }} as landed
where {{ counts('drg_dip_rslt_d') }}
