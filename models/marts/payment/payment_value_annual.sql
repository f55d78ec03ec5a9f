-- Rates and point values of a budget by each way of finding them, and what the one applied leaves: budget less what standards (or
-- dues, where the budget is the fund's) come to. It is rounding where cases take the budget by weights alone; else outliers,
-- special cases, or a real share of the fund other than the area's.
with paid as (
    select
        scheme,
        year,
        group_system,
        institution_code,
        sum(weight_or_score) as weight,
        max(point_value) as point_value,
        sum(actual_cost - pooled_pay) as paid_by_others,
        {{ sum_money('standard_unrounded') }} as standard_payment
    from {{ ref('payment_case') }}
    where is_grouped
    group by scheme, year, group_system, institution_code
),

added as (
    select
        scheme,
        year,
        group_system,
        sum(weight) as weight,
        max(point_value) as point_value,
        {{ sum_money('paid_by_others') }} as paid_by_others,
        {{ sum_money('standard_payment') }} as standard_payment,
        {{ sum_money('standard_payment - paid_by_others') }} as due
    from paid
    group by scheme, year, group_system
)

select
    added.scheme,
    added.year,
    added.group_system,
    budget.value_method,
    cast(added.weight as decimal(20, 6)) as weight,
    cast(round(budget.budget * (1 - budget.reserve_share), 2) as {{ money_type() }}) as distributable_amount,
    added.paid_by_others,
    added.point_value,
    {{ point_value('cast(budget.projected_expense as double)', 'added.weight', 'budget.value_places') }} as budget_value,
    {{ point_value(distributable("'total'", 'budget', 'added.paid_by_others'), 'added.weight', 'budget.value_places') }}
        as plain_value,
    {{ point_value(distributable("'fund_ratio'", 'budget', 'added.paid_by_others'), 'added.weight', 'budget.value_places') }}
        as ratio_value,
    {{ point_value(distributable("'exact'", 'budget', 'added.paid_by_others'), 'added.weight', 'budget.value_places') }}
        as exact_value,
    added.standard_payment,
    added.due,
    cast(
        round(budget.budget * (1 - budget.reserve_share), 2)
        - case when budget.value_method = 'total' then added.standard_payment else added.due end as {{ money_type() }}
    ) as unspent_amount
from added
inner join {{ ref('payment_budget') }} as budget
    on budget.scheme = added.scheme and budget.year = added.year and budget.group_system = added.group_system
