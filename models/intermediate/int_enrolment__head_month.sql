-- Persons with an active relation at the month's end, from the last snapshot of the month; the pool area as a
-- whole stands under its city code.
with snapshot as (
    select
        *,
        {{ month_of('snapshot_date') }} as month
    from {{ ref('stg_psn_insu_d') }}
    where coalesce(valid_flag, '1') = '1'
    qualify snapshot_date = max(snapshot_date) over (partition by {{ month_of('snapshot_date') }})
),

active as (
    select
        snapshot.org_code,
        snapshot.month,
        snapshot.person_key,
        snapshot.retirement_flag,
        listed.grouping as scheme
    from snapshot
    inner join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'insutype'
            and listed.code = snapshot.insurance_type_code
            and listed.grouping in ('employee', 'resident')
    where snapshot.enrolment_status = '1'
),

city as (
    select min(org_code) as org_code
    from {{ ref('int_org__division') }}
    where level = 'city'
),

placed as (
    select
        org_code,
        month,
        person_key,
        retirement_flag,
        scheme
    from active
    union all
    select
        city.org_code,
        active.month,
        active.person_key,
        active.retirement_flag,
        active.scheme
    from active
    inner join city on city.org_code <> active.org_code
)

select
    org_code,
    scheme,
    month,
    count(distinct person_key) as enrolled,
    count(distinct case when retirement_flag = '0' then person_key end) as active,
    count(distinct case when retirement_flag in ('1', '2') then person_key end) as retired
from placed
group by org_code, scheme, month
