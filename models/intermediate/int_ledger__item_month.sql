-- Income and expenditure by ledger item and month: item totals from the subjects that count, and the 其中
-- (memo) items beside them, which are part of their parent and never added again.
with subject as (
    select
        *,
        case subject_class when 4 then 'income' else 'expenditure' end as direction
    from {{ ref('int_ledger__counted_subject') }}
    where subject_class in (4, 5)
),

total as (
    select
        org_code,
        fund_code,
        month,
        direction,
        root_item_key as item_key,
        false as is_memo,
        {{ sum_money('counted_movement') }} as amount,
        {{ sum_money('counted_opening') }} as opening_balance,
        {{ sum_money('counted_closing') }} as closing_balance
    from subject
    where is_counted
    group by org_code, fund_code, month, direction, root_item_key
),

memo as (
    select
        org_code,
        fund_code,
        month,
        direction,
        item_key,
        true as is_memo,
        {{ sum_money('movement') }} as amount,
        {{ sum_money('opening_balance') }} as opening_balance,
        {{ sum_money('closing_balance') }} as closing_balance
    from subject
    where is_memo and not is_only_checked
    group by org_code, fund_code, month, direction, item_key
),

item as (
    select * from total
    union all
    select * from memo
)

select
    item.org_code,
    item.fund_code,
    item.month,
    item.direction,
    item.item_key,
    item.is_memo,
    coalesce(fund_item.place = 'inter_level', false) as is_transfer,
    item.amount,
    item.opening_balance,
    item.closing_balance
from item
left join {{ ref('fund_item') }} as fund_item on fund_item.item_key = item.item_key
