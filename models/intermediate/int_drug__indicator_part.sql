{{ config(
    pre_hook="{{ remember_changed_from(ref('int_indicator__changed_from'), 'drug') }}"
) }}
-- Numerator and denominator of the indicators of drugs, by the division an institution stands in and, under the city's code,
-- for the whole pool area. Items of one catalogue name are one generic. Periods that end before anything changed stand in the
-- release already and are left out.
with generic_month as (
    select
        placed.org_code,
        drug.month,
        coalesce(drug.item_name, drug.item_code) as generic,
        sum(drug.amount) as amount,
        sum(drug.in_list_amount) as in_list_amount,
        sum(case when drug.is_key_monitored then drug.amount else 0 end) as monitored_amount,
        sum(drug.quantity) as quantity,
        sum(case when drug.is_centrally_procured then drug.quantity else 0 end) as procured_quantity,
        sum(case when drug.is_negotiated then drug.fund_scope_amount end) as negotiated_amount
    from {{ ref('drug_monthly') }} as drug
    inner join {{ ref('int_drug__place') }} as placed on placed.institution_code = drug.institution_code
    where drug.month >= {{ parts_from() }}
    group by placed.org_code, drug.month, coalesce(drug.item_name, drug.item_code)
),

used_month as (
    select distinct month from generic_month
),

calendar as (
    {{ period_calendar('used_month', changed_from()) }}
),

generic as (
    select
        generic_month.org_code,
        calendar.month,
        calendar.period_kind,
        generic_month.generic,
        sum(generic_month.amount) as amount,
        sum(generic_month.in_list_amount) as in_list_amount,
        sum(generic_month.monitored_amount) as monitored_amount,
        sum(generic_month.quantity) as quantity,
        sum(generic_month.procured_quantity) as procured_quantity,
        sum(generic_month.negotiated_amount) as negotiated_amount
    from generic_month
    inner join calendar on calendar.part_month = generic_month.month
    group by generic_month.org_code, calendar.month, calendar.period_kind, generic_month.generic
),

summed as (
    select
        org_code,
        month,
        period_kind,
        sum(amount) as amount,
        sum(in_list_amount) as in_list_amount,
        sum(monitored_amount) as monitored_amount,
        sum(procured_quantity) as procured_quantity,
        sum(case when procured_quantity > 0 then quantity end) as procurable_quantity,
        sum(negotiated_amount) as negotiated_amount
    from generic
    group by org_code, month, period_kind
),

negotiated as (
    select
        placed.org_code,
        calendar.month,
        calendar.period_kind,
        sum(visit.visits) as visits
    from {{ ref('int_drug__negotiated_visit') }} as visit
    inner join {{ ref('int_drug__place') }} as placed on placed.institution_code = visit.institution_code
    inner join calendar on calendar.part_month = visit.month
    group by placed.org_code, calendar.month, calendar.period_kind
),

concentrated as (
    select
        scope_code as org_code,
        month,
        period_kind,
        top_5_amount,
        top_10_amount,
        squared_amount,
        amount
    from {{ ref('drug_concentration_monthly') }}
    where scope_kind = 'org' and month >= {{ changed_from() }}
)

{% for id, source, numerator, denominator in [
    ('G01', 'summed', 'in_list_amount', 'amount'),
    ('G02', 'summed', 'monitored_amount', 'amount'),
    ('G03', 'summed', 'procured_quantity', 'procurable_quantity'),
    ('G04', 'concentrated', 'top_10_amount', 'amount'),
    ('G04.top5', 'concentrated', 'top_5_amount', 'amount'),
    ('G04.hhi', 'concentrated', 'squared_amount', 'amount'),
    ('G05', 'negotiated', 'visits', 'null'),
    ('G05.amount', 'summed', 'negotiated_amount', 'null'),
] %}
select
    org_code,
    cast('all' as varchar) as scheme,
    cast('{{ id }}' as varchar) as indicator_id,
    cast('all' as varchar) as visit_bucket,
    month,
    period_kind,
    cast({{ numerator }} as decimal(28, 4)) as numerator,
    cast({{ denominator }} as decimal(28, 4)) as denominator
from {{ source }}
{% if denominator == 'null' %}where {{ numerator }} is not null{% endif %}
{{ 'union all' if not loop.last }}
{% endfor %}
