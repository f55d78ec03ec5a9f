-- Which model forecasts each fund, and how would it have done against the same month of the year before?
-- MASE counts errors in mean changes on that month; a model shown never has more than the benchmark.
select
    org.name_zh as org_name,
    fund.name_zh as fund_name,
    shown.measure,
    shown.model,
    shown.horizon as up_to_months,
    shown.origins,
    shown.mase,
    benchmark.mase as benchmark_mase,
    shown.wape,
    shown.coverage_80,
    shown.coverage_95
from {{ ref('fund_forecast_score') }} as shown
inner join {{ ref('fund_forecast_score') }} as benchmark
    on
        benchmark.org_code = shown.org_code
        and benchmark.fund_code = shown.fund_code
        and benchmark.measure = shown.measure
        and benchmark.horizon = shown.horizon
        and benchmark.model = 'seasonal_naive'
inner join {{ ref('dim_org') }} as org on org.org_code = shown.org_code
inner join {{ ref('dim_fund') }} as fund on fund.fund_code = shown.fund_code
where shown.is_shown
order by shown.org_code, shown.fund_code, shown.measure, shown.horizon
