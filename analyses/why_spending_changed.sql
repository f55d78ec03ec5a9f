-- Which items moved each fund's spending this year most, against the same months of last year?
-- contribution: points of the total's growth that the item makes; the items that are not memo add up to it.
with last_month as (
    select max(month) as month
    from {{ ref('fund_expenditure_change_monthly') }}
)

select
    changed.org_code,
    changed.fund_code,
    item.name_zh as item_name,
    changed.amount_prior_year,
    changed.amount,
    changed.change,
    changed.contribution
from {{ ref('fund_expenditure_change_monthly') }} as changed
inner join last_month on last_month.month = changed.month
left join {{ ref('fund_item') }} as item on item.item_key = changed.item_key
where changed.period_kind = 'ytd' and not changed.is_memo
order by changed.fund_code, changed.org_code, abs(changed.change) desc
