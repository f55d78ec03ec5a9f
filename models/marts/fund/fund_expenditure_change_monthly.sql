-- What moved a fund's expenditure against the year before: each item's change and how many points of the total
-- growth it makes. An item that was not booked in one of the two periods counts as zero there, provided that the
-- books of that period exist; without books a year before there is nothing to compare with, and no row.
with city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

spent as (
    select
        org_code,
        fund_code,
        month,
        item_key,
        is_memo,
        amount,
        amount_ytd
    from {{ ref('int_ledger__item_ytd') }}
    where direction = 'expenditure'
    union all
    -- The whole pool area stands under its city's code, transfers between its levels left out.
    select
        city.org_code,
        item_ytd.fund_code,
        item_ytd.month,
        item_ytd.item_key,
        item_ytd.is_memo,
        {{ sum_money('item_ytd.amount') }} as amount,
        case when count(item_ytd.amount_ytd) = count(*) then {{ sum_money('item_ytd.amount_ytd') }} end as amount_ytd
    from {{ ref('int_ledger__item_ytd') }} as item_ytd
    cross join city
    where
        item_ytd.direction = 'expenditure'
        and not item_ytd.is_transfer
        and city.org_code is not null
        and city.org_code not in (select own_books.org_code from {{ ref('int_ledger__balance_month') }} as own_books)
    group by city.org_code, item_ytd.fund_code, item_ytd.month, item_ytd.item_key, item_ytd.is_memo
),

period as (
    select
        org_code,
        fund_code,
        month,
        item_key,
        'month' as period_kind,
        bool_and(is_memo) as is_memo,
        {{ sum_money('amount') }} as amount
    from spent
    group by org_code, fund_code, month, item_key
    union all
    select
        org_code,
        fund_code,
        month,
        item_key,
        'ytd' as period_kind,
        bool_and(is_memo) as is_memo,
        case when count(amount_ytd) = count(*) then {{ sum_money('amount_ytd') }} end as amount
    from spent
    group by org_code, fund_code, month, item_key
),

total as (
    select
        org_code,
        fund_code,
        month,
        period_kind,
        {{ sum_money('amount') }} as amount
    from period
    where not is_memo
    group by org_code, fund_code, month, period_kind
),

both_years as (
    select
        now.org_code,
        now.fund_code,
        now.month,
        now.period_kind,
        now.amount as total,
        earlier.amount as total_prior_year,
        earlier.month as month_prior_year
    from total as now
    inner join total as earlier
        on
            earlier.org_code = now.org_code
            and earlier.fund_code = now.fund_code
            and earlier.period_kind = now.period_kind
            and earlier.month = now.month - interval 12 month
    where now.amount is not null and earlier.amount is not null
),

item as (
    select
        both_years.org_code,
        both_years.fund_code,
        both_years.month,
        both_years.period_kind,
        period.item_key,
        period.is_memo,
        period.month = both_years.month as is_now,
        period.amount,
        both_years.total,
        both_years.total_prior_year
    from both_years
    inner join period
        on
            period.org_code = both_years.org_code
            and period.fund_code = both_years.fund_code
            and period.period_kind = both_years.period_kind
            and period.month in (both_years.month, both_years.month_prior_year)
),

compared as (
    select
        org_code,
        fund_code,
        month,
        period_kind,
        item_key,
        bool_and(is_memo) as is_memo,
        cast(coalesce(sum(case when is_now then amount end), 0) as {{ money_type() }}) as amount,
        cast(coalesce(sum(case when not is_now then amount end), 0) as {{ money_type() }}) as amount_prior_year,
        total,
        total_prior_year
    from item
    group by org_code, fund_code, month, period_kind, item_key, total, total_prior_year
)

select
    org_code,
    fund_code,
    month,
    period_kind,
    item_key,
    is_memo,
    amount,
    amount_prior_year,
    cast(amount - amount_prior_year as {{ money_type() }}) as change,
    {{ ratio('amount - amount_prior_year', 'total_prior_year') }} as contribution,
    total,
    total_prior_year
from compared
