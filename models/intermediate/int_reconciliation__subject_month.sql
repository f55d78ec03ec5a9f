-- What a ledger subject itself carries in a month, without the subjects below it, beside what its vouchers add up to. The
-- debit side counts positive. Amounts that do not follow from vouchers: a difference in movement, an opening other
-- than the closing before, a closing other than opening and movement.
with entry as (
    select
        org_code,
        fund_code,
        month,
        subject_code,
        min(item_key) as item_key,
        min(root_item_key) as root_item_key,
        min(subject_class) as subject_class,
        sum(case when subject_class in (1, 5) then opening_balance else -opening_balance end) as opening,
        sum(case when subject_class in (1, 5) then increase - decrease else decrease - increase end) as movement,
        sum(case when subject_class in (1, 5) then closing_balance else -closing_balance end) as closing
    from {{ ref('int_ledger__entry') }}
    group by org_code, fund_code, month, subject_code
),

above as (
    select
        lower_subject.org_code,
        lower_subject.fund_code,
        lower_subject.month,
        lower_subject.subject_code as lower_code,
        upper_subject.subject_code
    from entry as lower_subject
    inner join entry as upper_subject
        on
            upper_subject.org_code = lower_subject.org_code
            and upper_subject.fund_code = lower_subject.fund_code
            and upper_subject.month = lower_subject.month
            and length(upper_subject.subject_code) < length(lower_subject.subject_code)
            and substring(lower_subject.subject_code, 1, length(upper_subject.subject_code)) = upper_subject.subject_code
    qualify row_number() over (
        partition by
            lower_subject.org_code, lower_subject.fund_code, lower_subject.month, lower_subject.subject_code
        order by length(upper_subject.subject_code) desc
    ) = 1
),

below as (
    select
        above.org_code,
        above.fund_code,
        above.month,
        above.subject_code,
        sum(entry.opening) as opening,
        sum(entry.movement) as movement,
        sum(entry.closing) as closing
    from above
    inner join entry
        on
            entry.org_code = above.org_code
            and entry.fund_code = above.fund_code
            and entry.month = above.month
            and entry.subject_code = above.lower_code
    group by above.org_code, above.fund_code, above.month, above.subject_code
),

own as (
    select
        entry.org_code,
        entry.fund_code,
        entry.month,
        entry.subject_code,
        entry.item_key,
        entry.root_item_key,
        entry.subject_class,
        entry.opening - coalesce(below.opening, 0) as opening,
        entry.movement - coalesce(below.movement, 0) as movement,
        entry.closing - coalesce(below.closing, 0) as closing
    from entry
    left join below using (org_code, fund_code, month, subject_code)
),

voucher as (
    select
        org_code,
        fund_code,
        month,
        subject_code,
        min(item_key) as item_key,
        min(root_item_key) as root_item_key,
        min(subject_class) as subject_class,
        sum(debit_balance) as movement
    from {{ ref('int_reconciliation__voucher_subject') }}
    group by org_code, fund_code, month, subject_code
),

book_month as (
    select distinct
        org_code,
        fund_code,
        month
    from entry
),

-- Vouchers of a set of books are looked for between its first and its last month that has any.
voucher_span as (
    select
        org_code,
        fund_code,
        min(month) as first_month,
        max(month) as last_month
    from voucher
    group by org_code, fund_code
),

beside as (
    select
        coalesce(own.org_code, voucher.org_code) as org_code,
        coalesce(own.fund_code, voucher.fund_code) as fund_code,
        coalesce(own.month, voucher.month) as month,
        coalesce(own.subject_code, voucher.subject_code) as subject_code,
        coalesce(own.item_key, voucher.item_key) as item_key,
        coalesce(own.root_item_key, voucher.root_item_key) as root_item_key,
        coalesce(own.subject_class, voucher.subject_class) as subject_class,
        coalesce(own.opening, 0) as opening,
        coalesce(own.movement, 0) as movement,
        coalesce(own.closing, 0) as closing,
        coalesce(voucher.movement, 0) as voucher_movement
    from own
    full outer join voucher
        on
            voucher.org_code = own.org_code
            and voucher.fund_code = own.fund_code
            and voucher.month = own.month
            and voucher.subject_code = own.subject_code
),

carried as (
    select
        beside.*,
        coalesce(beside.month between voucher_span.first_month and voucher_span.last_month, false) as has_vouchers,
        -- A subject new in the books opens at nil; in the first month loaded it opens where it says.
        case
            when beside.month = min(beside.month) over (partition by beside.org_code, beside.fund_code)
                then beside.opening
            else coalesce(
                lag(beside.closing) over (
                    partition by beside.org_code, beside.fund_code, beside.subject_code order by beside.month
                ), 0
            )
        end as closing_before
    from beside
    inner join book_month using (org_code, fund_code, month)
    left join voucher_span using (org_code, fund_code)
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
    cast(closing - closing_before as {{ money_type() }}) as ledger_change,
    cast(voucher_movement as {{ money_type() }}) as voucher_change,
    cast(voucher_movement - movement as {{ money_type() }}) as movement_difference,
    cast(movement as {{ money_type() }}) as ledger_movement,
    cast(-(opening - closing_before) as {{ money_type() }}) as opening_difference,
    cast(closing_before as {{ money_type() }}) as closing_before,
    cast(-(closing - opening - movement) as {{ money_type() }}) as closing_difference
from carried
