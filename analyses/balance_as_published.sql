-- Which balances were published first, what are they now, and which delivery changed them?
select
    revision.org_code,
    revision.fund_code,
    revision.basis,
    revision.month,
    revision.first_known_at,
    revision.first_closing_balance,
    revision.latest_known_at,
    revision.latest_closing_balance,
    revision.closing_revision,
    revision.income_revision,
    revision.expenditure_revision,
    revision.reason,
    revision.source_file
from {{ ref('fund_balance_revision') }} as revision
where revision.is_revised
order by revision.month, revision.fund_code, revision.basis, revision.org_code
