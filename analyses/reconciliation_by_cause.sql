-- Where do claims, clearing, ledger and bank differ in the last year, and why?
-- Both sides of each leg, and the causes that lead from one to the other; what is left unexplained stands last.
with last_year as (
    select
        total.*,
        max(total.month) over () as last_month
    from {{ ref('fund_reconciliation_total_monthly') }} as total
),

line as (
    select
        total.fund_code,
        total.leg,
        0 as sort_order,
        'left side' as line,
        sum(total.left_amount) as amount
    from last_year as total
    where total.month > total.last_month - interval 12 month
    group by total.fund_code, total.leg
    union all
    select
        total.fund_code,
        total.leg,
        cause.sort_order,
        cause.name_en as line,
        -sum(reconciliation.amount) as amount
    from last_year as total
    inner join {{ ref('fund_reconciliation_monthly') }} as reconciliation
        on
            reconciliation.org_code = total.org_code
            and reconciliation.fund_code = total.fund_code
            and reconciliation.month = total.month
            and reconciliation.leg = total.leg
    inner join {{ ref('reconciliation_cause') }} as cause on cause.cause = reconciliation.cause
    where total.month > total.last_month - interval 12 month
    group by total.fund_code, total.leg, cause.sort_order, cause.name_en
    union all
    select
        total.fund_code,
        total.leg,
        1000 as sort_order,
        'right side' as line,
        sum(total.right_amount) as amount
    from last_year as total
    where total.month > total.last_month - interval 12 month
    group by total.fund_code, total.leg
)

select
    fund_code,
    leg,
    line,
    amount
from line
order by fund_code, leg, sort_order
