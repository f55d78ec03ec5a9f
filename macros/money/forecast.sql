{#- Whole fen, as the forecast hands them in, to yuan. -#}
{% macro from_fen(amount) -%} cast(cast({{ amount }} as decimal(38, 0)) * 0.01 as {{ money_type() }}) {%- endmacro %}

{#- Part of an amount, to the fen: the factor becomes a decimal of ten places before money is multiplied, so that
    no money is ever a float. Null where the factor is missing or out of all measure. -#}
{% macro part_of(amount, factor) -%}
    cast(round(cast({{ amount }} as decimal(20, 2)) * try_cast({{ factor }} as decimal(18, 10)), 2) as {{ money_type() }})
{%- endmacro %}

{#- The lower end of an interval after a scenario has moved it: a flow that stops at zero goes on doing so. -#}
{% macro shifted_lower(bound) -%}
    case
        when measure = 'balance' then {{ bound }} + shift
        else greatest({{ bound }} + shift, least({{ bound }}, point + shift, 0))
    end
{%- endmacro %}
