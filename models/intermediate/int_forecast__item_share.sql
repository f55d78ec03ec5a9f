{{ config(tags=['forecast']) }}

-- Share that an item has of its direction in each calendar month, over the last three years before the forecast; a
-- ratio of sums, so that premiums weigh most in the months in which they come. Consolidated books leave transfers
-- between levels out, as their totals do.
with booked as (
    select
        series.org_code,
        series.fund_code,
        item.direction,
        item.item_key,
        item.is_memo,
        item.is_transfer,
        extract(month from item.month) as calendar_month,
        item.amount
    from {{ source('run', 'forecast_series') }} as series
    inner join {{ ref('int_ledger__item_month') }} as item
        on
            item.fund_code = series.fund_code
            and (item.org_code = series.org_code or series.is_consolidated)
            and (not item.is_transfer or not series.is_consolidated)
            and item.month > series.origin_month - interval 36 month
            and item.month <= series.origin_month
    where series.state = 'forecast'
),

total as (
    select
        org_code,
        fund_code,
        direction,
        calendar_month,
        sum(case when not is_memo then amount end) as total_amount
    from booked
    group by org_code, fund_code, direction, calendar_month
)

select
    booked.org_code,
    booked.fund_code,
    booked.direction,
    booked.item_key,
    booked.is_transfer,
    cast(booked.calendar_month as integer) as calendar_month,
    {{ ratio('sum(booked.amount)', 'max(total.total_amount)') }} as item_share
from booked
inner join total using (org_code, fund_code, direction, calendar_month)
group by
    booked.org_code, booked.fund_code, booked.direction, booked.item_key, booked.is_transfer, booked.calendar_month
