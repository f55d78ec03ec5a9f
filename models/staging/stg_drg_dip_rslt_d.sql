with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(setl_id) as setl_id,
        trim(grp_sys) as group_system,
        trim(grp_ver) as group_version,
        trim(grp_code) as group_code,
        _load_ts as loaded_at
    from {{ source('landing', 'drg_dip_rslt_d') }}
)

{{ newest_version('landed', ['setl_id', 'group_system', 'group_version'], ['loaded_at']) }}
