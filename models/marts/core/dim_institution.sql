select
    institution_code,
    valid_from,
    valid_to,
    is_current,
    name,
    institution_kind,
    hospital_level,
    hospital_grade,
    ownership,
    org_code,
    bed_count
from {{ ref('int_institution__version') }}
where valid_to is null or valid_to > valid_from
