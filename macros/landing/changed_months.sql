{#- Pre-hook of an incremental table by month: takes out the months that the model then works out anew. -#}
{% macro drop_changed_months(changed_month, only='true') -%}
{% if is_incremental() %}delete from {{ this }} where {{ only }} and month in (select month from {{ changed_month }}){% endif %}
{%- endmacro %}

{#- Distinct persons whose visits sum to more than zero, per cell of `columns`: a select on a relation that holds
    person_key and visit_count. -#}
{% macro persons_seen(relation, columns) -%}
    select
        {{ columns | join(',\n        ') }},
        count(*) as persons
    from (
        select
            {{ columns | join(',\n            ') }},
            person_key
        from {{ relation }}
        group by {{ columns | join(', ') }}, person_key
        having sum(visit_count) > 0
    ) as seen
    group by {{ columns | join(', ') }}
{%- endmacro %}
