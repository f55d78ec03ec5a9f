-- What does an inpatient stay cost in each division, how long is it, and who pays?
-- Figures of the year to date, as the indicators define them.
select
    month,
    scheme,
    org_code,
    max(case when indicator_id = 'U05' then denominator end) as stays,
    max(case when indicator_id = 'U05' then value end) as fee_per_stay,
    max(case when indicator_id = 'U04' then value end) as days_per_stay,
    max(case when indicator_id = 'U08' then value end) as fund_share,
    max(case when indicator_id = 'U09' then value end) as person_share
from {{ ref('org_indicator_monthly') }}
where visit_bucket = 'inpatient' and period_kind = 'ytd'
group by month, scheme, org_code
order by scheme, org_code, month
