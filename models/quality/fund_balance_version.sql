{{ config(tags=['release']) }}

-- What was known of a balance when: every release adds a version of each month whose figures it changed, and keeps
-- those of the releases before it.
{% set amounts = ['opening_balance', 'opening_adjustment', 'income', 'expenditure', 'closing_balance'] -%}
with city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

pool_batch as (
    select
        fund_code,
        month,
        max(newest_batch_id) as newest_batch_id
    from {{ ref('fund_ledger_batch') }}
    group by fund_code, month
),

present as (
    select
        balance.org_code,
        balance.fund_code,
        'own' as basis,
        balance.month,
        ledger_batch.newest_batch_id,
        {% for amount in amounts -%}
        balance.{{ amount }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fund_balance_monthly') }} as balance
    left join {{ ref('fund_ledger_batch') }} as ledger_batch
        on
            ledger_batch.org_code = balance.org_code
            and ledger_batch.fund_code = balance.fund_code
            and ledger_batch.month = balance.month
    union all
    select
        coalesce(city.org_code, 'all') as org_code,
        consolidated.fund_code,
        'consolidated' as basis,
        consolidated.month,
        pool_batch.newest_batch_id,
        {% for amount in amounts -%}
        consolidated.{{ amount }}{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fund_balance_consolidated_monthly') }} as consolidated
    left join pool_batch
        on pool_batch.fund_code = consolidated.fund_code and pool_batch.month = consolidated.month
    cross join city
),

last_version as (
    select *
    from {{ source('run', 'previous_balance_version') }}
    qualify row_number() over (partition by org_code, fund_code, basis, month order by version_no desc) = 1
),

compared as (
    select
        coalesce(present.org_code, last_version.org_code) as org_code,
        coalesce(present.fund_code, last_version.fund_code) as fund_code,
        coalesce(present.basis, last_version.basis) as basis,
        coalesce(present.month, last_version.month) as month,
        coalesce(last_version.version_no, 0) + 1 as version_no,
        {% for amount in amounts -%}
        present.{{ amount }},
        {% endfor -%}
        present.org_code is null as is_withdrawn,
        present.newest_batch_id,
        last_version.org_code is null as is_first,
        present.income is not distinct from last_version.income
        and present.expenditure is not distinct from last_version.expenditure as has_same_flows,
        present.newest_batch_id is not distinct from last_version.newest_batch_id as has_same_rows
    from present
    full outer join last_version
        on
            last_version.org_code = present.org_code
            and last_version.fund_code = present.fund_code
            and last_version.basis = present.basis
            and last_version.month = present.month
    where
        last_version.org_code is null
        or (present.org_code is null and not last_version.is_withdrawn)
        or (
            present.org_code is not null
            and (
                last_version.is_withdrawn
                {%- for amount in amounts %}
                or present.{{ amount }} is distinct from last_version.{{ amount }}
                {%- endfor %}
            )
        )
),

-- A month whose own flows stayed moves with the balance that a changed month before it hands on.
reasoned as (
    select
        compared.*,
        case
            when is_first then 'first'
            when is_withdrawn then 'withdrawn'
            when
                has_same_flows
                and count(*) over (
                    partition by org_code, fund_code, basis
                    order by month rows between unbounded preceding and 1 preceding
                ) > 0
                then 'carried_forward'
            when not has_same_rows then 'new_rows'
            else 'method'
        end as reason
    from compared
),

explained as (
    select
        reasoned.*,
        case
            when reason in ('first', 'new_rows') then newest_batch_id
            when reason = 'carried_forward' then
                last_value(case when reason = 'new_rows' then newest_batch_id end ignore nulls) over (
                    partition by org_code, fund_code, basis
                    order by month rows between unbounded preceding and current row
                )
        end as batch_id
    from reasoned
),

version as (
    select
        explained.org_code,
        explained.fund_code,
        explained.basis,
        explained.month,
        explained.version_no,
        release.release_id,
        release.built_at as known_at,
        {% for amount in amounts -%}
        explained.{{ amount }},
        {% endfor -%}
        explained.is_withdrawn,
        explained.reason,
        explained.newest_batch_id,
        explained.batch_id,
        load_batch.source_file
    from explained
    cross join {{ source('run', 'release') }} as release
    left join {{ ref('load_batch') }} as load_batch on load_batch.batch_id = explained.batch_id
    union all
    select
        org_code,
        fund_code,
        basis,
        month,
        version_no,
        release_id,
        known_at,
        {{ amounts | join(',\n        ') }},
        is_withdrawn,
        reason,
        newest_batch_id,
        batch_id,
        source_file
    from {{ source('run', 'previous_balance_version') }}
)

select
    org_code,
    fund_code,
    basis,
    month,
    cast(version_no as integer) as version_no,
    version_no = max(version_no) over (partition by org_code, fund_code, basis, month) as is_latest,
    release_id,
    known_at,
    {{ amounts | join(',\n    ') }},
    is_withdrawn,
    reason,
    newest_batch_id,
    batch_id,
    source_file
from version
