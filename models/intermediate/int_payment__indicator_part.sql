-- Numerator and denominator of the indicators of grouped payment, by institution; each formula stands here once.
-- Weights and scores never mix: indices of an institution are those of the system most of its cases are grouped by.
{% set least_cases = 5 %}

with by_group as (
    select
        institution_code,
        month,
        group_system,
        group_code,
        is_grouped and standard_unrounded is not null as is_grouped,
        count(*) as cases,
        sum(weight_or_score) as weight,
        sum(actual_cost) as cost,
        sum(length_of_stay) as days,
        count(length_of_stay) as stays,
        sum(standard_payment) as standard,
        sum(fund_pay) as fund_pay,
        sum(case when is_high_outlier then 1 else 0 end) as high,
        sum(case when is_low_outlier then 1 else 0 end) as low
    from {{ ref('payment_case') }}
    where institution_code is not null
    group by institution_code, month, group_system, group_code, is_grouped and standard_unrounded is not null
),

settled_month as (
    select distinct month from by_group
),

calendar as (
    {{ period_calendar('settled_month') }}
),

in_period as (
    select
        by_group.institution_code,
        calendar.month,
        calendar.period_kind,
        by_group.group_system,
        by_group.group_code,
        by_group.is_grouped,
        sum(by_group.cases) as cases,
        sum(by_group.weight) as weight,
        sum(by_group.cost) as cost,
        sum(by_group.days) as days,
        sum(by_group.stays) as stays,
        sum(by_group.standard) as standard,
        sum(by_group.fund_pay) as fund_pay,
        sum(by_group.high) as high,
        sum(by_group.low) as low
    from by_group
    inner join calendar on calendar.part_month = by_group.month
    group by
        by_group.institution_code, calendar.month, calendar.period_kind, by_group.group_system, by_group.group_code,
        by_group.is_grouped
),

-- What a case of the group costs and takes over all institutions of the period; groups with few cases are dropped.
area as (
    select
        month,
        period_kind,
        group_system,
        group_code,
        {{ ratio('sum(cost)', 'sum(cases)') }} as mean_cost,
        {{ ratio('sum(days)', 'sum(stays)') }} as mean_days
    from in_period
    where is_grouped and group_code is not null
    group by month, period_kind, group_system, group_code
    having sum(cases) >= {{ least_cases }}
),

by_system as (
    select
        in_period.institution_code,
        in_period.month,
        in_period.period_kind,
        in_period.group_system,
        sum(in_period.cases) as cases,
        count(distinct in_period.group_code) as group_count,
        sum(in_period.weight) as weight,
        sum(case when area.mean_cost > 0 then in_period.cost / area.mean_cost end) as expected_costs,
        sum(case when area.mean_cost > 0 then in_period.cases end) as compared_cases,
        sum(case when area.mean_days > 0 then in_period.days / area.mean_days end) as expected_days,
        sum(case when area.mean_days > 0 then in_period.stays end) as compared_stays
    from in_period
    left join area
        on
            area.month = in_period.month
            and area.period_kind = in_period.period_kind
            and area.group_system = in_period.group_system
            and area.group_code = in_period.group_code
    where in_period.is_grouped
    group by in_period.institution_code, in_period.month, in_period.period_kind, in_period.group_system
),

main as (
    select *
    from by_system
    qualify row_number() over (
        partition by institution_code, month, period_kind order by cases desc, group_system
    ) = 1
),

total as (
    select
        institution_code,
        month,
        period_kind,
        sum(cases) as submitted,
        sum(case when is_grouped then cases else 0 end) as cases,
        sum(case when is_grouped then high else 0 end) as high,
        sum(case when is_grouped then low else 0 end) as low,
        sum(case when is_grouped then standard - cost else 0 end) as gain,
        sum(case when is_grouped then standard - cost + fund_pay else 0 end) as settled,
        sum(case when is_grouped then fund_pay else 0 end) as billed
    from in_period
    group by institution_code, month, period_kind
),

claimed_month as (
    select
        institution_code,
        month,
        sum(fund_pay) as fund_pay
    from {{ ref('institution_monthly') }}
    group by institution_code, month
),

