with rolled as (
    select
        balance.*,
        dim_fund.account_kind <> 'personal' and dim_fund.scheme <> 'assistance' as has_reserve_band,
        {{ balance_windows('balance.org_code, balance.fund_code') }}
    from {{ ref('int_ledger__balance_month') }} as balance
    left join {{ ref('dim_fund') }} as dim_fund using (fund_code)
)

select
    org_code,
    fund_code,
    month,
    opening_balance,
    opening_adjustment,
    income,
    expenditure,
    current_balance,
    closing_balance,
    ledger_closing_balance,
    unexplained_gap,
    income_ytd,
    expenditure_ytd,
    {{ balance_measures() }},
    case
        when months_in_last_12 = 12 then cast(own_expenditure_last_12 as {{ money_type() }})
    end as own_expenditure_last_12,
    own_income,
    own_expenditure,
    own_income_ytd,
    own_expenditure_ytd,
    closing_mode
from rolled
