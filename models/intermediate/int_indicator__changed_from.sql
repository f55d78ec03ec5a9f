-- The first month from which on indicators are worked out anew. A period ends in its month, and what a value is held against
-- lies before it: earlier months cannot differ. Everything where there is no release to build on.
with changed_input as (
    select
        coalesce(now.input, earlier.input) as input,
        coalesce(now.month, earlier.month) as month
    from {{ ref('int_indicator__input_month') }} as now
    full outer join {{ source('run', 'previous_indicator_input') }} as earlier
        on earlier.input = now.input and earlier.month = now.month
    where now.fingerprint is distinct from earlier.fingerprint
),

changed as (
    select
        'institution' as scope,
        month
    from {{ ref('int_settlement__changed_part_month') }}
    union all
    select
        'institution' as scope,
        month
    from changed_input
    where input not in ('negotiated', 'division')
    union all
    select
        'drug' as scope,
        month
    from {{ ref('int_fee__changed_month') }}
    union all
    select
        'drug' as scope,
        month
    from changed_input
    where input in ('negotiated', 'division', 'institution')
),

scope as (
    select 'institution' as scope
    union all
    select 'drug' as scope
)

select
    scope.scope,
    coalesce(min(changed.month), date '9999-12-01') as from_month
from scope
left join changed on changed.scope = scope.scope
group by scope.scope
