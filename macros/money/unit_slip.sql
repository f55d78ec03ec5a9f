{#- Whether one amount is the other written in the wrong unit: ten thousand times as much or as little, to the fen that turning
    units can cost. Amounts under one yuan on the smaller side must fit exactly, or every small sum would. -#}
{% macro is_unit_slip(one, other) -%}
    (
        {{ one }} <> 0
        and {{ other }} <> 0
        and (
            cast({{ one }} as decimal(28, 2)) = cast({{ other }} as decimal(28, 2)) * 10000
            or cast({{ other }} as decimal(28, 2)) = cast({{ one }} as decimal(28, 2)) * 10000
            or (abs({{ one }}) >= 10000 and round(cast({{ one }} as decimal(28, 6)) / 10000, 2) = {{ other }})
            or (abs({{ other }}) >= 10000 and round(cast({{ other }} as decimal(28, 6)) / 10000, 2) = {{ one }})
        )
    )
{%- endmacro %}
