-- Contributions due and paid by month of accrual. Refunds and approved deferrals stand apart; a reversed line
-- and its reversal are both left out.
select
    org_code,
    case scheme when 'employee' then '310_pool' when 'resident' then '390' end as fund_code,
    due_month as month,
    {{ sum_money('contribution') }} as due,
    {{ sum_money('case when received_month is not null then contribution else 0 end') }} as paid
from {{ ref('int_contribution__line_group') }}
where line_kind in ('owed', 'relief')
group by org_code, scheme, due_month
