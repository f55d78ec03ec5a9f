-- Every document that makes one side of the books differ from the other, under one cause. The first leg is worked out here:
-- what settlements put on a fund less what notices ask for them, institution by institution; then what the notices take
-- off, and what they pay without claims behind them.
with notice as (
    select * from {{ ref('int_reconciliation__notice') }}
),

cell as (
    select
        org_code,
        fund_code,
        month
    from {{ ref('fund_reconciliation_total_monthly') }}
    where leg = 'claims_to_clearing'
),

-- Claims not asked for in time are missing; before that they are on their way. Time is counted to the last month known.
today as (
    select max(month) as month
    from (
        select max(month) as month from {{ ref('fund_claim_monthly') }}
        union all
        select max(booked_month) as month from notice
    ) as known
),

channel as (
    select
        channel,
        max(cause) as cause,
        max(term_months) as term_months
    from {{ ref('reconciliation_source') }}
    where channel is not null
    group by channel
),

asked as (
    select
        org_code,
        fund_code,
        month,
        channel,
        case when channel = 'local' then coalesce(institution_code, '') else '' end as institution_code,
        sum(claimed) as amount,
        count(*) as notices,
        bool_or(is_failed) as has_failed
    from notice
    where channel is not null
    group by org_code, fund_code, month, channel, case when channel = 'local' then coalesce(institution_code, '') else '' end
),

beside as (
    select
        coalesce(claim.org_code, asked.org_code) as org_code,
        coalesce(claim.fund_code, asked.fund_code) as fund_code,
        coalesce(claim.month, asked.month) as month,
        coalesce(claim.channel, asked.channel) as channel,
        coalesce(claim.institution_code, asked.institution_code) as institution_code,
        coalesce(claim.amount, 0) as claimed,
        coalesce(claim.settlements, 0) as settlements,
        coalesce(asked.amount, 0) as asked,
        coalesce(asked.has_failed, false) as has_failed
    from {{ ref('fund_claim_monthly') }} as claim
    full outer join asked
        on
            asked.org_code = claim.org_code
            and asked.fund_code = claim.fund_code
            and asked.month = claim.month
            and asked.channel = claim.channel
            and asked.institution_code = claim.institution_code
),

open_claim as (
    select
        beside.org_code,
        beside.fund_code,
        beside.month,
        beside.channel,
        beside.institution_code,
        case
            when beside.asked = 0 and beside.has_failed then 'reversal'
            -- Papers of persons are paid one by one, claims of institutions a month at once.
            when
                (beside.asked = 0 or beside.channel = 'manual')
                and beside.month + channel.term_months * interval 1 month > today.month
                then channel.cause
            when {{ is_unit_slip('beside.asked', 'beside.claimed') }} then 'unit'
            when abs(beside.claimed - beside.asked) <= 0.01 * beside.settlements then 'rounding'
            else 'unexplained'
        end as cause,
        beside.claimed
    from beside
    inner join channel on channel.channel = beside.channel
    cross join today
    where beside.claimed <> beside.asked
),

-- Both sides of such claims: what was settled, and each notice that asks for it.
claim_difference as (
    select
        org_code,
        fund_code,
        month,
        cause,
        'settlements' as document_kind,
        channel as document_key,
        institution_code,
        claimed as amount
    from open_claim
    union all
    select
        notice.org_code,
        notice.fund_code,
        notice.month,
        open_claim.cause,
        'notice' as document_kind,
        notice.payment_id as document_key,
        open_claim.institution_code,
        -notice.claimed as amount
    from open_claim
    inner join notice
        on
            notice.org_code = open_claim.org_code
            and notice.fund_code = open_claim.fund_code
            and notice.month = open_claim.month
            and notice.channel = open_claim.channel
            and case when notice.channel = 'local' then coalesce(notice.institution_code, '') else '' end
            = open_claim.institution_code
),

deduction as (
    select
        org_code,
        fund_code,
        month,
        taken.cause,
        taken.document_kind,
        payment_id as document_key,
        coalesce(institution_code, '') as institution_code,
        case taken.document_kind
            when 'review' then reviewed
            when 'deposit' then deposit
            when 'offset' then advance_offset
            when 'deduction' then deducted_otherwise
            when 'sum' then -beside_lines
        end as amount
    from notice
    cross join (
        values
            ('deducted_by_review', 'review'),
            ('retention_deposit', 'deposit'),
            ('advance_offset', 'offset'),
            ('unexplained', 'deduction'),
            ('unexplained', 'sum')
    ) as taken (cause, document_kind)
),

without_claims as (
    select
        org_code,
        fund_code,
        month,
        cause,
        'notice' as document_kind,
        payment_id as document_key,
        coalesce(institution_code, '') as institution_code,
        -claimed as amount
    from notice
    where channel is null
),

first_leg as (
    select * from claim_difference
    union all
    select * from deduction
    union all
    select * from without_claims
),

item as (
    select
        first_leg.*,
        'claims_to_clearing' as leg
    from first_leg
    inner join cell using (org_code, fund_code, month)
    where first_leg.amount <> 0
    union all
    select
        org_code,
        fund_code,
        month,
        cause,
        document_kind,
        document_key,
        coalesce(institution_code, '') as institution_code,
        amount,
        'clearing_to_ledger' as leg
    from {{ ref('int_reconciliation__clearing_item') }}
    union all
    select
        org_code,
        fund_code,
        month,
        cause,
        document_kind,
        document_key,
        '' as institution_code,
        amount,
        'voucher_to_balance' as leg
    from {{ ref('int_reconciliation__balance_item') }}
    union all
    select
        org_code,
        fund_code,
        month,
        cause,
        document_kind,
        document_key,
        '' as institution_code,
        amount,
        'bank_to_ledger' as leg
    from {{ ref('int_reconciliation__bank_item') }}
)

select
    org_code,
    fund_code,
    month,
    leg,
    cause,
    document_kind,
    document_key,
    institution_code,
    cast(amount as {{ money_type() }}) as amount
from item
