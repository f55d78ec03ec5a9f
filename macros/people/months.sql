{#- Which months of a year something holds for, as one number: January is 1, February 2, March 4 … December 2048. A person
    needs one row a year and not twelve, and spells of several records are united with bit_or. -#}
{% macro month_bit(number) -%} cast(power(2, {{ number }} - 1) as integer) {%- endmacro %}

{#- The months from one number to another, both included; none where the last comes before the first. -#}
{% macro month_span(first, last) -%}
    case
        when {{ last }} >= {{ first }}
            then cast(power(2, {{ last }}) as integer) - cast(power(2, {{ first }} - 1) as integer)
        else 0
    end
{%- endmacro %}

{% macro every_month() -%} 4095 {%- endmacro %}

{#- 1 where the month of that number is among them, else 0. -#}
{% macro has_month(months, number) -%}
    case when {{ months }} & {{ month_bit(number) }} <> 0 then 1 else 0 end
{%- endmacro %}

{#- Number of a date's month counted from January of a year; 0 for the December before, 13 for the January after. -#}
{% macro month_number(day, year) -%}
    (extract(year from {{ day }}) - {{ year }}) * 12 + extract(month from {{ day }})
{%- endmacro %}

{#- The twelve numbers, to lay a row of a year out by month: a select. -#}
{% macro month_numbers() -%}
    {% for number in range(1, 13) -%}
    select {{ number }} as number{{ ' union all ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#- First day of a month given by year and number. -#}
{% macro month_from(year, number) -%} make_date(cast({{ year }} as integer), cast({{ number }} as integer), 1) {%- endmacro %}

{#- The band an age in years falls in. -#}
{% macro age_band(age) -%}
    case
        when {{ age }} < 5 then '0-4'
        when {{ age }} < 18 then '5-17'
        when {{ age }} < 45 then '18-44'
        when {{ age }} < 60 then '45-59'
        when {{ age }} < 70 then '60-69'
        when {{ age }} < 80 then '70-79'
        when {{ age }} >= 80 then '80+'
        else 'unknown'
    end
{%- endmacro %}

{#- Codes of sex, with or without a leading zero. -#}
{% macro sex_of(code) -%}
    case ltrim({{ code }}, '0') when '1' then 'male' when '2' then 'female' else 'unknown' end
{%- endmacro %}
