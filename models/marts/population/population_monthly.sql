-- The population that figures of a month are held against: that of the newest year end the bureau states, for at most two years.
with numbers as (
    {{ month_numbers() }}
),

served as (
    select
        stated.org_code,
        stated.basis,
        {{ month_from('stated.year + turn.years', 'numbers.number') }} as month,
        stated.year as population_year,
        stated.persons,
        stated.source
    from {{ source('run', 'bureau_population') }} as stated
    cross join (select 0 as years union all select 1 as years union all select 2 as years) as turn
    cross join numbers
    -- From the December of the year to the November of the second year after it.
    where turn.years * 12 + numbers.number between 12 and 35
)

select
    org_code,
    basis,
    cast(month as date) as month,
    cast(population_year as integer) as population_year,
    cast(persons as bigint) as persons,
    source
from served
qualify row_number() over (partition by org_code, basis, month order by population_year desc) = 1
