-- Flows that fund indicators are made of, for the month, the year to date and the last twelve months; own
-- books of each org, and the pool area as a whole (under its city code) without transfers between levels.
with first_city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

-- A city that keeps books under its own code shows those.
city as (
    select first_city.org_code
    from first_city
    where first_city.org_code not in (select own_books.org_code from {{ ref('int_ledger__item_ytd') }} as own_books)
),

item as (
    select
        org_code,
        fund_code,
        month,
        direction,
        item_key,
        is_memo,
        is_transfer,
        amount,
        amount_ytd,
        false as is_consolidated
    from {{ ref('int_ledger__item_ytd') }}
    union all
    select
        city.org_code,
        item_ytd.fund_code,
        item_ytd.month,
        item_ytd.direction,
        item_ytd.item_key,
        item_ytd.is_memo,
        item_ytd.is_transfer,
        item_ytd.amount,
        item_ytd.amount_ytd,
        true as is_consolidated
    from {{ ref('int_ledger__item_ytd') }} as item_ytd
    cross join city
    where not item_ytd.is_transfer
),

measure as (
    select
        org_code,
        fund_code,
        month,
        is_consolidated,
        case direction when 'income' then 'income' else 'expenditure' end as measure,
        amount,
        amount_ytd
    from item
    where not is_memo
    union all
    select
        org_code,
        fund_code,
        month,
        is_consolidated,
        item_key as measure,
        amount,
        amount_ytd
    from item
    where item_key in ('premium', 'fiscal_subsidy', 'interest', 'benefit', 'benefit_ipt', 'catastrophic')
),

monthly as (
    select
        org_code,
        fund_code,
        month,
        is_consolidated,
        measure,
        {{ sum_money('amount') }} as amount,
        -- One level without a known start of the year leaves the whole unknown.
        case when count(amount_ytd) = count(*) then {{ sum_money('amount_ytd') }} end as amount_ytd
    from measure
    group by org_code, fund_code, month, is_consolidated, measure
),

rolling as (
    select
        *,
        case
            when
                count(*) over (
                    partition by org_code, fund_code, measure order by month
                    range between interval 11 month preceding and current row
                ) = 12
                then sum(coalesce(amount, 0)) over (
                    partition by org_code, fund_code, measure order by month
                    range between interval 11 month preceding and current row
                )
        end as amount_rolling_12
    from monthly
)

select
    org_code,
    fund_code,
    month,
    is_consolidated,
    measure,
    'month' as period_kind,
    amount
from rolling
union all
select
    org_code,
    fund_code,
    month,
    is_consolidated,
    measure,
    'ytd' as period_kind,
    amount_ytd as amount
from rolling
union all
select
    org_code,
    fund_code,
    month,
    is_consolidated,
    measure,
    'rolling_12' as period_kind,
    cast(amount_rolling_12 as {{ money_type() }}) as amount
from rolling
