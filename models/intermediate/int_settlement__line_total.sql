-- Sums of the fee lines of each settlement in the months that are held against them. A part that a line leaves
-- empty has no sum.
with settled as (
    select distinct landed.setl_id
    from {{ ref('stg_setl_d') }} as landed
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
)

select
    line.setl_id,
    count(*) as line_count,
    {{ sum_money('line.line_fee') }} as line_fee,
    case when count(line.self_funded) = count(*) then {{ sum_money('line.self_funded') }} end as self_funded,
    case when count(line.over_limit) = count(*) then {{ sum_money('line.over_limit') }} end as over_limit,
    case when count(line.prepaid_share) = count(*) then {{ sum_money('line.prepaid_share') }} end as prepaid_share,
    case when count(line.in_scope) = count(*) then {{ sum_money('line.in_scope') }} end as in_scope
from {{ ref('stg_fee_list_d') }} as line
inner join settled on settled.setl_id = line.setl_id
where coalesce(line.valid_flag, '1') = '1'
group by line.setl_id
