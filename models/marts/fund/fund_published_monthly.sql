-- Figures from January to a month. They are cumulative: the month's own amount is the step from the month before.
select
    region,
    scheme,
    year,
    cast(cast(year as varchar) || '-' || lpad(cast(month as varchar), 2, '0') || '-01' as date) as month,
    vintage,
    item,
    value,
    unit,
    is_money,
    printed_value,
    printed_unit,
    source_title,
    source_grade,
    is_derived,
    note,
    check_note,
    scheme_name_zh,
    scheme_name_en,
    item_name_zh,
    item_name_en
from {{ ref('int_published__figure') }}
where month is not null
