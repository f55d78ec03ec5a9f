{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_indicator__changed_from'), 'institution') }}",
        "{{ drop_changed_from() }}",
    ]
) }}

-- Indicators of doctors beside those of doctors at institutions of the same kind, level and specialty. Doctors with few patients
-- are shown and never ranked.
{% set least_persons = 30 %}
{% set least_peers = 5 %}

with placed as (
    select
        part.*,
        peer.peer_group,
        coalesce(
            peer.peer_group is not null and part.persons >= {{ least_persons }} and part.value is not null, false
        ) as is_comparable
    from {{ ref('int_prescriber__indicator_part') }} as part
    left join {{ ref('int_institution__peer_month') }} as peer
        on peer.institution_code = part.institution_code and peer.month = part.month
),

peers as (
    select
        peer_group,
        indicator_id,
        month,
        period_kind,
        count(*) as peer_count,
        {{ quantile('value', 0.5) }} as peer_median,
        {{ quantile('value', 0.9) }} as peer_p90
    from placed
    where is_comparable
    group by peer_group, indicator_id, month, period_kind
),

ranked as (
    select
        placed.doctor_code,
        placed.institution_code,
        placed.indicator_id,
        placed.month,
        placed.period_kind,
        percent_rank() over (
            partition by placed.peer_group, placed.indicator_id, placed.month, placed.period_kind order by placed.value
        ) as peer_percentile
    from placed
    inner join peers using (peer_group, indicator_id, month, period_kind)
    where placed.is_comparable and peers.peer_count >= {{ least_peers }}
)

select
    placed.doctor_code,
    placed.institution_code,
    placed.indicator_id,
    placed.visit_bucket,
    placed.month,
    placed.period_kind,
    cast(placed.numerator as decimal(18, 4)) as numerator,
    cast(placed.denominator as decimal(18, 4)) as denominator,
    placed.value,
    placed.persons,
    placed.peer_group,
    cast(coalesce(peers.peer_count, 0) as bigint) as peer_count,
    peers.peer_median,
    peers.peer_p90,
    ranked.peer_percentile,
    ranked.peer_percentile is not null as is_ranked
from placed
left join peers using (peer_group, indicator_id, month, period_kind)
left join ranked using (doctor_code, institution_code, indicator_id, month, period_kind)
