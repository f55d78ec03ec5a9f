-- The ledger as it is counted: funds under their listed codes, balances on the natural side of their class
-- (debit for assets and expenditure, credit for the rest), consolidated rows left out.
with balance as (
    select
        ledger.org_code,
        coalesce(code_alias.code, ledger.fund_code) as fund_code,
        ledger.month,
        ledger.subject_code,
        ledger.subject_name,
        ledger.declared_item_key,
        ledger.balance_side,
        ledger.opening_balance,
        ledger.debit_amount,
        ledger.credit_amount,
        ledger.closing_balance
    from {{ ref('stg_fund_acct_bal') }} as ledger
    left join {{ ref('code_alias') }} as code_alias
        on code_alias.dictionary = 'fund_code' and code_alias.alias = ledger.fund_code
    where not ledger.is_consolidated
),

mapped as (
    select
        balance.*,
        subject.item_key,
        subject.root_item_key,
        subject.is_memo,
        subject.subject_class,
        case
            when subject.subject_class in (1, 5) then 1
            else -1
        end as natural_side,
        case balance.balance_side when '借' then 1 else -1 end as printed_side
    from balance
    inner join {{ ref('int_ledger__subject_item') }} as subject
        on
            subject.fund_code = balance.fund_code
            and subject.subject_code = balance.subject_code
            and subject.subject_name = balance.subject_name
            and subject.declared_item_key is not distinct from balance.declared_item_key
)

select
    org_code,
    fund_code,
    month,
    subject_code,
    item_key,
    root_item_key,
    is_memo,
    subject_class,
    cast(opening_balance * natural_side * printed_side as {{ money_type() }}) as opening_balance,
    cast(closing_balance * natural_side * printed_side as {{ money_type() }}) as closing_balance,
    -- What raises and what lowers the balance on its natural side.
    case when natural_side = 1 then debit_amount else credit_amount end as increase,
    case when natural_side = 1 then credit_amount else debit_amount end as decrease
from mapped
