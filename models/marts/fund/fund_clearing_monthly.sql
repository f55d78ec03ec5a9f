-- What clearing paid, kept back and set off in a month, and what stood open at its end. A month is the one in which a notice
-- was booked, so that
--   paid = requested - reviewed - advance_offset - deposit_kept - other_deductions
--        + advance_paid - advance_returned + deposit_released + year_end_paid - year_end_recovered, to the fen.
with notice as (
    select
        *,
        channel is not null or cause = 'manual_reimbursement' as is_for_claims
    from {{ ref('int_reconciliation__notice') }}
),

booked as (
    select
        org_code,
        fund_code,
        booked_month as month,
        sum(amount) as paid,
        sum(case when is_for_claims then claimed else 0 end) as requested,
        sum(reviewed) as reviewed,
        sum(advance_offset) as advance_offset,
        sum(deposit) as deposit_kept,
        sum(deducted_otherwise - beside_lines) as other_deductions,
        sum(case when cause = 'advance_offset' then greatest(claimed, 0) else 0 end) as advance_paid,
        sum(case when cause = 'advance_offset' then greatest(-claimed, 0) else 0 end) as advance_returned,
        sum(case when cause = 'retention_deposit' then claimed else 0 end) as deposit_released,
        sum(case when cause = 'year_end_clearing' then greatest(claimed, 0) else 0 end) as year_end_paid,
        sum(case when cause = 'year_end_clearing' then greatest(-claimed, 0) else 0 end) as year_end_recovered,
        sum(case when is_failed then greatest(-amount, 0) else 0 end) as sent_back,
        count(*) as notices
    from notice
    where booked_month is not null
    group by org_code, fund_code, booked_month
),

first_notice as (
    select
        org_code,
        fund_code,
        min(month) as month
    from booked
    group by org_code, fund_code
),

-- Deposits are released once a year, institution by institution; what is not released then is forfeited.
release as (
    select
        org_code,
        fund_code,
        institution_code,
        extract(year from month) as year,
        min(booked_month) as month,
        sum(claimed) as released
    from notice
    where cause = 'retention_deposit' and booked_month is not null
    group by org_code, fund_code, institution_code, extract(year from month)
),

kept as (
    select
        notice.org_code,
        notice.fund_code,
        release.month,
        release.released,
        sum(notice.deposit) as deposit
    from notice
    inner join release
        on
            release.org_code = notice.org_code
            and release.fund_code = notice.fund_code
            and release.institution_code = notice.institution_code
            and release.year = extract(year from notice.month)
            and notice.booked_month <= release.month
    where notice.deposit <> 0
    group by notice.org_code, notice.fund_code, notice.institution_code, release.year, release.month, release.released
),

settled_up as (
    select
        org_code,
        fund_code,
        month,
        sum(deposit) as deposit_ended,
        sum(greatest(deposit - released, 0)) as deposit_forfeited
    from kept
    group by org_code, fund_code, month
),

claimed as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_claim_monthly') }}
    group by org_code, fund_code, month
),

-- Claims that no notice asks for yet.
unasked as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_reconciliation_document') }}
    where
        leg = 'claims_to_clearing'
        and document_kind = 'settlements'
        and cause in ('in_transit', 'remote_clearing', 'manual_reimbursement')
    group by org_code, fund_code, month
),

prepaid as (
    select
        org_code,
        fund_code,
        month,
        sum(closing_before) as opening,
        sum(closing_before + ledger_change) as amount
    from {{ ref('int_reconciliation__subject_month') }}
    where item_key = 'prepaid'
    group by org_code, fund_code, month
),

-- What raises and lowers each stock, event by event. Advances begin with what the ledger held when the first notice was booked.
event as (
    select
        org_code,
        fund_code,
        month,
        amount as unbooked,
        0 as unasked,
        0 as advance,
        0 as deposit
    from notice
    where is_for_claims
    union all
    select
        org_code,
        fund_code,
        booked_month as month,
        -amount as unbooked,
        0 as unasked,
        0 as advance,
        0 as deposit
    from notice
    where is_for_claims and booked_month is not null
    union all
    select
        org_code,
        fund_code,
        month,
        0 as unbooked,
        amount as unasked,
        0 as advance,
        0 as deposit
    from unasked
    union all
    select
        org_code,
        fund_code,
        month,
        0 as unbooked,
        0 as unasked,
        advance_paid - advance_returned - advance_offset as advance,
        deposit_kept as deposit
    from booked
    union all
    select
        org_code,
        fund_code,
        month,
        0 as unbooked,
        0 as unasked,
        0 as advance,
        -deposit_ended as deposit
    from settled_up
    union all
    select
        prepaid.org_code,
        prepaid.fund_code,
        prepaid.month,
        0 as unbooked,
        0 as unasked,
        prepaid.opening as advance,
        0 as deposit
    from prepaid
    inner join first_notice
        on
            first_notice.org_code = prepaid.org_code
            and first_notice.fund_code = prepaid.fund_code
            and first_notice.month = prepaid.month
),

-- Every month from the first in which the books paid a notice to the last anything is known of.
calendar as (
    select
        cleared.org_code,
        cleared.fund_code,
        known.month
    from first_notice as cleared
    inner join (
        select month from booked
        union
        select month from claimed
    ) as known
        on known.month >= cleared.month
),

stock as (
    select
        calendar.org_code,
        calendar.fund_code,
        calendar.month,
        sum(event.unbooked) as unbooked_balance,
        sum(event.unasked) as unasked_balance,
        sum(event.advance) as advance_balance,
        sum(event.deposit) as deposit_balance
    from calendar
    left join (
        select
            org_code,
            fund_code,
            month,
            sum(unbooked) as unbooked,
            sum(unasked) as unasked,
            sum(advance) as advance,
            sum(deposit) as deposit
        from event
        group by org_code, fund_code, month
    ) as event
        on
            event.org_code = calendar.org_code
            and event.fund_code = calendar.fund_code
            and event.month <= calendar.month
    group by calendar.org_code, calendar.fund_code, calendar.month
)

{% set flows = [
    'paid', 'requested', 'reviewed', 'advance_offset', 'deposit_kept', 'other_deductions', 'advance_paid',
    'advance_returned', 'deposit_released', 'year_end_paid', 'year_end_recovered', 'sent_back'
] -%}
{% set stocks = ['unbooked_balance', 'unasked_balance', 'advance_balance', 'deposit_balance'] -%}
select
    stock.org_code,
    stock.fund_code,
    stock.month,
    cast(coalesce(claimed.amount, 0) as {{ money_type() }}) as claimed,
    {% for flow in flows -%}
    cast(coalesce(booked.{{ flow }}, 0) as {{ money_type() }}) as {{ flow }},
    {% endfor -%}
    cast(coalesce(settled_up.deposit_forfeited, 0) as {{ money_type() }}) as deposit_forfeited,
    {% for balance in stocks -%}
    cast(coalesce(stock.{{ balance }}, 0) as {{ money_type() }}) as {{ balance }},
    {% endfor -%}
    cast(prepaid.amount as {{ money_type() }}) as ledger_prepaid,
    cast(coalesce(booked.notices, 0) as bigint) as notices
from stock
left join booked using (org_code, fund_code, month)
left join settled_up using (org_code, fund_code, month)
left join claimed using (org_code, fund_code, month)
left join prepaid using (org_code, fund_code, month)
