with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(book_org) as org_code,
        trim(fund_code) as fund_code,
        ym as month,
        trim(subj_code) as subject_code,
        trim(subj_name) as subject_name,
        trim(item_key) as declared_item_key,
        trim(bal_dir) as balance_side,
        open_bal,
        debit_amt,
        credit_amt,
        close_bal,
        trim(unit) as exported_unit,
        trim(rev_recog_mode) as revenue_recognition,
        coalesce(trim(is_consolidated), '0') = '1' as is_consolidated,
        _load_ts as loaded_at
    from {{ source('landing', 'fund_acct_bal') }}
),

newest as (
    {{ newest_version('landed', ['fund_code', 'org_code', 'month', 'subject_code'], ['loaded_at']) }}
)

select
    org_code,
    fund_code,
    month,
    subject_code,
    subject_name,
    declared_item_key,
    balance_side,
    {{ to_yuan('open_bal', 'exported_unit') }} as opening_balance,
    {{ to_yuan('debit_amt', 'exported_unit') }} as debit_amount,
    {{ to_yuan('credit_amt', 'exported_unit') }} as credit_amount,
    {{ to_yuan('close_bal', 'exported_unit') }} as closing_balance,
    exported_unit,
    revenue_recognition,
    is_consolidated,
    batch_id,
    row_number_in_file
from newest
