{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_indicator__changed_from'), 'institution') }}",
        "{{ drop_changed_from() }}",
    ]
) }}

-- Indicators of institutions beside those of their peers. A value that stands out is held against more than one specification
-- before it is flagged: among the highest tenth (raw), beyond what chance allows for its volume (funnel), still so when its
-- mix of cases is accounted for (adjusted), and against its own months before (trend).
{% set least_volume = 30 %}
{% set least_peers = 5 %}
{% set unit_slip = 30 %}
{% set money_units = "('yuan', 'yuan; %', 'yuan per day')" %}
{% set parts = ['int_institution__indicator_part', 'int_payment__indicator_part', 'int_doctor__indicator_part'] %}

with listed as (
    {% for name in parts %}
    select
        institution_code,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        numerator,
        denominator,
        {% if name == 'int_institution__indicator_part' %}
        value,
        months_covered,
        seen_visits as volume,
        is_provisional,
        {{ ratio('med_fee', 'expected') }} as case_index,
        case
            when doubtful_persons + doubtful_sexes > 0.05 * seen_visits then 'person'
            when doubtful_doctors > 0.1 * visits_begun then 'doctor'
        end as doubt
        {% else %}
        case when denominator is null then cast(numerator as double) else {{ ratio('numerator', 'denominator') }} end as value,
        null as months_covered,
        denominator as volume,
        false as is_provisional,
        null as case_index,
        null as doubt
        {% endif %}
    from {{ ref(name) }}
    where month >= {{ changed_from() }}
    {% if not loop.last %}union all{% endif %}
    {% endfor %}
),

-- Numbered, since there are millions: a number is sorted and compared more cheaply than five names.
part as materialized (
    select
        *,
        row_number() over () as part_no
    from listed
),

-- With the months that stay as they are, as far back as values are held against them. The volume shown is a whole number; where
-- it is the denominator, that has its decimals.
known as (
    select
        part_no,
        institution_code,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        value,
        volume
    from part
    {% if is_incremental() %}
    union all
    select
        null as part_no,
        institution_code,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        value,
        case when months_covered is null then denominator else volume end as volume
    from {{ this }}
    where month < {{ changed_from() }} and month >= {{ changed_from() }} - interval 24 month
    {% endif %}
),

-- Institutions under the least volume are shown beside their peers and never ranked among them.
placed as (
    select
        part.*,
        peer.peer_group,
        coalesce(
            peer.peer_group is not null and part.volume >= {{ least_volume }} and part.value is not null, false
        ) as is_comparable,
        indicator.default_alert,
        indicator.stored_unit in {{ money_units }} as is_money
    from part
    left join {{ ref('dim_indicator') }} as indicator on indicator.indicator_id = part.indicator_id
    left join {{ ref('int_institution__peer_month') }} as peer
        on peer.institution_code = part.institution_code and peer.month = part.month
),

peers as materialized (
    select
        row_number() over () as peers_no,
        peer_group,
        indicator_id,
        visit_bucket,
        month,
        period_kind,
        count(*) as peer_count,
        {{ quantile('value', 0.5) }} as peer_median,
        -- A figure that bad data explains must not hide the outliers beside it.
        {{ quantile('case when doubt is null then value end', 0.9) }} as peer_p90,
        {{ quantile('case when doubt is null then value end', 0.1) }} as peer_p10,
        {{ quantile('case_index', 0.5) }} as peer_case_index
    from placed
    where is_comparable
    group by peer_group, indicator_id, visit_bucket, month, period_kind
),

distance as (
    select
        placed.*,
        peers.peers_no,
        peers.peer_count,
        peers.peer_median,
        peers.peer_p90,
        peers.peer_p10,
        peers.peer_case_index,
        (placed.value - peers.peer_median) * sqrt(placed.volume) as spread,
        (placed.case_index - peers.peer_case_index) * sqrt(placed.volume) as case_spread
    from placed
    left join peers
        on
            peers.peer_group = placed.peer_group
            and peers.indicator_id = placed.indicator_id
            and peers.visit_bucket = placed.visit_bucket
            and peers.month = placed.month
            and peers.period_kind = placed.period_kind
),

-- How far peers of volume one lie from the group's median: median of the distances, so that the outliers that are looked for
-- do not widen their own limits; 1.4826 turns it into a standard deviation (Rousseeuw and Croux 1993).
spread as (
    select
        peers_no,
        1.4826 * {{ quantile('abs(spread)', 0.5) }} as scale,
        1.4826 * {{ quantile('abs(case_spread)', 0.5) }} as case_scale
    from distance
    where is_comparable and peer_count >= {{ least_peers }}
    group by peers_no
),

ranked as (
    select
        part_no,
        percent_rank() over (partition by peers_no order by value) as peer_percentile
    from distance
    where is_comparable and peer_count >= {{ least_peers }}
),

