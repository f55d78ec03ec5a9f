-- What does not tie beyond rounding. Real publications contain these; they are shown, never corrected.
select
    identity,
    region,
    scheme,
    item,
    period,
    vintage,
    year,
    identity_name_zh,
    identity_name_en,
    finding_class,
    left_value,
    right_value,
    difference,
    cast(abs(difference) as decimal(20, 6)) as size,
    tolerance,
    unit,
    left_printed,
    right_printed,
    difference_printed,
    cast(abs(difference_printed) as decimal(18, 6)) as size_printed,
    printed_unit,
    check_note
from {{ ref('published_identity') }}
where verdict = 'breaks'
