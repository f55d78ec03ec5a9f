-- Budget against the year to date, line by line and in total: for each set of books, and under the city's code for
-- the whole pool area, where what one level passes to another is left out. A city that keeps books under its own
-- code shows those. The total is the sum of the items budgeted, or the form's own line where none are.
with first_city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

city as (
    select first_city.org_code
    from first_city
    where
        first_city.org_code is not null
        and first_city.org_code not in (select own_books.org_code from {{ ref('int_ledger__balance_month') }} as own_books)
),

budget_line as (
    select
        execution.*,
        fund_item.place is not distinct from 'inter_level' as is_transfer,
        execution.item_key in ('income_subtotal', 'income_total', 'expense_subtotal', 'expense_total') as is_form_line,
        execution.item_key in ('income_total', 'expense_total') as is_form_total
    from {{ ref('int_ledger__budget_execution') }} as execution
    left join {{ ref('fund_item') }} as fund_item on fund_item.item_key = execution.item_key
),

scoped as (
    select
        budget_line.*,
        budget_line.org_code as scope_code,
        false as is_consolidated
    from budget_line
    union all
    -- The form's total holds what levels pass to each other; its subtotal doesn't.
    select
        budget_line.*,
        city.org_code as scope_code,
        true as is_consolidated
    from budget_line
    cross join city
    where not budget_line.is_transfer and not budget_line.is_form_total
),

-- Which lines make the total is decided for each set of books, since counties may budget differently.
weighed as (
    select
        *,
        bool_or(not is_form_line and not is_memo) over book as has_items,
        bool_or(is_form_total) over book as has_form_total
    from scoped
    window book as (partition by scope_code, org_code, fund_code, year, direction, month)
),

part as (
    select
        weighed.*,
        weighed.item_key as summary_key
    from weighed
    union all
    select
        weighed.*,
        'total' as summary_key
    from weighed
    where
        case
            when has_items then not is_form_line and not is_memo
            when has_form_total then is_form_total
            else is_form_line
        end
),

summed as (
    select
        scope_code as org_code,
        fund_code,
        year,
        direction,
        summary_key as item_key,
        month,
        {{ sum_money('budget') }} as budget,
        -- One book without a known start of the year leaves the whole unknown.
        case when not bool_or(is_start_unknown) then {{ sum_money('actual_ytd') }} end as actual_ytd,
        elapsed_share,
        -- Summed in exact numbers: a sum of doubles depends on the order of its rows.
        {{ ratio(
            'sum(cast(seasonal_share * cast(budget as double) as decimal(38, 6)))',
            'sum(case when seasonal_share is not null then budget end)'
        ) }} as seasonal_share,
        bool_and(is_memo) as is_memo,
        is_consolidated,
        count(distinct org_code) as org_count
    from part
    group by scope_code, fund_code, year, direction, summary_key, month, elapsed_share, is_consolidated
)

select
    org_code,
    fund_code,
    year,
    direction,
    item_key,
    month,
    budget,
    actual_ytd,
    {{ ratio('actual_ytd', 'budget') }} as execution_rate,
    elapsed_share,
    seasonal_share,
    coalesce(seasonal_share, elapsed_share) as expected_share,
    {{ ratio('actual_ytd', 'budget') }} - coalesce(seasonal_share, elapsed_share) as deviation,
    is_memo,
    is_consolidated,
    org_count
from summed
