-- The group each institution is compared in, by month: kind, level and specialty of the agreement in force at the month's end, or
-- of the last one in the month. The specialty is read from the name, as registers have no code for it.
with settled_month as (
    select distinct {{ month_of('setl_time') }} as month from {{ ref('stg_setl_d') }}
),

version as (
    select
        institution_code,
        valid_from,
        valid_to,
        institution_kind,
        hospital_level,
        case
            when institution_kind <> 'hospital' then 'general'
            when name like '%中医%' or name like '%中西医%' or name like '%民族医%' then 'traditional'
            when name like '%妇幼%' or name like '%妇产%' or name like '%儿童%' then 'women_children'
            when name like '%精神%' or name like '%脑科%' or name like '%安定%' then 'psychiatric'
            when name like '%口腔%' or name like '%牙%' then 'dental'
            when name like '%眼%' then 'eye'
            when name like '%肿瘤%' then 'oncology'
            when name like '%康复%' or name like '%护理%' then 'rehabilitation'
            when name like '%传染%' or name like '%公共卫生%' then 'infectious'
            when name like '%骨%' then 'orthopaedic'
            else 'general'
        end as specialty
    from {{ ref('int_institution__version') }}
    where valid_to is null or valid_to > valid_from
)

select
    version.institution_code,
    settled_month.month,
    case
        when version.institution_kind = 'pharmacy' then 'pharmacy'
        when version.specialty = 'general' then concat_ws('/', version.institution_kind, version.hospital_level)
        else concat_ws('/', version.institution_kind, version.hospital_level, version.specialty)
    end as peer_group
from version
inner join settled_month
    on
        version.valid_from < settled_month.month + interval 1 month
        and (version.valid_to is null or version.valid_to > settled_month.month)
qualify row_number() over (
    partition by version.institution_code, settled_month.month order by version.valid_from desc
) = 1
