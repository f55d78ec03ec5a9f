-- What does an inpatient stay cost at each level of hospital, how long is it, and who pays?
-- Ratios of sums over a year: fees, days and payments of all stays ÷ stays.
select
    extract(year from month) as year,
    scheme,
    hospital_level,
    sum(visits) as stays,
    sum(med_fee) / nullif(sum(visits), 0) as fee_per_stay,
    sum(bed_days) / nullif(sum(visits), 0) as days_per_stay,
    sum(fund_pay) / nullif(sum(med_fee), 0) as fund_share,
    sum(account_pay) / nullif(sum(med_fee), 0) as account_share,
    sum(cash_pay) / nullif(sum(med_fee), 0) as cash_share
from {{ ref('utilisation_monthly') }}
where visit_bucket = 'inpatient'
group by extract(year from month), scheme, hospital_level
order by scheme, hospital_level, year
