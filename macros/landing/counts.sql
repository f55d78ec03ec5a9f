{#- Condition of a landed row (alias `landed`) that no newer version has replaced. Which rows are replaced is worked
    out once per build on the hashes of keys, and only for tables that have any; elsewhere the list is empty and the
    condition costs nothing, however many rows there are. -#}
{% macro counts(table) -%}
not exists (
    select 1
    from {{ source('run', 'superseded_row') }} as superseded
    where
        superseded.table_name = '{{ table }}'
        and superseded.batch_id = landed.batch
        and superseded.row_number_in_file = landed._row_no
)
{%- endmacro %}

{#- Columns that the bureau's own contract file adds to a table, behind the columns every bureau has. -#}
{% macro bureau_columns(table) -%}
{%- for raw, name in var('bureau_columns', {}).get(table, []) -%}
,
    {{ adapter.quote(raw) }} as {{ adapter.quote(name) }}
{%- endfor -%}
{%- endmacro %}
