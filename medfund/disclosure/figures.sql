-- Every figure of a disclosure form, as sums over the public marts of one release. Parameters: $org (null for the
-- whole pool area), $year, $last (first day of the period's last month). Statements are told apart by "-- name:".
-- Where levels are put together, what one level paid and another received leaves both sides; the rest stays.

-- name: lines
with flow as (
    select 'income' as side, org_code, fund_code, month, item_key, amount, is_memo, is_transfer
    from marts.fund_income_monthly
    union all
    select 'expense' as side, org_code, fund_code, month, item_key, amount, is_memo, is_transfer
    from marts.fund_expenditure_monthly
),

line as (
    select
        case when extract(year from month) = $year then 'actual' else 'prior' end as version,
        org_code, fund_code, side, item_key, amount, is_memo, is_transfer
    from flow
    where
        month between make_date($year, 1, 1) and $last
        or month between make_date($year - 1, 1, 1) and $last - interval 1 year
    union all
    select
        'budget' as version,
        org_code,
        fund_code,
        case direction when 'income' then 'income' else 'expense' end as side,
        item_key,
        budget as amount,
        is_memo,
        item_key in ('from_upper', 'from_lower', 'to_lower', 'to_upper') as is_transfer
    from marts.fund_budget_execution
    where year = $year and month = $last and budget is not null
),

-- A scheme kept in two sets of books, pool and personal accounts, also stands as one fund.
chosen as (
    select fund_code, * exclude (fund_code) from line
    where $org is null or org_code = $org
    union all
    select split_part(fund_code, '_', 1) as fund_code, * exclude (fund_code) from line
    where ($org is null or org_code = $org) and fund_code in ('310_pool', '310_acct')
),

summed as (
    select
        version,
        fund_code,
        side,
        -- The forms print chronic disease within outpatient benefits.
        case when item_key = 'benefit_chronic' then 'benefit_opt' else item_key end as item_key,
        bool_or(is_memo) as is_memo,
        bool_or(is_transfer) as is_transfer,
        sum(amount) as amount
    from chosen
    group by all
),

eliminated as (
    select
        version,
        fund_code,
        least(
            coalesce(sum(amount) filter (where item_key = 'to_upper'), 0),
            coalesce(sum(amount) filter (where item_key = 'from_lower'), 0)
        ) as upward,
        least(
            coalesce(sum(amount) filter (where item_key = 'to_lower'), 0),
            coalesce(sum(amount) filter (where item_key = 'from_upper'), 0)
        ) as downward
    from summed
    where $org is null
    group by all
),

remaining as (
    select
        summed.* exclude (amount),
        amount - case
            when item_key in ('to_upper', 'from_lower') then coalesce(upward, 0)
            when item_key in ('to_lower', 'from_upper') then coalesce(downward, 0)
            else 0
        end as amount
    from summed
    left join eliminated using (version, fund_code)
),

item as (
    select * from remaining
    where not (is_transfer and $org is null and amount = 0)
),

added_up as (
    select version, fund_code, side, side || '_subtotal' as item_key, sum(amount) as amount
    from item
    where not is_memo and not is_transfer and item_key not like '%total'
    group by all
    union all
    select version, fund_code, side, side || '_total' as item_key, sum(amount) as amount
    from item
    where not is_memo and item_key not like '%total'
    group by all
)

-- A total that the budget states itself goes before the sum of its lines.
select version, fund_code, item_key || case when item_key = 'unmapped' then '_' || side else '' end as item_key,
    is_memo, cast(amount as decimal(18, 2)) as amount
from item
union all
select version, fund_code, item_key, false as is_memo, cast(amount as decimal(18, 2)) as amount
from added_up
anti join item using (version, fund_code, item_key)
order by all;

-- name: balances
with roll as (
    select
        org_code, fund_code, month, opening_balance, opening_adjustment, closing_balance, unexplained_gap,
        income - expenditure as current_balance, income_ytd, expenditure_ytd, 0 as transfer_imbalance
    from marts.fund_balance_monthly
    where org_code = $org
    union all
    select
        null as org_code, fund_code, month, opening_balance, opening_adjustment, closing_balance, unexplained_gap,
        current_balance + transfer_imbalance as current_balance, income_ytd, expenditure_ytd, transfer_imbalance
    from marts.fund_balance_consolidated_monthly
    where $org is null
),

chosen as (
    select * from roll
    union all
    select * replace (split_part(fund_code, '_', 1) as fund_code) from roll
    where fund_code in ('310_pool', '310_acct')
)

select
    fund_code,
    count(distinct month) filter (where month >= make_date($year, 1, 1)) as months,
    sum(opening_balance) filter (where month = make_date($year, 1, 1)) as opening_balance,
    sum(opening_adjustment) filter (where month >= make_date($year, 1, 1)) as opening_adjustment,
    sum(closing_balance) filter (where month = $last) as closing_balance,
    sum(current_balance) filter (where month >= make_date($year, 1, 1)) as current_balance,
    sum(income_ytd) filter (where month = $last) as income_ytd,
    sum(expenditure_ytd) filter (where month = $last) as expenditure_ytd,
    sum(unexplained_gap) filter (where month = $last) as unexplained_gap,
    sum(transfer_imbalance) filter (where month >= make_date($year, 1, 1)) as transfer_imbalance
from chosen
where month <= $last
group by fund_code
having count(*) filter (where month = $last) > 0
order by fund_code;

-- name: pooled_total
-- The two pooled funds of the monthly table together; null when either is.
with pooled as (
    select fund_code, income_ytd, expenditure_ytd, closing_balance
    from marts.fund_balance_monthly
    where org_code = $org and month = $last
    union all
    select fund_code, income_ytd, expenditure_ytd, closing_balance
    from marts.fund_balance_consolidated_monthly
    where $org is null and month = $last
)

select
    case when count(income_ytd) = 2 then sum(income_ytd) end as income_ytd,
    case when count(expenditure_ytd) = 2 then sum(expenditure_ytd) end as expenditure_ytd,
    case when count(closing_balance) = 2 then sum(closing_balance) end as closing_balance
from pooled
where fund_code in ('310_pool', '390');

-- name: months
select min(month) as first_month, max(month) as last_month
from marts.fund_balance_monthly
where $org is null or org_code = $org;

-- name: budget_gaps
-- Sets of books without a budget, which keep a consolidated budget from being complete.
select book.fund_code, count(*) as books_without_budget
from (
    select distinct org_code, fund_code from marts.fund_balance_monthly
    where month = $last and ($org is null or org_code = $org)
) as book
anti join (
    select org_code, fund_code from marts.fund_budget_execution where year = $year and month = $last
) as budget using (org_code, fund_code)
group by book.fund_code
order by book.fund_code;

-- name: heads
select scheme, sum(enrolled) as enrolled
from marts.enrolment_monthly
where month = $last and ($org is null or org_code = $org)
group by scheme
order by scheme;

-- name: org
select org_code, name_zh, name_en, level, parent_org_code from marts.dim_org order by org_code;

-- name: funds
select fund_code, name_zh, name_en, scheme, account_kind from marts.dim_fund order by fund_code;

-- name: release
select release_id, built_at, data_through, code_version, inputs_sha256, gate, waivers from marts.release_info;
