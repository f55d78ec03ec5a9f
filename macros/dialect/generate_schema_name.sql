{#- Schemas are named as configured, without the target's prefix: `marts` is part of the public interface. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name if custom_schema_name is not none else target.schema }}
{%- endmacro %}
