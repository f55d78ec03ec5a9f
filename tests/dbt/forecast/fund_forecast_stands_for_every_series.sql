-- Every set of books in the release is a series; one that is forecast has 24 months of three measures in the
-- baseline, the others none.
with book as (
    select distinct
        org_code,
        fund_code
    from {{ ref('fund_balance_monthly') }}
),

months as (
    select
        org_code,
        fund_code,
        count(*) as rows_held
    from {{ ref('fund_forecast_monthly') }}
    where scenario = 'baseline'
    group by org_code, fund_code
)

select
    coalesce(book.org_code, series.org_code) as org_code,
    coalesce(book.fund_code, series.fund_code) as fund_code,
    series.state,
    months.rows_held
from book
full join {{ ref('fund_forecast_series') }} as series
    on series.org_code = book.org_code and series.fund_code = book.fund_code
left join months on months.org_code = series.org_code and months.fund_code = series.fund_code
where
    (series.org_code is null)
    or (series.state = 'forecast' and coalesce(months.rows_held, 0) <> 72)
    or (series.state <> 'forecast' and months.rows_held is not null)
