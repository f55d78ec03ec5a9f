-- What review and inspection took off payments to institutions, by the month the payment is for; offsets of prepayments and
-- retention are no deductions.
select
    notice.payee_code as institution_code,
    notice.cash_month as month,
    line.deduction_type_code,
    {{ sum_money('line.deduction') }} as deduction
from {{ ref('stg_med_dfr_detl_d') }} as line
inner join {{ ref('stg_med_dfr_d') }} as notice on notice.payment_id = line.payment_id
where
    line.deduction_type_code in ('10', '20')
    and notice.payee_type_code = '1'
    and coalesce(line.valid_flag, '1') = '1'
    and notice.valid_flag = '1'
group by notice.payee_code, notice.cash_month, line.deduction_type_code
