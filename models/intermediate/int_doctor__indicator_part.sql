-- Numerator and denominator of the indicators of doctors, summed by institution; codes that a loaded register doesn't know are
-- left out. Persons of a longer period are counted once a month.
with ordered as (
    select
        institution_code,
        month,
        sum(med_fee) as med_fee,
        sum(drug_fee) as drug_fee,
        sum(persons) as persons,
        sum(outpatient_visits) as outpatient_visits,
        sum(outpatient_days) as outpatient_days
    from {{ ref('doctor_monthly') }}
    where coalesce(is_registered, true)
    group by institution_code, month
),

ordered_month as (
    select distinct month from ordered
),

calendar as (
    {{ period_calendar('ordered_month') }}
),

summed as (
    select
        ordered.institution_code,
        calendar.month,
        calendar.period_kind,
        sum(ordered.med_fee) as med_fee,
        sum(ordered.drug_fee) as drug_fee,
        sum(ordered.persons) as persons,
        sum(ordered.outpatient_visits) as outpatient_visits,
        sum(ordered.outpatient_days) as outpatient_days
    from ordered
    inner join calendar on calendar.part_month = ordered.month
    group by ordered.institution_code, calendar.month, calendar.period_kind
)

{% for id, bucket, numerator, denominator in [
    ('D01', 'all', 'med_fee', 'persons'),
    ('D02', 'all', 'drug_fee', 'med_fee'),
    ('D03', 'outpatient', 'outpatient_visits', 'outpatient_days'),
] %}
select
    institution_code,
    cast('{{ id }}' as varchar) as indicator_id,
    cast('{{ bucket }}' as varchar) as visit_bucket,
    month,
    period_kind,
    cast({{ numerator }} as decimal(28, 4)) as numerator,
    cast({{ denominator }} as decimal(28, 4)) as denominator
from summed
{{ 'union all' if not loop.last }}
{% endfor %}
