-- Where did the money of the last twelve months come from, and what did it go to?
-- For each fund of the whole pool area: income, care by kind and place, other spending, what the books paid otherwise, what was left.
select
    fund_code,
    stage,
    node,
    place,
    sum(amount) as amount
from {{ ref('fund_money_flow_monthly') }}
where
    is_consolidated
    and month > (select max(month) from {{ ref('fund_money_flow_monthly') }}) - interval 12 month
group by fund_code, stage, node, place
having sum(amount) <> 0
order by
    fund_code,
    case stage when 'income' then 0 when 'care' then 1 when 'expenditure' then 2 when 'difference' then 3 else 4 end,
    amount desc
