-- Stays discharged alive and those that an admission follows, by the month in which the stay is settled. A stay is dated by its
-- visit: from the first admission to the last discharge, however often it was settled. A refunded stay is none; an admission
-- before the discharge (overlapping stays) is no readmission; one on the day of discharge is.
with settled as (
    select *
    from {{ ref('settlement') }}
    where visit_bucket = 'inpatient'
),

-- Interim settlements carry no visit but the first days of the stay.
dated as (
    select
        visit_id,
        min(admitted_on) as admitted_on,
        max(discharged_on) as discharged_on
    from settled
    where visit_count >= 0 and not is_refund_flagged
    group by visit_id
),

reversed as (
    select distinct reversed_setl_id
    from settled
    where reversed_setl_id is not null
),

stay as (
    select
        settled.setl_id,
        settled.person_key,
        settled.institution_code,
        settled.org_code,
        settled.scheme,
        settled.is_manual,
        settled.month,
        coalesce(dated.admitted_on, settled.admitted_on) as admitted_on,
        coalesce(dated.discharged_on, settled.discharged_on) as discharged_on,
        coalesce(visit.discharge_way_code = '5' or visit.death_date is not null, false) as has_died
    from settled
    left join dated on dated.visit_id = settled.visit_id
    left join {{ ref('stg_mdtrt_d') }} as visit on visit.visit_id = settled.visit_id
    where
        settled.visit_count = 1
        and not settled.is_refund_flagged
        and settled.setl_id not in (select reversed.reversed_setl_id from reversed)
),

last_day as (
    select cast(max(setl_time) as date) as data_through
    from {{ ref('settlement') }}
),

followed as (
    select
        stay.setl_id,
        min({{ days_between('stay.discharged_on', 'later.admitted_on') }}) as days_to_any,
        min(
            case
                when later.institution_code = stay.institution_code
                    then {{ days_between('stay.discharged_on', 'later.admitted_on') }}
            end
        ) as days_to_same
    from stay
    inner join stay as later
        on
            later.person_key = stay.person_key
            and later.admitted_on >= stay.discharged_on
            and later.setl_id <> stay.setl_id
            -- Two stays of one and the same day follow each other once, in the order of their numbers.
            and (later.discharged_on > stay.discharged_on or later.admitted_on > stay.admitted_on or later.setl_id > stay.setl_id)
    group by stay.setl_id
)

select
    stay.institution_code,
    stay.month,
    count(*) as alive_stays,
    {% for days in [10, 15, 30] %}
    sum(case when followed.days_to_any <= {{ days }} then 1 else 0 end) as readmitted_{{ days }},
    sum(
        case when {{ days_between('stay.discharged_on', 'last_day.data_through') }} < {{ days }} then 1 else 0 end
    ) as provisional_{{ days }},
    {% endfor %}
    sum(case when followed.days_to_same <= 15 then 1 else 0 end) as readmitted_same
from stay
cross join last_day
left join followed on followed.setl_id = stay.setl_id
where not stay.has_died and not stay.is_manual and stay.institution_code is not null
group by stay.institution_code, stay.month
