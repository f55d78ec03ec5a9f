-- Each printed figure in its base unit, with the half unit of its last printed place. The decimals are
-- counted in the text, because 428.10 printed as 428.1 promises less than 428.10 does.
with printed as (
    select
        figure.*,
        case
            when position('.' in figure.value) > 0 then length(figure.value) - position('.' in figure.value)
            else 0
        end as decimals
    from {{ ref('published_figure') }} as figure
)

select
    printed.region,
    printed.scheme,
    printed.item,
    printed.vintage,
    printed.year,
    printed.month,
    cast(printed.year as varchar)
        || case when printed.month is null then '' else '-' || lpad(cast(printed.month as varchar), 2, '0') end as period,
    cast(cast(printed.value as decimal(38, 6)) * unit.factor as decimal(18, 4)) as value,
    unit.unit,
    unit.is_money,
    unit.reciprocal,
    cast(cast('0.' || repeat('0', cast(printed.decimals as integer)) || '5' as decimal(38, 8)) * unit.factor as decimal(20, 6))
        as half_unit,
    printed.value as printed_value,
    printed.unit as printed_unit,
    printed.source_title,
    printed.source_grade,
    printed.verified = 'derived' as is_derived,
    printed.note,
    printed.check_note,
    item.name_zh as item_name_zh,
    item.name_en as item_name_en,
    item.is_additive,
    scheme.name_zh as scheme_name_zh,
    scheme.name_en as scheme_name_en
from printed
left join {{ ref('published_unit') }} as unit on printed.unit = unit.printed_unit
left join {{ ref('published_item') }} as item on printed.item = item.item
left join {{ ref('published_scheme') }} as scheme on printed.scheme = scheme.scheme
