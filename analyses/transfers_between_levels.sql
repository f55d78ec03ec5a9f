-- What did the levels pay each other in each month, and did all of it arrive?
-- Paid is expenditure of one level, received is income of another; what only one side booked stays over.
with paid as (
    select
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_expenditure_monthly') }}
    where is_transfer
    group by fund_code, month
),

received as (
    select
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_income_monthly') }}
    where is_transfer
    group by fund_code, month
)

select
    balance.fund_code,
    balance.month,
    coalesce(paid.amount, 0) as paid,
    coalesce(received.amount, 0) as received,
    balance.eliminated_transfers,
    balance.transfer_imbalance
from {{ ref('fund_balance_consolidated_monthly') }} as balance
left join paid on paid.fund_code = balance.fund_code and paid.month = balance.month
left join received on received.fund_code = balance.fund_code and received.month = balance.month
where paid.amount <> 0 or received.amount <> 0
order by balance.fund_code, balance.month
