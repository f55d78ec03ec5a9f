{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_month')) }}"
) }}

with pool_area as (
    select distinct substring(org_code, 1, 4) as prefix
    from {{ source('run', 'bureau_org') }}
    where is_pool_area
),

settlement as (
    select
        counted.*,
        coalesce(counted.treatment_org_code, institution.org_code) as place_code,
        coalesce(
            institution.hospital_level,
            case when substring(counted.institution_code, 1, 1) = 'P' then 'ungraded' end,
            nullif(grade.grouping, 'unknown'),
            'unknown'
        ) as hospital_level
    from {{ ref('int_settlement__counted') }} as counted
    inner join {{ ref('int_settlement__changed_month') }} as changed_month using (month)
    left join {{ ref('dim_institution') }} as institution
        on
            institution.institution_code = counted.institution_code
            and institution.valid_from <= cast(counted.setl_time as date)
            and (institution.valid_to is null or cast(counted.setl_time as date) < institution.valid_to)
    left join {{ ref('code_value') }} as grade
        on grade.dictionary = 'hosp_lv' and grade.code = lpad(counted.hospital_grade_code, 2, '0')
),

placed as (
    select
        settlement.*,
        case
            when settlement.place_code is null then 'unknown'
            when settlement.place_code = settlement.org_code then 'local'
            when substring(settlement.place_code, 1, 4) = substring(settlement.org_code, 1, 4) then 'local'
            when
                pool_area_of_place.prefix is not null and pool_area_of_person.prefix is not null
                then 'local'
            when substring(settlement.place_code, 1, 2) = substring(settlement.org_code, 1, 2) then 'within_province'
            else 'cross_province'
        end as remote_kind
    from settlement
    left join pool_area as pool_area_of_place
        on pool_area_of_place.prefix = substring(settlement.place_code, 1, 4)
    left join pool_area as pool_area_of_person
        on pool_area_of_person.prefix = substring(settlement.org_code, 1, 4)
)

select
    setl_id,
    person_key,
    institution_code,
    org_code,
    scheme,
    visit_bucket,
    remote_kind in ('within_province', 'cross_province') as is_remote,
    remote_kind,
    month,
    setl_time,
    admitted_on,
    discharged_on,
    cast(length_of_stay as integer) as length_of_stay,
    cast(visit_count as integer) as visit_count,
    cast(med_fee as {{ money_type() }}) as med_fee,
    cast(self_funded as {{ money_type() }}) as self_funded,
    cast(over_limit as {{ money_type() }}) as over_limit,
    cast(prepaid_share as {{ money_type() }}) as prepaid_share,
    cast(in_scope as {{ money_type() }}) as in_scope,
    cast(deductible as {{ money_type() }}) as deductible,
    cast(pooled_pay as {{ money_type() }}) as pooled_pay,
    cast(catastrophic_pay as {{ money_type() }}) as catastrophic_pay,
    cast(assistance_pay as {{ money_type() }}) as assistance_pay,
    cast(other_fund_pay as {{ money_type() }}) as other_fund_pay,
    -- Without personal accounts, whatever the bureau's total includes.
    cast(
        reported_fund_pay - case when fund_scope = 'incl' then account_pay else 0 end as {{ money_type() }}
    ) as fund_pay,
    cast(
        account_pay + case when mutual_aid = 'outside' then mutual_aid_pay else 0 end as {{ money_type() }}
    ) as account_pay,
    cast(cash_pay as {{ money_type() }}) as cash_pay,
    cast(hospital_pay as {{ money_type() }}) as hospital_pay,
    drg_dip_group,
    {{ age_band('age') }} as age_band,
    {{ sex_of('sex_code') }} as sex,
    hospital_level,
    place_code,
    cast(coalesce(reported_person_pay, account_pay + cash_pay) as {{ money_type() }}) as person_pay,
    payment_place_code = '1' or settlement_type_code = '1' as is_manual,
    is_refund_flagged,
    reversed_setl_id,
    visit_id,
    cast(coalesce(agreed_fee, in_scope) as {{ money_type() }}) as agreed_fee,
    cast(mutual_aid_pay as {{ money_type() }}) as mutual_aid_pay
from placed
