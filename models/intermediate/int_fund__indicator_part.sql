-- Numerator and denominator of every fund indicator. Each formula stands here once; ratios of sums only.
with flow as (
    select
        org_code,
        fund_code,
        month,
        period_kind,
        max(case when measure = 'income' then amount end) as income,
        max(case when measure = 'expenditure' then amount end) as expenditure,
        max(case when measure = 'premium' then amount end) as premium,
        max(case when measure = 'fiscal_subsidy' then amount end) as fiscal_subsidy,
        max(case when measure = 'interest' then amount end) as interest,
        max(case when measure = 'benefit' then amount end) as benefit,
        max(case when measure = 'benefit_ipt' then amount end) as benefit_ipt,
        max(case when measure = 'catastrophic' then amount end) as catastrophic
    from {{ ref('int_fund__measure_period') }}
    group by org_code, fund_code, month, period_kind
),

compared as (
    select
        *,
        max(income) over (
            partition by org_code, fund_code, period_kind order by month
            range between interval 12 month preceding and interval 12 month preceding
        ) as income_before,
        max(expenditure) over (
            partition by org_code, fund_code, period_kind order by month
            range between interval 12 month preceding and interval 12 month preceding
        ) as expenditure_before
    from flow
),

city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

balance as (
    select
        org_code,
        fund_code,
        month,
        opening_balance,
        closing_balance,
        own_expenditure_last_12,
        payable_months
    from {{ ref('fund_balance_monthly') }}
    union all
    select
        city.org_code,
        consolidated.fund_code,
        consolidated.month,
        consolidated.opening_balance,
        consolidated.closing_balance,
        consolidated.own_expenditure_last_12,
        consolidated.payable_months
    from {{ ref('fund_balance_consolidated_monthly') }} as consolidated
    cross join city
    where
        city.org_code is not null
        and city.org_code not in (select own_books.org_code from {{ ref('fund_balance_monthly') }} as own_books)
),

budget as (
    select
        org_code,
        fund_code,
        month,
        direction,
        elapsed_share,
        seasonal_share,
        actual_ytd,
        budget
    from {{ ref('fund_budget_summary_monthly') }}
    where item_key = 'total'
),

remote_month as (
    select
        org_code,
        case scheme when 'employee' then '310_pool' when 'resident' then '390' end as fund_code,
        month,
        {{ sum_money("case when remote_kind in ('within_province', 'cross_province') then pooled_pay else 0 end") }}
            as remote_pay,
        {{ sum_money('pooled_pay') }} as pooled_pay
    from {{ ref('utilisation_monthly') }}
    where scheme in ('employee', 'resident')
    group by org_code, scheme, month
),

remote_period as (
    select
        org_code,
        fund_code,
        month,
        'month' as period_kind,
        remote_pay,
        pooled_pay
    from remote_month
    union all
    select
        org_code,
        fund_code,
        month,
        'ytd' as period_kind,
        sum(remote_pay) over year_to_date as remote_pay,
        sum(pooled_pay) over year_to_date as pooled_pay
    from remote_month
    window year_to_date as (partition by org_code, fund_code, extract(year from month) order by month)
    union all
    select
        org_code,
        fund_code,
        month,
        'rolling_12' as period_kind,
        case when count(*) over last_12 = 12 then sum(remote_pay) over last_12 end as remote_pay,
        case when count(*) over last_12 = 12 then sum(pooled_pay) over last_12 end as pooled_pay
    from remote_month
    window last_12 as (
        partition by org_code, fund_code order by month range between interval 11 month preceding and current row
    )
),

head_period as (
    select
        org_code,
        scheme,
        month,
        'month' as period_kind,
        cast(enrolled as double) as average_enrolled
    from {{ ref('int_enrolment__head_month') }}
    union all
    select
        org_code,
        scheme,
        month,
        'ytd' as period_kind,
        case when count(*) over year_to_date = extract(month from month) then avg(enrolled) over year_to_date end
    from {{ ref('int_enrolment__head_month') }}
    window year_to_date as (partition by org_code, scheme, extract(year from month) order by month)
    union all
    select
        org_code,
        scheme,
        month,
        'rolling_12' as period_kind,
        case when count(*) over last_12 = 12 then avg(enrolled) over last_12 end
    from {{ ref('int_enrolment__head_month') }}
    window last_12 as (
        partition by org_code, scheme order by month range between interval 11 month preceding and current row
    )
),

flow_per_head as (
    select
        flow.org_code,
        flow.fund_code,
        flow.month,
        flow.period_kind,
        flow.income,
        flow.expenditure,
        head_period.average_enrolled
    from flow
    inner join {{ ref('dim_fund') }} as dim_fund using (fund_code)
    inner join head_period
        on
            head_period.scheme = dim_fund.scheme
            and head_period.org_code = flow.org_code
            and head_period.month = flow.month
            and head_period.period_kind = flow.period_kind
),

-- Both schemes side by side: the pooled fund and the accounts of employees, and the two schemes' spending per head.
account_income as (
    select
        account.org_code,
        account.fund_code,
        account.month,
        account.period_kind,
        account.income,
        pooled.income + account.income as scheme_income
    from flow as account
    inner join flow as pooled
        on
            pooled.org_code = account.org_code
            and pooled.month = account.month
            and pooled.period_kind = account.period_kind
    where account.fund_code = '310_acct' and pooled.fund_code = '310_pool'
),

