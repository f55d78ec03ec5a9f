-- Contributions due and paid by month of accrual. Refunds and approved deferrals stand apart; a reversed line
-- and its reversal are both left out.
with relation as (
    select
        relation_id,
        org_code
    from {{ ref('stg_psn_insu_d') }}
    qualify row_number() over (partition by relation_id order by snapshot_date desc) = 1
),

line as (
    select
        coalesce(relation.org_code, contribution.pool_area_code) as org_code,
        case listed.grouping when 'employee' then '310_pool' when 'resident' then '390' end as fund_code,
        contribution.accrual_month as month,
        contribution.contribution,
        contribution.paid_flag = '1' as is_paid
    from {{ ref('stg_psn_clct_detl_d') }} as contribution
    inner join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'insutype'
            and listed.code = contribution.insurance_type_code
            and listed.grouping in ('employee', 'resident')
    left join relation on relation.relation_id = contribution.relation_id
    where
        -- A line voided later is gone, not back at its earlier version.
        coalesce(contribution.valid_flag, '1') = '1'
        and contribution.reversal_flag = 'Z'
        and coalesce(contribution.contribution_type_code, '10') not in ('20', '991', '992')
)

select
    org_code,
    fund_code,
    month,
    {{ sum_money('contribution') }} as due,
    {{ sum_money('case when is_paid then contribution else 0 end') }} as paid
from line
where org_code is not null and month is not null
group by org_code, fund_code, month
