-- What makes up clearing less ledger, document by document. Notices count in the month their claims belong to, the ledger in the
-- month it paid; so a notice stands with its amount in the one and with the opposite in the other. Advances are no
-- expenditure until they are offset. A voucher should spend what its notices ask for and the advances they are set off
-- against; where it does not, it stands with the difference.
with notice as (
    select * from {{ ref('int_reconciliation__notice') }}
),

side as (
    select *
    from {{ ref('int_reconciliation__side') }}
    where leg = 'clearing_to_ledger'
),

scope as (
    select
        fund_code,
        part as item_key,
        sign
    from {{ ref('reconciliation_scope') }}
    where side = 'ledger'
),

-- What each voucher spends on benefits, and what it books on subjects nobody knows.
voucher as (
    select
        line.org_code,
        line.fund_code,
        line.month,
        line.voucher_number,
        sum(coalesce(root_scope.sign, 0) * line.debit_balance + coalesce(item_scope.sign, 0) * line.debit_balance)
            as spent,
        sum(case when line.item_key = 'unmapped' then line.debit_balance else 0 end) as unmapped
    from {{ ref('int_reconciliation__voucher_subject') }} as line
    left join scope as root_scope
        on root_scope.fund_code = line.fund_code and root_scope.item_key = line.root_item_key and root_scope.sign = 1
    left join scope as item_scope
        on item_scope.fund_code = line.fund_code and item_scope.item_key = line.item_key and item_scope.sign = -1
    where not line.has_net_assets
    group by line.org_code, line.fund_code, line.month, line.voucher_number
),

asked as (
    select
        org_code,
        fund_code,
        booked_month as month,
        voucher_number,
        sum(case when cause = 'advance_offset' then 0 else amount end + advance_offset) as expected,
        count(*) as notices
    from notice
    where booked_month is not null
    group by org_code, fund_code, booked_month, voucher_number
),

with_vouchers as (
    select distinct
        org_code,
        fund_code,
        month
    from {{ ref('int_reconciliation__subject_month') }}
    where has_vouchers
),

timing as (
    select
        org_code,
        fund_code,
        month,
        case when is_failed then 'reversal' else cause end as cause,
        'notice' as document_kind,
        payment_id as document_key,
        institution_code,
        amount
    from notice
    where booked_month is null or booked_month <> month
    union all
    select
        org_code,
        fund_code,
        booked_month as month,
        case when is_failed then 'reversal' else cause end as cause,
        'notice' as document_kind,
        payment_id as document_key,
        institution_code,
        -amount as amount
    from notice
    where booked_month <> month
),

advance as (
    select
        org_code,
        fund_code,
        booked_month as month,
        'advance_offset' as cause,
        'offset' as document_kind,
        payment_id as document_key,
        institution_code,
        case when cause = 'advance_offset' then amount else -advance_offset end as amount
    from notice
    where booked_month is not null and (cause = 'advance_offset' or advance_offset <> 0)
),

beside as (
    select
        coalesce(asked.org_code, voucher.org_code) as org_code,
        coalesce(asked.fund_code, voucher.fund_code) as fund_code,
        coalesce(asked.month, voucher.month) as month,
        coalesce(asked.voucher_number, voucher.voucher_number) as voucher_number,
        coalesce(asked.expected, 0) as expected,
        coalesce(asked.notices, 0) as notices,
        coalesce(voucher.spent, 0) as spent,
        coalesce(voucher.unmapped, 0) as unmapped
    from asked
    full outer join voucher
        on
            voucher.org_code = asked.org_code
            and voucher.fund_code = asked.fund_code
            and voucher.month = asked.month
            and voucher.voucher_number = asked.voucher_number
),

voucher_difference as (
    select
        org_code,
        fund_code,
        month,
        case
            when expected - spent = unmapped then 'unmapped_subject'
            when {{ is_unit_slip('spent', 'expected') }} then 'unit'
            when abs(expected - spent) <= 0.01 * notices then 'rounding'
            else 'unexplained'
        end as cause,
        'voucher' as document_kind,
        voucher_number as document_key,
        cast(null as varchar) as institution_code,
        expected - spent as amount
    from beside
    inner join with_vouchers using (org_code, fund_code, month)
    where expected <> spent
),

-- What the balances of benefits hold beside their vouchers.
subject_difference as (
    select
        difference.org_code,
        difference.fund_code,
        difference.month,
        difference.cause,
        'subject' as document_kind,
        difference.subject_code as document_key,
        cast(null as varchar) as institution_code,
        (coalesce(root_scope.sign, 0) + coalesce(item_scope.sign, 0)) * difference.amount as amount
    from {{ ref('int_reconciliation__subject_difference') }} as difference
    left join scope as root_scope
        on
            root_scope.fund_code = difference.fund_code
            and root_scope.item_key = difference.root_item_key
            and root_scope.sign = 1
    left join scope as item_scope
        on
            item_scope.fund_code = difference.fund_code
            and item_scope.item_key = difference.item_key
            and item_scope.sign = -1
    where difference.has_vouchers and difference.difference_kind = 'movement'
),

-- What vouchers and their subjects add up to; where there are no vouchers, what the notices ask for.
told as (
    select
        org_code,
        fund_code,
        month,
        true as is_by_voucher,
        sum(amount) as amount,
        0 as notices
    from (
        select
            org_code,
            fund_code,
            month,
            spent as amount
        from beside
        union all
        select
            org_code,
            fund_code,
            month,
            -amount as amount
        from subject_difference
    ) as known
    group by org_code, fund_code, month
    union all
    select
        org_code,
        fund_code,
        month,
        false as is_by_voucher,
        sum(expected) as amount,
        sum(notices) as notices
    from asked
    group by org_code, fund_code, month
),

ledger_difference as (
    select
        side.org_code,
        side.fund_code,
        side.month,
        case
            when
                with_vouchers.month is null
                and abs(coalesce(told.amount, 0) - side.right_amount) <= 0.01 * coalesce(told.notices, 0)
                then 'rounding'
            else 'unexplained'
        end as cause,
        'ledger' as document_kind,
        'benefit' as document_key,
        cast(null as varchar) as institution_code,
        coalesce(told.amount, 0) - side.right_amount as amount
    from side
    left join with_vouchers using (org_code, fund_code, month)
    left join told
        on
            told.org_code = side.org_code
            and told.fund_code = side.fund_code
            and told.month = side.month
            and told.is_by_voucher = (with_vouchers.month is not null)
),

item as (
    select * from timing
    union all
    select * from advance
    union all
    select * from voucher_difference
    union all
    select * from subject_difference
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
    item.institution_code,
    {{ sum_money('item.amount') }} as amount
from item
inner join side using (org_code, fund_code, month)
group by
    item.org_code,
    item.fund_code,
    item.month,
    item.cause,
    item.document_kind,
    item.document_key,
    item.institution_code
having sum(item.amount) <> 0