spending_per_head as (
    select
        employee.org_code,
        employee.fund_code,
        employee.month,
        employee.period_kind,
        cast(employee.expenditure as double) / nullif(employee.average_enrolled, 0) as employee_spending,
        cast(resident.expenditure as double) / nullif(resident.average_enrolled, 0) as resident_spending
    from flow_per_head as employee
    inner join flow_per_head as resident
        on
            resident.org_code = employee.org_code
            and resident.month = employee.month
            and resident.period_kind = employee.period_kind
    where employee.fund_code = '310_pool' and resident.fund_code = '390'
),

-- The mean of twelve months' mean balances: money that arrives once a year would make the ends of a year say too much.
mean_balance as (
    select
        org_code,
        fund_code,
        month,
        case
            when count(*) over last_12 = 12 then avg((opening_balance + closing_balance) / 2) over last_12
        end as mean_balance
    from balance
    window last_12 as (
        partition by org_code, fund_code order by month range between interval 11 month preceding and current row
    )
),

part as (
    select org_code, fund_code, month, period_kind, 'F01' as indicator_id, income as numerator, null as denominator
    from flow
    union all
    select org_code, fund_code, month, period_kind, 'F02', expenditure, null from flow
    union all
    select org_code, fund_code, month, period_kind, 'F03', income - expenditure, null from flow
    union all
    select org_code, fund_code, month, period_kind, 'F04', income - expenditure, income from flow
    union all
    select org_code, fund_code, month, period_kind, 'F05', expenditure, income from flow
    union all
    select org_code, fund_code, month, 'month', 'F06', closing_balance, null from balance
    union all
    select org_code, fund_code, month, period_kind, 'F08', income - income_before, income_before from compared
    union all
    select org_code, fund_code, month, period_kind, 'F09', expenditure - expenditure_before, expenditure_before
    from compared
    union all
    select org_code, fund_code, month, 'month', 'F11', paid, due
    from {{ ref('int_contribution__collection_month') }}
    union all
    select org_code, fund_code, month, period_kind, 'F12', premium, income from flow
    union all
    select org_code, fund_code, month, period_kind, 'F13', fiscal_subsidy, income from flow
    union all
    select org_code, fund_code, month, period_kind, 'F15', income, scheme_income from account_income
    union all
    select org_code, fund_code, month, period_kind, 'F16', income, average_enrolled from flow_per_head
    union all
    select org_code, fund_code, month, period_kind, 'F17', expenditure, average_enrolled from flow_per_head
    union all
    select org_code, '310_pool', month, 'month', 'F18', active, retired
    from {{ ref('int_enrolment__head_month') }}
    where scheme = 'employee'
    union all
    select org_code, fund_code, month, period_kind, 'F19', employee_spending, resident_spending from spending_per_head
    union all
    select
        org_code,
        fund_code,
        month,
        'ytd',
        case direction when 'expenditure' then 'F20' else 'F20.income' end,
        actual_ytd,
        budget
    from budget
    union all
    select org_code, fund_code, month, period_kind, 'F21', benefit_ipt, benefit from flow
    union all
    select org_code, fund_code, month, period_kind, 'F22', remote_pay, pooled_pay from remote_period
    union all
    select org_code, fund_code, month, period_kind, 'F23', catastrophic, income
    from flow
    where fund_code = '390'
    union all
    select flow.org_code, flow.fund_code, flow.month, flow.period_kind, 'F24', flow.interest, mean_balance.mean_balance
    from flow
    inner join mean_balance using (org_code, fund_code, month)
    where flow.period_kind = 'rolling_12'
)

select
    part.org_code,
    part.fund_code,
    part.month,
    part.period_kind,
    part.indicator_id,
    cast(part.numerator as {{ money_type() }}) as numerator,
    cast(part.denominator as {{ money_type() }}) as denominator,
    case
        when indicator.is_ratio_of_sums and part.indicator_id in ('F08', 'F09')
            then case when part.denominator > 0 then {{ ratio('part.numerator', 'part.denominator') }} end
        when indicator.is_ratio_of_sums or part.indicator_id = 'F19'
            then {{ ratio('part.numerator', 'part.denominator') }}
        else cast(part.numerator as double)
    end as value,
    budget.elapsed_share,
    budget.seasonal_share
from part
inner join {{ ref('indicator') }} as indicator
    on indicator.indicator_id = split_part(part.indicator_id, '.', 1)
left join budget
    on
        part.indicator_id in ('F20', 'F20.income')
        and budget.org_code = part.org_code
        and budget.fund_code = part.fund_code
        and budget.month = part.month
        and budget.direction = case part.indicator_id when 'F20' then 'expenditure' else 'income' end

union all

select
    balance.org_code,
    balance.fund_code,
    balance.month,
    'month' as period_kind,
    'F07' as indicator_id,
    balance.closing_balance as numerator,
    cast(balance.own_expenditure_last_12 / 12 as {{ money_type() }}) as denominator,
    balance.payable_months as value,
    null as elapsed_share,
    null as seasonal_share
from balance
where balance.payable_months is not null

union all

select
    org_code,
    fund_code,
    month,
    period_kind,
    'F10' as indicator_id,
    null as numerator,
    null as denominator,
    {{ growth('expenditure', 'expenditure_before') }} - {{ growth('income', 'income_before') }} as value,
    null as elapsed_share,
    null as seasonal_share
from compared
