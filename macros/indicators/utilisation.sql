{#- Indicators of the use of care by the insured, each once; read as those of institutions. The names are columns of the sums by
    period in int_utilisation__indicator_part, where `average_persons` is the mean of the persons enrolled at the ends of the
    months. -#}
{% macro utilisation_indicators() -%}
    {{ return([
        {'id': 'U01', 'buckets': 'inpatient', 'numerator': 'visits', 'denominator': 'average_persons'},
        {'id': 'U02', 'buckets': 'outpatient', 'numerator': 'visits', 'denominator': 'average_persons'},
        {'id': 'U03', 'buckets': 'each', 'numerator': 'visits', 'denominator': 'average_persons'},
        {'id': 'U04', 'buckets': 'inpatient', 'numerator': 'bed_days', 'denominator': 'visits'},
        {'id': 'U05', 'buckets': 'inpatient', 'numerator': 'med_fee', 'denominator': 'visits'},
        {'id': 'U06', 'buckets': 'each', 'numerator': 'med_fee', 'denominator': 'visits'},
        {'id': 'U07', 'buckets': 'each', 'numerator': 'fund_pay', 'denominator': 'in_scope'},
        {'id': 'U07.basic', 'buckets': 'each', 'numerator': 'pooled_pay', 'denominator': 'in_scope'},
        {'id': 'U08', 'buckets': 'each', 'numerator': 'fund_pay', 'denominator': 'med_fee'},
        {'id': 'U09', 'buckets': 'each', 'numerator': 'person_pay', 'denominator': 'med_fee'},
        {'id': 'U10', 'buckets': 'each', 'numerator': 'self_funded', 'denominator': 'med_fee'},
        {'id': 'U11', 'buckets': 'all', 'numerator': 'primary_visits', 'denominator': 'institution_visits'},
        {'id': 'U12', 'buckets': 'all', 'numerator': 'in_county_visits', 'denominator': 'placed_visits'},
        {'id': 'U12.pooled', 'buckets': 'all', 'numerator': 'in_county_pooled_pay', 'denominator': 'placed_pooled_pay'},
        {'id': 'U13', 'buckets': 'all', 'numerator': 'outpatient_pooled_pay', 'denominator': 'pooled_pay'},
        {'id': 'U14', 'buckets': 'all', 'numerator': 'mutual_aid_pay'},
    ]) }}
{%- endmacro %}
