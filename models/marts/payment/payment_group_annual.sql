-- Groups of cases by scheme and year: what a case costs on the mean, its weight against the mean of all grouped cases, and what
-- standards gain or lose. The weight of a group is its mean expense by the area's mean; exported weights stand in the cases.
with grouped as (
    select
        scheme,
        year,
        group_system,
        group_code,
        group_name,
        actual_cost,
        standard_payment,
        gain_or_loss,
        length_of_stay
    from {{ ref('payment_case') }}
    where is_grouped and group_code is not null
),

area as (
    select
        scheme,
        year,
        group_system,
        {{ ratio('sum(actual_cost)', 'count(*)') }} as area_mean
    from grouped
    group by scheme, year, group_system
)

select
    grouped.scheme,
    grouped.year,
    grouped.group_system,
    grouped.group_code,
    max(grouped.group_name) as group_name,
    cast(count(*) as bigint) as cases,
    {{ sum_money('grouped.actual_cost') }} as actual_cost,
    {{ sum_money('grouped.standard_payment') }} as standard_payment,
    {{ sum_money('grouped.gain_or_loss') }} as gain_or_loss,
    {{ ratio('sum(grouped.actual_cost)', 'count(*)') }} as mean_cost,
    area.area_mean as area_mean_cost,
    cast(round({{ ratio('sum(grouped.actual_cost)', 'count(*)') }} / nullif(area.area_mean, 0), 4) as decimal(16, 4)) as relative_weight,
    {{ ratio('sum(grouped.length_of_stay)', 'count(grouped.length_of_stay)') }} as mean_days,
    cast(
        round(
            max(scale.points_of_mean) * {{ ratio('sum(grouped.actual_cost)', 'count(*)') }} / nullif(area.area_mean, 0),
            max(scale.group_places)
        ) as decimal(16, 4)
    ) as base_points
from grouped
inner join area using (scheme, year, group_system)
left join {{ ref('payment_point_scale') }} as scale on scale.group_system = grouped.group_system
group by grouped.scheme, grouped.year, grouped.group_system, grouped.group_code, area.area_mean
