-- What each institution's cases would have cost at the pool area's mean: of the case's group where at least five cases of it
-- were settled in the month; else its weight or score times what a point of the system costs; else of persons of the same age
-- band and sex in the same kind of care. Not a fixed standard: the mean of the same month, so that prices and seasons cancel out.
{% set least_cases = 5 %}

with settled as (
    select
        settlement.institution_code,
        settlement.visit_bucket,
        settlement.month,
        settlement.drg_dip_group,
        settlement.age_band,
        settlement.sex,
        result.group_system,
        sum(settlement.visit_count) as visits,
        sum(settlement.visit_count * result.weight_or_score) as weight,
        {{ sum_money('settlement.med_fee') }} as med_fee
    from {{ ref('settlement') }} as settlement
    left join {{ ref('int_payment__grouping') }} as result
        on result.setl_id = settlement.setl_id and result.weight_or_score > 0 and result.group_code is not null
    where settlement.institution_code is not null and not settlement.is_manual
    group by
        settlement.institution_code, settlement.visit_bucket, settlement.month, settlement.drg_dip_group, settlement.age_band,
        settlement.sex, result.group_system
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
    having sum(visits) >= {{ least_cases }}
),

-- A weight of DRG and a score of DIP are not of one measure.
point_mean as (
    select
        visit_bucket,
        month,
        group_system,
        {{ ratio('sum(med_fee)', 'sum(weight)') }} as mean_fee
    from settled
    where group_system is not null
    group by visit_bucket, month, group_system
    having sum(visits) >= {{ least_cases }}
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
    sum(
        coalesce(
            settled.visits * grouped_mean.mean_fee,
            cast(settled.weight as double) * point_mean.mean_fee,
            settled.visits * person_mean.mean_fee
        )
    ) as expected_cost
from settled
left join grouped_mean
    on
        grouped_mean.visit_bucket = settled.visit_bucket
        and grouped_mean.month = settled.month
        and grouped_mean.drg_dip_group = settled.drg_dip_group
left join point_mean
    on
        point_mean.visit_bucket = settled.visit_bucket
        and point_mean.month = settled.month
        and point_mean.group_system = settled.group_system
left join person_mean
    on
        person_mean.visit_bucket = settled.visit_bucket
        and person_mean.month = settled.month
        and person_mean.age_band = settled.age_band
        and person_mean.sex = settled.sex
group by settled.institution_code, settled.visit_bucket, settled.month
