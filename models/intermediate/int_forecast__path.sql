{{ config(tags=['forecast']) }}

-- Baseline and scenarios. A scenario moves the middle of the fan and keeps its width: what it changes is the level,
-- not how well the models know it. The balance moves by what its flows have moved up to then.
with effect as (
    select
        org_code,
        fund_code,
        scenario,
        month,
        {{ sum_money("case when direction = 'income' then effect else 0 end") }} as income,
        {{ sum_money("case when direction = 'expenditure' then effect else 0 end") }} as expenditure
    from {{ ref('int_forecast__effect') }}
    group by org_code, fund_code, scenario, month
),

applied as (
    select distinct
        org_code,
        fund_code,
        scenario
    from effect
    union all
    select
        org_code,
        fund_code,
        'baseline' as scenario
    from {{ source('run', 'forecast_series') }}
    where state = 'forecast'
),

shifted as (
    select
        baseline.*,
        applied.scenario,
        case baseline.measure
            when 'income' then coalesce(effect.income, 0)
            when 'expenditure' then coalesce(effect.expenditure, 0)
            else
                sum(coalesce(effect.income, 0) - coalesce(effect.expenditure, 0)) over (
                    partition by applied.org_code, applied.fund_code, applied.scenario, baseline.measure
                    order by baseline.month
                )
        end as shift
    from applied
    inner join {{ ref('int_forecast__baseline') }} as baseline using (org_code, fund_code)
    left join effect
        on
            effect.org_code = applied.org_code
            and effect.fund_code = applied.fund_code
            and effect.scenario = applied.scenario
            and effect.month = baseline.month
)

select
    org_code,
    fund_code,
    measure,
    scenario,
    month,
    model,
    origin_month,
    horizon,
    cast(point + shift as {{ money_type() }}) as point,
    -- A flow that stops at zero in the baseline stops there in a scenario too.
    cast({{ shifted_lower('lower_80') }} as {{ money_type() }}) as lower_80,
    cast(upper_80 + shift as {{ money_type() }}) as upper_80,
    cast({{ shifted_lower('lower_95') }} as {{ money_type() }}) as lower_95,
    cast(upper_95 + shift as {{ money_type() }}) as upper_95,
    cast(shift as {{ money_type() }}) as shift
from shifted
