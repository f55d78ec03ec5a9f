-- Which budget lines run ahead of the year, or behind it?
-- Held against the share that past years had reached by this month where complete years are loaded, else
-- against the share of the year that is over.
with last_month as (
    select max(month) as month
    from {{ ref('fund_budget_execution') }}
)

select
    budget.org_code,
    budget.fund_code,
    budget.direction,
    budget.item_key,
    item.name_zh as item_name,
    budget.budget,
    budget.actual_ytd,
    budget.execution_rate,
    coalesce(budget.seasonal_share, budget.elapsed_share) as expected_rate,
    budget.execution_rate - coalesce(budget.seasonal_share, budget.elapsed_share) as ahead_by
from {{ ref('fund_budget_execution') }} as budget
inner join last_month on last_month.month = budget.month
left join {{ ref('fund_item') }} as item on item.item_key = budget.item_key
where not budget.is_memo
order by abs(budget.execution_rate - coalesce(budget.seasonal_share, budget.elapsed_share)) desc nulls last
