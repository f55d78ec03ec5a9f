-- Insurance types as exported, with the scheme of the longest listed prefix. Maternity settles with the
-- employee scheme, into which it was merged.
with exported as (
    select distinct insurance_type_code from {{ ref('int_settlement__newest') }}
)

select
    exported.insurance_type_code,
    case
        when listed.grouping in ('employee', 'maternity') then 'employee'
        when listed.grouping = 'resident' then 'resident'
        else 'other'
    end as scheme,
    listed.code is not null as is_listed
from exported
left join {{ ref('code_value') }} as listed
    on
        listed.dictionary = 'insutype'
        and substring(exported.insurance_type_code, 1, length(listed.code)) = listed.code
qualify
    row_number() over (partition by exported.insurance_type_code order by length(listed.code) desc nulls last) = 1
