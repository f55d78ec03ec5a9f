{{ config(tags=['forecast']) }}

select
    published.scheme,
    published.item,
    published.model,
    published.origin_year,
    published.year,
    published.year - published.origin_year as horizon,
    {{ from_fen('published.actual') }} as actual,
    {{ from_fen('published.point') }} as point,
    {{ from_fen('published.lower_80') }} as lower_80,
    {{ from_fen('published.upper_80') }} as upper_80,
    {{ from_fen('published.lower_95') }} as lower_95,
    {{ from_fen('published.upper_95') }} as upper_95,
    {{ ratio('published.point - published.actual', 'published.actual') }} as relative_error,
    published.is_shown,
    scheme.name_zh as scheme_name_zh,
    scheme.name_en as scheme_name_en,
    item.name_zh as item_name_zh,
    item.name_en as item_name_en
from {{ source('run', 'forecast_published') }} as published
left join {{ ref('published_scheme') }} as scheme using (scheme)
left join {{ ref('published_item') }} as item using (item)
