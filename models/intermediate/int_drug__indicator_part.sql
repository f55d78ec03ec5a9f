-- Numerator and denominator of the indicators of drugs, by the division an institution stands in and, under the city's code,
-- for the whole pool area. Items of one catalogue name are one generic.
{% set top = 10 %}

with city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

institution as (
    select
        institution_code,
        org_code
    from {{ ref('dim_institution') }}
    where is_current and org_code is not null
),

placed as (
    select
        institution_code,
        org_code
    from institution
    union all
    select
        institution.institution_code,
        city.org_code
    from institution
    inner join city on city.org_code <> institution.org_code
),

generic_month as (
    select
        placed.org_code,
        drug.month,
        coalesce(drug.item_name, drug.item_code) as generic,
        sum(drug.amount) as amount,
        sum(drug.in_list_amount) as in_list_amount,
        sum(case when drug.is_key_monitored then drug.amount else 0 end) as monitored_amount,
        sum(drug.quantity) as quantity,
        sum(case when drug.is_centrally_procured then drug.quantity else 0 end) as procured_quantity
    from {{ ref('drug_monthly') }} as drug
    inner join placed on placed.institution_code = drug.institution_code
    group by placed.org_code, drug.month, coalesce(drug.item_name, drug.item_code)
),

used_month as (
    select distinct month from generic_month
),

calendar as (
    {{ period_calendar('used_month') }}
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
        sum(generic_month.procured_quantity) as procured_quantity
    from generic_month
    inner join calendar on calendar.part_month = generic_month.month
    group by generic_month.org_code, calendar.month, calendar.period_kind, generic_month.generic
),

ranked as (
    select
        *,
        row_number() over (partition by org_code, month, period_kind order by amount desc, generic) as place
    from generic
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
        sum(case when place <= {{ top }} then amount else 0 end) as top_amount
    from ranked
    group by org_code, month, period_kind
),

negotiated as (
    select
        placed.org_code,
        calendar.month,
        calendar.period_kind,
        sum(visit.visits) as visits
    from {{ ref('int_drug__negotiated_visit') }} as visit
    inner join placed on placed.institution_code = visit.institution_code
    inner join calendar on calendar.part_month = visit.month
    group by placed.org_code, calendar.month, calendar.period_kind
)

{% for id, source, numerator, denominator in [
    ('G01', 'summed', 'in_list_amount', 'amount'),
    ('G02', 'summed', 'monitored_amount', 'amount'),
    ('G03', 'summed', 'procured_quantity', 'procurable_quantity'),
    ('G04', 'summed', 'top_amount', 'amount'),
    ('G05', 'negotiated', 'visits', 'null'),
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
{{ 'union all' if not loop.last }}
{% endfor %}
