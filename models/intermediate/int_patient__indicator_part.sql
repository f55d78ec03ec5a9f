{{ config(
    pre_hook="{{ remember_changed_from(ref('int_indicator__changed_from'), 'institution') }}"
) }}
-- Distinct persons of each institution by kind of care and in all, for the month, the year to date and the last twelve
-- months: those whose visits in the period sum to more than zero, refunds included. Persons are counted by the months in
-- which they begin and cease to count, so that no period is laid out person by person. Periods that end before anything
-- changed stand in the release already and are left out.
{% set counted = ['persons', 'own_persons'] %}

with seen as (
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        visit_count,
        visit_count as own_visit_count
    from {{ ref('settlement') }}
    where institution_code is not null and not is_manual and month >= {{ parts_from() }}
    union all
    select
        institution_code,
        visit_bucket,
        person_key,
        month,
        visit_count,
        0 as own_visit_count
    from {{ ref('int_institution__outsider_visit') }}
    where month >= {{ parts_from() }}
),

-- Numbers for names and months: what follows sorts and compares little else.
place as (
    select
        institution_code,
        row_number() over (order by institution_code) as place_no
    from (select distinct institution_code from seen) as named
),

person as (
    select
        person_key,
        row_number() over (order by person_key) as person_no
    from (select distinct person_key from seen) as named
),

by_bucket as (
    select
        place.place_no,
        seen.visit_bucket,
        person.person_no,
        extract(year from seen.month) * 12 + extract(month from seen.month) as month_no,
        sum(seen.visit_count) as visits,
        sum(seen.own_visit_count) as own_visits
    from seen
    inner join place on place.institution_code = seen.institution_code
    inner join person on person.person_key = seen.person_key
    group by place.place_no, seen.visit_bucket, person.person_no, seen.month
),

visit as (
    select * from by_bucket
    union all
    select
        place_no,
        'all' as visit_bucket,
        person_no,
        month_no,
        sum(visits) as visits,
        sum(own_visits) as own_visits
    from by_bucket
    group by place_no, person_no, month_no
),

-- Whom a refund takes visits back from, or who came as one of the own and as an outsider; few beside all others.
uneven as (
    select
        place_no,
        visit_bucket,
        person_no
    from visit
    group by place_no, visit_bucket, person_no
    having
        min(visits) <= 0
        or not (bool_and(own_visits = visits) or bool_and(own_visits = 0))
),

-- A person with visits in every month named counts from the first of them until twelve months have passed without one.
even as (
    select
        visit.place_no,
        visit.visit_bucket,
        visit.month_no,
        visit.own_visits > 0 as is_own,
        lag(visit.month_no) over seen_so_far as month_before,
        lead(visit.month_no) over seen_so_far as month_after
    from visit
    left join uneven
        on
            uneven.place_no = visit.place_no
            and uneven.visit_bucket = visit.visit_bucket
            and uneven.person_no = visit.person_no
    where uneven.place_no is null
    window seen_so_far as (partition by visit.place_no, visit.visit_bucket, visit.person_no order by visit.month_no)
),

