-- Items month by month and from January on. Where the first month loaded is not January, what the subjects
-- had carried by then is counted in; books that empty their subjects every month carry nothing, so their
-- year to date is unknown (null) until a January is loaded.
with book_month as (
    select
        org_code,
        fund_code,
        month,
        extract(year from month) as year,
        min(month) over (partition by org_code, fund_code, extract(year from month)) as first_month,
        has_closing_entry
    from {{ ref('int_ledger__books_month') }}
),

year_of_books as (
    select
        org_code,
        fund_code,
        year,
        min(first_month) as first_month,
        extract(month from min(first_month)) > 1
        and coalesce(bool_or(has_closing_entry and extract(month from month) < 12), false) as is_start_unknown,
        count(*) as months_loaded
    from book_month
    group by org_code, fund_code, year
),

item_of_year as (
    select
        item.org_code,
        item.fund_code,
        extract(year from item.month) as year,
        item.direction,
        item.item_key,
        item.is_memo,
        item.is_transfer,
        coalesce(
            sum(case when item.month = year_of_books.first_month and extract(month from item.month) > 1
                then item.opening_balance end), 0
        ) as carried_in
    from {{ ref('int_ledger__item_month') }} as item
    inner join year_of_books
        on
            year_of_books.org_code = item.org_code
            and year_of_books.fund_code = item.fund_code
            and year_of_books.year = extract(year from item.month)
    group by
        item.org_code, item.fund_code, extract(year from item.month),
        item.direction, item.item_key, item.is_memo, item.is_transfer
)

select
    book_month.org_code,
    book_month.fund_code,
    book_month.month,
    item_of_year.direction,
    item_of_year.item_key,
    item_of_year.is_memo,
    item_of_year.is_transfer,
    item.amount,
    cast(
        case
            when not year_of_books.is_start_unknown
                then item_of_year.carried_in + sum(coalesce(item.amount, 0)) over (
                    partition by
                        book_month.org_code, book_month.fund_code, book_month.year,
                        item_of_year.direction, item_of_year.item_key, item_of_year.is_memo
                    order by book_month.month
                )
        end as {{ money_type() }}
    ) as amount_ytd
from book_month
inner join year_of_books using (org_code, fund_code, year)
inner join item_of_year using (org_code, fund_code, year)
left join {{ ref('int_ledger__item_month') }} as item
    on
        item.org_code = book_month.org_code
        and item.fund_code = book_month.fund_code
        and item.month = book_month.month
        and item.direction = item_of_year.direction
        and item.item_key = item_of_year.item_key
        and item.is_memo = item_of_year.is_memo
