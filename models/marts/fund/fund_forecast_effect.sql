{{ config(tags=['forecast']) }}

select
    org_code,
    fund_code,
    scenario,
    ordinal,
    part,
    month,
    lever,
    direction,
    item_key,
    base_amount,
    factor,
    effect
from {{ ref('int_forecast__effect') }}
