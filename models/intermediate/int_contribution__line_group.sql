-- Contribution lines added up by when they are due and when their money arrived, so that laying them out by month costs
-- little: all figures of money come from here.
select
    org_code,
    scheme,
    payer_kind,
    due_month,
    received_month,
    line_kind,
    {{ sum_money('contribution') }} as contribution,
    {{ sum_money('subsidy') }} as subsidy
from {{ ref('int_contribution__line') }}
group by all
