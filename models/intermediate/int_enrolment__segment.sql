-- Which snapshot of the register tells each month: its own last one, else the next one after it, which lists the relations
-- that ended on the way. Before the first snapshot only months count for which it still lists relations that ended, and
-- no more than eleven. A row per snapshot and calendar year; months are numbered within the year.
with seen as (
    select
        org_code,
        snapshot_date,
        {{ month_of('snapshot_date') }} as month,
        min(case when enrolment_status <> '1' then {{ month_of('paused_from') }} end) as first_pause
    from {{ ref('stg_psn_insu_d') }}
    where coalesce(valid_flag, '1') = '1' and snapshot_date is not null
    group by org_code, snapshot_date
),

kept as (
    select *
    from seen
    qualify snapshot_date = max(snapshot_date) over (partition by org_code, month)
),

spanned as (
    select
        org_code,
        snapshot_date,
        month,
        cast(
            coalesce(
                lag(month) over (partition by org_code order by month) + interval 1 month,
                greatest(month - interval 11 month, least(month, first_pause)),
                month
            ) as date
        ) as first_month
    from kept
),

-- A gap between snapshots of more than eleven calendar years is beyond any register.
offsets as (
    {{ month_numbers() }}
),

dated as (
    select
        spanned.*,
        cast(extract(year from spanned.first_month) + offsets.number - 1 as integer) as year
    from spanned
    cross join offsets
    where extract(year from spanned.first_month) + offsets.number - 1 <= extract(year from spanned.month)
)

select
    org_code,
    snapshot_date,
    year,
    cast(greatest(1, {{ month_number('first_month', 'year') }}) as integer) as first_number,
    cast(least(12, {{ month_number('month', 'year') }}) as integer) as last_number,
    case when extract(year from month) = year then cast(extract(month from month) as integer) end as own_number
from dated
