-- Did people, visits, prices, mix or payment rules move each fund's spending this year?
with last_month as (
    select max(month) as month
    from {{ ref('spending_driver_monthly') }}
)

select
    driver.unit_kind,
    driver.unit_code,
    driver.fund_code,
    driver.month,
    driver.factor,
    driver.amount,
    driver.contribution,
    driver.total,
    driver.total_prior_year
from {{ ref('spending_driver_monthly') }} as driver
inner join last_month on last_month.month = driver.month
where driver.period_kind = 'ytd' and driver.unit_kind <> 'institution'
order by driver.unit_kind desc, driver.unit_code, driver.fund_code, driver.sort_order
