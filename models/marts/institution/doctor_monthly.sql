{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ drop_changed_months(ref('int_settlement__changed_part_month')) }}"
) }}

-- What doctors ordered, by institution and month of settlement. Of a settlement that several doctors ordered for, each has the
-- visit and the person, the fees of the own lines, and the fund payment in proportion to them.
with register as (
    select count(*) > 0 as is_loaded
    from {{ ref('int_doctor__register') }}
),

ordered as (
    select
        part.doctor_code,
        settlement.institution_code,
        settlement.month,
        settlement.person_key,
        settlement.visit_count,
        case when settlement.visit_bucket in ('outpatient', 'chronic_outpatient') then settlement.visit_count else 0 end
            as outpatient_count,
        case
            when settlement.visit_bucket in ('outpatient', 'chronic_outpatient') and settlement.visit_count > 0
                then cast(settlement.setl_time as date)
        end as outpatient_day,
        part.line_fee,
        part.drug_fee,
        settlement.fund_pay * part.line_fee / nullif(cast(total.line_fee as double), 0) as fund_pay
    from {{ ref('int_doctor__settlement') }} as part
    inner join {{ ref('settlement') }} as settlement on settlement.setl_id = part.setl_id
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month on changed_month.month = settlement.month
    inner join {{ ref('int_settlement__line_total') }} as total on total.setl_id = part.setl_id
    where settlement.institution_code is not null and not settlement.is_manual
),

person as (
    {{ persons_seen('ordered', ['doctor_code', 'institution_code', 'month']) }}
),

measured as (
    select
        doctor_code,
        institution_code,
        month,
        sum(visit_count) as visits,
        sum(outpatient_count) as outpatient_visits,
        count(distinct outpatient_day) as outpatient_days,
        {{ sum_money('line_fee') }} as med_fee,
        {{ sum_money('drug_fee') }} as drug_fee,
        {{ sum_money('fund_pay') }} as fund_pay
    from ordered
    group by doctor_code, institution_code, month
)

select
    measured.doctor_code,
    measured.institution_code,
    measured.month,
    cast(measured.visits as bigint) as visits,
    cast(coalesce(person.persons, 0) as bigint) as persons,
    measured.med_fee,
    measured.drug_fee,
    measured.fund_pay,
    cast(measured.outpatient_visits as bigint) as outpatient_visits,
    cast(measured.outpatient_days as bigint) as outpatient_days,
    case when register.is_loaded then known.doctor_code is not null end as is_registered
from measured
cross join register
left join person using (doctor_code, institution_code, month)
left join {{ ref('int_doctor__register') }} as known on known.doctor_code = measured.doctor_code
