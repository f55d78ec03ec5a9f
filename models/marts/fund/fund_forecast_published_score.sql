{{ config(tags=['forecast']) }}

select
    scheme,
    item,
    model,
    horizon,
    origins,
    periods,
    mase,
    wape,
    coverage_80,
    coverage_95,
    is_shown
from {{ source('run', 'forecast_published_score') }}
