-- In which months of a year each person counts as insured. Where contributions are loaded, who owes one counts in the
-- months that are paid, unless the bureau counts relations alone. A month's contributions are loaded where at least half
-- of those who owe have a line for it, paid or not, and the lines reach back to when its payments began: residents pay for
-- a year from the September before it (集中参保期).
with setting as (
    select headcount from {{ source('run', 'bureau_setting') }}
),

relation as (
    select
        relation_year.*,
        relation_year.scheme in ('employee', 'resident')
        and not relation_year.is_retired
        and relation_year.person_group not in ('retired', 'veteran') as is_owing,
        coalesce(paid.due_months, 0) as due_months,
        coalesce(paid.paid_months, 0) as paid_months
    from {{ ref('int_enrolment__relation_year') }} as relation_year
    left join {{ ref('int_contribution__person_year') }} as paid
        on
            paid.person_key = relation_year.person_key
            and paid.scheme = relation_year.scheme
            and paid.year = relation_year.year
),

owing as (
    select
        scheme,
        year,
        months,
        months & due_months as due_months,
        count(*) as relations
    from relation
    where is_owing
    group by scheme, year, months, months & due_months
),

numbers as (
    {{ month_numbers() }}
),

loaded as (
    select
        owing.scheme,
        owing.year,
        numbers.number
    from owing
    cross join numbers
    inner join {{ ref('int_contribution__span') }} as span on span.scheme = owing.scheme
    where
        span.first_month
        <= case owing.scheme
            when 'resident' then {{ month_from('owing.year - 1', '9') }}
            else {{ month_from('owing.year', 'numbers.number') }}
        end
    group by owing.scheme, owing.year, numbers.number
    having
        2 * sum(owing.relations * {{ has_month('owing.due_months', 'numbers.number') }})
        >= greatest(1, sum(owing.relations * {{ has_month('owing.months', 'numbers.number') }}))
),

tested as (
    select
        scheme,
        year,
        bit_or({{ month_bit('number') }}) as months
    from loaded
    group by scheme, year
)

select
    relation.org_code,
    relation.scheme,
    relation.person_key,
    relation.year,
    relation.person_group,
    relation.sex,
    relation.birth_month,
    relation.is_retired,
    relation.is_flexible,
    relation.is_pool_only,
    relation.months as in_force,
    case
        when setting.headcount = 'paid' and relation.is_owing
            then relation.months & (relation.paid_months | ({{ every_month() }} - coalesce(tested.months, 0)))
        else relation.months
    end as months
from relation
cross join setting
left join tested on tested.scheme = relation.scheme and tested.year = relation.year
