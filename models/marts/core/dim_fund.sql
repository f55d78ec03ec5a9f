-- A set of books that a bureau adds without saying what it is reads as supplementary, so that it never
-- slips into the pooled figures of a scheme.
select
    value.code as fund_code,
    value.name_zh,
    value.name_en,
    coalesce(kind.scheme, 'other') as scheme,
    coalesce(kind.account_kind, 'supplementary') as account_kind,
    coalesce(kind.sort_order, 1000) as sort_order
from {{ ref('code_value') }} as value
left join {{ ref('fund_kind') }} as kind on value.code = kind.fund_code
where value.dictionary = 'fund_code'
