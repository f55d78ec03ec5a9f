{{ config(tags=['release']) }}

-- First and latest published figures of each month, and why the latest differ.
select
    first_version.org_code,
    first_version.fund_code,
    first_version.basis,
    first_version.month,
    latest.version_no as versions,
    latest.version_no > 1 as is_revised,
    first_version.release_id as first_release_id,
    first_version.known_at as first_known_at,
    first_version.income as first_income,
    first_version.expenditure as first_expenditure,
    first_version.closing_balance as first_closing_balance,
    latest.release_id as latest_release_id,
    latest.known_at as latest_known_at,
    latest.income as latest_income,
    latest.expenditure as latest_expenditure,
    latest.closing_balance as latest_closing_balance,
    cast(latest.income - first_version.income as {{ money_type() }}) as income_revision,
    cast(latest.expenditure - first_version.expenditure as {{ money_type() }}) as expenditure_revision,
    cast(latest.closing_balance - first_version.closing_balance as {{ money_type() }}) as closing_revision,
    latest.reason,
    latest.batch_id,
    latest.source_file
from {{ ref('fund_balance_version') }} as first_version
inner join {{ ref('fund_balance_version') }} as latest
    on
        latest.org_code = first_version.org_code
        and latest.fund_code = first_version.fund_code
        and latest.basis = first_version.basis
        and latest.month = first_version.month
        and latest.is_latest
where first_version.version_no = 1
