-- Contributions due and paid by month of accrual; the pool area as a whole stands under its city code. Refunds and
-- approved deferrals stand apart; a reversed line and its reversal are both left out.
with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

owed as (
    select *
    from {{ ref('int_contribution__line_group') }}
    where line_kind in ('owed', 'relief')
),

placed as (
    select
        owed.org_code,
        owed.scheme,
        owed.due_month,
        owed.received_month,
        owed.contribution
    from owed
    left join city on city.org_code = owed.org_code
    where city.org_code is null
    union all
    select
        city.org_code,
        owed.scheme,
        owed.due_month,
        owed.received_month,
        owed.contribution
    from owed
    inner join city on city.org_code is not null
)

select
    org_code,
    case scheme when 'employee' then '310_pool' when 'resident' then '390' end as fund_code,
    due_month as month,
    {{ sum_money('contribution') }} as due,
    {{ sum_money('case when received_month is not null then contribution else 0 end') }} as paid
from placed
group by org_code, scheme, due_month
