with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(mdtrt_id) as visit_id,
        ipt_days as inpatient_days,
        trim(vali_flag) as valid_flag,
        updt_time as updated_at,
        rid as record_id
    from {{ source('landing', 'mdtrt_d') }}
)

{{ newest_version('landed', ['visit_id'], ['updated_at', 'record_id']) }}
