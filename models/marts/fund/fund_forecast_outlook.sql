{{ config(tags=['forecast']) }}

-- Where a scenario leads in one and in two years, against the baseline and against each other.
with running as (
    select
        *,
        sum(case when measure <> 'balance' then point end) over (
            partition by org_code, fund_code, measure, scenario order by month
        ) as amount
    from {{ ref('int_forecast__path') }}
),

reached as (
    select
        org_code,
        fund_code,
        scenario,
        horizon,
        month,
        max(case when measure = 'income' then amount end) as income,
        max(case when measure = 'expenditure' then amount end) as expenditure,
        max(case when measure = 'balance' then point end) as closing_balance,
        max(case when measure = 'balance' then shift end) as closing_change
    from running
    where horizon in (12, 24)
    group by org_code, fund_code, scenario, horizon, month
),

placed as (
    select
        reached.*,
        reserve.payable_months,
        lever.lever,
        lever.value
    from reached
    left join {{ ref('int_forecast__reserve') }} as reserve using (org_code, fund_code, scenario, month)
    -- What a scenario with one lever does is that lever's doing.
    left join
        (
            select
                scenario,
                max(lever) as lever,
                max(value) as value
            from {{ ref('int_forecast__scenario') }}
            group by scenario
            having count(distinct ordinal) = 1
        ) as lever
        using (scenario)
)

select
    placed.org_code,
    placed.fund_code,
    placed.scenario,
    placed.horizon,
    placed.month,
    placed.lever,
    placed.value,
    cast(placed.income as {{ money_type() }}) as income,
    cast(placed.expenditure as {{ money_type() }}) as expenditure,
    cast(placed.income - placed.expenditure as {{ money_type() }}) as current_balance,
    placed.closing_balance,
    placed.closing_change,
    placed.payable_months,
    placed.payable_months - baseline.payable_months as payable_change
from placed
inner join placed as baseline
    on
        baseline.org_code = placed.org_code
        and baseline.fund_code = placed.fund_code
        and baseline.horizon = placed.horizon
        and baseline.scenario = 'baseline'
