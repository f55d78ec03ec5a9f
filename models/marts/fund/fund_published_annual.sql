-- Figures of whole years; year-to-date figures have a month and stand in fund_published_monthly.
select
    region,
    scheme,
    year,
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
where month is null
