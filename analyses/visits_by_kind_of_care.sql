-- How many visits of each kind of care are there in each month, and what does one cost?
-- Persons are not shown: distinct persons of several cells must not be added.
select
    month,
    scheme,
    visit_bucket,
    sum(visits) as visits,
    sum(med_fee) as med_fee,
    sum(fund_pay) as fund_pay,
    sum(med_fee) / nullif(sum(visits), 0) as fee_per_visit
from {{ ref('utilisation_monthly') }}
group by month, scheme, visit_bucket
order by scheme, visit_bucket, month
