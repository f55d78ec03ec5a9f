-- Each difference between two sides of the books, cause by cause. What is unexplained always stands, nil or not.
with document as (
    select
        org_code,
        fund_code,
        month,
        leg,
        cause,
        sum(amount) as amount,
        count(*) as row_count
    from {{ ref('fund_reconciliation_document') }}
    group by org_code, fund_code, month, leg, cause
)

select
    total.org_code,
    total.fund_code,
    total.month,
    total.leg,
    cause.cause,
    cast(coalesce(document.amount, 0) as {{ money_type() }}) as amount,
    cast(coalesce(document.row_count, 0) as bigint) as row_count
from {{ ref('fund_reconciliation_total_monthly') }} as total
cross join {{ ref('reconciliation_cause') }} as cause
left join document
    on
        document.org_code = total.org_code
        and document.fund_code = total.fund_code
        and document.month = total.month
        and document.leg = total.leg
        and document.cause = cause.cause
where cause.cause = 'unexplained' or document.row_count > 0
