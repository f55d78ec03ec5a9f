-- The baseline is the models' forecast, to the fen: nothing is added to it, and no effect is listed under it.
select
    org_code,
    fund_code,
    measure,
    month
from {{ ref('fund_forecast_monthly') }}
where scenario = 'baseline' and shift <> 0

union all

select
    org_code,
    fund_code,
    scenario,
    month
from {{ ref('fund_forecast_effect') }}
where scenario = 'baseline'
