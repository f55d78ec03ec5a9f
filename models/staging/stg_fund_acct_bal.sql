{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    book_org as org_code,
    fund_code,
    ym as month,
    subj_code as subject_code,
    subj_name as subject_name,
    item_key as declared_item_key,
    bal_dir as balance_side,
    {{ to_yuan('open_bal', 'unit') }} as opening_balance,
    {{ to_yuan('debit_amt', 'unit') }} as debit_amount,
    {{ to_yuan('credit_amt', 'unit') }} as credit_amount,
    {{ to_yuan('close_bal', 'unit') }} as closing_balance,
    unit as exported_unit,
    rev_recog_mode as revenue_recognition,
    coalesce(is_consolidated in ('1', '01'), false) as is_consolidated,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('fund_acct_bal') }}
from {{ source('landing', 'fund_acct_bal') }} as landed
where {{ counts('fund_acct_bal') }}
