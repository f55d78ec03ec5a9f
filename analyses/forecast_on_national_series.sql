-- How would the forecasts have done on the real national figures, year by year?
select
    scheme_name_zh as scheme_name,
    item_name_zh as item_name,
    model,
    origin_year as known_up_to,
    year,
    horizon as years_ahead,
    point as foreseen,
    actual as published,
    relative_error
from {{ ref('fund_forecast_published') }}
where is_shown and actual is not null
order by scheme, item, year, horizon
