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

-- How many rows an identity could be tried on in each institution and month, how many it could not for want of
-- parts or lines, and how many broke it.
with settled as (
    select settlement.*
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month using (month)
),

tried as (
    select
        'I5' as identity,
        coalesce(settled.institution_code, 'none') as institution_code,
        settled.month,
        count(part.setl_id) as row_count,
        count(*) - count(part.setl_id) as rows_without_detail
    from settled
    left join {{ ref('int_settlement__fund_part_total') }} as part using (setl_id)
    group by coalesce(settled.institution_code, 'none'), settled.month
    union all
    select
        'I6' as identity,
        coalesce(settled.institution_code, 'none') as institution_code,
        settled.month,
        count(line.setl_id) as row_count,
        count(*) - count(line.setl_id) as rows_without_detail
    from settled
    left join {{ ref('int_settlement__line_total') }} as line using (setl_id)
    where not settled.is_manual
    group by coalesce(settled.institution_code, 'none'), settled.month
    union all
    select
        'I7' as identity,
        line.institution_code,
        {{ month_of('line.charged_at') }} as month,
        count(*) as row_count,
        0 as rows_without_detail
    from {{ ref('stg_fee_list_d') }} as line
    inner join {{ ref('int_fee__changed_month') }} as changed_month
        on changed_month.month = {{ month_of('line.charged_at') }}
    where coalesce(line.valid_flag, '1') = '1' and line.charged_at >= {{ changed_from() }}
    group by line.institution_code, {{ month_of('line.charged_at') }}
),

failing as (
    select
        identity,
        institution_code,
        month,
        count(*) as failing_rows,
        sum(largest_difference) as difference
    from (
        select
            identity,
            institution_code,
            month,
            setl_id,
            row_key,
            max(abs(difference)) as largest_difference
        from {{ ref('quality_identity_row') }}
        group by identity, institution_code, month, setl_id, row_key
    ) as broken
    group by identity, institution_code, month
)

select
    tried.identity,
    tried.institution_code,
    tried.month,
    cast(tried.row_count as bigint) as row_count,
    cast(tried.rows_without_detail as bigint) as rows_without_detail,
    cast(coalesce(failing.failing_rows, 0) as bigint) as failing_rows,
    cast(coalesce(failing.difference, 0) as {{ money_type() }}) as difference
from tried
left join failing using (identity, institution_code, month)
