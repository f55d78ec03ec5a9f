{{ config(tags=['release']) }}

-- Rows may fail alike, so what tells them apart is their number within the check.
select
    check_id,
    key_json,
    detail,
    cast(row_number() over (partition by check_id order by key_json, detail) as integer) as failure_number
from {{ source('run', 'quality_failure') }}
