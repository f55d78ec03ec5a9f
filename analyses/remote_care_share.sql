-- What share of each county's stays and of its pooled money goes to care outside the pool area?
-- Care whose place is unknown is shown apart: it is not counted as remote.
select
    care.org_code,
    org.name_zh as org_name,
    extract(year from care.month) as year,
    sum(care.visits) as stays,
    sum(case when care.remote_kind in ('within_province', 'cross_province') then care.visits else 0 end)
    / nullif(sum(care.visits), 0) as remote_share_of_stays,
    sum(case when care.remote_kind in ('within_province', 'cross_province') then care.fund_pay else 0 end)
    / nullif(sum(care.fund_pay), 0) as remote_share_of_fund_pay,
    sum(case when care.remote_kind = 'cross_province' then care.fund_pay else 0 end)
    / nullif(sum(care.fund_pay), 0) as cross_province_share_of_fund_pay,
    sum(case when care.remote_kind = 'unknown' then care.visits else 0 end) as stays_of_unknown_place
from {{ ref('utilisation_monthly') }} as care
inner join {{ ref('dim_org') }} as org on org.org_code = care.org_code
where care.visit_bucket = 'inpatient'
group by care.org_code, org.name_zh, extract(year from care.month)
order by year desc, remote_share_of_fund_pay desc nulls last
