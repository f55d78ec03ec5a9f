{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    book_org as org_code,
    fund_code,
    try_cast(year as integer) as year,
    item_key,
    {{ to_yuan('budg_amt', 'unit') }} as budget,
    unit as exported_unit,
    ver as budget_version,
    eff_date as effective_date,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('fund_budg_a') }}
from {{ source('landing', 'fund_budg_a') }} as landed
where {{ counts('fund_budg_a') }}
