-- Where a relation is kept, by the newest snapshot that lists it.
select
    relation_id,
    max_by(org_code, snapshot_date) as org_code
from {{ ref('stg_psn_insu_d') }}
group by relation_id
