-- Visits with a negotiated drug, at each institution by month of charge; lines taken back again make no visit.
with visit as (
    select
        institution_code,
        {{ month_of('charged_at') }} as month,
        visit_id
    from {{ ref('stg_fee_list_d') }}
    where negotiated_drug_flag = '1' and coalesce(valid_flag, '1') = '1'
    group by all
    having sum(quantity) > 0
)

select
    institution_code,
    month,
    count(*) as visits
from visit
group by institution_code, month
