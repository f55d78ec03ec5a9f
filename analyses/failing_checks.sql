-- Which checks fail, how gravely, since which release, and who looks after them?
-- The rows behind a check stand in quality_failure; a check that could not be evaluated counts as failed.
select
    quality_check.severity,
    quality_check.suite,
    quality_check.check_id,
    quality_check.description_zh,
    quality_check.owner,
    quality_check.unexpected_count,
    quality_check.state,
    quality_check.first_failed_in,
    release_info.release_id,
    release_info.gate
from {{ ref('quality_check') }} as quality_check
cross join {{ ref('release_info') }} as release_info
where not quality_check.passed
order by
    case quality_check.severity when 'critical' then 1 when 'major' then 2 else 3 end,
    quality_check.unexpected_count desc nulls last,
    quality_check.check_id
