{{ config(tags=['forecast']) }}

select
    org_code,
    fund_code,
    measure,
    model,
    horizon,
    origins,
    periods,
    mase,
    wape,
    coverage_80,
    coverage_95,
    is_shown
from {{ source('run', 'forecast_score') }}
