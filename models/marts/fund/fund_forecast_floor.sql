{{ config(tags=['forecast']) }}

-- When the months that a reserve covers fall under each limit of the registry: on the middle of the fan, and at its
-- lower 80 % end. A condition "at least n" is a floor like a warning "under n".
with floor as (
    select
        fund_code,
        band,
        max(value) as threshold
    from {{ ref('indicator_threshold') }}
    where indicator_id = 'F07' and measure = 'value' and op in ('<', '>=') and fund_code is not null
    group by fund_code, band
)

select
    reserve.org_code,
    reserve.fund_code,
    reserve.scenario,
    floor.band,
    cast(floor.threshold as double) as threshold,
    min(case when reserve.payable_months < floor.threshold then reserve.month end) as first_month,
    min(case when reserve.payable_months_lower_80 < floor.threshold then reserve.month end) as first_month_lower_80,
    min(reserve.payable_months) as lowest_payable_months,
    min_by(reserve.month, reserve.payable_months) as lowest_month,
    max_by(reserve.payable_months, reserve.month) as last_payable_months
from {{ ref('int_forecast__reserve') }} as reserve
inner join floor on floor.fund_code = reserve.fund_code
group by reserve.org_code, reserve.fund_code, reserve.scenario, floor.band, floor.threshold
