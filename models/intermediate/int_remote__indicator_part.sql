-- Numerator and denominator of the indicators of care outside the pool area; each formula stands here once. The pool area
-- as a whole stands under its city code, both schemes together under `all`.
with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

-- Settlements whose own filing was in force on the day care began, at the place it names.
filed as (
    select distinct settlement.setl_id
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_remote__filing') }} as filing
        on
            filing.person_key = settlement.person_key
            and coalesce(settlement.admitted_on, cast(settlement.setl_time as date)) >= filing.valid_from
            and (
                filing.valid_to is null
                or coalesce(settlement.admitted_on, cast(settlement.setl_time as date)) <= filing.valid_to
            )
            and substring(settlement.place_code, 1, length(filing.place_prefix)) = filing.place_prefix
    where settlement.is_remote
),

-- Stays carry what their cost is compared within: the group they were settled in (DRG, DIP), and the level of hospital.
settled as (
    select
        settlement.org_code,
        settlement.scheme,
        settlement.month,
        settlement.visit_bucket,
        settlement.is_remote,
        settlement.remote_kind <> 'unknown' as is_placed,
        settlement.drg_dip_group as cost_group,
        nullif(settlement.hospital_level, 'unknown') as hospital_level,
        sum(settlement.visit_count) as visits,
        sum(case when settlement.is_remote and not settlement.is_manual then settlement.visit_count else 0 end)
            as direct_visits,
        sum(case when filed.setl_id is not null then settlement.visit_count else 0 end) as filed_visits,
        {{ sum_money('settlement.med_fee') }} as med_fee
    from {{ ref('settlement') }} as settlement
    left join filed on filed.setl_id = settlement.setl_id
    where settlement.scheme in ('employee', 'resident')
    group by all
),

scheme_kind as (
    select
        settled.*,
        scheme as scheme_shown
    from settled
    union all
    select
        settled.*,
        'all' as scheme_shown
    from settled
),

placed as (
    select
        scheme_kind.*,
        org_code as org_shown
    from scheme_kind
    union all
    select
        scheme_kind.*,
        city.org_code as org_shown
    from scheme_kind
    inner join city on city.org_code <> scheme_kind.org_code
),

cell as (
    select
        org_shown as org_code,
        scheme_shown as scheme,
        month,
        case when visit_bucket = 'inpatient' then cost_group end as cost_group,
        case when visit_bucket = 'inpatient' then hospital_level end as hospital_level,
        {% for measure, condition in [
            ('remote_visits', 'is_remote'),
            ('stays', "visit_bucket = 'inpatient' and is_placed"),
            ('remote_stays', "visit_bucket = 'inpatient' and is_remote")
        ] -%}
        sum(case when {{ condition }} then visits else 0 end) as {{ measure }},
        {% endfor -%}
        sum(direct_visits) as direct_visits,
        sum(filed_visits) as filed_visits,
        sum(case when visit_bucket = 'inpatient' and is_remote then med_fee else 0 end) as remote_stay_fee,
        sum(case when visit_bucket = 'inpatient' and is_placed and not is_remote then med_fee else 0 end)
            as local_stay_fee
    from placed
    group by all
),

shown as (
    select distinct
        org_code,
        scheme,
        month,
        min(month) over (partition by org_code, scheme) as first_month
    from cell
),

used_month as (
    select distinct month from cell
),

calendar as (
    {{ period_calendar('used_month') }}
),

-- Periods add up months; months without care of a kind still belong to its period. Twelve months that begin before the data are
-- not twelve months.
period as (
    select
        shown.org_code,
        shown.scheme,
        shown.month,
        calendar.period_kind,
        calendar.part_month
    from shown
    inner join calendar on calendar.month = shown.month
    where calendar.period_kind <> 'rolling_12' or shown.first_month <= shown.month - interval 11 month
),

total_month as (
    select
        org_code,
        scheme,
        month,
        sum(remote_visits) as remote_visits,
        sum(direct_visits) as direct_visits,
        sum(filed_visits) as filed_visits,
        sum(stays) as stays,
        sum(remote_stays) as remote_stays,
        sum(remote_stay_fee) as remote_stay_fee,
        sum(local_stay_fee) as local_stay_fee
    from cell
    group by org_code, scheme, month
),

total as (
    select
        period.org_code,
        period.scheme,
        period.month,
        period.period_kind,
        sum(total_month.remote_visits) as remote_visits,
        sum(total_month.direct_visits) as direct_visits,
        sum(total_month.filed_visits) as filed_visits,
        sum(total_month.stays) as stays,
        sum(total_month.remote_stays) as remote_stays,
        sum(total_month.remote_stay_fee) as remote_stay_fee,
        sum(total_month.local_stay_fee) as local_stay_fee
    from period
    inner join total_month
        on
            total_month.org_code = period.org_code
            and total_month.scheme = period.scheme
            and total_month.month = period.part_month
    group by period.org_code, period.scheme, period.month, period.period_kind
),

