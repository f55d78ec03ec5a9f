{{ config(tags=['forecast']) }}

-- What each row of a scenario does to a flow, month by month: the item's share of the forecast, times the factor of
-- the lever's formula (seed forecast_lever). Rows of one scenario add up; each is worked out on the baseline.
with scoped as (
    select
        series.org_code,
        series.fund_code,
        kind.scheme,
        scenario.*
    from {{ source('run', 'forecast_series') }} as series
    inner join {{ ref('fund_kind') }} as kind using (fund_code)
    inner join {{ ref('int_forecast__scenario') }} as scenario
        on
            scenario.fund_code = series.fund_code
            -- A row that names no fund moves the pooled funds; personal accounts stay apart.
            or (scenario.fund_code is null and kind.account_kind = 'pooled')
    where series.state = 'forecast' and scenario.lever is not null
),

base as (
    select
        scheme,
        max(case when parameter = 'old_share' then value end) as old_share,
        max(case when parameter = 'cost_ratio' then value end) as cost_ratio,
        max(case when parameter = 'stops_paying' then value end) as stops_paying,
        max(case when parameter = 'payment_ratio' then value end) as payment_ratio
    from {{ ref('forecast_lever_base') }}
    group by scheme
),

-- The bureau's own share of the retired, where enrolment is loaded.
retired as (
    select
        org_code,
        scheme,
        {{ ratio('retired', 'active + retired') }} as old_share
    from {{ ref('int_enrolment__head_month') }}
    where scheme = 'employee'
    qualify row_number() over (partition by org_code, scheme order by month desc) = 1
),

moved as (
    select
        scoped.org_code,
        scoped.fund_code,
        scoped.scenario,
        scoped.ordinal,
        scoped.part,
        scoped.lever,
        scoped.direction,
        scoped.item_key,
        scoped.value,
        flow.month,
        flow.horizon - scoped.first_month + 1 as step,
        coalesce({{ part_of('flow.point', 'share.item_share') }}, 0) as base_amount,
        coalesce(scoped.base, retired.old_share, base.old_share) as old_share,
        base.cost_ratio,
        base.stops_paying,
        coalesce(scoped.base, base.payment_ratio) as payment_ratio
    from scoped
    inner join {{ ref('int_forecast__baseline') }} as flow
        on
            flow.org_code = scoped.org_code
            and flow.fund_code = scoped.fund_code
            and flow.measure = scoped.direction
            and flow.horizon >= scoped.first_month
            and (scoped.months is null or flow.horizon < scoped.first_month + scoped.months)
    left join {{ ref('int_forecast__item_share') }} as share
        on
            share.org_code = scoped.org_code
            and share.fund_code = scoped.fund_code
            and share.direction = scoped.direction
            and share.item_key = scoped.item_key
            and share.calendar_month = extract(month from flow.month)
    left join base on base.scheme = scoped.scheme
    left join retired on retired.org_code = scoped.org_code and retired.scheme = scoped.scheme
),

worked as (
    select
        *,
        case
            when lever in ('contribution_rate', 'subsidy', 'visit_rate') then value
            when lever = 'cost_growth' then power(1 + value, step / 12.0) - 1
            when lever = 'payment_ratio' then value / nullif(payment_ratio, 0)
            when lever = 'premium_relief' then -value
            when lever = 'enrolment_ageing' and part = 1
                then value * step / 12 * (cost_ratio - 1) / (1 + (cost_ratio - 1) * old_share)
            when lever = 'enrolment_ageing' then -value * step / 12 / nullif(1 - old_share, 0) * stops_paying
        end as factor
    from moved
)

select
    org_code,
    fund_code,
    scenario,
    ordinal,
    part,
    lever,
    direction,
    item_key,
    month,
    base_amount,
    factor,
    {{ part_of('base_amount', 'factor') }} as effect
from worked
-- A lever without a base for the scheme (the share of the old among the assisted) does nothing there.
where factor is not null
