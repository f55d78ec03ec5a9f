{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_indicator__changed_from'), 'drug') }}",
        "{{ drop_changed_from() }}",
    ]
) }}

-- How far the expense on drugs lies in few of them: by division for every period, by institution for the month. Items of one
-- catalogue name are one drug; what a period took back more of than it gave is none.
with own_month as (
    select
        institution_code,
        month,
        coalesce(item_name, item_code) as generic,
        sum(amount) as amount
    from {{ ref('drug_monthly') }}
    where month >= {{ parts_from() }}
    group by institution_code, month, coalesce(item_name, item_code)
),

org_month as (
    select
        place.org_code,
        own_month.month,
        own_month.generic,
        sum(own_month.amount) as amount
    from own_month
    inner join {{ ref('int_drug__place') }} as place on place.institution_code = own_month.institution_code
    group by place.org_code, own_month.month, own_month.generic
),

calendar as (
    {{ period_calendar('(select distinct month from own_month)', changed_from()) }}
),

spent as (
    select
        'institution' as scope_kind,
        institution_code as scope_code,
        month,
        'month' as period_kind,
        generic,
        amount
    from own_month
    where amount > 0 and month >= {{ changed_from() }}
    union all
    select
        'org' as scope_kind,
        org_month.org_code as scope_code,
        calendar.month,
        calendar.period_kind,
        org_month.generic,
        sum(org_month.amount) as amount
    from org_month
    inner join calendar on calendar.part_month = org_month.month
    group by org_month.org_code, calendar.month, calendar.period_kind, org_month.generic
    having sum(org_month.amount) > 0
),

ranked as (
    select
        *,
        row_number() over (
            partition by scope_kind, scope_code, month, period_kind order by amount desc, generic
        ) as place,
        sum(amount) over (partition by scope_kind, scope_code, month, period_kind) as total
    from spent
),

summed as (
    select
        scope_kind,
        scope_code,
        month,
        period_kind,
        count(*) as drugs,
        {{ sum_money('amount') }} as amount,
        max(case when place = 1 then generic end) as top_drug,
        {{ sum_money('case when place = 1 then amount else 0 end') }} as top_1_amount,
        {{ sum_money('case when place <= 5 then amount else 0 end') }} as top_5_amount,
        {{ sum_money('case when place <= 10 then amount else 0 end') }} as top_10_amount,
        -- Each amount times its share, so that the sum over the total is the sum of the squared shares.
        cast(sum(cast(amount as double) * cast(amount as double) / cast(total as double)) as decimal(28, 4)) as squared_amount,
        sum(amount * place) as placed_amount
    from ranked
    group by scope_kind, scope_code, month, period_kind
)

-- Gini coefficient from places counted from the dearest: with n drugs of total A, (n + 1) / n - 2 * sum(place * amount) / (n * A);
-- 0 where all cost the same, (n - 1) / n where one has it all.
select
    scope_kind,
    scope_code,
    month,
    period_kind,
    cast(drugs as bigint) as drugs,
    amount,
    top_drug,
    top_1_amount,
    top_5_amount,
    top_10_amount,
    squared_amount,
    {{ ratio('top_1_amount', 'amount') }} as top_1_share,
    {{ ratio('top_5_amount', 'amount') }} as top_5_share,
    {{ ratio('top_10_amount', 'amount') }} as top_10_share,
    {{ ratio('squared_amount', 'amount') }} as herfindahl_index,
    case
        when drugs > 1
            then cast(drugs + 1 as double) / drugs - 2 * {{ ratio('placed_amount', 'amount') }} / drugs
    end as gini
from summed
