-- Deposits of the funds by kind of account, what was placed for a term, and the interest that came in beside what the ledger
-- booked. A month stands here where statements are loaded for it. Account `total` adds the kinds up and holds what is known of the
-- books as a whole.
with city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

term as (
    select max(months) as months
    from {{ ref('deposit_term') }}
),

transaction as (
    select * from {{ ref('int_reconciliation__transaction') }}
),

span as (
    select
        org_code,
        fund_code,
        min(month) as first_month,
        max(month) as last_month
    from transaction
    group by org_code, fund_code
),

ledger as (
    select
        subject.org_code,
        subject.fund_code,
        subject.month,
        subject.item_key as account,
        sum(subject.closing_before) as opening_balance,
        sum(subject.closing_before + subject.ledger_change) as closing_balance
    from {{ ref('int_reconciliation__subject_month') }} as subject
    inner join span
        on
            span.org_code = subject.org_code
            and span.fund_code = subject.fund_code
            and subject.month between span.first_month and span.last_month
    where subject.item_key in ('income_acct', 'fiscal_acct', 'expense_acct', 'treasury_acct')
    group by subject.org_code, subject.fund_code, subject.month, subject.item_key
),

moved as (
    select
        org_code,
        fund_code,
        month,
        item_key as account,
        -- Money that goes from an account to a term deposit and stays in it has not come in or gone out.
        sum(case when amount > 0 and not is_within_account then amount else 0 end) as received,
        sum(case when amount < 0 and not is_within_account then -amount else 0 end) as paid,
        sum(case when amount < 0 and is_within_account then -amount else 0 end) as placed,
        sum(case when counter_item_key = 'interest' then amount else 0 end) as interest_received
    from transaction
    where item_key is not null
    group by org_code, fund_code, month, item_key
),

account_month as (
    select
        ledger.org_code,
        ledger.fund_code,
        ledger.month,
        ledger.account,
        ledger.opening_balance,
        ledger.closing_balance,
        coalesce(moved.received, 0) as received,
        coalesce(moved.paid, 0) as paid,
        coalesce(moved.placed, 0) as placed,
        coalesce(moved.interest_received, 0) as interest_received,
        -- Unknown until statements reach back for a whole term.
        case
            when max(span.first_month + (term.months - 1) * interval 1 month) <= max(ledger.month)
                then coalesce(sum(earlier.placed), 0)
        end as placed_in_term
    from ledger
    inner join span using (org_code, fund_code)
    cross join term
    left join moved using (org_code, fund_code, month, account)
    left join moved as earlier
        on
            earlier.org_code = ledger.org_code
            and earlier.fund_code = ledger.fund_code
            and earlier.account = ledger.account
            and earlier.month <= ledger.month
            and earlier.month > ledger.month - term.months * interval 1 month
    group by all
),

by_account as (
    select
        false as is_consolidated,
        org_code,
        fund_code,
        month,
        account,
        opening_balance,
        closing_balance,
        -- No more can be tied up than is there.
        case when placed_in_term is not null then greatest(least(placed_in_term, closing_balance), 0) end
            as term_balance,
        received,
        paid,
        placed,
        interest_received
    from account_month
),

with_pool as (
    select * from by_account
    union all
    select
        true as is_consolidated,
        city.org_code,
        by_account.fund_code,
        by_account.month,
        by_account.account,
        sum(by_account.opening_balance) as opening_balance,
        sum(by_account.closing_balance) as closing_balance,
        case when count(by_account.term_balance) = count(*) then sum(by_account.term_balance) end as term_balance,
        sum(by_account.received) as received,
        sum(by_account.paid) as paid,
        sum(by_account.placed) as placed,
        sum(by_account.interest_received) as interest_received
    from by_account
    cross join city
    where city.org_code is not null
    group by city.org_code, by_account.fund_code, by_account.month, by_account.account
),

booked_interest as (
    select
        interest.org_code,
        interest.fund_code,
        interest.month,
        sum(interest.amount) as amount
    from {{ ref('int_ledger__item_month') }} as interest
    where interest.direction = 'income' and interest.item_key = 'interest' and not interest.is_memo
    group by interest.org_code, interest.fund_code, interest.month
),

interest as (
    select
        false as is_consolidated,
        booked_interest.*
    from booked_interest
    union all
    select
        true as is_consolidated,
        city.org_code,
        booked_interest.fund_code,
        booked_interest.month,
        sum(booked_interest.amount) as amount
    from booked_interest
    cross join city
    -- Interest of books without statements has no counterpart.
    inner join span
        on
            span.org_code = booked_interest.org_code
            and span.fund_code = booked_interest.fund_code
            and booked_interest.month between span.first_month and span.last_month
    where city.org_code is not null
    group by city.org_code, booked_interest.fund_code, booked_interest.month
),

total as (
    select
        with_pool.is_consolidated,
        with_pool.org_code,
        with_pool.fund_code,
        with_pool.month,
        coalesce(max(interest.amount), 0) as ledger_interest,
        sum(with_pool.opening_balance) as opening_balance,
        sum(with_pool.closing_balance) as closing_balance,
        case when count(with_pool.term_balance) = count(*) then sum(with_pool.term_balance) end as term_balance,
        sum(with_pool.received) as received,
        sum(with_pool.paid) as paid,
        sum(with_pool.placed) as placed,
        sum(with_pool.interest_received) as interest_received
    from with_pool
    left join interest using (is_consolidated, org_code, fund_code, month)
    group by with_pool.is_consolidated, with_pool.org_code, with_pool.fund_code, with_pool.month
),

yielding as (
    select
        *,
        case
            when count(*) over last_12 = 12
                then {{ ratio('sum(interest_received) over last_12', 'avg((opening_balance + closing_balance) / 2) over last_12') }}
        end as annual_rate
    from total
    window last_12 as (
        partition by is_consolidated, org_code, fund_code order by month
        range between interval 11 month preceding and current row
    )
),

-- Interest is booked for a fund, not for its accounts.
every_account as (
    select
        org_code,
        is_consolidated,
        fund_code,
        month,
        account,
        opening_balance,
        closing_balance,
        term_balance,
        received,
        paid,
        placed,
        interest_received,
        null as ledger_interest,
        null as annual_rate
    from with_pool
    union all
    select
        org_code,
        is_consolidated,
        fund_code,
        month,
        'total' as account,
        opening_balance,
        closing_balance,
        term_balance,
        received,
        paid,
        placed,
        interest_received,
        ledger_interest,
        annual_rate
    from yielding
)

select
    org_code,
    is_consolidated,
    fund_code,
    month,
    account,
    cast(opening_balance as {{ money_type() }}) as opening_balance,
    cast(closing_balance as {{ money_type() }}) as closing_balance,
    cast(term_balance as {{ money_type() }}) as term_balance,
    cast(closing_balance - term_balance as {{ money_type() }}) as demand_balance,
    cast(received as {{ money_type() }}) as received,
    cast(paid as {{ money_type() }}) as paid,
    cast(placed as {{ money_type() }}) as placed,
    cast(interest_received as {{ money_type() }}) as interest_received,
    cast(ledger_interest as {{ money_type() }}) as ledger_interest,
    cast(interest_received - ledger_interest as {{ money_type() }}) as interest_difference,
    cast(annual_rate as double) as annual_rate
from every_account
