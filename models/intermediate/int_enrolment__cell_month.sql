-- Insured persons at the end of every month by what they are. Persons of a kind with the same months are counted
-- together, so that laying the years out by month costs little.
with person_kind as (
    select
        counted.org_code,
        counted.scheme,
        counted.year,
        counted.person_group,
        counted.sex,
        counted.birth_month,
        counted.is_retired,
        counted.is_flexible,
        counted.is_pool_only,
        counted.months,
        counted.months & ({{ every_month() }} - (counted.months & person.months_after)) as joining,
        counted.months & ({{ every_month() }} - (counted.months & person.months_before)) as leaving,
        counted.months & person.elsewhere as duplicate,
        counted.months & ({{ every_month() }} - person.counted_before) as once,
        count(*) as persons
    from {{ ref('int_enrolment__counted_year') }} as counted
    inner join {{ ref('int_enrolment__person_year') }} as person
        on
            person.org_code = counted.org_code
            and person.scheme = counted.scheme
            and person.person_key = counted.person_key
            and person.year = counted.year
    where counted.months > 0
    group by all
),

history as (
    select
        org_code,
        min({{ month_from('year', 'first_number') }}) as first_month,
        max({{ month_from('year', 'last_number') }}) as last_month
    from {{ ref('int_enrolment__segment') }}
    group by org_code
),

numbers as (
    {{ month_numbers() }}
),

laid_out as (
    select
        person_kind.*,
        numbers.number
    from person_kind
    cross join numbers
    where {{ has_month('person_kind.months', 'numbers.number') }} = 1
),

event as (
    select
        laid_out.*,
        {{ month_from('year', 'number') }} as month,
        persons as enrolled,
        persons * {{ has_month('once', 'number') }} as enrolled_once,
        persons * {{ has_month('joining', 'number') }} as newly_enrolled,
        0 as lapsed,
        persons * {{ has_month('duplicate', 'number') }} as duplicate_enrolled
    from laid_out
    union all
    -- Whoever is gone lapsed in the month after the last one counted.
    select
        laid_out.*,
        cast({{ month_from('year', 'number') }} + interval 1 month as date) as month,
        0 as enrolled,
        0 as enrolled_once,
        0 as newly_enrolled,
        persons as lapsed,
        0 as duplicate_enrolled
    from laid_out
    where {{ has_month('leaving', 'number') }} = 1
),

aged as (
    select
        event.*,
        floor((
            extract(year from event.month) * 12 + extract(month from event.month)
            - extract(year from event.birth_month) * 12 - extract(month from event.birth_month)
        ) / 12) as age,
        event.month = history.first_month as is_first_month
    from event
    inner join history on history.org_code = event.org_code
    where event.month <= history.last_month
)

select
    org_code,
    scheme,
    person_group,
    {{ age_band('age') }} as age_band,
    sex,
    is_retired,
    is_flexible,
    is_pool_only,
    month,
    cast(sum(enrolled) as bigint) as enrolled,
    cast(sum(enrolled_once) as bigint) as enrolled_once,
    cast(case when is_first_month then null else sum(newly_enrolled) end as bigint) as newly_enrolled,
    cast(case when is_first_month then null else sum(lapsed) end as bigint) as lapsed,
    cast(sum(duplicate_enrolled) as bigint) as duplicate_enrolled
from aged
group by
    org_code,
    scheme,
    person_group,
    {{ age_band('age') }},
    sex,
    is_retired,
    is_flexible,
    is_pool_only,
    month,
    is_first_month
