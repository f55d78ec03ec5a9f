with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(book_org) as org_code,
        trim(fund_code) as fund_code,
        ym as month,
        trim(vchr_no) as voucher_number,
        line_no as line_number,
        vchr_date as voucher_date,
        trim(subj_code) as subject_code,
        coalesce(debit_amt, 0) as debit_amt,
        coalesce(credit_amt, 0) as credit_amt,
        trim(unit) as exported_unit,
        _load_ts as loaded_at
    from {{ source('landing', 'fund_vchr_d') }}
),

newest as (
    {{ newest_version(
        'landed', ['org_code', 'fund_code', 'month', 'voucher_number', 'line_number'], ['loaded_at']
    ) }}
)

select
    org_code,
    fund_code,
    month,
    voucher_number,
    line_number,
    voucher_date,
    subject_code,
    {{ to_yuan('debit_amt', 'exported_unit') }} as debit_amount,
    {{ to_yuan('credit_amt', 'exported_unit') }} as credit_amount,
    batch_id,
    row_number_in_file
from newest
