{{ config(materialized='view') }}
-- Contribution lines with who pays, when they are due and when their money reached the treasury. A reversed line and its
-- reversal are owed by nobody, but their money moved: both count as received, each in its month.
select
    contribution.row_key,
    coalesce(relation.org_code, contribution.pool_area_code) as org_code,
    scheme.grouping as scheme,
    case
        when scheme.grouping = 'employee' and contribution.employer_contribution <> 0 then 'employer'
        when scheme.grouping = 'employee' and contribution.employer_code is not null then 'employer'
        when
            scheme.grouping = 'resident'
            and identity.grouping = 'assistance'
            and contribution.other_contribution <> 0
            then 'sponsored'
        else 'individual'
    end as payer_kind,
    contribution.employer_code,
    contribution.person_key,
    contribution.accrual_month as due_month,
    case
        when contribution.paid_flag = '1'
            then
                {{ month_of(
                    'coalesce(contribution.in_treasury_at, contribution.contributed_at, contribution.cash_month)'
                ) }}
    end as received_month,
    case
        when contribution.reversal_flag <> 'Z' then 'reversed'
        when contribution.contribution_type_code in ('20', '991') then 'refund'
        when contribution.contribution_type_code = '992' then 'deferred'
        when contribution.paid_flag = '4' then 'relief'
        else 'owed'
    end as line_kind,
    cast(contribution.contribution as {{ money_type() }}) as contribution,
    cast(coalesce(contribution.fiscal_subsidy, 0) as {{ money_type() }}) as subsidy
from {{ ref('stg_psn_clct_detl_d') }} as contribution
inner join {{ ref('code_value') }} as scheme
    on
        scheme.dictionary = 'insutype'
        and scheme.code = contribution.insurance_type_code
        and scheme.grouping in ('employee', 'resident')
left join {{ ref('int_enrolment__relation_org') }} as relation on relation.relation_id = contribution.relation_id
left join {{ ref('code_value') }} as identity
    on identity.dictionary = 'psn_idet_type' and identity.code = contribution.person_identity_code
-- A line voided later is gone, not back at its earlier version.
where coalesce(contribution.valid_flag, '1') = '1'
    and contribution.accrual_month is not null
    and coalesce(relation.org_code, contribution.pool_area_code) is not null
