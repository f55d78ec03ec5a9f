-- Care types as exported, with the bucket and setting of the longest listed prefix.
with exported as (
    select distinct care_type_code from {{ ref('int_settlement__newest') }}
)

select
    exported.care_type_code,
    coalesce(listed.bucket, 'other') as visit_bucket,
    coalesce(listed.setting, 'other') as care_setting,
    listed.code is not null as is_listed
from exported
left join {{ ref('code_value') }} as listed
    on
        listed.dictionary = 'med_type'
        and substring(exported.care_type_code, 1, length(listed.code)) = listed.code
qualify row_number() over (partition by exported.care_type_code order by length(listed.code) desc nulls last) = 1
