-- How a set of books carries the year's result: closed into net assets once a year, or rolled monthly.
-- The balance sheet decides where there is one: assets less liabilities equal either net assets with the
-- result not yet closed, or net assets alone. Without one, the months decide in which a result came up and was
-- not closed: where net assets moved in more of them than they stood still, they are rolled monthly. A single
-- restatement of net assets is thereby no change of kind.
with evidence as (
    select
        org_code,
        fund_code,
        count(*) filter (
            where result_closing <> 0 and assets_less_liabilities = net_assets_closing + result_closing
        ) as months_annual_ties,
        count(*) filter (
            where result_closing <> 0 and assets_less_liabilities = net_assets_closing
        ) as months_monthly_ties,
        count(*) filter (where have_net_assets_moved and not has_closing_entry) as months_moved_unclosed,
        count(*) filter (
            where not have_net_assets_moved and result_closing <> result_opening and not has_closing_entry
        ) as months_still_unclosed
    from {{ ref('int_ledger__books_month') }}
    group by org_code, fund_code
)

select
    evidence.org_code,
    evidence.fund_code,
    case
        when setting.closing in ('annual', 'monthly') then setting.closing
        when evidence.months_annual_ties > evidence.months_monthly_ties then 'annual'
        when evidence.months_monthly_ties > evidence.months_annual_ties then 'monthly'
        when evidence.months_moved_unclosed > evidence.months_still_unclosed then 'monthly'
        else 'annual'
    end as closing_mode,
    evidence.months_annual_ties,
    evidence.months_monthly_ties,
    evidence.months_moved_unclosed,
    evidence.months_still_unclosed
from evidence
cross join {{ source('run', 'bureau_setting') }} as setting
