-- Doctors the register knows, whatever institution they are registered at.
select distinct doctor_code
from {{ ref('stg_dr_info_b') }}
where doctor_code is not null
