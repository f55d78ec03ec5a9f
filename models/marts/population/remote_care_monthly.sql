with visit as (
    select
        org_code,
        scheme,
        'outflow' as direction,
        place_code,
        visit_bucket,
        month,
        visit_count,
        not is_manual as is_direct,
        med_fee,
        fund_pay
    from {{ ref('settlement') }}
    where is_remote
    union all
    select
        org_code,
        scheme,
        'inflow' as direction,
        place_code,
        visit_bucket,
        month,
        visit_count,
        is_direct,
        med_fee,
        fund_pay
    from {{ ref('int_remote__inflow') }}
)

select
    org_code,
    scheme,
    direction,
    place_code,
    visit_bucket,
    month,
    cast(null as bigint) as filings,
    cast(sum(visit_count) as bigint) as visits,
    cast(sum(case when is_direct then visit_count else 0 end) as bigint) as direct_settled_visits,
    {{ sum_money('med_fee') }} as med_fee,
    {{ sum_money('fund_pay') }} as fund_pay
from visit
group by org_code, scheme, direction, place_code, visit_bucket, month

union all

-- A filing is for all kinds of care.
select
    org_code,
    scheme,
    'outflow' as direction,
    place_code,
    'all' as visit_bucket,
    {{ month_of('valid_from') }} as month,
    count(*) as filings,
    cast(null as bigint) as visits,
    cast(null as bigint) as direct_settled_visits,
    cast(null as {{ money_type() }}) as med_fee,
    cast(null as {{ money_type() }}) as fund_pay
from {{ ref('int_remote__filing') }}
group by org_code, scheme, place_code, {{ month_of('valid_from') }}
