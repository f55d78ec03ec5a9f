-- Personal accounts, which never stand in a pooled figure: what was credited, spent and carried on by the books, what settlements took
-- from accounts, and over the whole pool area what the registers of accounts say.
with city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

account_fund as (
    select
        fund_code,
        scheme
    from {{ ref('dim_fund') }}
    where account_kind = 'personal'
),

balance as (
    select balance.*
    from {{ ref('int_ledger__balance_month') }} as balance
    inner join account_fund using (fund_code)
),

item as (
    select
        item_month.org_code,
        item_month.fund_code,
        item_month.month,
        sum(case when item_month.item_key = 'premium' then item_month.amount else 0 end) as credited,
        sum(case when item_month.item_key = 'interest' then item_month.amount else 0 end) as interest,
        sum(case when item_month.item_key = 'transfer_in' then item_month.amount else 0 end) as moved_in,
        sum(case when item_month.item_key = 'benefit' then item_month.amount else 0 end) as spent,
        sum(case when item_month.item_key = 'transfer_out' then item_month.amount else 0 end) as moved_out
    from {{ ref('int_ledger__item_month') }} as item_month
    inner join account_fund using (fund_code)
    where not item_month.is_memo
    group by item_month.org_code, item_month.fund_code, item_month.month
),

settled as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_claim_monthly') }}
    group by org_code, fund_code, month
),

book as (
    select
        false as is_consolidated,
        balance.org_code,
        balance.fund_code,
        balance.month,
        balance.opening_balance,
        balance.opening_adjustment,
        balance.income,
        balance.expenditure,
        balance.closing_balance,
        coalesce(item.credited, 0) as credited,
        coalesce(item.interest, 0) as interest,
        coalesce(item.moved_in, 0) as moved_in,
        coalesce(item.spent, 0) as spent,
        coalesce(item.moved_out, 0) as moved_out,
        settled.amount as settled
    from balance
    left join item using (org_code, fund_code, month)
    left join settled using (org_code, fund_code, month)
),

with_pool as (
    select * from book
    union all
    select
        true as is_consolidated,
        city.org_code,
        book.fund_code,
        book.month,
        sum(book.opening_balance) as opening_balance,
        sum(book.opening_adjustment) as opening_adjustment,
        sum(book.income) as income,
        sum(book.expenditure) as expenditure,
        sum(book.closing_balance) as closing_balance,
        sum(book.credited) as credited,
        sum(book.interest) as interest,
        sum(book.moved_in) as moved_in,
        sum(book.spent) as spent,
        sum(book.moved_out) as moved_out,
        sum(book.settled) as settled
    from book
    cross join city
    where city.org_code is not null
    group by city.org_code, book.fund_code, book.month
)

select
    with_pool.org_code,
    with_pool.is_consolidated,
    with_pool.fund_code,
    with_pool.month,
    cast(with_pool.opening_balance + with_pool.opening_adjustment as {{ money_type() }}) as opening_balance,
    cast(with_pool.credited as {{ money_type() }}) as credited,
    cast(with_pool.interest as {{ money_type() }}) as interest,
    cast(with_pool.moved_in as {{ money_type() }}) as moved_in,
    cast(
        with_pool.income - with_pool.credited - with_pool.interest - with_pool.moved_in as {{ money_type() }}
    ) as other_income,
    cast(with_pool.spent as {{ money_type() }}) as spent,
    cast(with_pool.moved_out as {{ money_type() }}) as moved_out,
    cast(with_pool.expenditure - with_pool.spent - with_pool.moved_out as {{ money_type() }}) as other_expenditure,
    cast(with_pool.closing_balance as {{ money_type() }}) as closing_balance,
    cast(with_pool.settled as {{ money_type() }}) as settled,
    register.credited as register_credited,
    register.spent as register_spent,
    register.spent_on_care as register_spent_on_care,
    register.spent_of_carried as register_spent_of_carried
from with_pool
inner join account_fund using (fund_code)
left join {{ ref('int_account__register_month') }} as register
    on
        register.month = with_pool.month
        and with_pool.is_consolidated
        and account_fund.scheme = 'employee'
