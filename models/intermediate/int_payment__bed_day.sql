-- Settlements that are cleared by day of stay, as their newest version says.
with by_day as (
    select distinct setl_id
    from {{ ref('stg_setl_d') }}
    where clearing_method_code = '50'
),

newest as (
    select
        landed.setl_id,
        landed.clearing_method_code
    from {{ ref('stg_setl_d') }} as landed
    inner join by_day on by_day.setl_id = landed.setl_id
    qualify row_number() over (
        partition by landed.setl_id
        order by landed.updated_at desc nulls last, landed.record_id desc, landed.batch_id desc, landed.row_number_in_file desc
    ) = 1
)

select setl_id
from newest
where clearing_method_code = '50'
