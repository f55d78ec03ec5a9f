{#- A value that is worked out before a model runs and stands in its query as a constant, so that files and row groups it
    excludes are not read. A pre-hook: the query gives one value. -#}
{% macro remember(name, query) -%}
    {{ return(adapter.dispatch('remember', 'medfund')(name, query)) }}
{%- endmacro %}

{% macro default__remember(name, query) -%} set variable {{ name }} = ({{ query }}) {%- endmacro %}

{% macro spark__remember(name, query) -%} set var {{ name }} = ({{ query }}) {%- endmacro %}

{#- The date remembered under a name; where nothing was, as in a unit test, the first of all days. -#}
{% macro remembered_date(name) -%}
    {{ return(adapter.dispatch('remembered_date', 'medfund')(name)) }}
{%- endmacro %}

{% macro default__remembered_date(name) -%}
    coalesce(cast(getvariable('{{ name }}') as date), date '0001-01-01')
{%- endmacro %}

{% macro spark__remembered_date(name) -%} coalesce(cast({{ name }} as date), date '0001-01-01') {%- endmacro %}

{#- One text that tells a set of rows from another, whatever their order: no two rows may be equal. -#}
{% macro fingerprint(row) -%}
    {{ return(adapter.dispatch('fingerprint', 'medfund')(row)) }}
{%- endmacro %}

{% macro default__fingerprint(row) -%} cast(bit_xor(md5_number(cast({{ row }} as varchar))) as varchar) {%- endmacro %}

{% macro spark__fingerprint(row) -%} cast(bit_xor(xxhash64({{ row }}.*)) as string) {%- endmacro %}
