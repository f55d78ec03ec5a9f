-- In every scenario each balance is the one before it (at first the last one booked) + income − expenditure.
with path as (
    select
        org_code,
        fund_code,
        scenario,
        month,
        max(case when measure = 'income' then point end) as income,
        max(case when measure = 'expenditure' then point end) as expenditure,
        max(case when measure = 'balance' then point end) as balance
    from {{ ref('fund_forecast_monthly') }}
    group by org_code, fund_code, scenario, month
),

rolled as (
    select
        path.*,
        coalesce(
            lag(path.balance) over (partition by org_code, fund_code, scenario order by month), series.opening_balance
        ) as balance_before
    from path
    left join {{ ref('fund_forecast_series') }} as series using (org_code, fund_code)
)

select *
from rolled
where balance is distinct from balance_before + income - expenditure
