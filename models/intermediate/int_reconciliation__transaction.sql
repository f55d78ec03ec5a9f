-- Bank and treasury transactions with the account they moved, as the ledger item that stands for it, and the voucher they belong to.
-- A voucher number alone is one of the transaction's own month; one of another month has its period in front, 202503-…
select
    bank.org_code,
    coalesce(code_alias.code, bank.fund_code) as fund_code,
    {{ month_of('bank.transaction_date') }} as month,
    bank.account_kind_code,
    bank.transaction_id,
    account.item_key,
    case
        when bank.voucher_number is null then null
        when regexp_matches(bank.voucher_number, '^[0-9]{6}-')
            then cast(
                concat(substring(bank.voucher_number, 1, 4), '-', substring(bank.voucher_number, 5, 2), '-01') as date
            )
        else {{ month_of('bank.transaction_date') }}
    end as voucher_month,
    case
        when regexp_matches(bank.voucher_number, '^[0-9]{6}-') then substring(bank.voucher_number, 8)
        else bank.voucher_number
    end as voucher_number,
    cast(case bank.direction_code when '付' then -bank.amount else bank.amount end as {{ money_type() }}) as amount,
    -- Placed from one account of a kind with another: a term deposit.
    coalesce(own_subject.item_key = account.item_key, false) as is_within_account,
    own_subject.item_key as counter_item_key
from {{ ref('stg_fund_bank_stmt_d') }} as bank
left join {{ ref('code_alias') }} as code_alias
    on code_alias.dictionary = 'fund_code' and code_alias.alias = bank.fund_code
left join {{ ref('code_value') }} as account
    on account.dictionary = 'account_kind' and account.code = bank.account_kind_code
left join (
    select
        fund_code,
        subject_code,
        min(item_key) as item_key
    from {{ ref('int_ledger__subject_item') }}
    group by fund_code, subject_code
) as own_subject
    on
        own_subject.fund_code = coalesce(code_alias.code, bank.fund_code)
        and own_subject.subject_code = bank.counter_subject_code
