-- Every printed figure stands in exactly one of the two tables, and its value turns back into the printed text.
with held as (
    select region, scheme, year, 0 as month, vintage, item, value, printed_value, printed_unit
    from {{ ref('fund_published_annual') }}
    union all
    select region, scheme, year, month(month) as month, vintage, item, value, printed_value, printed_unit
    from {{ ref('fund_published_monthly') }}
)

select
    figure.scheme,
    figure.item,
    figure.year,
    figure.vintage,
    figure.value as printed,
    min(held.value) as held
from {{ ref('published_figure') }} as figure
inner join {{ ref('published_unit') }} as unit on figure.unit = unit.printed_unit
left join held
    on
        figure.region = held.region
        and figure.scheme = held.scheme
        and figure.year = held.year
        and coalesce(figure.month, 0) = held.month
        and figure.vintage = held.vintage
        and figure.item = held.item
        and figure.value = held.printed_value
        and figure.unit = held.printed_unit
        and cast(held.value as decimal(38, 8)) * unit.reciprocal = cast(figure.value as decimal(38, 6))
group by figure.scheme, figure.item, figure.year, figure.vintage, figure.value, figure.month
having count(held.value) <> 1