-- Stays by what their cost is compared within, where anybody of the place ever left the pool area for the like.
{% set comparisons = [('group', 'cost_group'), ('level', 'hospital_level')] %}
kind_month as (
    {% for kind, column in comparisons -%}
    select
        org_code,
        scheme,
        '{{ kind }}' as compared_within,
        {{ column }} as kind,
        month,
        sum(stays) as stays,
        sum(remote_stays) as remote_stays,
        sum(remote_stay_fee) as remote_stay_fee,
        sum(local_stay_fee) as local_stay_fee
    from cell
    where {{ column }} is not null
    group by org_code, scheme, {{ column }}, month
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

left_for as (
    select
        org_code,
        scheme,
        compared_within,
        kind
    from kind_month
    where remote_stays <> 0
    group by org_code, scheme, compared_within, kind
),

comparable as (
    select
        kind_month.org_code,
        kind_month.scheme,
        period.month,
        period.period_kind,
        kind_month.compared_within,
        sum(kind_month.remote_stays) as remote_stays,
        sum(kind_month.stays) - sum(kind_month.remote_stays) as local_stays,
        sum(kind_month.remote_stay_fee) as remote_stay_fee,
        sum(kind_month.local_stay_fee) as local_stay_fee
    from kind_month
    inner join left_for using (org_code, scheme, compared_within, kind)
    inner join period
        on
            period.org_code = kind_month.org_code
            and period.scheme = kind_month.scheme
            and period.part_month = kind_month.month
    group by
        kind_month.org_code, kind_month.scheme, period.month, period.period_kind, kind_month.compared_within,
        kind_month.kind
),

-- Had the stays outside cost what stays of the same kind cost at home: compared where both sides have stays.
same_kind as (
    select
        org_code,
        scheme,
        month,
        period_kind,
        compared_within,
        sum(remote_stay_fee) as remote_stay_fee,
        sum(remote_stays * local_stay_fee / local_stays) as expected_fee
    from comparable
    where remote_stays > 0 and local_stays > 0
    group by org_code, scheme, month, period_kind, compared_within
),

-- Clearing by month of care; months whose terms still run have nothing due.
cleared_month as (
    {% for org in ['clearing.org_code', 'city.org_code'] -%}
    {% for scheme in ['dim_fund.scheme', "'all'"] -%}
    select
        {{ org }} as org_code,
        {{ scheme }} as scheme,
        clearing.month,
        clearing.in_term_notices,
        clearing.due_notices,
        clearing.months_waited,
        clearing.paid_notices
    from {{ ref('int_remote__clearing') }} as clearing
    inner join {{ ref('dim_fund') }} as dim_fund on dim_fund.fund_code = clearing.fund_code
    {% if org == 'city.org_code' -%}
    inner join city on city.org_code <> clearing.org_code
    {% endif -%}
    where dim_fund.scheme in ('employee', 'resident') and clearing.due_notices > 0
    {{ 'union all' if not loop.last }}
    {% endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

clearing_month as (
    select distinct month from cleared_month
),

clearing_calendar as (
    {{ period_calendar('clearing_month') }}
),

clearing as (
    select
        cleared_month.org_code,
        cleared_month.scheme,
        calendar.month,
        calendar.period_kind,
        sum(cleared_month.in_term_notices) as in_term_notices,
        sum(cleared_month.due_notices) as due_notices,
        sum(cleared_month.months_waited) as months_waited,
        sum(cleared_month.paid_notices) as paid_notices
    from cleared_month
    inner join clearing_calendar as calendar on calendar.part_month = cleared_month.month
    group by cleared_month.org_code, cleared_month.scheme, calendar.month, calendar.period_kind
),

part as (
    select org_code, scheme, 'R01' as indicator_id, 'all' as visit_bucket, month, period_kind,
        direct_visits as numerator, remote_visits as denominator
    from total
    union all
    select org_code, scheme, 'R02', 'all', month, period_kind, filed_visits, remote_visits
    from total
    where exists (select 1 from {{ ref('int_remote__filing') }})
    union all
    select org_code, scheme, 'R03', 'inpatient', month, period_kind, remote_stays, stays from total
    union all
    select org_code, scheme, 'R04', 'inpatient', month, period_kind, remote_stay_fee / nullif(remote_stays, 0),
        local_stay_fee / nullif(stays - remote_stays, 0)
    from total
    union all
    select org_code, scheme, case compared_within when 'group' then 'R04.group' else 'R04.level' end, 'inpatient', month,
        period_kind, remote_stay_fee, expected_fee
    from same_kind
    union all
    select org_code, scheme, 'R05', 'all', month, period_kind, in_term_notices, due_notices from clearing
    union all
    select org_code, scheme, 'R05.months', 'all', month, period_kind, months_waited, paid_notices from clearing
)

select
    org_code,
    scheme,
    indicator_id,
    visit_bucket,
    month,
    period_kind,
    cast(numerator as {{ money_type() }}) as numerator,
    cast(denominator as {{ money_type() }}) as denominator
from part
