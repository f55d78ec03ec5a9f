-- For which months of a year each person owes a contribution and for which it is paid. A line that was reversed, paid
-- back, or only corrects the base or the rate of others covers no month; one that counts as paid, or whose payment may
-- wait (缓缴), covers its months.
with line as (
    select
        contribution.person_key,
        listed.grouping as scheme,
        contribution.accrual_month,
        coalesce(contribution.accrual_month_to, contribution.accrual_month) as accrual_month_to,
        contribution.paid_flag in ('1', '4') or contribution.contribution_type_code = '992' as is_paid
    from {{ ref('stg_psn_clct_detl_d') }} as contribution
    inner join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'insutype'
            and listed.code = contribution.insurance_type_code
            and listed.grouping in ('employee', 'resident')
    where
        coalesce(contribution.valid_flag, '1') = '1'
        and contribution.reversal_flag = 'Z'
        and contribution.accrual_month is not null
        and coalesce(contribution.contribution_type_code, '10')
        not in ('20', '33', '34', '35', '36', '40', '41', '991')
),

offsets as (
    {{ month_numbers() }}
),

dated as (
    select
        *,
        extract(year from accrual_month) as year
    from line
    union all
    select
        line.*,
        extract(year from line.accrual_month) + offsets.number as year
    from line
    inner join offsets
        on extract(year from line.accrual_month) + offsets.number <= extract(year from line.accrual_month_to)
    where extract(year from line.accrual_month) < extract(year from line.accrual_month_to)
),

covered as (
    select
        person_key,
        scheme,
        year,
        is_paid,
        {{ month_span(
            'greatest(1, ' ~ month_number('accrual_month', 'year') ~ ')',
            'least(12, ' ~ month_number('accrual_month_to', 'year') ~ ')'
        ) }} as months
    from dated
)

select
    person_key,
    scheme,
    cast(year as integer) as year,
    bit_or(months) as due_months,
    bit_or(case when is_paid then months else 0 end) as paid_months
from covered
group by person_key, scheme, year
