-- Months of charge whose fee lines are not what they were: lines that came, and lines that a new one replaced,
-- which may have stood in another month.
with changed as (
    select batch_id
    from {{ source('run', 'changed_batch') }}
    where table_name = 'fee_list_d'
)

select distinct {{ month_of('charged_at') }} as month
from {{ ref('stg_fee_list_d') }}
where batch_id in (select changed.batch_id from changed)

union

select event_month as month
from {{ source('run', 'superseded_row') }}
where table_name = 'fee_list_d' and replaced_by_batch_id in (select changed.batch_id from changed)
