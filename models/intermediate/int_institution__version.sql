-- Agreement versions of institutions with level, kind and ownership read from their codes. Intervals are
-- half-open days: a closing at 23:59:59 means that day included. Overlaps end where the next version begins.
with version as (
    select
        institution.institution_code,
        cast(institution.valid_from_at as date) as valid_from,
        case
            when institution.valid_to_at is null then null
            when
                extract(hour from institution.valid_to_at) = 23
                and extract(minute from institution.valid_to_at) = 59
                then cast(institution.valid_to_at as date) + interval 1 day
            else cast(institution.valid_to_at as date)
        end as valid_to,
        institution.name,
        institution.institution_type_code,
        institution.hospital_grade_code,
        institution.institution_level_code,
        institution.economic_type_code,
        institution.is_primary_care_flag,
        institution.org_code,
        institution.bed_count
    from {{ ref('stg_fixmedins_b') }} as institution
    where institution.valid_flag = '1'
    -- Two versions that begin on one day: the later one.
    qualify row_number() over (
        partition by institution.institution_code, cast(institution.valid_from_at as date)
        order by institution.valid_from_at desc
    ) = 1
),

bounded as (
    select
        *,
        lead(valid_from) over (partition by institution_code order by valid_from) as next_valid_from
    from version
),

read_codes as (
    select
        bounded.*,
        grade.grouping as level_of_grade,
        institution_level.grouping as level_of_level,
        case substring(bounded.institution_code, 1, 1)
            when 'P' then 'pharmacy'
            when 'H' then 'hospital'
            else coalesce(institution_type.grouping, 'other')
        end as kind_of_code
    from bounded
    left join {{ ref('code_value') }} as grade
        on grade.dictionary = 'hosp_lv' and grade.code = lpad(bounded.hospital_grade_code, 2, '0')
    left join {{ ref('code_value') }} as institution_level
        on
            institution_level.dictionary = 'medinslv'
            and institution_level.code = ltrim(bounded.institution_level_code, '0')
    left join {{ ref('code_value') }} as institution_type
        on
            institution_type.dictionary = 'fixmedins_type'
            and institution_type.code = ltrim(bounded.institution_type_code, '0')
)

select
    institution_code,
    valid_from,
    cast(
        case
            when valid_to is null or next_valid_from < valid_to then next_valid_from
            else valid_to
        end as date
    ) as valid_to,
    next_valid_from is null as is_current,
    name,
    case
        when kind_of_code in ('pharmacy', 'other') then kind_of_code
        when
            is_primary_care_flag = '1'
            or name like '%卫生院%' or name like '%社区卫生%' or name like '%卫生室%'
            or name like '%卫生所%' or name like '%诊所%' or name like '%门诊部%'
            then 'primary'
        else 'hospital'
    end as institution_kind,
    case
        when kind_of_code = 'pharmacy' then 'ungraded'
        when level_of_grade is not null and level_of_grade <> 'unknown' then level_of_grade
        else coalesce(level_of_level, 'unknown')
    end as hospital_level,
    nullif(hospital_grade_code, '0') as hospital_grade,
    -- Economic types of GB/T 12402: 11 and 12 state and collective, 13-19 other domestic, 2xx and 3xx foreign.
    case
        when substring(economic_type_code, 1, 2) in ('11', '12') then 'public'
        when substring(economic_type_code, 1, 1) in ('1', '2', '3') and length(economic_type_code) > 1 then 'private'
        else 'unknown'
    end as ownership,
    org_code,
    bed_count
from read_codes
