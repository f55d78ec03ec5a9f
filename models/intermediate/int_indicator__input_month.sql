-- What the indicators of institutions and drugs are made of beside settlements and fee lines, as one fingerprint per input and
-- month. Compared with those of the release before, they tell from which month on indicators can differ. What belongs to no
-- month stands under the first of all days and reaches every month.
{% set inputs = {
    'outsider': ref('int_institution__outsider_visit'),
    'visit': ref('int_institution__visit_month'),
    'peer': ref('int_institution__peer_month'),
    'readmission': ref('int_readmission__indicator_part'),
    'payment': ref('int_payment__indicator_part'),
    'doctor': ref('int_doctor__indicator_part'),
    'negotiated': ref('int_drug__negotiated_visit'),
} %}
{% for name, relation in inputs.items() %}
select
    cast('{{ name }}' as varchar) as input,
    cast(input.month as date) as month,
    {{ fingerprint('input') }} as fingerprint
from {{ relation }} as input
{% if name == 'doctor' %}
-- Longer periods are sums of these.
where input.period_kind = 'month'
{% endif %}
group by input.month
union all
{% endfor %}
select
    cast('institution' as varchar) as input,
    date '0001-01-01' as month,
    {{ fingerprint('input') }} as fingerprint
from {{ ref('int_institution__version') }} as input
union all
select
    cast('division' as varchar) as input,
    date '0001-01-01' as month,
    {{ fingerprint('input') }} as fingerprint
from {{ ref('int_org__division') }} as input
