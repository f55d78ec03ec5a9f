-- Notices by which care outside the pool area is cleared, by the books that pay and the month of care: what was asked for, and
-- what became of it by the last month in which any notice was booked. A notice is due once its term has ended, or when it was
-- paid before. A payment that the bank sent back is a notice of its own, with the amount taken away again.
with known as (
    select max(booked_month) as last_month
    from {{ ref('int_reconciliation__notice') }}
),

notice as (
    select
        notice.org_code,
        notice.fund_code,
        notice.channel,
        notice.month,
        notice.booked_month,
        notice.amount,
        notice.is_failed,
        source.term_months,
        cast({{ dbt.dateadd('month', 'source.term_months', 'notice.month') }} as date) as term_month
    from {{ ref('int_reconciliation__notice') }} as notice
    inner join {{ ref('reconciliation_source') }} as source
        on source.payment_source_code = notice.payment_source_code
    where notice.cause = 'remote_clearing' and notice.channel in ('within_province', 'cross_province')
),

judged as (
    select
        notice.*,
        case
            when notice.is_failed then 'sent_back'
            when notice.booked_month is null then 'open'
            when notice.booked_month <= notice.term_month then 'in_term'
            else 'late'
        end as outcome,
        coalesce(notice.booked_month <= notice.term_month, false)
        or coalesce(notice.term_month <= known.last_month, false) as is_due
    from notice
    cross join known
)

select
    org_code,
    fund_code,
    channel,
    month,
    max(term_months) as term_months,
    cast(sum(case when outcome <> 'sent_back' then 1 else 0 end) as bigint) as notices,
    cast(sum(case when outcome <> 'sent_back' and is_due then 1 else 0 end) as bigint) as due_notices,
    cast(sum(case when outcome = 'in_term' then 1 else 0 end) as bigint) as in_term_notices,
    cast(sum(case when outcome in ('in_term', 'late') then 1 else 0 end) as bigint) as paid_notices,
    cast(
        sum(case when outcome in ('in_term', 'late') then {{ dbt.datediff('month', 'booked_month', 'month') }} else 0 end)
        as bigint
    ) as months_waited,
    {{ sum_money('amount') }} as amount,
    {% for outcome in ['in_term', 'late', 'sent_back', 'open'] -%}
    {{ sum_money("case when outcome = '" ~ outcome ~ "' then amount else 0 end") }} as {{ outcome }}_amount
    {{- ',' if not loop.last }}
    {% endfor %}
from judged
group by org_code, fund_code, channel, month
