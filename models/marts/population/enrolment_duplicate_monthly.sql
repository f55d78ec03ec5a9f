select
    org_code,
    scheme,
    duplicate_kind,
    month,
    count(*) as persons,
    {{ sum_money('subsidy') }} as subsidy
from {{ ref('int_enrolment__duplicate_person_month') }}
group by org_code, scheme, duplicate_kind, month
