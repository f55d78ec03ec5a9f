-- Sums of the fee lines of each settlement in the months that are held against them, in all and by class of fee. A part
-- that a line leaves empty has no sum. Fee lines are by far the most rows of a bureau, so they are summed only here.
with settled as (
    select distinct landed.setl_id
    from {{ ref('stg_setl_d') }} as landed
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
),

line as (
    select
        fee_line.setl_id,
        fee_line.line_fee,
        fee_line.self_funded,
        fee_line.over_limit,
        fee_line.prepaid_share,
        fee_line.in_scope,
        fee_line.quantity,
        {{ fee_class('fee_line.charge_type_code') }} as fee_class
    from {{ ref('stg_fee_list_d') }} as fee_line
    inner join settled on settled.setl_id = fee_line.setl_id
    where coalesce(fee_line.valid_flag, '1') = '1'
)

select
    setl_id,
    count(*) as line_count,
    {{ sum_money('line_fee') }} as line_fee,
    case when count(self_funded) = count(*) then {{ sum_money('self_funded') }} end as self_funded,
    case when count(over_limit) = count(*) then {{ sum_money('over_limit') }} end as over_limit,
    case when count(prepaid_share) = count(*) then {{ sum_money('prepaid_share') }} end as prepaid_share,
    case when count(in_scope) = count(*) then {{ sum_money('in_scope') }} end as in_scope,
    {% for class in ['drug', 'herbal', 'consumable', 'exam', 'service', 'other'] %}
    {{ sum_money("case when fee_class = '" ~ class ~ "' then line_fee else 0 end") }} as {{ class }}_fee,
    {% endfor %}
    {% for class in ['drug', 'consumable', 'exam', 'service'] %}
    sum(case when fee_class = '{{ class }}' then quantity else 0 end) as {{ class }}_quantity,
    {% endfor %}
    {{ sum_money("case when fee_class in ('drug', 'herbal') then self_funded else 0 end") }} as drug_self_funded,
    {{ sum_money("case when fee_class in ('drug', 'herbal') and self_funded is not null then line_fee else 0 end") }}
        as drug_fee_with_self_funded
from line
group by setl_id
