-- How did each fund's balance of the whole pool area come about in the last twelve months?
-- opening + adjustment + income - expenditure = closing, plus transfers of which only one side is booked.
with last_month as (
    select max(month) as month
    from {{ ref('fund_balance_consolidated_monthly') }}
)

select
    balance.fund_code,
    fund.name_zh as fund_name,
    balance.month,
    balance.opening_balance,
    balance.opening_adjustment,
    balance.income,
    balance.expenditure,
    balance.transfer_imbalance,
    balance.closing_balance,
    balance.payable_months
from {{ ref('fund_balance_consolidated_monthly') }} as balance
inner join {{ ref('dim_fund') }} as fund on fund.fund_code = balance.fund_code
cross join last_month
where balance.month > last_month.month - interval 12 month
order by fund.sort_order, balance.month
