-- Yearly quota of each institution: as stated, or what was settled the year before with the growth and the assessment's coefficient.
select
    institution_code,
    scheme,
    year,
    cast(
        coalesce(quota, round(cast(settled_before as decimal(22, 2)) * (1 + coalesce(growth, 0)) * coalesce(coefficient, 1), 2)) as {{ money_type() }}
    ) as quota
from {{ ref('payment_quota') }}
where quota is not null or settled_before is not null
