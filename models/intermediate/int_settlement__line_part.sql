-- Sums of the fee lines of each settlement by the doctor who ordered them, in the months that are held against them, in all and
-- by class of fee. Fee lines are by far the most rows of a bureau, so they are summed only here.
{% set parts = ['self_funded', 'over_limit', 'prepaid_share', 'in_scope'] %}

with settled as (
    select distinct landed.setl_id
    from {{ ref('stg_setl_d') }} as landed
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
),

line as (
    select
        fee_line.setl_id,
        nullif(fee_line.doctor_code, '') as doctor_code,
        fee_line.line_fee,
        {% for part in parts %}
        fee_line.{{ part }},
        {% endfor %}
        fee_line.quantity,
        {{ fee_class('fee_line.charge_type_code') }} as fee_class
    from {{ ref('stg_fee_list_d') }} as fee_line
    inner join settled on settled.setl_id = fee_line.setl_id
    where coalesce(fee_line.valid_flag, '1') = '1'
)

select
    setl_id,
    doctor_code,
    count(*) as line_count,
    {{ sum_money('line_fee') }} as line_fee,
    {% for part in parts %}
    {{ sum_money(part) }} as {{ part }},
    count({{ part }}) as lines_with_{{ part }},
    {% endfor %}
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
group by setl_id, doctor_code
