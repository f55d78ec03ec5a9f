-- Which settlements, notices, vouchers and transactions make up a difference between claims, clearing, ledger and bank?
-- The amounts of a cell add up to fund_reconciliation_monthly. The cells asked for are those of the last month; name others below.
with cell as (
    select
        org_code,
        fund_code,
        month,
        leg,
        cause
    from {{ ref('fund_reconciliation_monthly') }}
    where month = (select max(month) from {{ ref('fund_reconciliation_monthly') }}) and amount <> 0
),

document as (
    select document.*
    from {{ ref('fund_reconciliation_document') }} as document
    inner join cell
        on
            cell.org_code = document.org_code
            and cell.fund_code = document.fund_code
            and cell.month = document.month
            and cell.leg = document.leg
            and cell.cause = document.cause
),

-- What one settlement puts on the fund.
claim as (
    select
        document.org_code,
        document.fund_code,
        document.month,
        document.leg,
        document.cause,
        settlement.setl_id,
        document.institution_code,
        scope.sign * case scope.part
            when 'pooled' then settlement.pooled_pay
            when 'catastrophic' then settlement.catastrophic_pay
            when 'account' then settlement.account_pay
            when 'assistance' then settlement.assistance_pay
        end as amount
    from document
    inner join {{ ref('reconciliation_scope') }} as scope
        on scope.fund_code = document.fund_code and scope.side = 'claim'
    inner join {{ ref('settlement') }} as settlement
        on
            settlement.org_code = document.org_code
            and settlement.month = document.month
            and settlement.scheme = scope.scheme
            and case
                when settlement.is_manual then 'manual'
                when settlement.remote_kind in ('within_province', 'cross_province') then settlement.remote_kind
                else 'local'
            end = document.document_key
            and (
                document.document_key <> 'local'
                or coalesce(settlement.institution_code, '') = document.institution_code
            )
    where document.document_kind = 'settlements'
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
    amount
from document
where document_kind <> 'settlements'

union all

select
    org_code,
    fund_code,
    month,
    leg,
    cause,
    'settlement' as document_kind,
    setl_id as document_key,
    institution_code,
    sum(amount) as amount
from claim
group by org_code, fund_code, month, leg, cause, setl_id, institution_code
having sum(amount) <> 0
