{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_part_month')) }}"
) }}

-- Fees by class come from fee lines; where no settlement of a cell has any, they are unknown (null), not zero.
with settlement as (
    select
        settlement.*,
        line_total.line_fee,
        line_total.drug_fee,
        line_total.herbal_fee,
        line_total.consumable_fee,
        line_total.exam_fee,
        line_total.service_fee,
        line_total.other_fee,
        line_total.drug_self_funded,
        line_total.drug_fee_with_self_funded,
        line_total.drug_quantity,
        line_total.consumable_quantity,
        line_total.exam_quantity + line_total.service_quantity as item_quantity
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month using (month)
    left join {{ ref('int_settlement__line_total') }} as line_total on line_total.setl_id = settlement.setl_id
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
        sum(
            case
                when visit_bucket <> 'inpatient' then null
                when abs(length_of_stay) < 2 then visit_count
                else 0
            end
        ) as short_stays,
        sum(case when age_band = 'unknown' or sex = 'unknown' then visit_count else 0 end) as unknown_person_visits,
        sum(case when visit_bucket = 'maternity' and sex = 'male' then visit_count else 0 end) as sex_conflict_visits,
        {{ sum_money('med_fee') }} as med_fee,
        {{ sum_money('in_scope') }} as in_scope,
        {{ sum_money('fund_pay') }} as fund_pay,
        {{ sum_money('account_pay') }} as account_pay,
        {{ sum_money('cash_pay') }} as cash_pay,
        {{ sum_money('self_funded') }} as self_funded,
        {{ sum_money('agreed_fee') }} as agreed_fee,
        {{ sum_money('drug_fee') }} as drug_fee,
        {{ sum_money('herbal_fee') }} as herbal_fee,
        {{ sum_money('consumable_fee') }} as consumable_fee,
        {{ sum_money('exam_fee') }} as exam_fee,
        {{ sum_money('service_fee') }} as service_fee,
        {{ sum_money('other_fee') }} as other_fee,
        {{ sum_money('line_fee') }} as line_fee,
        {{ sum_money('drug_self_funded') }} as drug_self_funded,
        {{ sum_money('drug_fee_with_self_funded') }} as drug_fee_with_self_funded,
        sum(drug_quantity) as drug_quantity,
        sum(consumable_quantity) as consumable_quantity,
        sum(item_quantity) as item_quantity
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
    measured.agreed_fee,
    measured.drug_fee,
    measured.herbal_fee,
    measured.consumable_fee,
    measured.exam_fee,
    measured.service_fee,
    measured.other_fee,
    measured.line_fee,
    measured.drug_self_funded,
    measured.drug_fee_with_self_funded,
    cast(measured.drug_quantity as decimal(18, 4)) as drug_quantity,
    cast(measured.consumable_quantity as decimal(18, 4)) as consumable_quantity,
    cast(measured.item_quantity as decimal(18, 4)) as item_quantity,
    cast(measured.short_stays as bigint) as short_stays,
    cast(measured.unknown_person_visits as bigint) as unknown_person_visits,
    cast(measured.sex_conflict_visits as bigint) as sex_conflict_visits
from measured
left join person using (institution_code, scheme, visit_bucket, month)
