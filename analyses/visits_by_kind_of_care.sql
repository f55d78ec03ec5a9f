-- How many visits of each kind of care are there in each month, and what does one cost?
-- Persons are not shown: distinct persons of several cells must not be added.
select
    month,
    org_code,
    scheme,
    visit_bucket,
    denominator as visits,
    numerator as med_fee,
    value as fee_per_visit,
    value_prior_year as fee_per_visit_a_year_before
from {{ ref('org_indicator_monthly') }}
where indicator_id = 'U06' and period_kind = 'month' and visit_bucket <> 'all'
order by org_code, scheme, visit_bucket, month
