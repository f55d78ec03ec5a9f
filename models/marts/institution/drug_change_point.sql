-- Where the level of a monitored drug's monthly expense changed, by division: Pettitt's test (Applied Statistics 28, 1979), which
-- compares ranks and so asks nothing of the distribution. With r the ranks of n months, U(t) = 2 * sum of the first t ranks -
-- t * (n + 1); the change comes after the t of the largest |U|, and p is about 2 * exp(-6 U^2 / (n^3 + n^2)). Months without
-- the drug are zeros; a month the data don't cover to its end is left out. One change per series: the largest.
{% set least_months = 12 %}
{% set significance = 0.05 %}

with last_day as (
    select cast(max(setl_time) as date) as data_through
    from {{ ref('settlement') }}
),

whole_month as (
    select distinct drug.month
    from {{ ref('drug_monthly') }} as drug
    cross join last_day
    where drug.month + interval 1 month <= last_day.data_through + interval 1 day
),

monitored as (
    select
        place.org_code,
        drug.item_name,
        drug.month,
        sum(drug.amount) as amount
    from {{ ref('drug_monthly') }} as drug
    inner join {{ ref('int_drug__place') }} as place on place.institution_code = drug.institution_code
    where drug.is_key_monitored
    group by place.org_code, drug.item_name, drug.month
),

series as (
    select
        listed.org_code,
        listed.item_name,
        whole_month.month,
        coalesce(monitored.amount, 0) as amount
    from (select distinct org_code, item_name from monitored) as listed
    cross join whole_month
    left join monitored
        on
            monitored.org_code = listed.org_code
            and monitored.item_name = listed.item_name
            and monitored.month = whole_month.month
),

-- Equal amounts share the mean of their ranks.
ranked as (
    select
        *,
        rank() over (partition by org_code, item_name order by amount)
        + (count(*) over (partition by org_code, item_name, amount) - 1) / 2.0 as place,
        row_number() over (partition by org_code, item_name order by month) as number,
        count(*) over (partition by org_code, item_name) as months
    from series
),

summed as (
    select
        *,
        2 * sum(place) over (
            partition by org_code, item_name order by number
            rows between unbounded preceding and current row
        ) - number * (months + 1) as distance
    from ranked
),

turning as (
    select
        org_code,
        item_name,
        number,
        months,
        distance,
        least(
            cast(1 as double),
            2 * exp(-6 * power(cast(distance as double), 2) / (power(cast(months as double), 3) + power(cast(months as double), 2)))
        ) as p_value
    from summed
    where number < months and months >= {{ least_months }}
    qualify row_number() over (partition by org_code, item_name order by abs(distance) desc, number) = 1
),

levelled as (
    select
        turning.org_code,
        turning.item_name,
        turning.months,
        turning.p_value,
        min(case when ranked.number > turning.number then ranked.month end) as change_month,
        sum(case when ranked.number <= turning.number then ranked.amount else 0 end) / turning.number as level_before,
        sum(case when ranked.number > turning.number then ranked.amount else 0 end) / (turning.months - turning.number)
            as level_after
    from turning
    inner join ranked on ranked.org_code = turning.org_code and ranked.item_name = turning.item_name
    group by turning.org_code, turning.item_name, turning.months, turning.number, turning.p_value
)

select
    org_code,
    item_name,
    cast(months as integer) as months,
    change_month,
    cast(level_before as {{ money_type() }}) as monthly_amount_before,
    cast(level_after as {{ money_type() }}) as monthly_amount_after,
    cast(level_after - level_before as {{ money_type() }}) as change_amount,
    {{ growth('level_after', 'level_before') }} as change_share,
    p_value,
    p_value <= {{ significance }} as is_significant
from levelled
