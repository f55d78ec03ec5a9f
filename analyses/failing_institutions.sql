-- Whose settlements and fee lines do not add up, in which months, and by how much?
-- The identities by institution; the rows themselves stand in quality_identity_row and, the first of each, in quality_failure.
select
    quality_failure_monthly.institution_code,
    dim_institution.name,
    quality_failure_monthly.month,
    quality_failure_monthly.check_id,
    quality_check.description_zh,
    quality_failure_monthly.failing_rows,
    quality_failure_monthly.difference
from {{ ref('quality_failure_monthly') }} as quality_failure_monthly
inner join {{ ref('quality_check') }} as quality_check
    on quality_check.check_id = quality_failure_monthly.check_id
left join {{ ref('dim_institution') }} as dim_institution
    on
        dim_institution.institution_code = quality_failure_monthly.institution_code
        and dim_institution.is_current
where quality_check.dimension = 'accuracy'
order by
    quality_failure_monthly.failing_rows desc,
    quality_failure_monthly.institution_code,
    quality_failure_monthly.month,
    quality_failure_monthly.check_id