-- What was deducted or recovered beside all that was claimed in the months that have such money at all.
{% for name, taken in [
    ('reviewed', "select institution_code, month, sum(deduction) as amount from " ~ ref('int_payment__deduction') ~ " group by institution_code, month"),
    ('confirmed', "select institution_code, month, recovered as amount from " ~ ref('int_payment__violation')),
] %}
{{ name }}_month as (
    {{ taken }}
),

{{ name }} as (
    select
        claimed_month.institution_code,
        calendar.month,
        calendar.period_kind,
        sum(coalesce({{ name }}_month.amount, 0)) as amount,
        sum(claimed_month.fund_pay) as fund_pay
    from claimed_month
    inner join ({{ period_calendar('(select distinct month from ' ~ name ~ '_month)') }}) as calendar
        on calendar.part_month = claimed_month.month
    left join {{ name }}_month
        on
            {{ name }}_month.institution_code = claimed_month.institution_code
            and {{ name }}_month.month = claimed_month.month
    group by claimed_month.institution_code, calendar.month, calendar.period_kind
),
{% endfor %}

-- Quotas are of a year and a scheme; what was settled until the month stands beside the whole of them.
quota as (
    select
        institution_code,
        scheme,
        year,
        quota
    from {{ ref('int_payment__quota') }}
),

executed_month as (
    select
        settlement.institution_code,
        settlement.month,
        sum(settlement.pooled_pay) as pooled_pay
    from {{ ref('settlement') }} as settlement
    inner join quota
        on
            quota.institution_code = settlement.institution_code
            and quota.scheme = settlement.scheme
            and quota.year = extract(year from settlement.month)
    group by settlement.institution_code, settlement.month
),

executed as (
    select
        institution_code,
        month,
        'ytd' as period_kind,
        sum(pooled_pay) over (
            partition by institution_code, extract(year from month) order by month
            rows between unbounded preceding and current row
        ) as pooled_pay,
        (
            select sum(quota.quota)
            from quota
            where quota.institution_code = executed_month.institution_code and quota.year = extract(year from executed_month.month)
        ) as quota
    from executed_month
),

-- Year-end settlement, as far as the year has gone.
settled_year as (
    select
        annual.institution_code,
        (
            select max(settled_month.month)
            from settled_month
            where extract(year from settled_month.month) = annual.year
        ) as month,
        'ytd' as period_kind,
        sum(annual.retained_surplus) as retained,
        sum(annual.shared_overspend) as shared
    from {{ ref('payment_institution_annual') }} as annual
    where annual.institution_code is not null
    group by annual.institution_code, annual.year
),

part as (
    {% for id, source, numerator, denominator in [
        ('I15', 'main', 'weight', 'cases'),
        ('I16', 'main', 'expected_costs', 'compared_cases'),
        ('I17', 'main', 'expected_days', 'compared_stays'),
        ('I18', 'total', 'cases', 'submitted'),
        ('I19', 'main', 'group_count', 'null'),
        ('I19.weight', 'main', 'weight', 'null'),
        ('I21', 'total', 'high + low', 'cases'),
        ('I21.high', 'total', 'high', 'cases'),
        ('I21.low', 'total', 'low', 'cases'),
        ('I22', 'total', 'gain', 'null'),
        ('I22.case', 'total', 'gain', 'cases'),
        ('I24', 'total', 'settled', 'billed'),
        ('I23', 'executed', 'pooled_pay', 'quota'),
        ('I25', 'settled_year', 'retained', 'null'),
        ('I25.shared', 'settled_year', 'shared', 'null'),
        ('I26', 'reviewed', 'amount', 'fund_pay'),
        ('I27', 'confirmed', 'amount', 'fund_pay'),
    ] %}
    select
        institution_code,
        cast('{{ id }}' as varchar) as indicator_id,
        '{{ 'inpatient' if source in ('main', 'total', 'settled_year') else 'all' }}' as visit_bucket,
        month,
        period_kind,
        cast({{ numerator }} as decimal(28, 4)) as numerator,
        cast({{ denominator }} as decimal(28, 4)) as denominator
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from part
