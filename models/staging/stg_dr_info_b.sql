{#- Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there. -#}
select
    batch as batch_id,
    _row_no as row_number_in_file,
    dr_code as doctor_code,
    medins_code as institution_code,
    dr_prac_type as practice_type_code,
    dr_prac_scp_code as practice_scope_code,
    dr_pro_tech_duty as professional_title_code,
    dr_prac_lv as practice_level_code,
    main_pracins_no as main_institution_code,
    mul_prac_flag as several_places_flag,
    prac_stas as practice_status_code,
    psn_stas as person_status_code,
    cntr_begntime as valid_from_at,
    cntr_endtime as valid_to_at,
    nemp_time as dismissed_at,
    cred_lv as credit_level_code,
    vola_bhvr as violation_text,
    vali_flag as valid_flag,
    rid as record_id,
    crte_time as created_at,
    updt_time as updated_at,
    _src_tab as source_table,
    _load_ts as loaded_at{{ bureau_columns('dr_info_b') }}
from {{ source('landing', 'dr_info_b') }} as landed
where {{ counts('dr_info_b') }}
