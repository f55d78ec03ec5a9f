-- Which published national figures does another edition print differently, and by how much?
-- One row per figure and edition, held against the edition of first preference; a series never mixes editions.
with figure as (
    select
        published.scheme,
        published.scheme_name_zh,
        published.item,
        published.item_name_zh,
        published.year,
        edition.preference,
        edition.name_zh as edition_name,
        published.value,
        published.unit,
        published.printed_value,
        published.printed_unit,
        published.source_title,
        published.check_note,
        first_value(published.value) over (
            partition by published.region, published.scheme, published.item, published.year
            order by edition.preference
        ) as preferred_value
    from {{ ref('fund_published_annual') }} as published
    inner join {{ ref('published_vintage') }} as edition on edition.vintage = published.vintage
    where published.region = 'national' and edition.is_outturn
)

select
    scheme_name_zh as scheme_name,
    item_name_zh as item_name,
    year,
    edition_name,
    value,
    value - preferred_value as differs_by,
    unit,
    printed_value,
    printed_unit,
    source_title,
    check_note
from figure
where value <> preferred_value
order by scheme, item, year, preference
