-- Budget lines against the year to date, every month the books are loaded for. The version in force is the
-- latest one effective by the month's end; a version that names only some items leaves the others as they were.
with book_month as (
    select distinct
        org_code,
        fund_code,
        month,
        extract(year from month) as year
    from {{ ref('int_ledger__balance_month') }}
),

budget_line as (
    select * from {{ ref('int_ledger__budget_line') }}
),

in_force as (
    select
        budget_line.*,
        book_month.month
    from budget_line
    inner join book_month
        on
            book_month.org_code = budget_line.org_code
            and book_month.fund_code = budget_line.fund_code
            and book_month.year = budget_line.year
            and budget_line.effective_date < book_month.month + interval 1 month
    where budget_line.direction is not null
    qualify row_number() over (
        partition by
            budget_line.org_code, budget_line.fund_code, budget_line.year, budget_line.item_key, book_month.month
        order by budget_line.effective_date desc, budget_line.batch_id desc, budget_line.row_number_in_file desc
    ) = 1
),

actual as (
    select
        org_code,
        fund_code,
        month,
        extract(year from month) as year,
        extract(month from month) as month_number,
        item_key,
        amount_ytd
    from {{ ref('int_ledger__budget_actual_ytd') }}
),

complete_year as (
    select
        org_code,
        fund_code,
        item_key,
        year,
        max(case when month_number = 12 then amount_ytd end) as amount_year
    from actual
    group by org_code, fund_code, item_key, year
    having count(amount_ytd) = 12
),

-- Share of the year reached by a month, over all complete years before: a ratio of sums.
seasonal as (
    select
        this_year.org_code,
        this_year.fund_code,
        this_year.item_key,
        this_year.month,
        {{ ratio('sum(earlier.amount_ytd)', 'sum(complete_year.amount_year)') }} as seasonal_share
    from actual as this_year
    inner join complete_year
        on
            complete_year.org_code = this_year.org_code
            and complete_year.fund_code = this_year.fund_code
            and complete_year.item_key = this_year.item_key
            and complete_year.year < this_year.year
    inner join actual as earlier
        on
            earlier.org_code = complete_year.org_code
            and earlier.fund_code = complete_year.fund_code
            and earlier.item_key = complete_year.item_key
            and earlier.year = complete_year.year
            and earlier.month_number = this_year.month_number
    group by this_year.org_code, this_year.fund_code, this_year.item_key, this_year.month
)

select
    in_force.org_code,
    in_force.fund_code,
    in_force.year,
    in_force.direction,
    in_force.item_key,
    in_force.month,
    in_force.budget,
    actual.amount_ytd as actual_ytd,
    {{ ratio('actual.amount_ytd', 'in_force.budget') }} as execution_rate,
    cast(extract(month from in_force.month) as double) / 12 as elapsed_share,
    seasonal.seasonal_share,
    in_force.is_memo,
    in_force.budget_version,
    actual.org_code is not null and actual.amount_ytd is null as is_start_unknown
from in_force
left join actual
    on
        actual.org_code = in_force.org_code
        and actual.fund_code = in_force.fund_code
        and actual.item_key = in_force.item_key
        and actual.month = in_force.month
left join seasonal
    on
        seasonal.org_code = in_force.org_code
        and seasonal.fund_code = in_force.fund_code
        and seasonal.item_key = in_force.item_key
        and seasonal.month = in_force.month
