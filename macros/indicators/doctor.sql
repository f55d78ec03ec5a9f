{#- Indicators of doctors, each once; read as those of institutions. The names are columns of the sums by period in
    int_doctor__indicator_part (by institution) and int_prescriber__indicator_part (by doctor). -#}
{% macro doctor_indicators() -%}
    {{ return([
        {'id': 'D01', 'buckets': 'all', 'numerator': 'med_fee', 'denominator': 'persons'},
        {'id': 'D02', 'buckets': 'all', 'numerator': 'drug_fee', 'denominator': 'med_fee'},
        {'id': 'D03', 'buckets': 'outpatient', 'numerator': 'outpatient_visits', 'denominator': 'outpatient_days'},
    ]) }}
{%- endmacro %}
