with landed as (
    select
        batch as batch_id,
        _row_no as row_number_in_file,
        trim(fixmedins_code) as institution_code,
        trim(fixmedins_name) as name,
        trim(fixmedins_type) as institution_type_code,
        trim(hosp_lv) as hospital_grade_code,
        trim(medinslv) as institution_level_code,
        trim(econ_type) as economic_type_code,
        trim(grst_hosp_flag) as is_primary_care_flag,
        trim(fix_blng_admdvs) as org_code,
        aprv_bed_cnt as bed_count,
        begntime as valid_from_at,
        endtime as valid_to_at,
        trim(vali_flag) as valid_flag,
        updt_time as updated_at,
        rid as record_id
    from {{ source('landing', 'fixmedins_b') }}
)

{{ newest_version('landed', ['institution_code', 'valid_from_at'], ['updated_at', 'record_id']) }}
