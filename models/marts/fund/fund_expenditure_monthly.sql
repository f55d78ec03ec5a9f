select
    org_code,
    fund_code,
    month,
    item_key,
    amount,
    is_memo,
    is_transfer
from {{ ref('int_ledger__item_month') }}
where direction = 'expenditure'
