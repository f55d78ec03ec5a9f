{#- Indicators of institutions, each once: id, the kinds of care it is given for, and the two sums it divides. The names are
    columns of the sums by period in int_institution__indicator_part. `each` gives a row per kind of care and one for all of
    them; `expected` is what the expense would be if the institution's mix of cases cost what it costs in the pool area, `open`
    counts cases whose window for readmission the data don't cover yet. -#}
{% macro institution_indicators() -%}
    {{ return([
        {'id': 'I01', 'buckets': 'each', 'numerator': 'seen_fee', 'denominator': 'seen_visits', 'expected': 'expected_cost'},
        {'id': 'I02', 'buckets': 'inpatient', 'numerator': 'med_fee', 'denominator': 'bed_days'},
        {'id': 'I03', 'buckets': 'all', 'numerator': 'drug_fee', 'denominator': 'line_fee'},
        {'id': 'I04', 'buckets': 'all', 'numerator': 'consumable_fee', 'denominator': 'line_fee'},
        {'id': 'I05', 'buckets': 'all', 'numerator': 'exam_fee', 'denominator': 'line_fee'},
        {'id': 'I06', 'buckets': 'all', 'numerator': 'service_fee', 'denominator': 'line_fee'},
        {'id': 'I07', 'buckets': 'each', 'numerator': 'drug_self_funded', 'denominator': 'drug_fee_with_self_funded'},
        {'id': 'I07.total', 'buckets': 'each', 'numerator': 'self_funded', 'denominator': 'med_fee'},
        {'id': 'I08', 'buckets': 'all', 'numerator': 'self_funded', 'denominator': 'med_fee'},
        {'id': 'I09', 'buckets': 'each', 'numerator': 'seen_visits', 'denominator': 'persons'},
        {'id': 'I10', 'buckets': 'each', 'numerator': 'agreed_fee', 'denominator': 'visits'},
        {'id': 'I11', 'buckets': 'inpatient', 'numerator': 'readmitted_15', 'denominator': 'alive_stays', 'open': 'provisional_15'},
        {'id': 'I11.10', 'buckets': 'inpatient', 'numerator': 'readmitted_10', 'denominator': 'alive_stays', 'open': 'provisional_10'},
        {'id': 'I11.30', 'buckets': 'inpatient', 'numerator': 'readmitted_30', 'denominator': 'alive_stays', 'open': 'provisional_30'},
        {'id': 'I11.same', 'buckets': 'inpatient', 'numerator': 'readmitted_same', 'denominator': 'alive_stays', 'open': 'provisional_15'},
        {'id': 'I12', 'buckets': 'inpatient', 'numerator': 'short_stays', 'denominator': 'visits'},
        {'id': 'I14', 'buckets': 'inpatient', 'numerator': 'outsider_part_visits', 'denominator': 'seen_visits'},
        {'id': 'I28', 'buckets': 'inpatient', 'numerator': 'bed_days', 'denominator': 'available_bed_days'},
        {'id': 'I29', 'buckets': 'all', 'numerator': 'stays', 'denominator': 'admissions'},
        {'id': 'I29.intake', 'buckets': 'all', 'numerator': 'admissions', 'denominator': 'outpatient_visits'},
        {'id': 'I30', 'buckets': 'all', 'numerator': 'item_quantity', 'denominator': 'own_persons'},
        {'id': 'I30.drug', 'buckets': 'all', 'numerator': 'drug_quantity', 'denominator': 'own_persons'},
        {'id': 'I30.consumable', 'buckets': 'all', 'numerator': 'consumable_quantity', 'denominator': 'own_persons'},
    ]) }}
{%- endmacro %}
