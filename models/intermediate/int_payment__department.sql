-- The department each grouped stay was discharged from, and how.
select
    visit.visit_id,
    max(coalesce(visit.discharge_department_code, visit.admission_department_code)) as department_code,
    max(coalesce(visit.discharge_department_name, visit.admission_department_name)) as department_name,
    max(visit.discharge_way_code) as discharge_way_code
from {{ ref('stg_mdtrt_d') }} as visit
where
    visit.visit_id in (
        select settlement.visit_id
        from {{ ref('stg_setl_d') }} as settlement
        inner join {{ ref('stg_drg_dip_rslt_d') }} as result on result.setl_id = settlement.setl_id
    )
group by visit.visit_id
