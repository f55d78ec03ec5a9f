-- Numerator and denominator of every indicator of the use of care, by scheme and for all schemes, for each division and, under
-- the city's code, for the whole pool area. Every formula stands once, in the list of macros/indicators/utilisation.sql.
{% set measures = [
    'visits',
    'bed_days',
    'med_fee',
    'in_scope',
    'fund_pay',
    'pooled_pay',
    'self_funded',
    'person_pay',
    'mutual_aid_pay',
    'institution_visits',
    'primary_visits',
    'placed_visits',
    'in_county_visits',
    'placed_pooled_pay',
    'in_county_pooled_pay',
] %}

with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

used as (
    select
        org_code,
        scheme,
        visit_bucket,
        month{% for measure in measures %},
        sum({{ measure }}) as {{ measure }}{% endfor %}
    from {{ ref('utilisation_monthly') }}
    group by org_code, scheme, visit_bucket, month
),

settled_month as (
    select distinct month from used
),

calendar as (
    {{ period_calendar('settled_month') }}
),

placed as (
    select * from used
    union all
    select
        city.org_code,
        used.scheme,
        used.visit_bucket,
        used.month{% for measure in measures %},
        used.{{ measure }}{% endfor %}
    from used
    inner join city on city.org_code <> used.org_code
),

-- One row for each scheme and one for all of them; the same for kinds of care.
by_scheme as (
    select
        org_code,
        scheme,
        visit_bucket,
        month{% for measure in measures %},
        {{ measure }}{% endfor %}
    from placed
    where scheme in ('employee', 'resident')
    union all
    select
        org_code,
        'all' as scheme,
        visit_bucket,
        month{% for measure in measures %},
        {{ measure }}{% endfor %}
    from placed
),

by_bucket as (
    select
        by_scheme.org_code,
        by_scheme.scheme,
        by_scheme.visit_bucket,
        calendar.month,
        calendar.period_kind,
        calendar.months_covered{% for measure in measures %},
        sum(by_scheme.{{ measure }}) as {{ measure }}{% endfor %}
    from by_scheme
    inner join calendar on calendar.part_month = by_scheme.month
    group by
        by_scheme.org_code,
        by_scheme.scheme,
        by_scheme.visit_bucket,
        calendar.month,
        calendar.period_kind,
        calendar.months_covered
),

by_period as (
    select
        *,
        cast(null as decimal(38, 2)) as outpatient_pooled_pay
    from by_bucket
    union all
    select
        org_code,
        scheme,
        'all' as visit_bucket,
        month,
        period_kind,
        months_covered{% for measure in measures %},
        sum({{ measure }}) as {{ measure }}{% endfor %},
        sum(case when visit_bucket = 'outpatient' then pooled_pay else 0 end) as outpatient_pooled_pay
    from by_bucket
    group by org_code, scheme, month, period_kind, months_covered
),

enrolled as (
    select
        org_code,
        scheme,
        month,
        enrolled
    from {{ ref('int_enrolment__head_month') }}
    union all
    select
        org_code,
        'all' as scheme,
        month,
        sum(enrolled) as enrolled
    from {{ ref('int_enrolment__head_month') }}
    group by org_code, month
),

-- Mean of the months that have a head count; a month without one says nothing and is no zero.
average as (
    select
        enrolled.org_code,
        enrolled.scheme,
        calendar.month,
        calendar.period_kind,
        {{ ratio('sum(enrolled.enrolled)', 'count(*)') }} as average_persons
    from enrolled
    inner join calendar on calendar.part_month = enrolled.month
    group by enrolled.org_code, enrolled.scheme, calendar.month, calendar.period_kind
),

summed as (
    select
        by_period.*,
        average.average_persons
    from by_period
    left join average
        on
            average.org_code = by_period.org_code
            and average.scheme = by_period.scheme
            and average.month = by_period.month
            and average.period_kind = by_period.period_kind
)

{{ long_indicators('summed', utilisation_indicators(), ['org_code', 'scheme'], ['months_covered']) }}
