-- What the books owe an explanation for. A state (a gap, a deficit, a negative balance) stands in its month; what
-- happened once (an adjusted opening, unmatched transfers) stands until the year's end.
with pool_area as (
    select org_code
    from {{ ref('dim_org') }}
    order by
        case level when 'city' then 0 when 'province' then 1 when 'city_direct' then 2 else 3 end,
        org_code
    limit 1
),

signal as (
    select
        org_code,
        fund_code,
        month,
        'unexplained_gap' as signal,
        unexplained_gap as amount,
        'major' as severity,
        false as is_lasting
    from {{ ref('fund_balance_monthly') }}
    where unexplained_gap <> 0
    union all
    select
        org_code,
        fund_code,
        month,
        'opening_adjustment' as signal,
        opening_adjustment as amount,
        'minor' as severity,
        true as is_lasting
    from {{ ref('fund_balance_monthly') }}
    where opening_adjustment <> 0
    union all
    select
        pool_area.org_code,
        consolidated.fund_code,
        consolidated.month,
        'transfer_imbalance' as signal,
        consolidated.transfer_imbalance as amount,
        'major' as severity,
        true as is_lasting
    from {{ ref('fund_balance_consolidated_monthly') }} as consolidated
    cross join pool_area
    where consolidated.transfer_imbalance <> 0
    union all
    -- Resident premiums come around the turn of the year: a deficit within the year is timing and no signal.
    select
        balance.org_code,
        balance.fund_code,
        balance.month,
        'deficit' as signal,
        balance.current_balance_ytd as amount,
        'major' as severity,
        false as is_lasting
    from {{ ref('fund_balance_monthly') }} as balance
    inner join {{ ref('dim_fund') }} as dim_fund on dim_fund.fund_code = balance.fund_code
    where
        balance.current_balance_ytd < 0
        and dim_fund.account_kind = 'pooled'
        and dim_fund.scheme <> 'assistance'
        and (dim_fund.scheme <> 'resident' or extract(month from balance.month) = 12)
    union all
    select
        org_code,
        fund_code,
        month,
        'negative_balance' as signal,
        closing_balance as amount,
        'critical' as severity,
        false as is_lasting
    from {{ ref('fund_balance_monthly') }}
    where closing_balance < 0
)

select
    org_code,
    fund_code,
    month,
    signal,
    amount,
    severity,
    case
        when is_lasting then cast(date_trunc('year', month) + interval 11 month as date)
        else month
    end as stands_until
from signal
