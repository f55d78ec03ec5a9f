{#- The width every public amount has. -#}
{% macro money_type() -%} decimal(18, 2) {%- endmacro %}

{#- A sum of amounts, brought back to the public width; nothing is rounded, the parts have two places. -#}
{% macro sum_money(expression) -%} cast(sum({{ expression }}) as {{ money_type() }}) {%- endmacro %}

{#- An amount as exported, in the unit written beside it, to yuan. All decimals that came are kept until
    here: 0.000001 万元 is one fen. An unknown unit or an amount too large for the books gives null. -#}
{% macro to_yuan(amount, unit) -%}
    try_cast(
        case {{ unit }}
            when '元' then cast({{ amount }} as decimal(38, 6))
            when '万元' then cast({{ amount }} as decimal(38, 6)) * 10000
        end as {{ money_type() }}
    )
{%- endmacro %}

{#- Quotient of two sums as a fraction; null where the denominator is null or zero. -#}
{% macro ratio(numerator, denominator) -%}
    cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0)
{%- endmacro %}

{#- Relative change on an earlier level; null where the base is missing, zero or negative, since a growth
    rate on such a base says nothing. -#}
{% macro growth(now, base) -%}
    case when {{ base }} > 0 then cast({{ now }} - {{ base }} as double) / cast({{ base }} as double) end
{%- endmacro %}
