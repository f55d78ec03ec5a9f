select
    org_code,
    scheme,
    person_group,
    age_band,
    sex,
    month,
    cast(sum(enrolled) as bigint) as enrolled,
    cast(sum(newly_enrolled) as bigint) as newly_enrolled,
    cast(sum(lapsed) as bigint) as lapsed,
    cast(sum(duplicate_enrolled) as bigint) as duplicate_enrolled,
    cast(sum(enrolled_once) as bigint) as enrolled_once
from {{ ref('int_enrolment__cell_month') }}
group by org_code, scheme, person_group, age_band, sex, month
