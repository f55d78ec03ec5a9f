-- What makes up bank less ledger. A transaction stands with the month the bank carried it out, its voucher with the month it was
-- booked; what falls apart is in transit. What a voucher booked and the bank did not move, or moved otherwise, stands
-- with the difference, and so does what the balances hold beside the vouchers.
with transaction as (
    select * from {{ ref('int_reconciliation__transaction') }}
),

side as (
    select *
    from {{ ref('int_reconciliation__side') }}
    where leg = 'bank_to_ledger'
),

money_item as (
    select item_key
    from (values ('income_acct'), ('fiscal_acct'), ('expense_acct'), ('treasury_acct')) as listed (item_key)
),

booked as (
    select
        line.org_code,
        line.fund_code,
        line.month,
        line.voucher_number,
        line.item_key,
        sum(line.debit_balance) as amount
    from {{ ref('int_reconciliation__voucher_subject') }} as line
    inner join money_item using (item_key)
    group by line.org_code, line.fund_code, line.month, line.voucher_number, line.item_key
),

first_voucher as (
    select
        org_code,
        fund_code,
        min(month) as month
    from booked
    group by org_code, fund_code
),

last_transaction as (
    select
        org_code,
        fund_code,
        max(month) as month
    from transaction
    group by org_code, fund_code
),

moved as (
    select
        org_code,
        fund_code,
        voucher_month as month,
        voucher_number,
        item_key,
        sum(amount) as amount,
        sum(case when month <> voucher_month then amount else 0 end) as amount_in_other_month
    from transaction
    where voucher_number is not null
    group by org_code, fund_code, voucher_month, voucher_number, item_key
),

-- Transactions of another month than their voucher, and those that have none.
apart as (
    select
        transaction.org_code,
        transaction.fund_code,
        transaction.month,
        case
            when booked.month is not null and transaction.month <> transaction.voucher_month then 'in_transit'
            -- Booked before the vouchers that are loaded.
            when transaction.voucher_month < first_voucher.month then 'in_transit'
            when transaction.voucher_number is null and transaction.is_within_account then 'in_transit'
            when booked.month is null then 'unexplained'
        end as cause,
        'transaction' as document_kind,
        concat(transaction.account_kind_code, ' ', transaction.transaction_id) as document_key,
        transaction.amount
    from transaction
    left join booked
        on
            booked.org_code = transaction.org_code
            and booked.fund_code = transaction.fund_code
            and booked.month = transaction.voucher_month
            and booked.voucher_number = transaction.voucher_number
            and booked.item_key = transaction.item_key
    left join first_voucher
        on first_voucher.org_code = transaction.org_code and first_voucher.fund_code = transaction.fund_code
),

beside as (
    select
        booked.org_code,
        booked.fund_code,
        booked.month,
        booked.voucher_number,
        booked.item_key,
        booked.amount as booked,
        coalesce(moved.amount, 0) as moved,
        coalesce(moved.amount_in_other_month, 0) as moved_in_other_month,
        booked.month >= last_transaction.month as is_open
    from booked
    inner join last_transaction
        on last_transaction.org_code = booked.org_code and last_transaction.fund_code = booked.fund_code
    left join moved
        on
            moved.org_code = booked.org_code
            and moved.fund_code = booked.fund_code
            and moved.month = booked.month
            and moved.voucher_number = booked.voucher_number
            and moved.item_key = booked.item_key
),

voucher_late as (
    select
        org_code,
        fund_code,
        month,
        'in_transit' as cause,
        'voucher' as document_kind,
        concat(item_key, ' ', voucher_number) as document_key,
        -moved_in_other_month as amount
    from beside
),

voucher_difference as (
    select
        org_code,
        fund_code,
        month,
        case
            when is_open then 'in_transit'
            when {{ is_unit_slip('booked', 'moved') }} then 'unit'
            when abs(booked - moved) <= 0.01 then 'rounding'
            else 'unexplained'
        end as cause,
        'voucher' as document_kind,
        concat(item_key, ' ', voucher_number) as document_key,
        moved - booked as amount
    from beside
),

ledger_difference as (
    select
        org_code,
        fund_code,
        month,
        cause,
        'subject' as document_kind,
        concat(subject_code, ' ', difference_kind) as document_key,
        amount
    from {{ ref('int_reconciliation__subject_difference') }}
    inner join money_item using (item_key)
),

item as (
    select * from apart
    union all
    select * from voucher_late
    union all
    select * from voucher_difference
    union all
    select * from ledger_difference
)

select
    item.org_code,
    item.fund_code,
    item.month,
    item.cause,
    item.document_kind,
    item.document_key,
    {{ sum_money('item.amount') }} as amount
from item
inner join side using (org_code, fund_code, month)
where item.cause is not null
group by item.org_code, item.fund_code, item.month, item.cause, item.document_kind, item.document_key
having sum(item.amount) <> 0
