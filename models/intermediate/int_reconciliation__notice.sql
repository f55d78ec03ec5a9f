-- Payment notices of benefits with the books that pay them, what they ask for and what is taken off. The books stand at the
-- beginning of the source number, <book_org>-<fund_code>-…; a notice whose number does not begin so belongs to none
-- and is left to the check that counts them.
with line as (
    select
        payment_id,
        sum(coalesce(payment, 0)) as claimed,
        sum(case when deduction_type_code in ('10', '20') then deduction else 0 end) as reviewed,
        sum(case when deduction_type_code = '30' then deduction else 0 end) as advance_offset,
        sum(case when deduction_type_code = '40' then deduction else 0 end) as deposit,
        sum(coalesce(deduction, 0)) as deducted
    from {{ ref('stg_med_dfr_detl_d') }}
    where coalesce(valid_flag, '1') = '1'
    group by payment_id
)

select
    header.payment_id,
    split_part(header.source_number, '-', 1) as org_code,
    coalesce(code_alias.code, split_part(header.source_number, '-', 2)) as fund_code,
    {{ month_of('header.cash_month') }} as month,
    {{ month_of('header.booked_at') }} as booked_month,
    header.document_number as voucher_number,
    header.payment_source_code,
    source.channel,
    source.cause,
    header.failure_text is not null as is_failed,
    case when header.payee_type_code = '1' then header.payee_code end as institution_code,
    cast(header.payment as {{ money_type() }}) as amount,
    cast(coalesce(line.claimed, header.payment) as {{ money_type() }}) as claimed,
    cast(coalesce(line.reviewed, 0) as {{ money_type() }}) as reviewed,
    cast(coalesce(line.advance_offset, 0) as {{ money_type() }}) as advance_offset,
    cast(coalesce(line.deposit, 0) as {{ money_type() }}) as deposit,
    -- What a notice asks for beside the sum of its lines.
    cast(header.payment - coalesce(line.claimed - line.deducted, header.payment) as {{ money_type() }}) as beside_lines,
    -- Deductions of a kind nobody knows.
    cast(
        coalesce(line.deducted - line.reviewed - line.advance_offset - line.deposit, 0) as {{ money_type() }}
    ) as deducted_otherwise
from {{ ref('stg_med_dfr_d') }} as header
inner join {{ ref('reconciliation_source') }} as source using (payment_source_code)
left join line using (payment_id)
left join {{ ref('code_alias') }} as code_alias
    on code_alias.dictionary = 'fund_code' and code_alias.alias = split_part(header.source_number, '-', 2)
where header.valid_flag = '1' and header.source_number like '%-%-%'
