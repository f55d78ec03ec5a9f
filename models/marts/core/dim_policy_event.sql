-- One row per event and scheme; figures of all schemes together are touched by every event.
with listed as (
    select
        event_key,
        effective_date,
        unnest(string_split(schemes || ';total', ';')) as scheme,
        name_zh,
        name_en,
        short_zh,
        short_en,
        source
    from {{ ref('policy_event') }}
)

select
    event_key,
    trim(scheme) as scheme,
    effective_date,
    name_zh,
    name_en,
    short_zh,
    short_en,
    source
from listed
