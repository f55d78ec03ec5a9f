{{ config(tags=['release']) }}

-- Every check of this release, with its history: new when it passed before, persisting when it failed before,
-- resolved when it failed before and passes now.
select
    result.check_id,
    result.suite,
    result.table_name,
    result.severity,
    result.dimension,
    result.observed,
    result.unexpected_count,
    result.passed,
    case
        when result.passed then null
        when previous.check_id is not null and not previous.passed then previous.first_failed_in
        else release.release_id
    end as first_failed_in,
    case
        when not result.passed and previous.check_id is not null and not previous.passed then 'persisting'
        when not result.passed then 'new'
        when previous.check_id is not null and not previous.passed then 'resolved'
    end as state,
    result.evaluated as is_evaluated,
    result.description_zh,
    result.description_en,
    result.owner
from {{ source('run', 'quality_result') }} as result
left join {{ source('run', 'previous_quality') }} as previous using (check_id)
cross join {{ source('run', 'release') }} as release
