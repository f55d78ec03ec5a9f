-- The newest version of each settlement of the months being rebuilt, with every other settlement of the same
-- visits, since which one closes a stay is decided among all of them. Rows the bureau has voided are left out.
-- Versions are told apart by what orders them; the rows themselves, sixty columns wide, are read once.
with landed as (
    select
        setl_id,
        visit_id,
        updated_at,
        record_id,
        batch_id,
        row_number_in_file,
        {{ month_of('setl_time') }} as month
    from {{ ref('stg_setl_d') }}
),

visit_of_changed_month as (
    select distinct landed.visit_id
    from landed
    inner join {{ ref('int_settlement__changed_month') }} as changed_month using (month)
),

touched as (
    select distinct landed.setl_id
    from landed
    inner join visit_of_changed_month using (visit_id)
),

version as (
    select landed.*
    from landed
    inner join touched using (setl_id)
),

-- Few settlements come in several versions; only these are put in order.
repeated as (
    select setl_id
    from version
    group by setl_id
    having count(*) > 1
),

version_of_repeated as (
    select version.*
    from version
    inner join repeated using (setl_id)
),

newest as (
    select version.*
    from version
    left join repeated on repeated.setl_id = version.setl_id
    where repeated.setl_id is null
    union all
    {{ newest_version('version_of_repeated', ['setl_id'], ['updated_at', 'record_id']) }}
)

select
    settlement.batch_id,
    settlement.row_number_in_file,
    settlement.setl_id,
    settlement.reversed_setl_id,
    settlement.visit_id,
    settlement.person_key,
    settlement.sex_code,
    settlement.age,
    settlement.insurance_type_code,
    settlement.person_type_code,
    settlement.org_code,
    settlement.institution_code,
    settlement.treatment_org_code,
    settlement.hospital_grade_code,
    settlement.payment_place_code,
    settlement.settlement_type_code,
    settlement.care_type_code,
    settlement.admitted_on,
    settlement.discharged_on,
    settlement.setl_time,
    settlement.med_fee,
    settlement.self_funded,
    settlement.over_limit,
    settlement.prepaid_share,
    settlement.in_scope,
    settlement.agreed_fee,
    settlement.deductible,
    settlement.pooled_pay,
    settlement.catastrophic_pay,
    settlement.assistance_pay,
    settlement.other_fund_pay,
    settlement.reported_fund_pay,
    settlement.reported_person_pay,
    settlement.account_pay,
    settlement.mutual_aid_pay,
    settlement.cash_pay,
    settlement.hospital_pay,
    settlement.is_refund_flagged,
    settlement.is_valid,
    settlement.updated_at,
    settlement.record_id,
    newest.month
from {{ ref('stg_setl_d') }} as settlement
inner join newest using (batch_id, row_number_in_file)
where settlement.is_valid
