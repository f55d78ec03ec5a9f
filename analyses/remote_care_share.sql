-- What share of each county's stays goes to care outside the pool area, and how has it changed in a year?
-- Figures of the year to date, as the indicators define them; care whose place is unknown is not counted as remote.
select
    indicator.month,
    indicator.org_code,
    org.name_zh as org_name,
    indicator.numerator as remote_stays,
    indicator.denominator as stays,
    indicator.value as remote_share_of_stays,
    indicator.value_prior_year as remote_share_a_year_before
from {{ ref('org_indicator_monthly') }} as indicator
inner join {{ ref('dim_org') }} as org on org.org_code = indicator.org_code
where indicator.indicator_id = 'R03' and indicator.scheme = 'all' and indicator.period_kind = 'ytd'
order by indicator.month desc, remote_share_of_stays desc nulls last
