with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(rid) as record_id,
        psn_no as person_key,
        trim(psn_insu_rlts_id) as relation_id,
        trim(insutype) as insurance_type_code,
        trim(poolarea_no) as pool_area_code,
        accrym_begn as accrual_month,
        clct_sumamt as contribution,
        trim(clct_flag) as paid_flag,
        trim(clct_type) as contribution_type_code,
        trim(revs_flag) as reversal_flag,
        trim(vali_flag) as valid_flag,
        updt_time as updated_at
    from {{ source('landing', 'psn_clct_detl_d') }}
)

{{ newest_version('landed', ['record_id'], ['updated_at']) }}
