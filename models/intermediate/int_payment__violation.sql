-- What confirmed supervision cases brought back and how many points they cost, by institution and month of closing. What a rule
-- found wrong and nobody confirmed counts nothing.
select
    institution_code,
    {{ month_of('closed_on') }} as month,
    {{ sum_money('coalesce(recovered, 0)') }} as recovered,
    cast(sum(coalesce(points_deducted, 0)) as decimal(18, 1)) as points
from {{ ref('stg_audit_case_d') }}
where verified_flag = '1' and institution_code is not null and closed_on is not null
group by institution_code, {{ month_of('closed_on') }}
