-- Insured persons at the end of every month; the pool area as a whole, in which a person counts once in a scheme, stands
-- under its city code.
with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

placed as (
    select
        cell.org_code,
        cell.scheme,
        cell.month,
        cell.is_retired,
        cell.enrolled
    from {{ ref('int_enrolment__cell_month') }} as cell
    left join city on city.org_code = cell.org_code
    where city.org_code is null
    union all
    select
        city.org_code,
        cell.scheme,
        cell.month,
        cell.is_retired,
        cell.enrolled_once as enrolled
    from {{ ref('int_enrolment__cell_month') }} as cell
    inner join city on city.org_code is not null
)

select
    org_code,
    scheme,
    month,
    cast(sum(enrolled) as bigint) as enrolled,
    cast(sum(case when not is_retired then enrolled else 0 end) as bigint) as active,
    cast(sum(case when is_retired then enrolled else 0 end) as bigint) as retired
from placed
where scheme in ('employee', 'resident')
group by org_code, scheme, month
having sum(enrolled) > 0
