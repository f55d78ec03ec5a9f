-- Voucher lines by voucher and ledger subject. A line booked on a subject the balances do not list belongs to the nearest
-- subject above it that they do list; where there is none, to no item.
with line as (
    select
        line.org_code,
        coalesce(code_alias.code, line.fund_code) as fund_code,
        line.month,
        line.voucher_number,
        line.subject_code,
        sum(line.debit_amount) as debit_amount,
        sum(line.credit_amount) as credit_amount
    from {{ ref('stg_fund_vchr_d') }} as line
    left join {{ ref('code_alias') }} as code_alias
        on code_alias.dictionary = 'fund_code' and code_alias.alias = line.fund_code
    group by line.org_code, coalesce(code_alias.code, line.fund_code), line.month, line.voucher_number, line.subject_code
),

-- A subject may be listed under several names over the years; its item is the same but for spelling mistakes.
listed as (
    select
        fund_code,
        subject_code,
        min(item_key) as item_key,
        min(root_item_key) as root_item_key
    from {{ ref('int_ledger__subject_item') }}
    group by fund_code, subject_code
),

nearest as (
    select
        booked.fund_code,
        booked.subject_code as booked_code,
        listed.subject_code,
        listed.item_key,
        listed.root_item_key
    from (select distinct fund_code, subject_code from line) as booked
    inner join listed
        on
            listed.fund_code = booked.fund_code
            and substring(booked.subject_code, 1, length(listed.subject_code)) = listed.subject_code
    qualify row_number() over (
        partition by booked.fund_code, booked.subject_code order by length(listed.subject_code) desc
    ) = 1
),

subject as (
    select
        line.org_code,
        line.fund_code,
        line.month,
        line.voucher_number,
        coalesce(nearest.subject_code, line.subject_code) as subject_code,
        coalesce(nearest.item_key, 'unmapped') as item_key,
        coalesce(nearest.root_item_key, 'unmapped') as root_item_key,
        try_cast(substring(line.subject_code, 1, 1) as integer) as subject_class,
        {{ sum_money('line.debit_amount - line.credit_amount') }} as debit_balance
    from line
    left join nearest on nearest.fund_code = line.fund_code and nearest.booked_code = line.subject_code
    group by all
)

select
    org_code,
    fund_code,
    month,
    voucher_number,
    subject_code,
    item_key,
    root_item_key,
    subject_class,
    debit_balance,
    -- Year-end vouchers, which empty income and expenditure into net assets, spend nothing.
    bool_or(subject_class = 3) over (partition by org_code, fund_code, month, voucher_number) as has_net_assets
from subject
