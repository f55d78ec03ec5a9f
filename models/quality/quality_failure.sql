{{ config(tags=['release']) }}

select
    check_id,
    key_json,
    detail
from {{ source('run', 'quality_failure') }}
