-- Every part of a settlement by fund, with the class of its fund payment type. Where the type only says "other
-- fund", the pool area's own code is read first. A pool-area code (xxxx01) has the class of the national one.
with part as (
    select
        batch_id,
        row_number_in_file,
        setl_id,
        line_number,
        fund_pay_type_code,
        case
            when fund_pay_type_code = '999997' then coalesce(pool_area_fund_pay_type_code, fund_pay_type_code)
            else fund_pay_type_code
        end as read_code,
        amount
    from {{ ref('stg_setl_fund_detl') }}
),

listed as (
    select
        code,
        class as fund_pay_class,
        fund_code
    from {{ ref('code_value') }}
    where dictionary = 'fund_pay_type'
)

select
    part.batch_id,
    part.row_number_in_file,
    part.setl_id,
    part.fund_pay_type_code,
    part.line_number,
    part.read_code,
    coalesce(
        own.fund_pay_class,
        national.fund_pay_class,
        case when substring(part.read_code, 1, 4) = '3102' then 'personal_account' end,
        fallback.fund_pay_class,
        'unmapped'
    ) as fund_pay_class,
    coalesce(own.fund_code, national.fund_code) as fund_code,
    part.amount
from part
left join listed as own on own.code = part.read_code
left join listed as national
    on
        substring(part.read_code, 5) = '01'
        and national.code = concat(substring(part.read_code, 1, 4), '00')
left join listed as fallback on fallback.code = part.fund_pay_type_code
