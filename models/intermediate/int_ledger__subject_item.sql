-- Which ledger item a subject is. A key the bureau itself wrote wins where it is listed; otherwise, among
-- the items kept for the fund and of the subject's class: prefix and name word together, then a name word,
-- then a prefix that is enough alone. Within a step the deepest item wins, then the longest word, then the
-- longest prefix. Names come before bare codes because numbering differs between bureaus.
with subject as (
    select distinct
        coalesce(code_alias.code, ledger.fund_code) as fund_code,
        ledger.subject_code,
        ledger.subject_name,
        ledger.declared_item_key,
        substring(ledger.subject_code, 1, 1) as code_class
    from {{ ref('stg_fund_acct_bal') }} as ledger
    left join {{ ref('code_alias') }} as code_alias
        on code_alias.dictionary = 'fund_code' and code_alias.alias = ledger.fund_code
    where not ledger.is_consolidated
),

word as (
    select
        item_key,
        pattern_kind,
        pattern,
        needs_name
    from {{ ref('fund_item_pattern') }}
),

candidate as (
    select
        subject.fund_code,
        subject.subject_code,
        subject.subject_name,
        subject.declared_item_key,
        fund_item.item_key,
        fund_item.depth,
        fund_item.sort_order,
        max(case when word.pattern_kind = 'name' then length(word.pattern) end) as name_length,
        max(case when word.pattern_kind = 'prefix' then length(word.pattern) end) as prefix_length,
        max(case when word.pattern_kind = 'prefix' and not word.needs_name then length(word.pattern) end)
            as sufficient_prefix_length
    from subject
    inner join {{ ref('fund_item') }} as fund_item on fund_item.class_digit = subject.code_class
    left join {{ ref('fund_item_fund') }} as fund_item_fund
        on fund_item_fund.item_key = fund_item.item_key and fund_item_fund.fund_code = subject.fund_code
    inner join word
        on
            word.item_key = fund_item.item_key
            and (
                (word.pattern_kind = 'name' and position(word.pattern in subject.subject_name) > 0)
                or (
                    word.pattern_kind = 'prefix'
                    and substring(subject.subject_code, 1, length(word.pattern)) = word.pattern
                )
            )
    -- Assets, liabilities and net assets are the same in the books of every fund.
    where fund_item_fund.item_key is not null or fund_item.direction = 'balance_sheet'
    group by all
),

ranked as (
    select
        *,
        case
            when prefix_length is not null and name_length is not null then 1
            when name_length is not null then 2
            when sufficient_prefix_length is not null then 3
        end as match_step
    from candidate
),

best as (
    select *
    from ranked
    where match_step is not null
    qualify row_number() over (
        partition by fund_code, subject_code, subject_name, declared_item_key
        order by
            match_step, depth desc, coalesce(name_length, 0) desc, coalesce(prefix_length, 0) desc, sort_order
    ) = 1
),

chosen as (
    select
        subject.fund_code,
        subject.subject_code,
        subject.subject_name,
        subject.declared_item_key,
        subject.code_class,
        coalesce(declared.item_key, best.item_key) as item_key,
        case when declared.item_key is not null then 0 else best.match_step end as match_step
    from subject
    left join {{ ref('fund_item') }} as declared
        on declared.item_key = subject.declared_item_key and declared.class_digit is not null
    left join best
        on
            best.fund_code = subject.fund_code
            and best.subject_code = subject.subject_code
            and best.subject_name = subject.subject_name
            and best.declared_item_key is not distinct from subject.declared_item_key
)

select
    chosen.fund_code,
    chosen.subject_code,
    chosen.subject_name,
    chosen.declared_item_key,
    coalesce(chosen.item_key, 'unmapped') as item_key,
    -- The item whose total a memo (其中) item is part of; itself for all others.
    coalesce(grandparent.item_key, parent.item_key, chosen.item_key, 'unmapped') as root_item_key,
    coalesce(fund_item.place = 'memo', false) as is_memo,
    try_cast(coalesce(fund_item.class_digit, chosen.code_class) as integer) as subject_class,
    chosen.match_step
from chosen
left join {{ ref('fund_item') }} as fund_item on fund_item.item_key = chosen.item_key
left join {{ ref('fund_item') }} as parent on parent.item_key = fund_item.parent_item_key
left join {{ ref('fund_item') }} as grandparent on grandparent.item_key = parent.parent_item_key
