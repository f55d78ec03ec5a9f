select
    org_code,
    name_zh,
    name_en,
    level,
    parent_org_code
from {{ ref('int_org__division') }}
