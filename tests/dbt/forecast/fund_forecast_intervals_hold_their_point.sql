-- The point lies in the 80 % interval, and that in the 95 % interval.
select *
from {{ ref('fund_forecast_monthly') }}
where
    not (lower_95 <= lower_80 and lower_80 <= point and point <= upper_80 and upper_80 <= upper_95)
    or (lower_95 <= lower_80 and lower_80 <= point and point <= upper_80 and upper_80 <= upper_95) is null
