{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_month')) }}"
) }}

-- Who bears the expense: the basic funds, critical illness, assistance, other funds, accounts, the person, the hospital.
select
    settlement.org_code,
    settlement.scheme,
    settlement.visit_bucket,
    settlement.month,
    cast(sum(settlement.visit_count) as bigint) as visits,
    {% for money in [
        'med_fee', 'in_scope', 'deductible', 'pooled_pay', 'catastrophic_pay', 'assistance_pay', 'other_fund_pay', 'account_pay',
        'cash_pay', 'hospital_pay'
    ] -%}
    {{ sum_money('settlement.' ~ money) }} as {{ money }}{{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('settlement') }} as settlement
inner join {{ ref('int_settlement__changed_month') }} as changed_month on changed_month.month = settlement.month
group by settlement.org_code, settlement.scheme, settlement.visit_bucket, settlement.month
