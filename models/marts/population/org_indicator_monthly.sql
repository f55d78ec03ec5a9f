{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_indicator__changed_from'), 'drug') }}",
        "{{ drop_changed_from(\"substring(indicator_id, 1, 1) <> 'G'\") }}",
    ]
) }}

-- Indicators of the insured and their use of care, with the value of the same period a year before and the limits they are held
-- against. Those of drugs (G), which millions of rows are behind, are worked out for months that can have changed.
{% set parts = ['int_utilisation__indicator_part', 'int_population__indicator_part', 'int_remote__indicator_part', 'int_drug__indicator_part'] %}

with part as (
    {% for name in parts %}
    select
        org_code,
        scheme,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        numerator,
        denominator,
        {% if name == 'int_utilisation__indicator_part' %}
        value,
        months_covered
        {% else %}
        case when denominator is null then cast(numerator as double) else {{ ratio('numerator', 'denominator') }} end as value,
        null as months_covered
        {% endif %}
    from {{ ref(name) }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

{% if is_incremental() %}
-- With the months that stay as they are.
known as (
    {% for relation in ['part', this] %}
    select
        org_code,
        scheme,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        value
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),
{% endif %}

judged as (
    select
        part.org_code,
        part.scheme,
        part.indicator_id,
        part.visit_bucket,
        part.month,
        part.period_kind,
        max(case when threshold.op = '<' then coalesce(threshold.value_fraction, threshold.value) end) as threshold_low,
        min(case when threshold.op = '>' then coalesce(threshold.value_fraction, threshold.value) end) as threshold_high,
        max(
            case
                when
                    (threshold.op = '<' and part.value < coalesce(threshold.value_fraction, threshold.value))
                    or (threshold.op = '>' and part.value > coalesce(threshold.value_fraction, threshold.value))
                    then case threshold.band when 'red' then 3 when 'orange' then 2 else 1 end
                when part.value is not null then 0
            end
        ) as gravity
    from part
    inner join {{ ref('indicator_threshold') }} as threshold
        on
            threshold.indicator_id = split_part(part.indicator_id, '.', 1)
            and threshold.measure = 'value'
            and threshold.band in ('red', 'orange', 'amber')
            and coalesce(threshold.value_fraction, threshold.value) is not null
            and threshold.population is null
            and (threshold.scheme is null or threshold.scheme = part.scheme)
    group by part.org_code, part.scheme, part.indicator_id, part.visit_bucket, part.month, part.period_kind
)

select
    part.org_code,
    part.scheme,
    part.indicator_id,
    part.visit_bucket,
    part.month,
    part.period_kind,
    cast(part.numerator as decimal(18, 4)) as numerator,
    cast(part.denominator as decimal(18, 4)) as denominator,
    part.value,
    year_before.value as value_prior_year,
    cast(judged.threshold_low as double) as threshold_low,
    cast(judged.threshold_high as double) as threshold_high,
    case judged.gravity when 3 then 'red' when 2 then 'orange' when 1 then 'amber' when 0 then 'normal' end as flag,
    cast(part.months_covered as integer) as months_covered
from part
left join {{ 'known' if is_incremental() else 'part' }} as year_before
    on
        year_before.org_code = part.org_code
        and year_before.scheme = part.scheme
        and year_before.indicator_id = part.indicator_id
        and year_before.visit_bucket = part.visit_bucket
        and year_before.month = cast(part.month - interval 12 month as date)
        and year_before.period_kind = part.period_kind
left join judged
    on
        judged.org_code = part.org_code
        and judged.scheme = part.scheme
        and judged.indicator_id = part.indicator_id
        and judged.visit_bucket = part.visit_bucket
        and judged.month = part.month
        and judged.period_kind = part.period_kind
