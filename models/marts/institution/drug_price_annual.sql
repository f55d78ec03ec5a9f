{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_indicator__changed_from'), 'drug') }}",
        "{% if is_incremental() %}delete from {{ this }} where year >= extract(year from {{ changed_from() }}){% endif %}",
    ]
) }}

-- What institutions of a division charge for one item on the mean of a year. Below five institutions there is nothing to spread.
{% set least_institutions = 5 %}

with own_year as (
    select
        institution_code,
        item_code,
        cast(extract(year from month) as integer) as year,
        max(item_name) as item_name,
        sum(quantity) as quantity,
        sum(amount) as amount,
        bool_or(is_centrally_procured) as is_centrally_procured
    from {{ ref('drug_monthly') }}
    where month >= cast(date_trunc('year', {{ changed_from() }}) as date)
    group by institution_code, item_code, extract(year from month)
    having sum(quantity) > 0 and sum(amount) > 0
),

priced as (
    select
        place.org_code,
        own_year.*,
        {{ ratio('own_year.amount', 'own_year.quantity') }} as unit_price
    from own_year
    inner join {{ ref('int_drug__place') }} as place on place.institution_code = own_year.institution_code
),

spread as (
    select
        org_code,
        item_code,
        year,
        max(item_name) as item_name,
        count(*) as institutions,
        sum(quantity) as quantity,
        {{ sum_money('amount') }} as amount,
        bool_or(is_centrally_procured) as is_centrally_procured,
        min(unit_price) as lowest,
        {{ quantile('unit_price', 0.1) }} as p10,
        {{ quantile('unit_price', 0.25) }} as p25,
        {{ quantile('unit_price', 0.5) }} as median,
        {{ quantile('unit_price', 0.75) }} as p75,
        {{ quantile('unit_price', 0.9) }} as p90,
        max(unit_price) as highest
    from priced
    group by org_code, item_code, year
),

above as (
    select
        priced.org_code,
        priced.item_code,
        priced.year,
        -- Doubles would add up to another fen in another order.
        cast(
            sum(
                cast(
                    greatest(cast(priced.amount as double) - spread.median * cast(priced.quantity as double), 0)
                    as decimal(28, 6)
                )
            ) as {{ money_type() }}
        ) as above_median_amount
    from priced
    inner join spread using (org_code, item_code, year)
    group by priced.org_code, priced.item_code, priced.year
)

select
    spread.org_code,
    spread.item_code,
    spread.year,
    spread.item_name,
    cast(spread.institutions as bigint) as institutions,
    cast(spread.quantity as decimal(18, 4)) as quantity,
    spread.amount,
    spread.is_centrally_procured,
    {{ ratio('spread.amount', 'spread.quantity') }} as mean_price,
    spread.lowest as lowest_price,
    spread.p10 as price_p10,
    spread.p25 as price_p25,
    spread.median as median_price,
    spread.p75 as price_p75,
    spread.p90 as price_p90,
    spread.highest as highest_price,
    {{ ratio('spread.p90', 'spread.p10') }} as p90_to_p10,
    above.above_median_amount
from spread
inner join above using (org_code, item_code, year)
where spread.institutions >= {{ least_institutions }}
