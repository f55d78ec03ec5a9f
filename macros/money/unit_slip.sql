{#- Whether a difference is what an amount written in the wrong unit leaves: it came as 万元 though it is in yuan, ten
    thousand times too large, or the other way round. Exact to the fen that turning units can cost. -#}
{% macro is_unit_slip(difference, amount) -%}
    (
        {{ amount }} <> 0
        and (
            abs({{ difference }} - ({{ amount }} - cast({{ amount }} / 10000 as {{ money_type() }}))) <= 0.01
            or abs({{ difference }} + cast({{ amount }} as decimal(28, 2)) * 9999) <= 0.01
        )
    )
{%- endmacro %}
