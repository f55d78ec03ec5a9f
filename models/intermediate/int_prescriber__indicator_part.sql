{{ config(
    pre_hook="{{ remember_changed_from(ref('int_indicator__changed_from'), 'institution') }}"
) }}
-- The indicators of doctors by doctor and institution, for the month and the year to date. Persons of the year are counted once a
-- month. Twelve rolling months of every doctor would be four times as many rows, and nobody ranks by them. Periods that end before
-- anything changed stand in the release already and are left out.
with ordered_month as (
    select distinct month
    from {{ ref('doctor_monthly') }}
    where month >= {{ parts_from() }}
),

calendar as (
    {{ period_calendar('ordered_month', changed_from()) }}
),

-- A row for each kind of care that an indicator stands under.
summed as (
    select
        ordered.doctor_code,
        ordered.institution_code,
        kind.visit_bucket,
        calendar.month,
        calendar.period_kind,
        sum(ordered.med_fee) as med_fee,
        sum(ordered.drug_fee) as drug_fee,
        sum(ordered.persons) as persons,
        sum(ordered.outpatient_visits) as outpatient_visits,
        sum(ordered.outpatient_days) as outpatient_days
    from {{ ref('doctor_monthly') }} as ordered
    inner join calendar on calendar.part_month = ordered.month and calendar.period_kind in ('month', 'ytd')
    cross join (select 'all' as visit_bucket union all select 'outpatient' as visit_bucket) as kind
    where coalesce(ordered.is_registered, true)
    group by ordered.doctor_code, ordered.institution_code, kind.visit_bucket, calendar.month, calendar.period_kind
),

listed as (
    {{ long_indicators('summed', doctor_indicators(), ['doctor_code', 'institution_code'], ['persons']) }}
)

select
    doctor_code,
    institution_code,
    indicator_id,
    visit_bucket,
    month,
    period_kind,
    numerator,
    denominator,
    value,
    cast(persons as bigint) as persons
from listed
