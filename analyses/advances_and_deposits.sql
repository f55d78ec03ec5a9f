-- What of advances, deposits and money on its way stood open at the end of the last month, and does the ledger hold the advances?
-- Advances should be the ledger's temporary payments; deposits wait for the yearly assessment; claims wait for their notice.
select
    clearing.org_code,
    org.name_zh,
    clearing.fund_code,
    clearing.month,
    clearing.advance_balance,
    clearing.ledger_prepaid,
    clearing.deposit_balance,
    clearing.unbooked_balance,
    clearing.unasked_balance
from {{ ref('fund_clearing_monthly') }} as clearing
left join {{ ref('dim_org') }} as org on org.org_code = clearing.org_code
where clearing.month = (select max(month) from {{ ref('fund_clearing_monthly') }})
order by clearing.fund_code, clearing.org_code
