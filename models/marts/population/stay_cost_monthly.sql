{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_month')) }}"
) }}

-- Stays by what they cost. A refund stands in the band of its own amount, with one stay less.
with stay as (
    select
        settlement.*,
        case
            when abs(settlement.med_fee) < 5000 then 'under_5k'
            when abs(settlement.med_fee) < 10000 then '5k_to_10k'
            when abs(settlement.med_fee) < 50000 then '10k_to_50k'
            when abs(settlement.med_fee) < 100000 then '50k_to_100k'
            else 'over_100k'
        end as cost_band
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_month') }} as changed_month on changed_month.month = settlement.month
    where settlement.visit_bucket = 'inpatient'
)

select
    org_code,
    scheme,
    cost_band,
    month,
    cast(sum(visit_count) as bigint) as stays,
    {{ sum_money('med_fee') }} as med_fee,
    {{ sum_money('fund_pay') }} as fund_pay,
    {{ sum_money('person_pay') }} as person_pay
from stay
group by org_code, scheme, cost_band, month
