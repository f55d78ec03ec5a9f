{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    book_org as org_code,
    fund_code,
    vchr_no as voucher_number,
    line_no as line_number,
    vchr_date as voucher_date,
    ym as month,
    subj_code as subject_code,
    {{ to_yuan('coalesce(debit_amt, 0)', 'unit') }} as debit_amount,
    {{ to_yuan('coalesce(credit_amt, 0)', 'unit') }} as credit_amount,
    unit as exported_unit,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('fund_vchr_d') }}
from {{ source('landing', 'fund_vchr_d') }} as landed
where {{ counts('fund_vchr_d') }}
