-- Closing entries, which empty the income and expenditure subjects into net assets. A month has one when all
-- those subjects end at nil although they held or took in money, and net assets move (or are not listed).
-- The size per subject comes from the closing vouchers where the month has them and all vouchers tie to the
-- subject; otherwise the whole movement on the emptying side is the entry.
with flow_subject as (
    select *
    from {{ ref('int_ledger__entry') }}
    where subject_class in (4, 5)
),

emptied_month as (
    select
        org_code,
        fund_code,
        month
    from flow_subject
    group by org_code, fund_code, month
    having
        max(abs(closing_balance)) = 0
        and max(abs(opening_balance) + abs(increase)) > 0
),

net_asset_month as (
    select
        org_code,
        fund_code,
        month,
        max(abs(increase) + abs(decrease) + abs(closing_balance - opening_balance)) > 0 as has_moved
    from {{ ref('int_ledger__entry') }}
    where subject_class = 3
    group by org_code, fund_code, month
),

closing_month as (
    select emptied_month.*
    from emptied_month
    left join net_asset_month using (org_code, fund_code, month)
    where coalesce(net_asset_month.has_moved, true)
),

voucher_line as (
    select
        line.org_code,
        coalesce(code_alias.code, line.fund_code) as fund_code,
        line.month,
        line.voucher_number,
        line.subject_code,
        try_cast(substring(line.subject_code, 1, 1) as integer) as subject_class,
        line.debit_amount,
        line.credit_amount
    from {{ ref('stg_fund_vchr_d') }} as line
    left join {{ ref('code_alias') }} as code_alias
        on code_alias.dictionary = 'fund_code' and code_alias.alias = line.fund_code
),

closing_voucher as (
    select
        org_code,
        fund_code,
        month,
        voucher_number
    from voucher_line
    inner join closing_month using (org_code, fund_code, month)
    group by org_code, fund_code, month, voucher_number
    having
        bool_and(subject_class in (3, 4, 5))
        and bool_or(subject_class = 3)
        and bool_or(subject_class in (4, 5))
),

voucher_side as (
    select
        voucher_line.org_code,
        voucher_line.fund_code,
        voucher_line.month,
        voucher_line.subject_code,
        closing_voucher.voucher_number is not null as is_closing,
        case when voucher_line.subject_class = 5 then voucher_line.debit_amount else voucher_line.credit_amount end
            as increase,
        case when voucher_line.subject_class = 5 then voucher_line.credit_amount else voucher_line.debit_amount end
            as decrease
    from voucher_line
    inner join closing_month using (org_code, fund_code, month)
    left join closing_voucher using (org_code, fund_code, month, voucher_number)
    where voucher_line.subject_class in (4, 5)
),

voucher_total as (
    select
        flow_subject.org_code,
        flow_subject.fund_code,
        flow_subject.month,
        flow_subject.subject_code,
        sum(voucher_side.increase) as increase,
        sum(voucher_side.decrease) as decrease,
        sum(case when voucher_side.is_closing then voucher_side.decrease - voucher_side.increase else 0 end)
            as closing_entry
    from flow_subject
    inner join voucher_side
        on
            voucher_side.org_code = flow_subject.org_code
            and voucher_side.fund_code = flow_subject.fund_code
            and voucher_side.month = flow_subject.month
            and substring(voucher_side.subject_code, 1, length(flow_subject.subject_code)) = flow_subject.subject_code
    group by all
)

select
    flow_subject.org_code,
    flow_subject.fund_code,
    flow_subject.month,
    flow_subject.subject_code,
    cast(
        case
            when
                closed_by_voucher.month is not null
                and voucher_total.increase = flow_subject.increase
                and voucher_total.decrease = flow_subject.decrease
                then voucher_total.closing_entry
            else flow_subject.decrease
        end as {{ money_type() }}
    ) as closing_entry
from flow_subject
inner join closing_month using (org_code, fund_code, month)
left join voucher_total using (org_code, fund_code, month, subject_code)
left join (
    select distinct
        org_code,
        fund_code,
        month
    from closing_voucher
) as closed_by_voucher using (org_code, fund_code, month)
