-- Indicators and the further figures published under their ids; a further figure shares the level, priority,
-- alert, tables and source of its indicator.
select
    indicator_id,
    indicator_id as base_indicator_id,
    indicator_key,
    name_zh,
    name_en,
    level,
    priority,
    definition_zh,
    definition_en,
    unit,
    stored_unit,
    direction,
    numerator,
    denominator,
    is_ratio_of_sums,
    default_alert,
    required_tables,
    also_needs,
    also_needs_zh,
    source,
    note,
    sort_order * 10 as sort_order
from {{ ref('indicator') }}

union all

select
    variant.indicator_id,
    variant.base_indicator_id,
    variant.indicator_key,
    variant.name_zh,
    variant.name_en,
    indicator.level,
    indicator.priority,
    variant.definition_zh,
    variant.definition_en,
    variant.unit,
    variant.stored_unit,
    variant.direction,
    variant.numerator,
    variant.denominator,
    variant.is_ratio_of_sums,
    indicator.default_alert,
    indicator.required_tables,
    indicator.also_needs,
    indicator.also_needs_zh,
    indicator.source,
    indicator.note,
    indicator.sort_order * 10 + variant.ordinal as sort_order
from {{ ref('indicator_variant') }} as variant
inner join {{ ref('indicator') }} as indicator on variant.base_indicator_id = indicator.indicator_id
