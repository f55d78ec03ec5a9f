-- What each institution's cases would have cost at the pool area's mean: of the case's group where at least five cases of it
-- were settled in the month, else of persons of the same age band and sex in the same kind of care. Not a fixed standard:
-- the mean of the same month, so that prices and seasons cancel out.
with settled as (
    select
        institution_code,
        visit_bucket,
        month,
        drg_dip_group,
        age_band,
        sex,
        sum(visit_count) as visits,
        {{ sum_money('med_fee') }} as med_fee
    from {{ ref('settlement') }}
    where institution_code is not null and not is_manual
    group by institution_code, visit_bucket, month, drg_dip_group, age_band, sex
),

grouped_mean as (
    select
        visit_bucket,
        month,
        drg_dip_group,
        {{ ratio('sum(med_fee)', 'sum(visits)') }} as mean_fee
    from settled
    where drg_dip_group is not null
    group by visit_bucket, month, drg_dip_group
    having sum(visits) >= 5
),

person_mean as (
    select
        visit_bucket,
        month,
        age_band,
        sex,
        {{ ratio('sum(med_fee)', 'sum(visits)') }} as mean_fee
    from settled
    group by visit_bucket, month, age_band, sex
)

select
    settled.institution_code,
    settled.visit_bucket,
    settled.month,
    sum(settled.visits * coalesce(grouped_mean.mean_fee, person_mean.mean_fee)) as expected_cost
from settled
left join grouped_mean
    on
        grouped_mean.visit_bucket = settled.visit_bucket
        and grouped_mean.month = settled.month
        and grouped_mean.drg_dip_group = settled.drg_dip_group
left join person_mean
    on
        person_mean.visit_bucket = settled.visit_bucket
        and person_mean.month = settled.month
        and person_mean.age_band = settled.age_band
        and person_mean.sex = settled.sex
group by settled.institution_code, settled.visit_bucket, settled.month
