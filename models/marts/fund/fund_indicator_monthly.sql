-- Fund indicators with last year's value and the limits they are held against. The flag is the gravest limit
-- broken; a resident deficit before the year's end is collection timing and only informs. Where an indicator has no limit but is
-- to be held against its own trend, its change on the same period of last year lies between fences of such changes before.
{% set least_changes = 8 %}
with part as (
    select
        part.*,
        max(value) over (
            partition by org_code, fund_code, indicator_id, period_kind order by month
            range between interval 12 month preceding and interval 12 month preceding
        ) as value_prior_year,
        max(value) over (
            partition by org_code, fund_code, indicator_id, period_kind order by month
            range between interval 1 month preceding and interval 1 month preceding
        ) as value_month_before
    from {{ ref('int_fund__indicator_part') }} as part
    where value is not null or numerator is not null or denominator is not null
),

gap_against_limit as (
    select
        part.org_code,
        part.fund_code,
        part.indicator_id,
        part.month,
        part.period_kind,
        threshold.band,
        threshold.op,
        cast(coalesce(threshold.value_fraction, threshold.value) as double) as limit_value,
        case
            when threshold.measure = 'value' then part.value
            else abs(part.value - coalesce(part.seasonal_share, part.elapsed_share))
        end as measured
    from part
    inner join {{ ref('indicator_threshold') }} as threshold
        on
            threshold.indicator_id = split_part(part.indicator_id, '.', 1)
            and (threshold.fund_code is null or threshold.fund_code = part.fund_code)
            and threshold.measure in ('value', 'deviation_from_elapsed_share')
            and threshold.band in ('red', 'orange', 'amber')
            and coalesce(threshold.value_fraction, threshold.value) is not null
),

judged as (
    select
        org_code,
        fund_code,
        indicator_id,
        month,
        period_kind,
        max(case when op = '<' then limit_value end) as threshold_low,
        min(case when op = '>' then limit_value end) as threshold_high,
        max(
            case
                when (op = '<' and measured < limit_value) or (op = '>' and measured > limit_value)
                    then case band when 'red' then 3 when 'orange' then 2 else 1 end
                when measured is not null then 0
            end
        ) as gravity
    from gap_against_limit
    group by org_code, fund_code, indicator_id, month, period_kind
),

-- How a value changed on the year before: an amount in relation, a ratio by difference. Nothing is compared across a change
-- of scope.
changed as (
    select
        part.org_code,
        part.fund_code,
        part.indicator_id,
        part.month,
        part.period_kind,
        part.value,
        part.value_prior_year,
        case when indicator.stored_unit like 'yuan%' then part.value_prior_year else 1 end as base,
        case
            when indicator.stored_unit not like 'yuan%' then part.value - part.value_prior_year
            when part.value_prior_year > 0 then part.value / part.value_prior_year - 1
        end as change
    from part
    inner join {{ ref('indicator') }} as indicator
        on
            indicator.indicator_id = split_part(part.indicator_id, '.', 1)
            and indicator.default_alert = 'own_trend'
    inner join {{ ref('dim_fund') }} as fund on fund.fund_code = part.fund_code
    where
        not exists (
            select 1
            from {{ ref('dim_policy_event') }} as event
            where
                event.scheme = fund.scheme
                and event.effective_date > part.month - interval 12 month
                and event.effective_date < part.month + interval 1 month
        )
),

fenced as (
    select
        *,
        count(change) over before as changes,
        {{ quantile('change', 0.25, 'before') }} as q1,
        {{ quantile('change', 0.75, 'before') }} as q3
    from changed
    window before as (
        partition by org_code, fund_code, indicator_id, period_kind order by month
        range between interval 24 month preceding and interval 1 month preceding
    )
),

trend as (
    select
        org_code,
        fund_code,
        indicator_id,
        month,
        period_kind,
        value,
        value_prior_year + (q1 - 1.5 * (q3 - q1)) * base as trend_low,
        value_prior_year + (q3 + 1.5 * (q3 - q1)) * base as trend_high
    from fenced
    where changes >= {{ least_changes }} and change is not null
),

-- Spending that outgrew income by more than the limit, two periods running (indicator F09).
outgrown as (
    select
        part.org_code,
        part.fund_code,
        part.month,
        part.period_kind,
        part.value > cast(threshold.value_fraction as double)
        and part.value_month_before > cast(threshold.value_fraction as double) as is_outgrown
    from part
    inner join {{ ref('indicator_threshold') }} as threshold
        on threshold.indicator_id = 'F09' and threshold.measure = 'excess_over_income_growth_twice'
    where part.indicator_id = 'F10'
)

select
    part.org_code,
    part.fund_code,
    part.indicator_id,
    part.month,
    part.period_kind,
    part.numerator,
    part.denominator,
    part.value,
    part.value_prior_year,
    coalesce(judged.threshold_low, trend.trend_low) as threshold_low,
    coalesce(judged.threshold_high, trend.trend_high) as threshold_high,
    case
        when trend.value < trend.trend_low or trend.value > trend.trend_high then 'amber'
        when trend.value is not null then 'normal'
        when part.indicator_id = 'F09'
            then case when outgrown.is_outgrown then 'amber' when outgrown.is_outgrown is not null then 'normal' end
        when judged.gravity = 0 then 'normal'
        when
            judged.gravity > 0
            and part.indicator_id in ('F03', 'F05')
            and dim_fund.scheme = 'resident'
            and part.period_kind <> 'rolling_12'
            and not (part.period_kind = 'ytd' and extract(month from part.month) = 12)
            then 'info'
        when judged.gravity = 3 then 'red'
        when judged.gravity = 2 then 'orange'
        when judged.gravity = 1 then 'amber'
    end as flag
from part
left join judged using (org_code, fund_code, indicator_id, month, period_kind)
left join trend using (org_code, fund_code, indicator_id, month, period_kind)
left join outgrown
    on
        part.indicator_id = 'F09'
        and outgrown.org_code = part.org_code
        and outgrown.fund_code = part.fund_code
        and outgrown.month = part.month
        and outgrown.period_kind = part.period_kind
left join {{ ref('dim_fund') }} as dim_fund on dim_fund.fund_code = part.fund_code
