-- What makes up vouchers less balances: money on subjects no item covers, voucher by voucher, and what subjects and their vouchers
-- do not agree on. Amounts say what raises the fund's balance, so they are credits.
with unmapped as (
    select
        org_code,
        fund_code,
        month,
        'unmapped_subject' as cause,
        'voucher' as document_kind,
        concat(voucher_number, ' ', subject_code) as document_key,
        debit_balance as amount
    from {{ ref('int_reconciliation__voucher_subject') }}
    where item_key = 'unmapped' and subject_class in (4, 5)
),

subject as (
    select
        difference.org_code,
        difference.fund_code,
        difference.month,
        difference.cause,
        'subject' as document_kind,
        concat(difference.subject_code, ' ', difference.difference_kind) as document_key,
        -difference.amount as amount
    from {{ ref('int_reconciliation__subject_difference') }} as difference
    inner join {{ ref('int_ledger__closing_mode') }} as mode using (org_code, fund_code)
    -- Net assets that are rolled without vouchers stay out.
    where
        difference.subject_class in (4, 5)
        or (difference.subject_class = 3 and mode.closing_mode = 'annual')
),

item as (
    select * from unmapped
    union all
    select * from subject
)

select
    item.org_code,
    item.fund_code,
    item.month,
    item.cause,
    item.document_kind,
    item.document_key,
    cast(item.amount as {{ money_type() }}) as amount
from item
inner join {{ ref('int_reconciliation__side') }} as side
    on
        side.org_code = item.org_code
        and side.fund_code = item.fund_code
        and side.month = item.month
        and side.leg = 'voucher_to_balance'
where item.amount <> 0
