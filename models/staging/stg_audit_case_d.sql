{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    case_id,
    fixmedins_code as institution_code,
    psn_no as person_key,
    source as case_source_code,
    open_date as opened_on,
    close_date as closed_on,
    rule_id,
    finding_type,
    verified_flag,
    recovered_amt as recovered,
    fine_amt as fine,
    score_deducted as points_deducted,
    transferred_flag,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('audit_case_d') }}
from {{ source('landing', 'audit_case_d') }} as landed
where {{ counts('audit_case_d') }}
