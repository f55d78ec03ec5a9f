{{ config(tags=['release']) }}

select
    release_id,
    built_at,
    data_through,
    code_version,
    inputs_sha256,
    gate,
    waivers
from {{ source('run', 'release') }}
