-- A person's months in a scheme and place, with what lies on either side of the year and what the person holds elsewhere
-- at the same time: who is in only one place needs no comparing, and those are nearly all.
with person as (
    select
        org_code,
        scheme,
        person_key,
        year,
        bit_or(in_force) as in_force,
        bit_or(months) as months
    from {{ ref('int_enrolment__counted_year') }}
    group by org_code, scheme, person_key, year
),

neighbour as (
    select
        *,
        lag(year) over several_years = year - 1
        and {{ has_month('coalesce(lag(months) over several_years, 0)', '12') }} = 1 as is_december_before,
        lead(year) over several_years = year + 1
        and {{ has_month('coalesce(lead(months) over several_years, 0)', '1') }} = 1 as is_january_after
    from person
    window several_years as (partition by org_code, scheme, person_key order by year)
),

in_several as (
    select
        person_key,
        year
    from person
    where scheme in ('employee', 'resident')
    group by person_key, year
    having count(*) > 1
),

one_of_several as (
    select person.*
    from person
    inner join in_several using (person_key, year)
    where person.scheme in ('employee', 'resident')
),

elsewhere as (
    select
        here.org_code,
        here.scheme,
        here.person_key,
        here.year,
        bit_or(other.in_force) as in_force,
        bit_or(case when other.scheme <> here.scheme then other.in_force else 0 end) as in_other_scheme,
        bit_or(case when other.scheme = here.scheme and other.org_code < here.org_code then other.months else 0 end)
            as counted_before
    from one_of_several as here
    inner join one_of_several as other
        on
            other.person_key = here.person_key
            and other.year = here.year
            and (other.org_code <> here.org_code or other.scheme <> here.scheme)
    group by here.org_code, here.scheme, here.person_key, here.year
)

select
    neighbour.org_code,
    neighbour.scheme,
    neighbour.person_key,
    neighbour.year,
    neighbour.months,
    -- The same months one later and one earlier, with the neighbouring year's at the open end.
    (neighbour.months * 2) & {{ every_month() }}
    | case when neighbour.is_december_before then {{ month_bit('1') }} else 0 end as months_after,
    cast(floor(neighbour.months / 2) as integer)
    | case when neighbour.is_january_after then {{ month_bit('12') }} else 0 end as months_before,
    coalesce(elsewhere.in_force, 0) as elsewhere,
    coalesce(elsewhere.in_other_scheme, 0) as in_other_scheme,
    coalesce(elsewhere.counted_before, 0) as counted_before
from neighbour
left join elsewhere
    on
        elsewhere.org_code = neighbour.org_code
        and elsewhere.scheme = neighbour.scheme
        and elsewhere.person_key = neighbour.person_key
        and elsewhere.year = neighbour.year
