{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    setl_id,
    fund_pay_type as fund_pay_type_code,
    seq as line_number,
    poolarea_fund_pay_type as pool_area_fund_pay_type_code,
    fund_pay_type_name,
    setl_proc_info as settlement_note,
    inscp_scp_amt as in_scope,
    crt_payb_lmt_amt as payable_limit,
    fund_payamt as amount,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('setl_fund_detl') }}
from {{ source('landing', 'setl_fund_detl') }} as landed
where {{ counts('setl_fund_detl') }}
