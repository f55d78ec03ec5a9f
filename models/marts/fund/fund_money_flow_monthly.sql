-- Where money comes from and what it goes to, as links that leave nothing out. For every set of books and month:
--   income = care + expenditure + difference + balance, to the fen.
-- Care is what the month's settlements put on the fund; expenditure is what the books spent on anything but benefits that
-- settlements stand behind; difference is how far the books paid those otherwise, cause by cause; balance is what was
-- left over. Months without settlements show the benefits of the books.
with scope as (
    select * from {{ ref('reconciliation_scope') }}
),

city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

book as (
    select
        org_code,
        fund_code,
        month,
        income,
        expenditure,
        own_income,
        own_expenditure
    from {{ ref('int_ledger__balance_month') }}
),

institution as (
    select
        institution_code,
        arg_max(institution_kind, valid_from) as institution_kind
    from {{ ref('dim_institution') }}
    group by institution_code
),

settled as (
    select
        settlement.org_code,
        settlement.scheme,
        settlement.month,
        settlement.visit_bucket,
        case
            when settlement.is_manual then 'manual'
            when settlement.remote_kind in ('within_province', 'cross_province') then settlement.remote_kind
            when institution.institution_kind = 'pharmacy' then 'pharmacy'
            when institution.institution_kind = 'primary' then 'primary_care'
            when institution.institution_kind = 'hospital' then concat('hospital_', settlement.hospital_level)
            else 'other'
        end as place,
        sum(settlement.pooled_pay) as pooled,
        sum(settlement.catastrophic_pay) as catastrophic,
        sum(settlement.account_pay) as account,
        sum(settlement.assistance_pay) as assistance
    from {{ ref('settlement') }} as settlement
    left join institution using (institution_code)
    where settlement.org_code is not null
    group by all
),

claim_month as (
    select distinct month
    from settled
),

care as (
    select
        book.org_code,
        book.fund_code,
        book.month,
        settled.visit_bucket,
        settled.place,
        sum(
            scope.sign * case scope.part
                when 'pooled' then settled.pooled
                when 'catastrophic' then settled.catastrophic
                when 'account' then settled.account
                when 'assistance' then settled.assistance
            end
        ) as amount
    from settled
    inner join scope on scope.scheme = settled.scheme and scope.side = 'claim'
    inner join book
        on
            book.org_code = settled.org_code
            and book.fund_code = scope.fund_code
            and book.month = settled.month
    group by book.org_code, book.fund_code, book.month, settled.visit_bucket, settled.place
),

-- Items of the books; `sign` says whether settlements stand behind an item of this month (1), or behind its parent but
-- not behind it (-1).
item as (
    select
        item_month.org_code,
        item_month.fund_code,
        item_month.month,
        item_month.direction,
        item_month.item_key,
        item_month.is_memo,
        item_month.is_transfer,
        item_month.amount,
        case when claim_month.month is null then 0 else coalesce(scope.sign, 0) end as sign
    from {{ ref('int_ledger__item_month') }} as item_month
    left join scope
        on
            scope.side = 'ledger'
            and scope.fund_code = item_month.fund_code
            and scope.part = item_month.item_key
            and item_month.direction = 'expenditure'
            and item_month.is_memo = (scope.sign = -1)
    left join claim_month on claim_month.month = item_month.month
),

-- What the books paid of such benefits less what the settlements say.
gap as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from (
        select
            org_code,
            fund_code,
            month,
            sign * amount as amount
        from item
        where sign <> 0
        union all
        select
            org_code,
            fund_code,
            month,
            -amount as amount
        from care
    ) as side
    group by org_code, fund_code, month
),

-- Allowances and the like are benefits in cash, which no settlement will ever stand behind.
allowance as (
    select payment_id
    from {{ ref('int_reconciliation__notice') }}
    where channel is null and cause = 'manual_reimbursement'
),

-- Causes lead from claims to clearing and from clearing to the ledger; what they subtract the books did not pay.
cause as (
    select
        document.org_code,
        document.fund_code,
        document.month,
        case when allowance.payment_id is null then document.cause else 'allowance' end as cause,
        -sum(document.amount) as amount
    from {{ ref('fund_reconciliation_document') }} as document
    inner join gap using (org_code, fund_code, month)
    left join allowance
        on document.document_kind = 'notice' and allowance.payment_id = document.document_key
    where document.leg in ('claims_to_clearing', 'clearing_to_ledger')
    group by all
),

-- Where no clearing is loaded for a side, the difference has no cause yet.
not_compared as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from (
        select
            org_code,
            fund_code,
            month,
            amount
        from gap
        union all
        select
            org_code,
            fund_code,
            month,
            -amount as amount
        from cause
    ) as side
    group by org_code, fund_code, month
),

link as (
    select
        org_code,
        fund_code,
        month,
        'income' as stage,
        item_key as node,
        '' as place,
        is_transfer,
        amount
    from item
    where direction = 'income' and not is_memo
    union all
    select
        org_code,
        fund_code,
        month,
        'care' as stage,
        visit_bucket as node,
        place,
        false as is_transfer,
        amount
    from care
    union all
    select
        org_code,
        fund_code,
        month,
        'expenditure' as stage,
        item_key as node,
        '' as place,
        is_transfer,
        amount
    from item
    where direction = 'expenditure' and ((not is_memo and sign = 0) or sign = -1)
    union all
    select
        org_code,
        fund_code,
        month,
        'difference' as stage,
        cause as node,
        '' as place,
        false as is_transfer,
        amount
    from cause
    union all
    select
        org_code,
        fund_code,
        month,
        'difference' as stage,
        'not_compared' as node,
        '' as place,
        false as is_transfer,
        amount
    from not_compared
    union all
    select
        org_code,
        fund_code,
        month,
        'balance' as stage,
        'balance' as node,
        '' as place,
        false as is_transfer,
        income - expenditure as amount
    from book
),

-- The whole pool area: transfers between its levels fall out; what was received beyond what was paid stays as a link.
with_pool as (
    select
        false as is_consolidated,
        link.*
    from link
    union all
    select
        true as is_consolidated,
        city.org_code,
        link.fund_code,
        link.month,
        link.stage,
        link.node,
        link.place,
        false as is_transfer,
        sum(link.amount) as amount
    from link
    cross join city
    where city.org_code is not null and not link.is_transfer
    group by city.org_code, link.fund_code, link.month, link.stage, link.node, link.place
    union all
    select
        true as is_consolidated,
        city.org_code,
        book.fund_code,
        book.month,
        'income' as stage,
        'transfer_imbalance' as node,
        '' as place,
        false as is_transfer,
        sum(book.income - book.own_income) - sum(book.expenditure - book.own_expenditure) as amount
    from book
    cross join city
    where city.org_code is not null
    group by city.org_code, book.fund_code, book.month
)

select
    org_code,
    is_consolidated,
    fund_code,
    month,
    stage,
    node,
    place,
    is_transfer,
    cast(amount as {{ money_type() }}) as amount
from with_pool
where amount <> 0
