-- What the registers of personal accounts say came in and was spent, by month, over the whole pool area: they name no books.
-- Balances carried from one year to the next are neither. Only accounts of the employee scheme are told apart.
with kind as (
    select code
    from {{ ref('code_value') }}
    where dictionary = 'insutype' and grouping = 'employee'
),

credit as (
    select
        {{ month_of('handled_at') }} as month,
        sum(case when account_entry_type_code in ('102', '103', '107') then 0 else credited end) as credited,
        sum(case when account_entry_type_code in ('102', '103') then credited else 0 end) as interest,
        sum(case when account_entry_type_code = '107' then credited else 0 end) as moved_in
    from {{ ref('stg_acct_inc_detl_d') }}
    where
        coalesce(valid_flag, '1') = '1'
        and handled_at is not null
        and account_entry_type_code <> '113'
        and (insurance_type_code is null or substring(insurance_type_code, 1, 3) in (select kind.code from kind))
    group by {{ month_of('handled_at') }}
),

debit as (
    select
        {{ month_of('handled_at') }} as month,
        sum(case when account_entry_type_code = '207' then 0 else debited end) as spent,
        sum(case when account_entry_type_code = '207' then debited else 0 end) as moved_out,
        sum(case when account_entry_type_code = '201' then debited else 0 end) as spent_on_care,
        sum(case when account_entry_type_code = '207' then 0 else coalesce(debited_last_year, 0) + coalesce(debited_earlier, 0) end)
            as spent_of_carried
    from {{ ref('stg_acct_pay_detl_d') }}
    where
        coalesce(valid_flag, '1') = '1'
        and handled_at is not null
        and account_entry_type_code <> '206'
        and (insurance_type_code is null or substring(insurance_type_code, 1, 3) in (select kind.code from kind))
    group by {{ month_of('handled_at') }}
)

select
    coalesce(credit.month, debit.month) as month,
    cast(credit.credited as {{ money_type() }}) as credited,
    cast(credit.interest as {{ money_type() }}) as interest,
    cast(credit.moved_in as {{ money_type() }}) as moved_in,
    cast(debit.spent as {{ money_type() }}) as spent,
    cast(debit.moved_out as {{ money_type() }}) as moved_out,
    cast(debit.spent_on_care as {{ money_type() }}) as spent_on_care,
    cast(debit.spent_of_carried as {{ money_type() }}) as spent_of_carried
from credit
full outer join debit on debit.month = credit.month
