-- Which batch last supplied ledger rows of a month: where a restated balance comes from.
select
    ledger.org_code,
    coalesce(code_alias.code, ledger.fund_code) as fund_code,
    ledger.month,
    max(ledger.batch_id) as newest_batch_id
from {{ ref('stg_fund_acct_bal') }} as ledger
left join {{ ref('code_alias') }} as code_alias
    on code_alias.dictionary = 'fund_code' and code_alias.alias = ledger.fund_code
where not ledger.is_consolidated
group by ledger.org_code, coalesce(code_alias.code, ledger.fund_code), ledger.month
