-- Persons by whom or for whom money arrived in a month. A correction pays nobody's contribution anew.
select
    org_code,
    scheme,
    payer_kind,
    received_month as month,
    count(*) as payers
from (
    select
        org_code,
        scheme,
        payer_kind,
        received_month,
        person_key
    from {{ ref('int_contribution__line') }}
    where received_month is not null
    group by org_code, scheme, payer_kind, received_month, person_key
    having sum(contribution) > 0
) as payer
group by org_code, scheme, payer_kind, received_month
