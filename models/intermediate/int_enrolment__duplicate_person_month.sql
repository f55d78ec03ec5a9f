-- Insured persons who hold another relation in the same month: to the other scheme, or to the same one in another place;
-- and the fiscal subsidy that is paid for nothing. In two schemes that is the whole subsidy of the resident; in two
-- places whatever is paid beyond the largest one.
with numbers as (
    {{ month_numbers() }}
),

held as (
    select
        person.org_code,
        person.scheme,
        person.person_key,
        {{ month_from('person.year', 'numbers.number') }} as month,
        {{ has_month('person.in_other_scheme', 'numbers.number') }} = 1 as is_in_other_scheme,
        {{ has_month('person.counted_before', 'numbers.number') }} = 1 as is_counted_before
    from {{ ref('int_enrolment__person_year') }} as person
    cross join numbers
    where
        person.elsewhere > 0
        and {{ has_month('person.months', 'numbers.number') }} = 1
        and {{ has_month('person.elsewhere', 'numbers.number') }} = 1
),

subsidised as (
    select
        contribution.person_key,
        contribution.accrual_month,
        coalesce(contribution.accrual_month_to, contribution.accrual_month) as accrual_month_to,
        -- A share of a month has no last fen: ten places are kept until the month is summed.
        cast(
            contribution.fiscal_subsidy / (
                {{ month_number(
                    'coalesce(contribution.accrual_month_to, contribution.accrual_month)',
                    'extract(year from contribution.accrual_month)'
                ) }} - extract(month from contribution.accrual_month) + 1
            ) as decimal(28, 10)
        ) as monthly_subsidy
    from {{ ref('stg_psn_clct_detl_d') }} as contribution
    inner join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'insutype'
            and listed.code = contribution.insurance_type_code
            and listed.grouping = 'resident'
    where
        contribution.person_key in (select held.person_key from held)
        and coalesce(contribution.valid_flag, '1') = '1'
        and contribution.reversal_flag = 'Z'
        and contribution.paid_flag = '1'
        and contribution.fiscal_subsidy > 0
),

subsidy_month as (
    select
        person_month.person_key,
        person_month.month,
        sum(subsidised.monthly_subsidy) as total,
        max(subsidised.monthly_subsidy) as largest
    from (select distinct person_key, month from held) as person_month
    inner join subsidised
        on
            subsidised.person_key = person_month.person_key
            and person_month.month between subsidised.accrual_month and subsidised.accrual_month_to
    group by person_month.person_key, person_month.month
)

select
    held.org_code,
    held.scheme,
    held.person_key,
    held.month,
    case when held.is_in_other_scheme then 'other_scheme' else 'other_place' end as duplicate_kind,
    cast(coalesce(
        case
            when held.scheme = 'resident' and held.is_in_other_scheme and not held.is_counted_before
                then subsidy_month.total
            when held.scheme = 'resident' and not held.is_in_other_scheme and held.is_counted_before
                then subsidy_month.total - subsidy_month.largest
        end,
        0
    ) as decimal(28, 10)) as subsidy
from held
left join subsidy_month on subsidy_month.person_key = held.person_key and subsidy_month.month = held.month