even_change as (
    {% for kind, condition, sign, moved in [
        ('rolling_12', 'month_before is null or month_no - month_before >= 12', 1, 0),
        ('rolling_12', 'month_after is null or month_after - month_no >= 12', -1, 12),
        ('ytd', 'month_before is null or floor((month_before - 1) / 12) < floor((month_no - 1) / 12)', 1, 0),
        ('month', 'true', 1, 0),
    ] %}
    select
        place_no,
        visit_bucket,
        month_no + {{ moved }} as month_no,
        '{{ kind }}' as period_kind,
        {{ sign }} * count(*) as persons,
        {{ sign }} * count(case when is_own then 1 end) as own_persons
    from even
    where {{ condition }}
    group by place_no, visit_bucket, month_no
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

uneven_visit as (
    select visit.*
    from visit
    inner join uneven
        on
            uneven.place_no = visit.place_no
            and uneven.visit_bucket = visit.visit_bucket
            and uneven.person_no = visit.person_no
),

-- Visits enter a window of twelve months in their month and leave it twelve months later; the year and the month begin anew.
moved as (
    select
        *,
        'rolling_12' as period_kind,
        0 as window_no
    from uneven_visit
    union all
    select
        place_no,
        visit_bucket,
        person_no,
        month_no + 12 as month_no,
        -visits as visits,
        -own_visits as own_visits,
        'rolling_12' as period_kind,
        0 as window_no
    from uneven_visit
    union all
    select
        *,
        'ytd' as period_kind,
        floor((month_no - 1) / 12) as window_no
    from uneven_visit
    union all
    select
        *,
        'month' as period_kind,
        month_no as window_no
    from uneven_visit
),

entry as (
    select
        place_no,
        visit_bucket,
        person_no,
        period_kind,
        window_no,
        month_no,
        sum(visits) as visits,
        sum(own_visits) as own_visits
    from moved
    group by place_no, visit_bucket, person_no, period_kind, window_no, month_no
),

standing as (
    select
        *,
        sum(visits) over in_window as visits_so_far,
        sum(own_visits) over in_window as own_visits_so_far
    from entry
    window in_window as (
        partition by place_no, visit_bucket, person_no, period_kind, window_no order by month_no
        rows between unbounded preceding and current row
    )
),

change as (
    select
        place_no,
        visit_bucket,
        month_no,
        period_kind,
        sum(persons) as persons,
        sum(own_persons) as own_persons
    from (
        select * from even_change
        union all
        select
            place_no,
            visit_bucket,
            month_no,
            period_kind,
            case when visits_so_far > 0 then 1 else 0 end - case when visits_so_far - visits > 0 then 1 else 0 end
                as persons,
            case when own_visits_so_far > 0 then 1 else 0 end
            - case when own_visits_so_far - own_visits > 0 then 1 else 0 end as own_persons
        from standing
    ) as either
    group by place_no, visit_bucket, month_no, period_kind
),

-- Every month from an institution's first, since persons stay counted in months without a visit.
first_seen as (
    select
        institution_code,
        visit_bucket,
        min(month) as first_month
    from (
        select institution_code, visit_bucket, month
        from {{ ref('settlement') }}
        where institution_code is not null and not is_manual
        union all
        select institution_code, visit_bucket, month
        from {{ ref('int_institution__outsider_visit') }}
    ) as every_visit
    group by institution_code, visit_bucket
),

cell as (
    select * from first_seen
    union all
    select
        institution_code,
        'all' as visit_bucket,
        min(first_month) as first_month
    from first_seen
    group by institution_code
),

-- Months of change stand in even where nobody settled anything.
listed_month as (
    select
        month,
        extract(year from month) * 12 + extract(month from month) as month_no
    from (select distinct month from {{ ref('settlement') }} where month >= {{ parts_from() }}) as settled
    union
    select
        cast({{ month_from('floor((month_no - 1) / 12)', 'month_no - 12 * floor((month_no - 1) / 12)') }} as date) as month,
        month_no
    from change
    where month_no <= (
        select max(extract(year from settlement.month) * 12 + extract(month from settlement.month))
        from {{ ref('settlement') }} as settlement
    )
),

laid_out as (
    select
        cell.institution_code,
        cell.visit_bucket,
        listed_month.month,
        kind.period_kind,
        change.persons is not null as is_seen{% for measure in counted %},
        coalesce(change.{{ measure }}, 0) as {{ measure }}{% endfor %}
    from cell
    inner join listed_month on listed_month.month >= cell.first_month
    cross join (
        select 'month' as period_kind union all select 'ytd' as period_kind union all select 'rolling_12' as period_kind
    ) as kind
    left join place on place.institution_code = cell.institution_code
    left join change
        on
            change.place_no = place.place_no
            and change.visit_bucket = cell.visit_bucket
            and change.month_no = listed_month.month_no
            and change.period_kind = kind.period_kind
),

added_up as (
    select
        institution_code,
        visit_bucket,
        month,
        period_kind,
        is_seen{% for measure in counted %},
        cast(
            sum({{ measure }}) over (
                partition by
                    institution_code,
                    visit_bucket,
                    period_kind,
                    case period_kind when 'ytd' then date_trunc('year', month) when 'month' then month end
                order by month
                rows between unbounded preceding and current row
            ) as bigint
        ) as {{ measure }}{% endfor %}
    from laid_out
)

select
    institution_code,
    visit_bucket,
    month,
    period_kind,
    persons,
    own_persons
from added_up
where month >= {{ changed_from() }} and (is_seen or period_kind <> 'month')
