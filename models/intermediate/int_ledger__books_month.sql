-- Net assets, the result not yet closed into them, and assets less liabilities, per set of books and month.
with subject as (
    select * from {{ ref('int_ledger__counted_subject') }}
),

net_asset_and_result as (
    select
        org_code,
        fund_code,
        month,
        cast(sum(case when subject_class = 3 then counted_opening end) as {{ money_type() }}) as net_assets_opening,
        cast(sum(case when subject_class = 3 then counted_closing end) as {{ money_type() }}) as net_assets_closing,
        cast(
            sum(case subject_class when 4 then counted_opening when 5 then -counted_opening else 0 end)
            as {{ money_type() }}
        ) as result_opening,
        cast(
            sum(case subject_class when 4 then counted_closing when 5 then -counted_closing else 0 end)
            as {{ money_type() }}
        ) as result_closing
    from subject
    where is_counted
    group by org_code, fund_code, month
),

balance_sheet_subject as (
    select
        entry.*,
        exists (
            select 1
            from {{ ref('int_ledger__entry') }} as detail
            where
                detail.org_code = entry.org_code
                and detail.fund_code = entry.fund_code
                and detail.month = entry.month
                and length(detail.subject_code) > length(entry.subject_code)
                and substring(detail.subject_code, 1, length(entry.subject_code)) = entry.subject_code
        ) as has_details
    from {{ ref('int_ledger__entry') }} as entry
    where entry.subject_class in (1, 2)
),

balance_sheet as (
    select
        org_code,
        fund_code,
        month,
        cast(
            sum(case subject_class when 1 then closing_balance else -closing_balance end) as {{ money_type() }}
        ) as assets_less_liabilities
    from balance_sheet_subject
    where not has_details
    group by org_code, fund_code, month
)

select
    books.org_code,
    books.fund_code,
    books.month,
    books.net_assets_opening,
    books.net_assets_closing,
    books.result_opening,
    books.result_closing,
    balance_sheet.assets_less_liabilities,
    closing.month is not null as has_closing_entry,
    coalesce(books.net_assets_closing <> books.net_assets_opening, false) as have_net_assets_moved
from net_asset_and_result as books
left join balance_sheet using (org_code, fund_code, month)
left join (
    select distinct
        org_code,
        fund_code,
        month
    from {{ ref('int_ledger__closing_entry') }}
) as closing using (org_code, fund_code, month)
