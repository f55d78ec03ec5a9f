with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(psn_insu_rlts_id) as relation_id,
        psn_no as person_key,
        trim(insutype) as insurance_type_code,
        trim(insutype_retr_flag) as retirement_flag,
        trim(insu_admdvs) as org_code,
        trim(psn_insu_stas) as enrolment_status,
        trim(vali_flag) as valid_flag,
        -- The day the snapshot stands for: written in the file's name, else its newest change.
        coalesce(_as_of, cast(max(updt_time) over (partition by batch) as date)) as snapshot_date,
        updt_time as updated_at,
        rid as record_id
    from {{ source('landing', 'psn_insu_d') }}
)

{{ newest_version('landed', ['relation_id', 'snapshot_date'], ['updated_at', 'record_id']) }}
