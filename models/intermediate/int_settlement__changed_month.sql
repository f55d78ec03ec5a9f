-- Months whose settlements must be worked out again because something landed since the last release touches
-- them: a new or changed settlement, an earlier version of it in another month, another settlement of the
-- same visit, its visit record or its grouping. On a full build every month is one.
with changed as (
    select
        table_name,
        batch_id
    from {{ source('run', 'changed_batch') }}
),

landed as (
    select
        setl_id,
        visit_id,
        batch_id,
        {{ month_of('setl_time') }} as month
    from {{ ref('stg_setl_d') }}
),

changed_settlement as (
    select setl_id
    from landed
    where batch_id in (select changed.batch_id from changed where changed.table_name = 'setl_d')
    union
    select setl_id
    from {{ ref('stg_drg_dip_rslt_d') }}
    where batch_id in (select changed.batch_id from changed where changed.table_name = 'drg_dip_rslt_d')
),

changed_visit as (
    select landed.visit_id
    from landed
    inner join changed_settlement using (setl_id)
    union
    select visit_id
    from {{ ref('stg_mdtrt_d') }}
    where batch_id in (select changed.batch_id from changed where changed.table_name = 'mdtrt_d')
)

select distinct landed.month
from landed
inner join changed_visit using (visit_id)

union

-- A new agreement version can change the level of an institution on days long settled.
select distinct landed.month
from landed
where exists (select 1 from changed where changed.table_name = 'fixmedins_b')
