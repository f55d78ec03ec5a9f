-- In which months of a year each person's relation to a scheme was in force, by what the person was then. In the month of
-- a snapshot its status decides; in months before it the dates of the relations it lists. Several relations of a person
-- to one scheme in one place are one.
with relation as (
    select
        org_code,
        snapshot_date,
        person_key,
        person_type_code,
        retirement_flag,
        sex_code,
        birth_month,
        scheme_type_code,
        enrolled_from,
        paused_from,
        enrolment_status,
        insurance_type_code
    from {{ ref('stg_psn_insu_d') }}
    where coalesce(valid_flag, '1') = '1' and coalesce(enrolment_status, '0') not in ('0', '3')
),

scheme as (
    select
        code,
        case grouping when 'special' then 'other' else grouping end as scheme
    from {{ ref('code_value') }}
    where dictionary = 'insutype' and grouping in ('employee', 'resident', 'special')
),

placed as (
    select
        relation.*,
        scheme.scheme,
        segment.year,
        segment.own_number,
        greatest(
            segment.first_number, coalesce({{ month_number('relation.enrolled_from', 'segment.year') }}, 1)
        ) as first_number,
        least(
            case when segment.own_number is null then segment.last_number else segment.own_number - 1 end,
            case
                when relation.enrolment_status = '1' then 12
                else coalesce({{ month_number('relation.paused_from', 'segment.year') }} - 1, 0)
            end
        ) as last_number
    from relation
    inner join {{ ref('int_enrolment__segment') }} as segment
        on segment.org_code = relation.org_code and segment.snapshot_date = relation.snapshot_date
    inner join scheme on scheme.code = relation.insurance_type_code
),

in_force as (
    select
        *,
        {{ month_span('first_number', 'last_number') }}
        + case when enrolment_status = '1' and own_number is not null then {{ month_bit('own_number') }} else 0 end
            as months
    from placed
),

united as (
    select
        org_code,
        scheme,
        person_key,
        year,
        snapshot_date,
        bit_or(months) as months,
        max_by(person_type_code, relation_rank) as person_type_code,
        max_by(retirement_flag, relation_rank) as retirement_flag,
        max_by(scheme_type_code, relation_rank) as scheme_type_code,
        max_by(sex_code, relation_rank) as sex_code,
        max_by(birth_month, relation_rank) as birth_month
    from (
        select
            *,
            -- The relation in force, and of several the one begun last, says what the person is.
            case when enrolment_status = '1' then '1' else '0' end
            || coalesce(cast(enrolled_from as varchar), '') || insurance_type_code || person_type_code as relation_rank
        from in_force
        where months > 0
    ) as ranked
    group by org_code, scheme, person_key, year, snapshot_date
),

person_type as (
    select
        exported.person_type_code,
        case listed.grouping
            when 'employee_active' then 'active'
            when 'employee_retired' then 'retired'
            when 'veteran_cadre' then 'veteran'
            when 'resident_minor' then 'minor'
            when 'resident_student' then 'minor'
            when 'resident_adult' then 'adult'
            when 'resident_senior' then 'elderly'
            else 'other'
        end as person_group,
        listed.code in ('1103', '1203') as is_flexible
    from (select distinct person_type_code from united) as exported
    left join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'psn_type'
            and substring(exported.person_type_code, 1, length(listed.code)) = listed.code
    qualify
        row_number() over (partition by exported.person_type_code order by length(listed.code) desc nulls last) = 1
)

select
    united.org_code,
    united.scheme,
    united.person_key,
    united.year,
    person_type.person_group,
    {{ sex_of('united.sex_code') }} as sex,
    united.birth_month,
    coalesce(united.retirement_flag in ('1', '2'), false) as is_retired,
    coalesce(person_type.is_flexible, false) as is_flexible,
    coalesce(united.scheme_type_code in ('2', '3'), false) as is_pool_only,
    bit_or(united.months) as months
from united
inner join person_type on person_type.person_type_code = united.person_type_code
group by all
