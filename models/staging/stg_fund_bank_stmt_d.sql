{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    book_org as org_code,
    fund_code,
    account_kind as account_kind_code,
    txn_date as transaction_date,
    txn_id as transaction_id,
    direction as direction_code,
    amt as amount,
    counter_subj as counter_subject_code,
    vchr_no as voucher_number,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('fund_bank_stmt_d') }}
from {{ source('landing', 'fund_bank_stmt_d') }} as landed
where {{ counts('fund_bank_stmt_d') }}
