{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ drop_changed_months(ref('int_fee__changed_month'), \"identity = 'I7'\") }}",
        "{{ drop_changed_months(ref('int_settlement__changed_part_month'), \"identity <> 'I7'\") }}",
        "{{ remember_changed_from(ref('int_fee__changed_month')) }}",
    ]
) }}

-- Rows that break an identity between a settlement and its parts, or within a fee line. Only the months are worked
-- out again that a new batch touches; I7 goes by the month of the charge, the others by that of the settlement.
with settled as (
    select settlement.*
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month using (month)
),

-- I5: the parts by fund are what the funds, the account and the institution pay.
breakdown as (
    select
        settled.setl_id,
        settled.institution_code,
        settled.org_code,
        settled.month,
        part.part_count,
        part.amount,
        settled.fund_pay + settled.account_pay + settled.hospital_pay as header_amount,
        part.account_amount,
        settled.account_pay as header_account_amount
    from settled
    inner join {{ ref('int_settlement__fund_part_total') }} as part using (setl_id)
),

-- I6: the fee lines are the settlement. Counter reimbursements may be typed in without their lines.
itemised as (
    select
        settled.setl_id,
        settled.institution_code,
        settled.org_code,
        settled.month,
        line.line_count,
        line.line_fee,
        settled.med_fee as header_fee,
        line.self_funded,
        settled.self_funded as header_self_funded,
        line.over_limit,
        settled.over_limit as header_over_limit,
        line.prepaid_share,
        settled.prepaid_share as header_prepaid_share,
        line.in_scope,
        settled.in_scope as header_in_scope
    from settled
    inner join {{ ref('int_settlement__line_total') }} as line using (setl_id)
    where not settled.is_manual
),

-- I7: a line is quantity by price, and the sum of its parts.
charged as (
    select
        line.setl_id,
        line.row_key,
        line.institution_code,
        line.org_code,
        {{ month_of('line.charged_at') }} as month,
        line.line_fee,
        cast(round(line.quantity * line.unit_price, 2) as {{ money_type() }}) as computed_fee,
        line.self_funded + line.over_limit + line.prepaid_share + line.in_scope as sum_of_parts
    from {{ ref('stg_fee_list_d') }} as line
    where coalesce(line.valid_flag, '1') = '1' and line.charged_at >= {{ changed_from() }}
),

compared as (
    select
        'I5' as identity,
        'all_funds' as measure,
        setl_id,
        '' as row_key,
        institution_code,
        org_code,
        month,
        amount as detail_amount,
        header_amount,
        0.01 as tolerance
    from breakdown
    union all
    select
        'I5' as identity,
        'personal_account' as measure,
        setl_id,
        '' as row_key,
        institution_code,
        org_code,
        month,
        account_amount as detail_amount,
        header_account_amount as header_amount,
        0.01 as tolerance
    from breakdown
    {% for measure, detail, header in [
        ('med_fee', 'line_fee', 'header_fee'),
        ('self_funded', 'self_funded', 'header_self_funded'),
        ('over_limit', 'over_limit', 'header_over_limit'),
        ('prepaid_share', 'prepaid_share', 'header_prepaid_share'),
        ('in_scope', 'in_scope', 'header_in_scope'),
    ] %}
    union all
    select
        'I6' as identity,
        '{{ measure }}' as measure,
        setl_id,
        '' as row_key,
        institution_code,
        org_code,
        month,
        {{ detail }} as detail_amount,
        {{ header }} as header_amount,
        0.01 * line_count as tolerance
    from itemised
    {% endfor %}
    {% for measure, header in [('quantity_by_price', 'computed_fee'), ('cost_parts', 'sum_of_parts')] %}
    union all
    select
        'I7' as identity,
        '{{ measure }}' as measure,
        charged.setl_id,
        charged.row_key,
        charged.institution_code,
        charged.org_code,
        charged.month,
        charged.line_fee as detail_amount,
        charged.{{ header }} as header_amount,
        0.01 as tolerance
    from charged
    inner join {{ ref('int_fee__changed_month') }} as changed_month using (month)
    where abs(charged.line_fee - charged.{{ header }}) > 0.01
    {% endfor %}
)

select
    identity,
    measure,
    coalesce(setl_id, '') as setl_id,
    row_key,
    coalesce(institution_code, 'none') as institution_code,
    org_code,
    month,
    cast(detail_amount as {{ money_type() }}) as detail_amount,
    cast(header_amount as {{ money_type() }}) as header_amount,
    cast(detail_amount - header_amount as {{ money_type() }}) as difference
from compared
where abs(detail_amount - header_amount) > tolerance
