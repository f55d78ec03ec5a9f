{#- Whole days from one date to another. -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between', 'medfund')(from_date, to_date)) }}
{%- endmacro %}

{% macro default__days_between(from_date, to_date) -%} date_diff('day', {{ from_date }}, {{ to_date }}) {%- endmacro %}

{% macro spark__days_between(from_date, to_date) -%} datediff({{ to_date }}, {{ from_date }}) {%- endmacro %}

{#- The first day of the month a date or time falls in. -#}
{% macro month_of(column) -%} cast(date_trunc('month', {{ column }}) as date) {%- endmacro %}
