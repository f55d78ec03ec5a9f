{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_month')) }}"
) }}

with settlement as (
    select settlement.*
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_month') }} as changed_month using (month)
),

person as (
    {{ persons_seen(
        'settlement', ['org_code', 'scheme', 'visit_bucket', 'remote_kind', 'hospital_level', 'month']
    ) }}
),

measured as (
    select
        org_code,
        scheme,
        visit_bucket,
        remote_kind,
        hospital_level,
        month,
        sum(visit_count) as visits,
        sum(case when visit_bucket = 'inpatient' then length_of_stay end) as bed_days,
        {{ sum_money('med_fee') }} as med_fee,
        {{ sum_money('in_scope') }} as in_scope,
        {{ sum_money('fund_pay') }} as fund_pay,
        {{ sum_money('pooled_pay') }} as pooled_pay,
        {{ sum_money('account_pay') }} as account_pay,
        {{ sum_money('cash_pay') }} as cash_pay
    from settlement
    group by org_code, scheme, visit_bucket, remote_kind, hospital_level, month
)

select
    measured.org_code,
    measured.scheme,
    measured.visit_bucket,
    measured.remote_kind,
    measured.hospital_level,
    measured.month,
    cast(measured.visits as bigint) as visits,
    cast(coalesce(person.persons, 0) as bigint) as persons,
    cast(measured.bed_days as bigint) as bed_days,
    measured.med_fee,
    measured.in_scope,
    measured.fund_pay,
    measured.account_pay,
    measured.cash_pay,
    measured.pooled_pay
from measured
left join person using (org_code, scheme, visit_bucket, remote_kind, hospital_level, month)
