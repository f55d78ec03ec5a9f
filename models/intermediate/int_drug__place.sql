-- Under which divisions the drugs of an institution count: the one it stands in and, for the whole pool area, its city's.
with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

institution as (
    select
        institution_code,
        org_code
    from {{ ref('int_institution__version') }}
    where org_code is not null
    qualify row_number() over (partition by institution_code order by valid_from desc) = 1
)

select
    institution_code,
    org_code
from institution

union all

select
    institution.institution_code,
    city.org_code
from institution
inner join city on city.org_code <> institution.org_code
