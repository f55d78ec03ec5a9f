{#- One row per indicator, kind of care and period out of `relation`, a table of sums by period: a union of selects. An entry
    says id, kinds of care (`buckets`), `numerator` and `denominator`; without a denominator the figure is an amount.
    `handed_on` are further columns that every row takes along as they are. -#}
{% macro long_indicators(relation, entries, keys, handed_on=[]) -%}
    {% for entry in entries %}
    select
        {{ (keys + handed_on) | join(',\n        ') }},
        visit_bucket,
        month,
        period_kind,
        cast('{{ entry.id }}' as varchar) as indicator_id,
        cast({{ entry.numerator }} as decimal(28, 4)) as numerator,
        cast({{ entry.get('denominator', 'null') }} as decimal(28, 4)) as denominator,
        {% if 'denominator' in entry %}{{ ratio(entry.numerator, entry.denominator) }}{% else %}cast({{ entry.numerator }} as double){% endif %} as value,
        cast({{ entry.get('expected', 'null') }} as double) as expected,
        {% if 'open' in entry %}coalesce({{ entry.open }} > 0, false){% else %}false{% endif %} as is_provisional
    from {{ relation }}
    where
        {% if entry.buckets != 'each' %}visit_bucket = '{{ entry.buckets }}' and {% endif %}
        ({{ entry.numerator }} is not null{% if 'denominator' in entry %} or {{ entry.denominator }} is not null{% endif %})
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
{%- endmacro %}
