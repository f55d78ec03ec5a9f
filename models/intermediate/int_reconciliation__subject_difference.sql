-- What a subject's vouchers and its balances do not agree on, with the debit side positive: a movement other than the vouchers',
-- an opening other than the closing before, a closing other than opening and movement.
with subject as (
    select *
    from {{ ref('int_reconciliation__subject_month') }}
    where movement_difference <> 0 or opening_difference <> 0 or closing_difference <> 0
),

-- One voucher line, all of them, or the balance was written in the wrong unit.
unit_slip as (
    select distinct
        subject.org_code,
        subject.fund_code,
        subject.month,
        subject.subject_code
    from subject
    inner join {{ ref('int_reconciliation__voucher_subject') }} as line
        using (org_code, fund_code, month, subject_code)
    where
        {{ is_unit_slip('line.debit_balance', '(line.debit_balance - subject.movement_difference)') }}
        or {{ is_unit_slip('subject.voucher_change', '(subject.voucher_change - subject.movement_difference)') }}
),

kind as (
    select
        subject.*,
        'movement' as difference_kind,
        case
            when unit_slip.month is not null then 'unit'
            when abs(subject.movement_difference) <= 0.01 then 'rounding'
            else 'unexplained'
        end as cause,
        subject.movement_difference as amount
    from subject
    left join unit_slip using (org_code, fund_code, month, subject_code)
    union all
    select
        *,
        'opening' as difference_kind,
        case
            when {{ is_unit_slip('(closing_before - opening_difference)', 'closing_before') }} then 'unit'
            else 'unexplained'
        end as cause,
        opening_difference as amount
    from subject
    union all
    select
        *,
        'closing' as difference_kind,
        case when abs(closing_difference) <= 0.01 then 'rounding' else 'unexplained' end as cause,
        closing_difference as amount
    from subject
)

select
    org_code,
    fund_code,
    month,
    subject_code,
    item_key,
    root_item_key,
    subject_class,
    has_vouchers,
    difference_kind,
    cause,
    amount
from kind
where amount <> 0
