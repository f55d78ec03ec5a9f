-- How much interest came in by year, how much did the ledger book, and what did deposits yield?
-- For the whole pool area; the yield is that of the twelve months to the last month of each year.
select
    fund_code,
    extract(year from month) as year,
    sum(interest_received) as interest_received,
    sum(ledger_interest) as ledger_interest,
    sum(interest_difference) as difference,
    arg_max(closing_balance, month) as deposits,
    arg_max(term_balance, month) as of_which_for_a_term,
    arg_max(annual_rate, month) as annual_rate
from {{ ref('fund_deposit_monthly') }}
where is_consolidated and account = 'total'
group by fund_code, extract(year from month)
order by fund_code, year
