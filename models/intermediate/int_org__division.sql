-- Every division the books, settlements or institutions name. Names and parents come from the bureau's own
-- tree; a code outside it is placed by its digits (xxxx99 is the city's own level, 市本级).
with own_tree as (
    select
        org_code,
        name_zh,
        name_en,
        level,
        parent_org_code
    from {{ source('run', 'bureau_org') }}
),

seen as (
    select distinct org_code from {{ ref('int_ledger__entry') }}
    union
    select distinct org_code from {{ ref('stg_setl_d') }}
    union
    select distinct org_code from {{ ref('stg_fixmedins_b') }}
),

placed as (
    select
        org_code,
        case
            when substring(org_code, 3, 4) = '0000' then 'province'
            when substring(org_code, 5, 2) = '99' or substring(org_code, 3, 2) = '99' then 'city_direct'
            when substring(org_code, 5, 2) = '00' then 'city'
            else 'county'
        end as level
    from seen
    where org_code is not null and org_code not in (select own_tree.org_code from own_tree)
)

select
    org_code,
    name_zh,
    name_en,
    level,
    parent_org_code
from own_tree

union all

select
    org_code,
    org_code as name_zh,
    org_code as name_en,
    level,
    case
        when level = 'city' then substring(org_code, 1, 2) || '0000'
        when level in ('county', 'city_direct') then substring(org_code, 1, 4) || '00'
    end as parent_org_code
from placed
