{#- Pre-hook: remembers from which month on a model is worked out anew. `changed` lists months, or where `scope` is named,
    gives the first one of that scope. Nothing has changed: from a month that never comes. -#}
{% macro remember_changed_from(changed, scope=none) -%}
    {%- set month = 'month' if scope is none else 'from_month' -%}
    {%- set only = 'true' if scope is none else "scope = '" ~ scope ~ "'" -%}
    {{ remember('changed_from', "select coalesce(min(" ~ month ~ "), date '9999-12-01') from " ~ changed ~ " where " ~ only) }}
{%- endmacro %}

{#- That month, where the model stands in its query. -#}
{% macro changed_from() -%} {{ remembered_date('changed_from') }} {%- endmacro %}

{#- The first month that the sums of periods from there on are made of: the year to date begins no earlier. -#}
{% macro parts_from() -%} cast({{ changed_from() }} - interval 11 month as date) {%- endmacro %}

{#- Pre-hook, after remember_changed_from: takes out the months that the model then works out anew, and the rows that it always
    does. -#}
{% macro drop_changed_from(always='false') -%}
{% if is_incremental() %}delete from {{ this }} where month >= {{ changed_from() }} or {{ always }}{% endif %}
{%- endmacro %}
