-- The whole pool area: own flows of all levels, transfers between levels left out. What one level paid and
-- another received is eliminated; what only one side booked is the imbalance, and rolls with the balance so
-- that it stays the sum of the levels' balances.
with pooled as (
    select
        fund_code,
        month,
        count(*) as org_count,
        {{ sum_money('opening_balance + opening_adjustment') }} as ledger_opening_balance,
        {{ sum_money('own_income') }} as income,
        {{ sum_money('own_expenditure') }} as expenditure,
        {{ sum_money('own_income - own_expenditure') }} as current_balance,
        {{ sum_money('closing_balance') }} as closing_balance,
        case when count(ledger_closing_balance) = count(*) then {{ sum_money('ledger_closing_balance') }} end
            as ledger_closing_balance,
        {{ sum_money('own_expenditure') }} as own_expenditure,
        {{ sum_money('own_income') }} as own_income,
        case when count(own_income_ytd) = count(*) then {{ sum_money('own_income_ytd') }} end as income_ytd,
        case when count(own_expenditure_ytd) = count(*) then {{ sum_money('own_expenditure_ytd') }} end
            as expenditure_ytd,
        cast(least(sum(to_upper), sum(from_lower)) + least(sum(to_lower), sum(from_upper)) as {{ money_type() }})
            as eliminated_transfers,
        {{ sum_money('from_lower + from_upper - to_upper - to_lower') }} as transfer_imbalance
    from {{ ref('int_ledger__balance_month') }}
    group by fund_code, month
),

opened as (
    select
        *,
        lag(closing_balance) over (partition by fund_code order by month) as closing_of_month_before
    from pooled
),

rolled as (
    select
        opened.*,
        dim_fund.account_kind <> 'personal' and dim_fund.scheme <> 'assistance' as has_reserve_band,
        {{ balance_windows('opened.fund_code') }}
    from opened
    left join {{ ref('dim_fund') }} as dim_fund using (fund_code)
)

select
    fund_code,
    month,
    cast(coalesce(closing_of_month_before, ledger_opening_balance) as {{ money_type() }}) as opening_balance,
    cast(coalesce(ledger_opening_balance - closing_of_month_before, 0) as {{ money_type() }}) as opening_adjustment,
    income,
    expenditure,
    current_balance,
    closing_balance,
    ledger_closing_balance,
    cast(ledger_closing_balance - closing_balance as {{ money_type() }}) as unexplained_gap,
    income_ytd,
    expenditure_ytd,
    {{ balance_measures() }},
    case
        when months_in_last_12 = 12 then cast(own_expenditure_last_12 as {{ money_type() }})
    end as own_expenditure_last_12,
    own_income,
    own_expenditure,
    eliminated_transfers,
    transfer_imbalance,
    org_count
from rolled
