{#- The six classes of fees, read from the charge type of a fee line, with or without its leading zero. -#}
{% macro fee_class(charge_type_code) -%}
    case lpad({{ charge_type_code }}, 2, '0')
        when '09' then 'drug'
        when '11' then 'drug'
        when '10' then 'herbal'
        when '08' then 'consumable'
        when '03' then 'exam'
        when '04' then 'exam'
        when '01' then 'service'
        when '02' then 'service'
        when '05' then 'service'
        when '06' then 'service'
        when '07' then 'service'
        when '12' then 'service'
        when '13' then 'service'
        else 'other'
    end
{%- endmacro %}
