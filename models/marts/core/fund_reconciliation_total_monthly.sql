-- Both sides of each leg and their difference. A month stands here when both sides are loaded for it.
with notice as (
    select * from {{ ref('int_reconciliation__notice') }}
),

claimed as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from {{ ref('fund_claim_monthly') }}
    group by org_code, fund_code, month
),

asked as (
    select
        org_code,
        fund_code,
        month,
        sum(amount) as amount
    from notice
    group by org_code, fund_code, month
),

-- Months that have settlements, from the first whose claims the notices ask for; books that have notices. Where refunds
-- are restated, claims lose what clearing had in its months, so the two are not compared.
claim_month as (
    select
        cleared.org_code,
        cleared.fund_code,
        settled.month
    from (select distinct month from {{ ref('fund_claim_monthly') }}) as settled
    inner join (select min(month) as first_month from notice where channel is not null) as span
        on settled.month >= span.first_month
    cross join (select distinct org_code, fund_code from notice) as cleared
    inner join {{ source('run', 'bureau_setting') }} as setting on setting.refunds = 'netted'
),

side as (
    select
        claim_month.org_code,
        claim_month.fund_code,
        claim_month.month,
        'claims_to_clearing' as leg,
        coalesce(claimed.amount, 0) as left_amount,
        coalesce(asked.amount, 0) as right_amount
    from claim_month
    left join claimed using (org_code, fund_code, month)
    left join asked using (org_code, fund_code, month)
    union all
    select
        org_code,
        fund_code,
        month,
        leg,
        left_amount,
        right_amount
    from {{ ref('int_reconciliation__side') }}
)

select
    org_code,
    fund_code,
    month,
    leg,
    cast(left_amount as {{ money_type() }}) as left_amount,
    cast(right_amount as {{ money_type() }}) as right_amount,
    cast(left_amount - right_amount as {{ money_type() }}) as difference
from side
