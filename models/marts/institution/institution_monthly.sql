{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_month')) }}"
) }}

-- Fees by class come from fee lines; while none are loaded they are unknown (null), not zero.
with settlement as (
    select settlement.*
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_month') }} as changed_month using (month)
    where settlement.institution_code is not null and not settlement.is_manual
),

person as (
    {{ persons_seen('settlement', ['institution_code', 'scheme', 'visit_bucket', 'month']) }}
),

measured as (
    select
        institution_code,
        scheme,
        visit_bucket,
        month,
        sum(visit_count) as visits,
        sum(case when visit_bucket = 'inpatient' then length_of_stay end) as bed_days,
        {{ sum_money('med_fee') }} as med_fee,
        {{ sum_money('in_scope') }} as in_scope,
        {{ sum_money('fund_pay') }} as fund_pay,
        {{ sum_money('account_pay') }} as account_pay,
        {{ sum_money('cash_pay') }} as cash_pay,
        {{ sum_money('self_funded') }} as self_funded
    from settlement
    group by institution_code, scheme, visit_bucket, month
)

select
    measured.institution_code,
    measured.scheme,
    measured.visit_bucket,
    measured.month,
    cast(measured.visits as bigint) as visits,
    cast(coalesce(person.persons, 0) as bigint) as persons,
    cast(measured.bed_days as bigint) as bed_days,
    measured.med_fee,
    measured.in_scope,
    measured.fund_pay,
    measured.account_pay,
    measured.cash_pay,
    measured.self_funded,
    cast(null as {{ money_type() }}) as drug_fee,
    cast(null as {{ money_type() }}) as herbal_fee,
    cast(null as {{ money_type() }}) as consumable_fee,
    cast(null as {{ money_type() }}) as exam_fee,
    cast(null as {{ money_type() }}) as service_fee,
    cast(null as {{ money_type() }}) as other_fee
from measured
left join person using (institution_code, scheme, visit_bucket, month)
