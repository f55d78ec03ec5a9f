-- Parts by fund of each settlement in the months that are held against them. Rows of the person (cash, account and
-- cash) repeat what the header says and stay out.
with settled as (
    select distinct landed.setl_id
    from {{ ref('stg_setl_d') }} as landed
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
)

select
    part.setl_id,
    count(*) as part_count,
    {{ sum_money("case when part.fund_pay_class <> 'personal' then part.amount else 0 end") }} as amount,
    {{ sum_money("case when part.fund_pay_class = 'personal_account' then part.amount else 0 end") }}
        as account_amount
from {{ ref('int_settlement__fund_part') }} as part
inner join settled on settled.setl_id = part.setl_id
group by part.setl_id
