-- Visits to each institution by month of their beginning, settled or not yet: admissions, and visits of which a doctor is
-- recorded whom the register does not know. Without a register nobody is unknown.
with care_type as (
    select
        exported.care_type_code,
        coalesce(listed.bucket, 'other') as visit_bucket
    from (select distinct care_type_code from {{ ref('stg_mdtrt_d') }}) as exported
    left join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'med_type'
            and substring(exported.care_type_code, 1, length(listed.code)) = listed.code
    qualify row_number() over (partition by exported.care_type_code order by length(listed.code) desc nulls last) = 1
),

doctor as (
    select distinct doctor_code from {{ ref('stg_dr_info_b') }}
),

register as (
    select count(*) > 0 as has_doctors from doctor
)

select
    visit.institution_code,
    care_type.visit_bucket,
    {{ month_of('visit.began_at') }} as month,
    count(*) as visits_begun,
    sum(case when care_type.visit_bucket = 'inpatient' then 1 else 0 end) as admissions,
    sum(
        case
            when register.has_doctors and visit.doctor_code is not null and doctor.doctor_code is null then 1
            else 0
        end
    ) as unknown_doctor_visits
from {{ ref('stg_mdtrt_d') }} as visit
inner join care_type on care_type.care_type_code = visit.care_type_code
cross join register
left join doctor on doctor.doctor_code = visit.doctor_code
where
    coalesce(visit.valid_flag, '1') = '1'
    and visit.institution_code is not null
    and visit.began_at is not null
group by visit.institution_code, care_type.visit_bucket, {{ month_of('visit.began_at') }}
