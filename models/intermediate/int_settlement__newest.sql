-- The newest version of each settlement of the months being rebuilt, with every other settlement of the same
-- visits, since which one closes a stay is decided among all of them. Rows the bureau has voided are left out.
with landed as (
    select * from {{ ref('stg_setl_d') }}
),

visit_of_changed_month as (
    select distinct landed.visit_id
    from landed
    inner join {{ ref('int_settlement__changed_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
),

touched as (
    select distinct landed.setl_id
    from landed
    inner join visit_of_changed_month using (visit_id)
),

version as (
    select landed.*
    from landed
    inner join touched using (setl_id)
),

newest as (
    {{ newest_version('version', ['setl_id'], ['updated_at', 'record_id']) }}
)

select
    *,
    {{ month_of('setl_time') }} as month
from newest
where is_valid
