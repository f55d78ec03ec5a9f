-- Which books say something else than their own flows give, by how much, and since when?
-- A gap that opens in one month and stays carries one cause forward; opening adjustments are shown beside it.
select
    balance.org_code,
    org.name_zh as org_name,
    balance.fund_code,
    count(*) as months_with_gap,
    min(balance.month) as first_month,
    max(balance.month) as last_month,
    max_by(balance.unexplained_gap, balance.month) as last_gap,
    max_by(balance.closing_mode, balance.month) as closing_mode,
    sum(abs(balance.opening_adjustment)) as opening_adjustments
from {{ ref('fund_balance_monthly') }} as balance
inner join {{ ref('dim_org') }} as org on org.org_code = balance.org_code
where balance.unexplained_gap <> 0 or balance.opening_adjustment <> 0
group by balance.org_code, org.name_zh, balance.fund_code
order by abs(max_by(balance.unexplained_gap, balance.month)) desc nulls last
