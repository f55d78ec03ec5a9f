{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ drop_changed_months(ref('int_fee__changed_month')) }}",
        "{{ remember_changed_from(ref('int_fee__changed_month')) }}",
    ]
) }}

-- Drugs and herbal pieces of each institution by item and month of charge; lines taken back count negative. Persons are those
-- whose quantity sums to more than zero.
with by_person as (
    select
        institution_code,
        item_code,
        month,
        person_key,
        max(item_name) as item_name,
        sum(quantity) as quantity,
        sum(line_fee) as amount,
        sum(in_scope) as fund_scope_amount,
        sum(case when is_in_list then line_fee else 0 end) as in_list_amount,
        bool_or(is_centrally_procured) as is_centrally_procured,
        bool_or(is_negotiated) as is_negotiated
    from {{ ref('int_drug__line') }}
    group by institution_code, item_code, month, person_key
),

item as (
    select
        institution_code,
        item_code,
        month,
        max(item_name) as item_name,
        sum(quantity) as quantity,
        {{ sum_money('amount') }} as amount,
        {{ sum_money('fund_scope_amount') }} as fund_scope_amount,
        {{ sum_money('in_list_amount') }} as in_list_amount,
        sum(case when quantity > 0 then 1 else 0 end) as persons,
        bool_or(is_centrally_procured) as is_centrally_procured,
        bool_or(is_negotiated) as is_negotiated
    from by_person
    group by institution_code, item_code, month
),

item_name as (
    select distinct item_name from item
),

monitored as (
    select distinct item_name.item_name
    from item_name
    inner join {{ ref('monitored_drug') }} as listed
        on substring(item_name.item_name, 1, length(listed.name_prefix)) = listed.name_prefix
)

select
    item.institution_code,
    item.item_code,
    item.month,
    item.item_name,
    cast(item.quantity as decimal(18, 4)) as quantity,
    item.amount,
    item.fund_scope_amount,
    item.in_list_amount,
    cast(item.persons as bigint) as persons,
    item.is_centrally_procured,
    item.is_negotiated,
    monitored.item_name is not null as is_key_monitored
from item
left join monitored on monitored.item_name = item.item_name
