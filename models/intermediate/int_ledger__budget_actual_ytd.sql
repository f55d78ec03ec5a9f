-- What a budget line is held against: items year to date, and the subtotal and total lines of the form.
with item as (
    select
        org_code,
        fund_code,
        month,
        direction,
        item_key,
        is_memo,
        is_transfer,
        amount_ytd
    from {{ ref('int_ledger__item_ytd') }}
),

form_line as (
    select * from (
        values
            ('income', 'income_subtotal', false),
            ('income', 'income_total', true),
            ('expenditure', 'expense_subtotal', false),
            ('expenditure', 'expense_total', true)
    ) as line (direction, item_key, has_transfers)
)

select
    org_code,
    fund_code,
    month,
    direction,
    item_key,
    is_memo,
    amount_ytd
from item

union all

select
    item.org_code,
    item.fund_code,
    item.month,
    item.direction,
    form_line.item_key,
    false as is_memo,
    {{ sum_money('item.amount_ytd') }} as amount_ytd
from item
inner join form_line
    on form_line.direction = item.direction and (form_line.has_transfers or not item.is_transfer)
where not item.is_memo
group by item.org_code, item.fund_code, item.month, item.direction, form_line.item_key
