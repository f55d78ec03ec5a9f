-- Numerator and denominator of the indicators of enrolment; each formula stands here once. The pool area as a whole, in
-- which a person counts once in a scheme, stands under its city code.
with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

head as (
    select
        cell.org_code,
        cell.scheme,
        cell.month,
        cell.is_flexible,
        cell.is_pool_only,
        cell.enrolled
    from {{ ref('int_enrolment__cell_month') }} as cell
    left join city on city.org_code = cell.org_code
    where city.org_code is null and cell.scheme in ('employee', 'resident')
    union all
    select
        city.org_code,
        cell.scheme,
        cell.month,
        cell.is_flexible,
        cell.is_pool_only,
        cell.enrolled_once as enrolled
    from {{ ref('int_enrolment__cell_month') }} as cell
    inner join city on city.org_code is not null
    where cell.scheme in ('employee', 'resident')
),

headcount as (
    select
        org_code,
        month,
        sum(enrolled) as enrolled,
        sum(case when scheme = 'employee' then enrolled else 0 end) as employees,
        sum(case when scheme = 'resident' then enrolled else 0 end) as residents,
        sum(case when scheme = 'employee' and is_flexible then enrolled else 0 end) as flexible,
        sum(case when scheme = 'employee' and is_pool_only then enrolled else 0 end) as pool_only
    from head
    group by org_code, month
),

-- A person insured twice counts once wherever persons are counted: in a scheme, over both, in the pool area.
duplicate as (
    select
        org_code,
        scheme,
        month,
        person_key
    from {{ ref('int_enrolment__duplicate_person_month') }}
    union all
    select
        city.org_code,
        held.scheme,
        held.month,
        held.person_key
    from {{ ref('int_enrolment__duplicate_person_month') }} as held
    inner join city on city.org_code <> held.org_code
),

duplicate_month as (
    select
        org_code,
        month,
        count(distinct person_key) as persons,
        count(distinct case when scheme = 'employee' then person_key end) as employees,
        count(distinct case when scheme = 'resident' then person_key end) as residents
    from duplicate
    group by org_code, month
),

insured_twice as (
    select
        headcount.*,
        coalesce(duplicate_month.persons, 0) as twice,
        coalesce(duplicate_month.employees, 0) as employees_twice,
        coalesce(duplicate_month.residents, 0) as residents_twice
    from headcount
    left join duplicate_month using (org_code, month)
),

-- Members of last December by the months of this year in which they were insured anywhere, in either scheme.
anywhere as (
    select
        person_key,
        year,
        bit_or(months) as months
    from {{ ref('int_enrolment__person_year') }}
    group by person_key, year
),

member as (
    select
        last_year.org_code,
        last_year.scheme,
        last_year.year + 1 as year,
        coalesce(anywhere.months, 0) as months,
        count(*) as persons,
        sum(case when {{ has_month('last_year.counted_before', '12') }} = 1 then 0 else 1 end) as persons_once
    from {{ ref('int_enrolment__person_year') }} as last_year
    left join anywhere on anywhere.person_key = last_year.person_key and anywhere.year = last_year.year + 1
    where last_year.scheme in ('employee', 'resident') and {{ has_month('last_year.months', '12') }} = 1
    group by last_year.org_code, last_year.scheme, last_year.year, coalesce(anywhere.months, 0)
),

numbers as (
    {{ month_numbers() }}
),

known_month as (
    select distinct
        org_code,
        month
    from headcount
),

drop_out as (
    select
        member.org_code,
        member.scheme,
        {{ month_from('member.year', 'numbers.number') }} as month,
        sum(case when member.months & {{ month_span('1', 'numbers.number') }} = 0 then member.persons else 0 end)
            as gone,
        sum(member.persons) as members,
        sum(case when member.months & {{ month_span('1', 'numbers.number') }} = 0 then member.persons_once else 0 end)
            as gone_once,
        sum(member.persons_once) as members_once
    from member
    cross join numbers
    group by member.org_code, member.scheme, member.year, numbers.number
),

