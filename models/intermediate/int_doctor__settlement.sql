{{ config(materialized='view') }}
-- What each doctor ordered of each settlement, in the months that are worked out anew. Lines without a doctor are nobody's.
select
    setl_id,
    doctor_code,
    line_fee,
    cast(drug_fee + herbal_fee as {{ money_type() }}) as drug_fee
from {{ ref('int_settlement__line_part') }}
where doctor_code is not null
