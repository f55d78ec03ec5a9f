-- Months whose settlements must be held against their fund parts and fee lines again: months that are worked out
-- anew, and months of settlements whose parts or lines changed, or lost a line to another settlement.
with changed as (
    select
        table_name,
        batch_id
    from {{ source('run', 'changed_batch') }}
),

changed_settlement as (
    select setl_id
    from {{ ref('stg_setl_fund_detl') }}
    where batch_id in (select changed.batch_id from changed where changed.table_name = 'setl_fund_detl')
    union
    select setl_id
    from {{ ref('stg_fee_list_d') }}
    where batch_id in (select changed.batch_id from changed where changed.table_name = 'fee_list_d')
    union
    select setl_id
    from {{ source('run', 'superseded_row') }}
    where
        table_name = 'fee_list_d'
        and replaced_by_batch_id in (select changed.batch_id from changed where changed.table_name = 'fee_list_d')
)

select month
from {{ ref('int_settlement__changed_month') }}

union

select {{ month_of('landed.setl_time') }} as month
from {{ ref('stg_setl_d') }} as landed
inner join changed_settlement on changed_settlement.setl_id = landed.setl_id
