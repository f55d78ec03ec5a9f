-- What the newest version of a grouper made of each settlement.
select
    setl_id,
    group_system,
    group_version,
    nullif(group_code, '') as group_code,
    group_name,
    weight_or_score,
    standard_payment,
    case_type_code as case_type
from {{ ref('stg_drg_dip_rslt_d') }}
qualify row_number() over (partition by setl_id order by group_version desc, group_system) = 1
