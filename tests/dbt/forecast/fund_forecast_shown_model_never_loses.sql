-- A model whose mean error is larger than seasonal naive's at some horizon is not shown, and every forecast is of
-- a model that is.
select
    shown.org_code,
    shown.fund_code,
    shown.measure,
    shown.model
from {{ ref('fund_forecast_score') }} as shown
inner join {{ ref('fund_forecast_score') }} as benchmark
    on
        benchmark.org_code = shown.org_code
        and benchmark.fund_code = shown.fund_code
        and benchmark.measure = shown.measure
        and benchmark.horizon = shown.horizon
        and benchmark.model = 'seasonal_naive'
where shown.is_shown and shown.wape > benchmark.wape

union all

select distinct
    forecast.org_code,
    forecast.fund_code,
    forecast.measure,
    forecast.model
from {{ ref('fund_forecast_monthly') }} as forecast
left join {{ ref('fund_forecast_score') }} as score
    on
        score.org_code = forecast.org_code
        and score.fund_code = forecast.fund_code
        and score.measure = forecast.measure
        and score.model = forecast.model
        and score.is_shown
where score.model is null
