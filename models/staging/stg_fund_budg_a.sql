with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(book_org) as org_code,
        trim(fund_code) as fund_code,
        cast(trim(year) as integer) as year,
        trim(item_key) as item_key,
        trim(ver) as budget_version,
        eff_date as effective_date,
        budg_amt,
        trim(unit) as exported_unit,
        _load_ts as loaded_at
    from {{ source('landing', 'fund_budg_a') }}
),

newest as (
    {{ newest_version(
        'landed', ['org_code', 'fund_code', 'year', 'item_key', 'budget_version'], ['loaded_at']
    ) }}
)

select
    org_code,
    fund_code,
    year,
    item_key,
    budget_version,
    effective_date,
    {{ to_yuan('budg_amt', 'exported_unit') }} as budget,
    batch_id,
    row_number_in_file
from newest
