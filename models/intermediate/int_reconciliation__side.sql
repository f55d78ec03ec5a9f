-- The two sides of each leg whose sides come from books, notices and statements alone, per set of books and month. A month stands
-- here when both sides are loaded for it.
with notice as (
    select * from {{ ref('int_reconciliation__notice') }}
),

book_month as (
    select distinct
        org_code,
        fund_code,
        month
    from {{ ref('int_ledger__entry') }}
),

scope as (
    select
        fund_code,
        part as item_key,
        sign
    from {{ ref('reconciliation_scope') }}
    where side = 'ledger'
),

-- Clearing against the benefits of the ledger: the memo items of the scope are taken out of their parents.
clearing_month as (
    select book_month.*
    from book_month
    inner join (select min(booked_month) as first_month from notice) as span
        on book_month.month >= span.first_month
    inner join (select distinct org_code, fund_code from notice) as cleared using (org_code, fund_code)
),

cleared as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from notice
    group by org_code, fund_code, month
),

benefit as (
    select
        item.org_code,
        item.fund_code,
        item.month,
        sum(scope.sign * item.amount) as amount
    from {{ ref('int_ledger__item_month') }} as item
    inner join scope
        on
            scope.fund_code = item.fund_code
            and scope.item_key = item.item_key
            and item.is_memo = (scope.sign = -1)
    where item.direction = 'expenditure'
    group by item.org_code, item.fund_code, item.month
),

-- Vouchers against balances: what raises the fund's balance. Net assets that are rolled without vouchers stay out.
fund_balance as (
    select
        subject.org_code,
        subject.fund_code,
        subject.month,
        sum(case when subject.item_key = 'unmapped' then 0 else -subject.voucher_change end) as voucher_amount,
        sum(-subject.ledger_change) as ledger_amount
    from {{ ref('int_reconciliation__subject_month') }} as subject
    inner join {{ ref('int_ledger__closing_mode') }} as mode using (org_code, fund_code)
    where
        subject.has_vouchers
        and (subject.subject_class in (4, 5) or (subject.subject_class = 3 and mode.closing_mode = 'annual'))
    group by subject.org_code, subject.fund_code, subject.month
),

transaction as (
    select * from {{ ref('int_reconciliation__transaction') }}
),

bank_month as (
    select book_month.*
    from book_month
    inner join (
        select
            org_code,
            fund_code,
            min(month) as first_month,
            max(month) as last_month
        from transaction
        group by org_code, fund_code
    ) as span using (org_code, fund_code)
    where book_month.month between span.first_month and span.last_month
),

banked as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from transaction
    group by org_code, fund_code, month
),

money as (
    select
        org_code,
        fund_code,
        month,
        sum(ledger_change) as amount
    from {{ ref('int_reconciliation__subject_month') }}
    where item_key in ('income_acct', 'fiscal_acct', 'expense_acct', 'treasury_acct')
    group by org_code, fund_code, month
)

select
    clearing_month.org_code,
    clearing_month.fund_code,
    clearing_month.month,
    'clearing_to_ledger' as leg,
    cast(coalesce(cleared.amount, 0) as {{ money_type() }}) as left_amount,
    cast(coalesce(benefit.amount, 0) as {{ money_type() }}) as right_amount
from clearing_month
left join cleared using (org_code, fund_code, month)
left join benefit using (org_code, fund_code, month)

union all

select
    org_code,
    fund_code,
    month,
    'voucher_to_balance' as leg,
    cast(voucher_amount as {{ money_type() }}) as left_amount,
    cast(ledger_amount as {{ money_type() }}) as right_amount
from fund_balance

union all

select
    bank_month.org_code,
    bank_month.fund_code,
    bank_month.month,
    'bank_to_ledger' as leg,
    cast(coalesce(banked.amount, 0) as {{ money_type() }}) as left_amount,
    cast(coalesce(money.amount, 0) as {{ money_type() }}) as right_amount
from bank_month
left join banked using (org_code, fund_code, month)
left join money using (org_code, fund_code, month)
