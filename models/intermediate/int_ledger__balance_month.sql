-- The roll-forward of each set of books: opening (closing of the month before), what the ledger's own opening
-- differs by (adjustment), the month's flows, and the closing they give.
with books as (
    select
        books_month.org_code,
        books_month.fund_code,
        books_month.month,
        closing_mode.closing_mode,
        cast(
            books_month.net_assets_opening
            + case closing_mode.closing_mode when 'annual' then books_month.result_opening else 0 end
            as {{ money_type() }}
        ) as ledger_opening_balance,
        cast(
            books_month.net_assets_closing
            + case closing_mode.closing_mode when 'annual' then books_month.result_closing else 0 end
            as {{ money_type() }}
        ) as ledger_closing_balance,
        coalesce(flow.income, 0) as income,
        coalesce(flow.expenditure, 0) as expenditure,
        coalesce(flow.own_income, 0) as own_income,
        coalesce(flow.own_expenditure, 0) as own_expenditure,
        coalesce(flow.from_lower, 0) as from_lower,
        coalesce(flow.to_upper, 0) as to_upper,
        coalesce(flow.from_upper, 0) as from_upper,
        coalesce(flow.to_lower, 0) as to_lower,
        flow.income_ytd,
        flow.expenditure_ytd,
        flow.own_income_ytd,
        flow.own_expenditure_ytd
    from {{ ref('int_ledger__books_month') }} as books_month
    inner join {{ ref('int_ledger__closing_mode') }} as closing_mode using (org_code, fund_code)
    left join {{ ref('int_ledger__flow_month') }} as flow using (org_code, fund_code, month)
),

cumulated as (
    select
        *,
        income - expenditure as current_balance,
        sum(income - expenditure) over (partition by org_code, fund_code order by month) as flow_to_date
    from books
),

-- Each month starts from the last opening the ledger states; where a month states none, flows are carried on.
anchored as (
    select
        *,
        last_value(ledger_opening_balance - (flow_to_date - current_balance) ignore nulls) over (
            partition by org_code, fund_code order by month
            rows between unbounded preceding and current row
        ) + flow_to_date as closing_balance
    from cumulated
),

opened as (
    select
        *,
        lag(closing_balance) over (partition by org_code, fund_code order by month) as closing_of_month_before
    from anchored
)

select
    org_code,
    fund_code,
    month,
    closing_mode,
    cast(coalesce(closing_of_month_before, ledger_opening_balance) as {{ money_type() }}) as opening_balance,
    cast(coalesce(ledger_opening_balance - closing_of_month_before, 0) as {{ money_type() }}) as opening_adjustment,
    income,
    expenditure,
    cast(current_balance as {{ money_type() }}) as current_balance,
    cast(closing_balance as {{ money_type() }}) as closing_balance,
    ledger_closing_balance,
    cast(ledger_closing_balance - closing_balance as {{ money_type() }}) as unexplained_gap,
    own_income,
    own_expenditure,
    from_lower,
    to_upper,
    from_upper,
    to_lower,
    income_ytd,
    expenditure_ytd,
    own_income_ytd,
    own_expenditure_ytd
from opened
