-- Every budget line as the books and the budgets say; worked out once for this table and for the summary.
select
    org_code,
    fund_code,
    year,
    direction,
    item_key,
    month,
    budget,
    actual_ytd,
    execution_rate,
    elapsed_share,
    seasonal_share,
    is_memo,
    budget_version
from {{ ref('int_ledger__budget_execution') }}
