-- What does each row of a scenario change in the next twelve months, on what base, by what factor?
select
    org.name_zh as org_name,
    fund.name_zh as fund_name,
    scenario.name_zh as scenario_name,
    scenario.lever_name_zh as lever_name,
    scenario.value,
    effect.direction,
    item.name_zh as item_name,
    sum(effect.base_amount) as base_amount,
    sum(effect.effect) as effect,
    min(effect.factor) as lowest_factor,
    max(effect.factor) as highest_factor,
    max(scenario.formula_zh) as formula
from {{ ref('fund_forecast_effect') }} as effect
inner join {{ ref('fund_forecast_scenario') }} as scenario
    on
        scenario.scenario = effect.scenario
        and scenario.ordinal = effect.ordinal
        and scenario.part = effect.part
inner join {{ ref('fund_forecast_series') }} as series
    on series.org_code = effect.org_code and series.fund_code = effect.fund_code
inner join {{ ref('dim_org') }} as org on org.org_code = effect.org_code
inner join {{ ref('dim_fund') }} as fund on fund.fund_code = effect.fund_code
inner join {{ ref('fund_item') }} as item on item.item_key = effect.item_key
where effect.month <= series.origin_month + interval 12 month
group by
    effect.org_code, effect.fund_code, effect.scenario, effect.ordinal, effect.part, org.name_zh, fund.name_zh,
    scenario.name_zh, scenario.lever_name_zh, scenario.value, effect.direction, item.name_zh
order by effect.org_code, effect.fund_code, effect.scenario, effect.ordinal, effect.part
