{{ config(tags=['forecast']) }}

select
    org_code,
    fund_code,
    is_consolidated,
    state,
    first_month,
    origin_month,
    months,
    {{ from_fen('opening_balance') }} as opening_balance,
    income_model,
    expenditure_model,
    unfit_models
from {{ source('run', 'forecast_series') }}
