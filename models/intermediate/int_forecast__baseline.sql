{{ config(tags=['forecast']) }}

-- What the chosen models expect of each set of books, in yuan; nothing assumed about policy.
select
    forecast.org_code,
    forecast.fund_code,
    forecast.measure,
    forecast.month,
    forecast.model,
    series.origin_month,
    cast(
        row_number() over (
            partition by forecast.org_code, forecast.fund_code, forecast.measure order by forecast.month
        ) as integer
    ) as horizon,
    {{ from_fen('forecast.point') }} as point,
    {{ from_fen('forecast.lower_80') }} as lower_80,
    {{ from_fen('forecast.upper_80') }} as upper_80,
    {{ from_fen('forecast.lower_95') }} as lower_95,
    {{ from_fen('forecast.upper_95') }} as upper_95
from {{ source('run', 'forecast') }} as forecast
inner join {{ source('run', 'forecast_series') }} as series using (org_code, fund_code)
