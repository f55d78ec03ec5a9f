{{ config(tags=['forecast']) }}

-- Months that the forecast balance covers: balance ÷ (own expenditure of the twelve months up to then ÷ 12), booked
-- months and forecast ones together. Asked of the same funds as in fund_balance_monthly.
with series as (
    select
        series.org_code,
        series.fund_code,
        series.is_consolidated,
        series.origin_month
    from {{ source('run', 'forecast_series') }} as series
    left join {{ ref('fund_kind') }} as kind using (fund_code)
    where
        series.state = 'forecast'
        and coalesce(kind.account_kind, 'supplementary') <> 'personal'
        and coalesce(kind.scheme, 'other') <> 'assistance'
),

booked as (
    select
        series.org_code,
        series.fund_code,
        book.month,
        {{ sum_money('book.own_expenditure') }} as own_expenditure
    from series
    inner join {{ ref('int_ledger__balance_month') }} as book
        on
            book.fund_code = series.fund_code
            and (book.org_code = series.org_code or series.is_consolidated)
            and book.month > series.origin_month - interval 12 month
            and book.month <= series.origin_month
    group by series.org_code, series.fund_code, book.month
),

transfer as (
    select
        org_code,
        fund_code,
        calendar_month,
        -- As decimals, whose sum does not depend on the order.
        sum(try_cast(item_share as decimal(18, 10))) as transfer_share
    from {{ ref('int_forecast__item_share') }}
    where direction = 'expenditure' and is_transfer
    group by org_code, fund_code, calendar_month
),

path as (
    select *
    from {{ ref('int_forecast__path') }}
    inner join series using (org_code, fund_code, origin_month)
),

spent as (
    select
        scenario.org_code,
        scenario.fund_code,
        scenario.scenario,
        booked.month,
        booked.own_expenditure
    from (select distinct org_code, fund_code, scenario from path) as scenario
    inner join booked using (org_code, fund_code)
    union all
    select
        path.org_code,
        path.fund_code,
        path.scenario,
        path.month,
        -- Scenarios move benefits, which no transfer is part of.
        cast(
            path.point - coalesce({{ part_of('path.point - path.shift', 'transfer.transfer_share') }}, 0)
            as {{ money_type() }}
        )
    from path
    left join transfer
        on
            transfer.org_code = path.org_code
            and transfer.fund_code = path.fund_code
            and transfer.calendar_month = extract(month from path.month)
    where path.measure = 'expenditure'
),

rolled as (
    select
        org_code,
        fund_code,
        scenario,
        month,
        count(*) over last_12 as months_in_last_12,
        sum(own_expenditure) over last_12 as own_expenditure_last_12
    from spent
    window last_12 as (
        partition by org_code, fund_code, scenario order by month
        range between interval 11 month preceding and current row
    )
)

select
    path.org_code,
    path.fund_code,
    path.scenario,
    path.month,
    path.horizon,
    {{ ratio('12 * path.point', 'rolled.own_expenditure_last_12') }} as payable_months,
    {{ ratio('12 * path.lower_80', 'rolled.own_expenditure_last_12') }} as payable_months_lower_80
from path
inner join rolled using (org_code, fund_code, scenario, month)
where path.measure = 'balance' and rolled.months_in_last_12 = 12