drop_out_placed as (
    select
        drop_out.org_code,
        drop_out.scheme,
        drop_out.month,
        drop_out.gone,
        drop_out.members
    from drop_out
    left join city on city.org_code = drop_out.org_code
    where city.org_code is null
    union all
    select
        city.org_code,
        drop_out.scheme,
        drop_out.month,
        sum(drop_out.gone_once) as gone,
        sum(drop_out.members_once) as members
    from drop_out
    inner join city on city.org_code is not null
    group by city.org_code, drop_out.scheme, drop_out.month
),

-- On the list of those entitled to assistance, insured or suspended; who died or went away is off it.
listed as (
    select
        register.org_code,
        {{ month_of('register.snapshot_date') }} as month,
        register.person_key,
        max(case when register.enrolment_status = '1' then 1 else 0 end) as is_insured
    from {{ ref('stg_psn_insu_d') }} as register
    inner join {{ ref('int_enrolment__segment') }} as segment
        on
            segment.org_code = register.org_code
            and segment.snapshot_date = register.snapshot_date
            and segment.own_number is not null
    inner join {{ ref('code_value') }} as identity
        on
            identity.dictionary = 'psn_idet_type'
            and identity.code = register.person_identity_code
            and identity.grouping = 'assistance'
    where coalesce(register.valid_flag, '1') = '1' and register.enrolment_status in ('0', '1', '2')
    group by register.org_code, {{ month_of('register.snapshot_date') }}, register.person_key
),

listed_placed as (
    select
        org_code,
        month,
        person_key,
        is_insured
    from listed
    union all
    select
        city.org_code,
        listed.month,
        listed.person_key,
        max(listed.is_insured) as is_insured
    from listed
    inner join city on city.org_code <> listed.org_code
    group by city.org_code, listed.month, listed.person_key
),

employer_placed as (
    select
        org_code,
        month,
        employers,
        employers_in_arrears
    from {{ ref('int_contribution__employer_month') }}
    union all
    select
        city.org_code,
        employer.month,
        sum(employer.employers) as employers,
        sum(employer.employers_in_arrears) as employers_in_arrears
    from {{ ref('int_contribution__employer_month') }} as employer
    inner join city on city.org_code <> employer.org_code
    group by city.org_code, employer.month
),

covered as (
    select
        headcount.org_code,
        headcount.month,
        headcount.enrolled,
        population.basis,
        population.persons
    from headcount
    inner join {{ ref('population_monthly') }} as population
        on population.org_code = headcount.org_code and population.month = headcount.month
),

part as (
    select org_code, 'all' as scheme, 'E01' as indicator_id, month, 'month' as period_kind, enrolled as numerator,
        persons as denominator
    from covered
    where basis = 'resident'
    union all
    select org_code, 'all', 'E01.registered', month, 'month', enrolled, persons from covered where basis = 'registered'
    union all
    select org_code, 'all', 'E02', month, 'month', twice, enrolled from insured_twice
    union all
    select org_code, 'employee', 'E02', month, 'month', employees_twice, employees from insured_twice
    union all
    select org_code, 'resident', 'E02', month, 'month', residents_twice, residents from insured_twice
    union all
    select org_code, scheme, 'E03', month, 'ytd', gone, members
    from drop_out_placed
    inner join known_month using (org_code, month)
    union all
    select org_code, 'all', 'E04', month, 'month', employees, enrolled from headcount
    union all
    select org_code, 'employee', 'E05', month, 'month', flexible, employees from headcount
    union all
    select org_code, 'all', 'E06', month, 'month', sum(is_insured), count(*) from listed_placed group by org_code, month
    union all
    select org_code, 'employee', 'E07', month, 'month', pool_only, employees from headcount
    union all
    select org_code, 'employee', 'E08', month, 'month', employers_in_arrears, employers from employer_placed
)

select
    org_code,
    scheme,
    indicator_id,
    'all' as visit_bucket,
    cast(month as date) as month,
    period_kind,
    cast(numerator as {{ money_type() }}) as numerator,
    cast(denominator as {{ money_type() }}) as denominator
from part
