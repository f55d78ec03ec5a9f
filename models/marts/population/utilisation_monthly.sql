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
        {{ sum_money('cash_pay') }} as cash_pay,
        {{ sum_money('self_funded') }} as self_funded,
        {{ sum_money('person_pay') }} as person_pay,
        {{ sum_money('mutual_aid_pay') }} as mutual_aid_pay,
        -- Retail pharmacies are no medical institution; a manual reimbursement names none.
        sum(
            case when visit_bucket <> 'pharmacy' and substring(institution_code, 1, 1) <> 'P' then visit_count else 0 end
        ) as institution_visits,
        sum(
            case
                when
                    visit_bucket <> 'pharmacy' and substring(institution_code, 1, 1) <> 'P'
                    and hospital_level in ('primary', 'ungraded')
                    then visit_count
                else 0
            end
        ) as primary_visits,
        sum(case when place_code is not null then visit_count else 0 end) as placed_visits,
        sum(case when place_code = org_code then visit_count else 0 end) as in_county_visits,
        {{ sum_money('case when place_code is not null then pooled_pay else 0 end') }} as placed_pooled_pay,
        {{ sum_money('case when place_code = org_code then pooled_pay else 0 end') }} as in_county_pooled_pay
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
    measured.pooled_pay,
    measured.self_funded,
    measured.person_pay,
    measured.mutual_aid_pay,
    cast(measured.institution_visits as bigint) as institution_visits,
    cast(measured.primary_visits as bigint) as primary_visits,
    cast(measured.placed_visits as bigint) as placed_visits,
    cast(measured.in_county_visits as bigint) as in_county_visits,
    measured.placed_pooled_pay,
    measured.in_county_pooled_pay
from measured
left join person using (org_code, scheme, visit_bucket, remote_kind, hospital_level, month)
