-- Numerator and denominator of the indicators of doctors, summed by institution; codes that a loaded register doesn't know are
-- left out. Persons of a longer period are counted once a month. Points of supervision cases name no doctor.
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

-- A row for each kind of care that an indicator stands under.
summed as (
    select
        ordered.institution_code,
        kind.visit_bucket,
        calendar.month,
        calendar.period_kind,
        sum(ordered.med_fee) as med_fee,
        sum(ordered.drug_fee) as drug_fee,
        sum(ordered.persons) as persons,
        sum(ordered.outpatient_visits) as outpatient_visits,
        sum(ordered.outpatient_days) as outpatient_days
    from ordered
    inner join calendar on calendar.part_month = ordered.month
    cross join (select 'all' as visit_bucket union all select 'outpatient' as visit_bucket) as kind
    group by ordered.institution_code, kind.visit_bucket, calendar.month, calendar.period_kind
),

listed as (
    {{ long_indicators('summed', doctor_indicators(), ['institution_code']) }}
),

violation_calendar as (
    {{ period_calendar('(select distinct month from ' ~ ref('int_payment__violation') ~ ')') }}
),

pointed as (
    select
        violation.institution_code,
        violation_calendar.month,
        violation_calendar.period_kind,
        sum(violation.points) as points
    from {{ ref('int_payment__violation') }} as violation
    inner join violation_calendar on violation_calendar.part_month = violation.month
    group by violation.institution_code, violation_calendar.month, violation_calendar.period_kind
)

select
    institution_code,
    indicator_id,
    visit_bucket,
    month,
    period_kind,
    numerator,
    denominator
from listed

union all

select
    institution_code,
    'D04' as indicator_id,
    'all' as visit_bucket,
    month,
    period_kind,
    cast(points as decimal(28, 4)) as numerator,
    cast(null as decimal(28, 4)) as denominator
from pointed
