-- Which subjects make up the totals, and with how much, so that every yuan of the ledger counts exactly once
-- wherever a bureau lists a subject together with its details.
--   * A subject listed with details of the same item is only checked; its details count (deepest level).
--   * A 其中 (memo) subject counts only where nothing that holds it does: a bureau that books only the details.
--   * A detail of another item (or of none) is taken out of the subject above it and counts as its own.
with subject as (
    select
        entry.*,
        cast(entry.increase - entry.decrease + coalesce(closing.closing_entry, 0) as {{ money_type() }}) as movement
    from {{ ref('int_ledger__entry') }} as entry
    left join {{ ref('int_ledger__closing_entry') }} as closing
        using (org_code, fund_code, month, subject_code)
    where entry.subject_class in (3, 4, 5)
),

nested as (
    select
        upper_subject.org_code,
        upper_subject.fund_code,
        upper_subject.month,
        upper_subject.subject_code as upper_code,
        upper_subject.item_key as upper_item,
        upper_subject.root_item_key as upper_root,
        lower_subject.subject_code as lower_code,
        lower_subject.item_key as lower_item,
        lower_subject.root_item_key as lower_root
    from subject as upper_subject
    inner join subject as lower_subject
        on
            lower_subject.org_code = upper_subject.org_code
            and lower_subject.fund_code = upper_subject.fund_code
            and lower_subject.month = upper_subject.month
            and length(lower_subject.subject_code) > length(upper_subject.subject_code)
            and substring(lower_subject.subject_code, 1, length(upper_subject.subject_code))
            = upper_subject.subject_code
),

only_checked as (
    select
        org_code,
        fund_code,
        month,
        upper_code as subject_code
    from nested
    group by org_code, fund_code, month, upper_code, upper_item
    having bool_or(lower_item = upper_item) or upper_item = 'unmapped'
),

-- For a memo subject: which items is it part of?
memo_parent as (
    select
        fund_item.item_key,
        upper_item.item_key as upper_item_key,
        upper_item.place = 'memo' as is_upper_memo
    from {{ ref('fund_item') }} as fund_item
    inner join {{ ref('fund_item') }} as upper_item on upper_item.item_key = fund_item.parent_item_key
    where fund_item.place = 'memo'
    union all
    select
        fund_item.item_key,
        upper_item.item_key as upper_item_key,
        upper_item.place = 'memo' as is_upper_memo
    from {{ ref('fund_item') }} as fund_item
    inner join {{ ref('fund_item') }} as parent on parent.item_key = fund_item.parent_item_key
    inner join {{ ref('fund_item') }} as upper_item on upper_item.item_key = parent.parent_item_key
    where fund_item.place = 'memo'
),

-- Is such an item booked by a subject of its own? Another detail of the same first-level subject (four digits)
-- does not hold it: 400101 of individuals has 400102 of sponsored contributions beside it, not in it.
memo_with_parent as (
    select distinct
        subject.org_code,
        subject.fund_code,
        subject.month,
        subject.subject_code
    from subject
    inner join memo_parent on memo_parent.item_key = subject.item_key
    inner join subject as upper_subject
        on
            upper_subject.org_code = subject.org_code
            and upper_subject.fund_code = subject.fund_code
            and upper_subject.month = subject.month
            and upper_subject.item_key = memo_parent.upper_item_key
    where
        memo_parent.is_upper_memo
        or length(upper_subject.subject_code) <= 4
        or substring(upper_subject.subject_code, 1, 4) <> substring(subject.subject_code, 1, 4)
),

-- Subjects above this one that share its root item: do any of them count as a whole, or are all only checked?
upper_of_same_root as (
    select
        nested.org_code,
        nested.fund_code,
        nested.month,
        nested.lower_code as subject_code,
        bool_or(only_checked.subject_code is null) as has_counting_upper
    from nested
    left join only_checked
        on
            only_checked.org_code = nested.org_code
            and only_checked.fund_code = nested.fund_code
            and only_checked.month = nested.month
            and only_checked.subject_code = nested.upper_code
    where nested.upper_root = nested.lower_root
    group by nested.org_code, nested.fund_code, nested.month, nested.lower_code
),

-- A memo item with a subject range of its own beside its parent's range (集体扶持 under 41, contributions
-- under 4001) is not inside the parent's subject and so counts beside it.
beside_parent as (
    select distinct
        own.item_key,
        own.pattern
    from {{ ref('fund_item_pattern') }} as own
    inner join memo_parent on memo_parent.item_key = own.item_key
    inner join {{ ref('fund_item_pattern') }} as upper_pattern
        on upper_pattern.item_key = memo_parent.upper_item_key and upper_pattern.pattern_kind = 'prefix'
    where
        own.pattern_kind = 'prefix'
        and substring(own.pattern, 1, 2) <> substring(upper_pattern.pattern, 1, 2)
),

decided as (
    select
        subject.*,
        only_checked.subject_code is null
        and not coalesce(upper_of_same_root.has_counting_upper, false)
        and (
            not subject.is_memo
            or upper_of_same_root.subject_code is not null
            or memo_with_parent.subject_code is null
            or beside_parent.item_key is not null
        ) as is_counted,
        only_checked.subject_code is not null as is_only_checked
    from subject
    left join only_checked using (org_code, fund_code, month, subject_code)
    left join upper_of_same_root using (org_code, fund_code, month, subject_code)
    left join memo_with_parent using (org_code, fund_code, month, subject_code)
    left join beside_parent
        on
            beside_parent.item_key = subject.item_key
            and substring(subject.subject_code, 1, length(beside_parent.pattern)) = beside_parent.pattern
),

-- The nearest counted subject above a counted one of another root: it gives up the detail's money.
given_up as (
    select
        nested.org_code,
        nested.fund_code,
        nested.month,
        nested.upper_code as subject_code,
        lower_subject.movement,
        lower_subject.opening_balance,
        lower_subject.closing_balance
    from nested
    inner join decided as upper_subject
        on
            upper_subject.org_code = nested.org_code
            and upper_subject.fund_code = nested.fund_code
            and upper_subject.month = nested.month
            and upper_subject.subject_code = nested.upper_code
            and upper_subject.is_counted
    inner join decided as lower_subject
        on
            lower_subject.org_code = nested.org_code
            and lower_subject.fund_code = nested.fund_code
            and lower_subject.month = nested.month
            and lower_subject.subject_code = nested.lower_code
            and lower_subject.is_counted
    qualify row_number() over (
        partition by nested.org_code, nested.fund_code, nested.month, nested.lower_code
        order by length(nested.upper_code) desc
    ) = 1
),

given_up_total as (
    select
        org_code,
        fund_code,
        month,
        subject_code,
        sum(movement) as movement,
        sum(opening_balance) as opening_balance,
        sum(closing_balance) as closing_balance
    from given_up
    group by org_code, fund_code, month, subject_code
)

select
    decided.org_code,
    decided.fund_code,
    decided.month,
    decided.subject_code,
    decided.subject_class,
    decided.item_key,
    decided.root_item_key,
    decided.is_memo,
    decided.is_counted,
    decided.is_only_checked,
    decided.movement,
    decided.opening_balance,
    decided.closing_balance,
    cast(decided.movement - coalesce(given_up_total.movement, 0) as {{ money_type() }}) as counted_movement,
    cast(decided.opening_balance - coalesce(given_up_total.opening_balance, 0) as {{ money_type() }})
        as counted_opening,
    cast(decided.closing_balance - coalesce(given_up_total.closing_balance, 0) as {{ money_type() }})
        as counted_closing
from decided
left join given_up_total using (org_code, fund_code, month, subject_code)