-- Upper and lower fence of the institution's own months before, at most two years of them and at least eight months.
history as (
    select
        part_no,
        count(value) over before as months_before,
        {{ quantile('value', 0.25, 'before') }} as q1,
        {{ quantile('value', 0.75, 'before') }} as q3
    from known
    where period_kind = 'month' and volume >= {{ least_volume }}
    window before as (
        partition by institution_code, indicator_id, visit_bucket order by month
        range between interval 24 month preceding and interval 1 month preceding
    )
),

limited as (
    select
        distance.*,
        ranked.peer_percentile,
        ranked.peer_percentile is not null as is_ranked,
        year_before.value as value_prior_year,
        distance.peer_median - 3 * spread.scale / sqrt(nullif(distance.volume, 0)) as funnel_low,
        distance.peer_median + 3 * spread.scale / sqrt(nullif(distance.volume, 0)) as funnel_high,
        distance.case_index * distance.peer_median / distance.peer_case_index as adjusted_value,
        3 * spread.case_scale / sqrt(nullif(distance.volume, 0)) as case_limit,
        case when history.months_before >= 8 then history.q1 - 1.5 * (history.q3 - history.q1) end as trend_low,
        case when history.months_before >= 8 then history.q3 + 1.5 * (history.q3 - history.q1) end as trend_high
    from distance
    left join spread on spread.peers_no = distance.peers_no
    left join ranked on ranked.part_no = distance.part_no
    left join known as year_before
        on
            year_before.institution_code = distance.institution_code
            and year_before.indicator_id = distance.indicator_id
            and year_before.visit_bucket = distance.visit_bucket
            and year_before.month = cast(distance.month - interval 12 month as date)
            and year_before.period_kind = distance.period_kind
    left join history on history.part_no = distance.part_no
),

tested as (
    select
        *,
        case
            when not is_ranked then null
            when default_alert = 'peer_p90' then value > peer_p90
            when default_alert = 'peer_p10' then value < peer_p10
        end as is_raw,
        case
            when not is_ranked then null
            when default_alert = 'peer_p90' then value > funnel_high
            when default_alert = 'peer_p10' then value < funnel_low
        end as is_funnel,
        case
            when not is_ranked or case_index is null then null
            when default_alert = 'peer_p90' then case_index > peer_case_index + case_limit
            when default_alert = 'peer_p10' then case_index < peer_case_index - case_limit
        end as is_adjusted,
        case
            when volume < {{ least_volume }} then null
            when default_alert = 'peer_p90' then value > trend_high
            when default_alert = 'peer_p10' then value < trend_low
            when default_alert = 'own_trend' then value > trend_high or value < trend_low
        end as is_trend,
        -- What a slip of the unit or bad master data explains is no behaviour. Fen for yuan is a hundredfold of the
        -- institution's own level, which may lie below its peers'; no peer of one kind and level is thirty times another.
        case
            when peer_group is null then null
            when is_money and value > {{ unit_slip }} * peer_median and peer_median > 0 then 'unit'
            when is_money and value < peer_median / {{ unit_slip }} and value > 0 then 'unit'
            else doubt
        end as data_explanation
    from limited
)

select
    institution_code,
    indicator_id,
    visit_bucket,
    month,
    period_kind,
    cast(numerator as decimal(18, 4)) as numerator,
    cast(denominator as decimal(18, 4)) as denominator,
    value,
    value_prior_year,
    peer_group,
    cast(coalesce(peer_count, 0) as bigint) as peer_count,
    peer_median,
    peer_percentile,
    case
        when is_raw is null and is_trend is null then null
        when
            data_explanation is not null
            and (coalesce(is_raw, false) or coalesce(is_trend, false))
            then 'info'
        when default_alert = 'own_trend' then case when is_trend then 'amber' else 'normal' end
        when not coalesce(is_raw and is_funnel, false) then 'normal'
        when coalesce(is_adjusted, true) and coalesce(is_trend, true) and (is_adjusted or is_trend) then 'red'
        when coalesce(is_adjusted, false) or coalesce(is_trend, false) then 'orange'
        when is_adjusted is not null then 'normal'
        else 'amber'
    end as flag,
    nullif(
        concat_ws(
            ',',
            case when is_raw then 'raw' end,
            case when is_funnel then 'funnel' end,
            case when is_adjusted then 'adjusted' end,
            case when is_trend then 'trend' end
        ),
        ''
    ) as specifications_survived,
    nullif(
        concat_ws(
            ',',
            case when is_raw is not null then 'raw' end,
            case when is_funnel is not null then 'funnel' end,
            case when is_adjusted is not null then 'adjusted' end,
            case when is_trend is not null then 'trend' end
        ),
        ''
    ) as specifications_tested,
    data_explanation,
    cast(volume as bigint) as volume,
    is_ranked,
    funnel_low,
    funnel_high,
    adjusted_value,
    trend_low,
    trend_high,
    cast(months_covered as integer) as months_covered,
    is_provisional
from tested
