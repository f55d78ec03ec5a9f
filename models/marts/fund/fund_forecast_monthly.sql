{{ config(tags=['forecast']) }}

select
    path.org_code,
    path.fund_code,
    path.measure,
    path.scenario,
    path.month,
    path.model,
    path.origin_month,
    path.horizon,
    path.point,
    path.lower_80,
    path.upper_80,
    path.lower_95,
    path.upper_95,
    path.shift,
    case when path.measure = 'balance' then reserve.payable_months end as payable_months,
    case when path.measure = 'balance' then reserve.payable_months_lower_80 end as payable_months_lower_80
from {{ ref('int_forecast__path') }} as path
left join {{ ref('int_forecast__reserve') }} as reserve using (org_code, fund_code, scenario, month)
