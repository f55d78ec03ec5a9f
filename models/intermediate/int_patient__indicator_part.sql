-- Distinct persons of each institution by kind of care and in all, for the month, the year to date and the last twelve
-- months: those whose visits in the period sum to more than zero, refunds included. Persons are counted by the months in
-- which they begin and cease to count, so that no period is laid out person by person.
with seen as (
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        visit_count,
        visit_count as own_visit_count
    from {{ ref('settlement') }}
    where institution_code is not null and not is_manual
    union all
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        visit_count,
        0 as own_visit_count
    from {{ ref('int_institution__outsider_visit') }}
),

by_bucket as (
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        sum(visit_count) as visits,
        sum(own_visit_count) as own_visits
    from seen
    group by institution_code, visit_bucket, person_key, month
),

visit as (
    select * from by_bucket
    union all
    select
        institution_code,
        'all' as visit_bucket,
        person_key,
        month,
        sum(visits) as visits,
        sum(own_visits) as own_visits
    from by_bucket
    group by institution_code, person_key, month
),

-- Visits enter a window of twelve months in their month and leave it twelve months later.
moved as (
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        sum(visits) as visits,
        sum(own_visits) as own_visits
    from (
        select institution_code, visit_bucket, person_key, month, visits, own_visits
        from visit
        union all
        select
            institution_code,
            visit_bucket,
            person_key,
            cast(month + interval 12 month as date) as month,
            -visits as visits,
            -own_visits as own_visits
        from visit
    ) as entry
    group by institution_code, visit_bucket, person_key, month
),

standing as (
    select
        institution_code,
        visit_bucket,
        month,
        'rolling_12' as period_kind,
        visits,
        own_visits,
        sum(visits) over (
            partition by institution_code, visit_bucket, person_key order by month
            rows between unbounded preceding and current row
        ) as visits_so_far,
        sum(own_visits) over (
            partition by institution_code, visit_bucket, person_key order by month
            rows between unbounded preceding and current row
        ) as own_visits_so_far
    from moved
    union all
    select
        institution_code,
        visit_bucket,
        month,
        'ytd' as period_kind,
        visits,
        own_visits,
        sum(visits) over (
            partition by institution_code, visit_bucket, person_key, extract(year from month) order by month
            rows between unbounded preceding and current row
        ) as visits_so_far,
        sum(own_visits) over (
            partition by institution_code, visit_bucket, person_key, extract(year from month) order by month
            rows between unbounded preceding and current row
        ) as own_visits_so_far
    from visit
),

change as (
    select
        institution_code,
        visit_bucket,
        month,
        period_kind,
        sum(case when visits_so_far > 0 then 1 else 0 end - case when visits_so_far - visits > 0 then 1 else 0 end)
            as persons,
        sum(
            case when own_visits_so_far > 0 then 1 else 0 end
            - case when own_visits_so_far - own_visits > 0 then 1 else 0 end
        ) as own_persons
    from standing
    group by institution_code, visit_bucket, month, period_kind
),

-- Months of change stand in even where nobody settled anything.
listed_month as (
    select month from {{ ref('settlement') }}
    union
    select month
    from change
    where month <= (select max(settlement.month) from {{ ref('settlement') }} as settlement)
),

cell as (
    select
        institution_code,
        visit_bucket,
        min(month) as first_month
    from visit
    group by institution_code, visit_bucket
),

-- Every month from the first, since persons stay counted in months without a visit.
laid_out as (
    select
        cell.institution_code,
        cell.visit_bucket,
        listed_month.month,
        kind.period_kind,
        coalesce(change.persons, 0) as persons,
        coalesce(change.own_persons, 0) as own_persons
    from cell
    inner join listed_month on listed_month.month >= cell.first_month
    cross join (select 'ytd' as period_kind union all select 'rolling_12' as period_kind) as kind
    left join change
        on
            change.institution_code = cell.institution_code
            and change.visit_bucket = cell.visit_bucket
            and change.month = listed_month.month
            and change.period_kind = kind.period_kind
)

select
    institution_code,
    visit_bucket,
    month,
    period_kind,
    cast(
        sum(persons) over (
            partition by
                institution_code,
                visit_bucket,
                period_kind,
                case when period_kind = 'ytd' then extract(year from month) end
            order by month
            rows between unbounded preceding and current row
        ) as bigint
    ) as persons,
    cast(
        sum(own_persons) over (
            partition by
                institution_code,
                visit_bucket,
                period_kind,
                case when period_kind = 'ytd' then extract(year from month) end
            order by month
            rows between unbounded preceding and current row
        ) as bigint
    ) as own_persons
from laid_out

union all

select
    institution_code,
    visit_bucket,
    month,
    'month' as period_kind,
    count(case when visits > 0 then 1 end) as persons,
    count(case when own_visits > 0 then 1 end) as own_persons
from visit
group by institution_code, visit_bucket, month
