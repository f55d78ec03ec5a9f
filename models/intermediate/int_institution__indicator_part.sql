{{ config(materialized='view') }}
-- Numerator and denominator of every indicator of institutions. Sums by month come together here from the tables that hold
-- them, are added up by period, and every formula stands once, in the list of macros/indicators/institution.sql. Periods that
-- end before anything changed stand in the release already and are left out; the mart that reads this remembers them.
{% set own = [
    'visits',
    'bed_days',
    'short_stays',
    'unknown_person_visits',
    'sex_conflict_visits',
    'med_fee',
    'self_funded',
    'agreed_fee',
    'drug_fee',
    'consumable_fee',
    'exam_fee',
    'service_fee',
    'line_fee',
    'drug_self_funded',
    'drug_fee_with_self_funded',
    'drug_quantity',
    'consumable_quantity',
    'item_quantity'
] %}
{% set outsider = ['outsider_visits', 'outsider_fee'] %}
{% set readmission = [
    'alive_stays',
    'readmitted_10',
    'readmitted_15',
    'readmitted_30',
    'readmitted_same',
    'provisional_10',
    'provisional_15',
    'provisional_30'
] %}
{% set begun = ['visits_begun', 'admissions', 'unknown_doctor_visits'] %}
{% set beds = ['available_bed_days'] %}
{% set mix = ['expected_cost'] %}
{% set measures = own + outsider + readmission + begun + beds + mix %}

with outsider as (
    select
        institution_code,
        visit_bucket,
        month,
        sum(visit_count) as outsider_visits,
        {{ sum_money('med_fee') }} as outsider_fee
    from {{ ref('int_institution__outsider_visit') }}
    group by institution_code, visit_bucket, month
),

settled_month as (
    select distinct month from {{ ref('institution_monthly') }}
),

readmission as (
    select
        *,
        'inpatient' as visit_bucket
    from {{ ref('int_readmission__indicator_part') }}
),

-- Approved beds of every day of the month, by the agreement in force at its end.
bed as (
    select
        institution.institution_code,
        'inpatient' as visit_bucket,
        settled_month.month,
        institution.bed_count * {{ days_between('settled_month.month', '(settled_month.month + interval 1 month)') }}
            as available_bed_days
    from {{ ref('dim_institution') }} as institution
    inner join settled_month
        on
            institution.valid_from < settled_month.month + interval 1 month
            and (institution.valid_to is null or institution.valid_to >= settled_month.month + interval 1 month)
    where institution.bed_count > 0
),

measured as (
    {% for relation, held in [
        (ref('institution_monthly'), own),
        ('outsider', outsider),
        ('readmission', readmission),
        (ref('int_institution__visit_month'), begun),
        ('bed', beds),
        (ref('int_mix__indicator_part'), mix),
    ] %}
    select
        institution_code,
        visit_bucket,
        month{% for measure in measures %},
        {{ measure if measure in held else 'null' }} as {{ measure }}{% endfor %}
    from {{ relation }}
    where month >= {{ parts_from() }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- One row per institution, kind of care and month before months are added up to periods.
monthly as (
    select
        institution_code,
        visit_bucket,
        month{% for measure in measures %},
        sum({{ measure }}) as {{ measure }}{% endfor %}
    from measured
    group by institution_code, visit_bucket, month
),

calendar as (
    {{ period_calendar('settled_month', changed_from()) }}
),

by_bucket as (
    select
        monthly.institution_code,
        monthly.visit_bucket,
        calendar.month,
        calendar.period_kind,
        calendar.months_covered{% for measure in measures %},
        sum(monthly.{{ measure }}) as {{ measure }}{% endfor %}
    from monthly
    inner join calendar on calendar.part_month = monthly.month
    group by
        monthly.institution_code,
        monthly.visit_bucket,
        calendar.month,
        calendar.period_kind,
        calendar.months_covered
),

by_period as (
    select
        *,
        case when visit_bucket = 'inpatient' then visits end as stays,
        case when visit_bucket = 'outpatient' then visits end as outpatient_visits
    from by_bucket
    union all
    select
        institution_code,
        'all' as visit_bucket,
        month,
        period_kind,
        months_covered{% for measure in measures %},
        sum({{ measure }}) as {{ measure }}{% endfor %},
        sum(case when visit_bucket = 'inpatient' then visits end) as stays,
        sum(case when visit_bucket = 'outpatient' then visits end) as outpatient_visits
    from by_bucket
    group by institution_code, month, period_kind, months_covered
),

summed as materialized (
    select
        by_period.*,
        case
            when by_period.visits is not null or by_period.outsider_visits is not null
                then coalesce(by_period.visits, 0) + coalesce(by_period.outsider_visits, 0)
        end as seen_visits,
        case
            when by_period.med_fee is not null or by_period.outsider_fee is not null
                then coalesce(by_period.med_fee, 0) + coalesce(by_period.outsider_fee, 0)
        end as seen_fee,
        case
            when by_period.visits is not null or by_period.outsider_visits is not null
                then coalesce(by_period.outsider_visits, 0)
        end as outsider_part_visits,
        coalesce(by_period.unknown_person_visits, 0) as doubtful_persons,
        coalesce(by_period.sex_conflict_visits, 0) as doubtful_sexes,
        coalesce(by_period.unknown_doctor_visits, 0) as doubtful_doctors,
        patient.persons,
        patient.own_persons
    from by_period
    left join {{ ref('int_patient__indicator_part') }} as patient
        on
            patient.institution_code = by_period.institution_code
            and patient.visit_bucket = by_period.visit_bucket
            and patient.month = by_period.month
            and patient.period_kind = by_period.period_kind
)

{{ long_indicators(
    'summed',
    institution_indicators(),
    ['institution_code'],
    ['months_covered', 'seen_visits', 'visits', 'med_fee', 'visits_begun', 'doubtful_persons', 'doubtful_sexes', 'doubtful_doctors']
) }}
