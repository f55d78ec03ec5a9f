{{ config(tags=['forecast']) }}

select
    scenario,
    ordinal,
    part,
    name_zh,
    name_en,
    sort_order,
    is_bureau,
    lever,
    lever_name_zh,
    lever_name_en,
    value,
    unit,
    fund_code,
    item_key,
    direction,
    base,
    first_month,
    months,
    formula_zh,
    formula_en
from {{ ref('int_forecast__scenario') }}
