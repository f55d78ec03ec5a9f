{#- The value below which a share of the values lies, interpolated; over a window where one is named. -#}
{% macro quantile(column, share, window=none) -%}
    {{ adapter.dispatch('quantile', 'medfund')(column, share) }}{{ ' over ' ~ window if window else '' }}
{%- endmacro %}

{% macro default__quantile(column, share) -%} quantile_cont({{ column }}, {{ share }}) {%- endmacro %}

{% macro spark__quantile(column, share) -%} percentile({{ column }}, {{ share }}) {%- endmacro %}
