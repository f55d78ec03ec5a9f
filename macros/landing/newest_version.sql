{#- Keep one row per key: the newest by the table's own order, then by the order of landing.
    A macro and not a view, so that a caller can narrow the versions first. -#}
{% macro newest_version(relation, key, order_by) -%}
    select *
    from {{ relation }}
    qualify row_number() over (
        partition by {{ key | join(', ') }}
        order by {% for column in order_by %}{{ column }} desc nulls last, {% endfor %}batch_id desc, row_number_in_file desc
    ) = 1
{%- endmacro %}
