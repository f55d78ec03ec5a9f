{#- The six classes of fees, read from the charge type of a fee line, with or without its leading zero. Whole codes are compared
    first, since there are millions of them and padding each costs more than reading it. -#}
{% macro fee_class(charge_type_code) -%}
    {%- set classes = {
        'drug': ['09', '11'],
        'service': ['01', '02', '05', '06', '07', '12', '13'],
        'exam': ['03', '04'],
        'consumable': ['08'],
        'herbal': ['10'],
    } -%}
    case
        {%- for code in [charge_type_code, "lpad(" ~ charge_type_code ~ ", 2, '0')"] %}
        {%- for class, codes in classes.items() %}
        when {{ code }} in ('{{ codes | join("', '") }}') then '{{ class }}'
        {%- endfor %}
        {%- if loop.first %}
        when length({{ code }}) = 2 then 'other'
        {%- endif %}
        {%- endfor %}
        else 'other'
    end
{%- endmacro %}
