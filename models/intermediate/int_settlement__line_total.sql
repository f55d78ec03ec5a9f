-- Sums of the fee lines of each settlement, in all and by class of fee. A part that a line leaves empty has no sum.
select
    setl_id,
    cast(sum(line_count) as bigint) as line_count,
    {{ sum_money('line_fee') }} as line_fee,
    {% for part in ['self_funded', 'over_limit', 'prepaid_share', 'in_scope'] %}
    case when sum(lines_with_{{ part }}) = sum(line_count) then {{ sum_money(part) }} end as {{ part }},
    {% endfor %}
    {% for measure in [
        'drug_fee',
        'herbal_fee',
        'consumable_fee',
        'exam_fee',
        'service_fee',
        'other_fee'
    ] %}
    {{ sum_money(measure) }} as {{ measure }},
    {% endfor %}
    {% for class in ['drug', 'consumable', 'exam', 'service'] %}
    sum({{ class }}_quantity) as {{ class }}_quantity,
    {% endfor %}
    {{ sum_money('drug_self_funded') }} as drug_self_funded,
    {{ sum_money('drug_fee_with_self_funded') }} as drug_fee_with_self_funded
from {{ ref('int_settlement__line_part') }}
group by setl_id
