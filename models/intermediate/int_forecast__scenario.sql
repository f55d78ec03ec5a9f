{{ config(tags=['forecast']) }}

-- The rows of the scenario file and the bureau's own, with what their lever moves. A scenario of the bureau takes
-- the place of one with the same key.
with listed as (
    select
        scenario,
        ordinal,
        lever,
        value,
        fund_code,
        item_key,
        base,
        first_month,
        months,
        name_zh,
        name_en,
        sort_order,
        false as is_bureau
    from {{ ref('scenario') }}
    where scenario not in (select own.scenario from {{ source('run', 'bureau_scenario') }} as own)

    union all

    select
        scenario,
        ordinal,
        lever,
        value,
        fund_code,
        item_key,
        base,
        first_month,
        months,
        name_zh,
        name_en,
        sort_order,
        true as is_bureau
    from {{ source('run', 'bureau_scenario') }}
)

select
    listed.scenario,
    cast(listed.ordinal as integer) as ordinal,
    coalesce(cast(lever.ordinal as integer), 1) as part,
    listed.lever,
    cast(listed.value as double) as value,
    listed.fund_code,
    case when lever.ordinal = 1 then coalesce(listed.item_key, lever.item_key) else lever.item_key end as item_key,
    lever.direction,
    cast(listed.base as double) as base,
    cast(coalesce(listed.first_month, 1) as integer) as first_month,
    cast(listed.months as integer) as months,
    listed.name_zh,
    listed.name_en,
    cast(listed.sort_order as integer) as sort_order,
    listed.is_bureau,
    lever.name_zh as lever_name_zh,
    lever.name_en as lever_name_en,
    lever.unit,
    lever.formula_zh,
    lever.formula_en
from listed
left join {{ ref('forecast_lever') }} as lever using (lever)
where listed.lever is null or lever.lever is not null
