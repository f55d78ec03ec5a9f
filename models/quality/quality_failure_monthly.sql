{{ config(tags=['release']) }}

select
    check_id,
    institution_code,
    month,
    failing_rows,
    difference
from {{ source('run', 'quality_failure_monthly') }}
