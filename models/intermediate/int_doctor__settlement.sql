-- What each doctor ordered of each settlement, in the months that are worked out anew. Lines without a doctor are nobody's.
with settled as (
    select distinct landed.setl_id
    from {{ ref('stg_setl_d') }} as landed
    inner join {{ ref('int_settlement__changed_part_month') }} as changed_month
        on changed_month.month = {{ month_of('landed.setl_time') }}
)

select
    fee_line.setl_id,
    fee_line.doctor_code,
    {{ sum_money('fee_line.line_fee') }} as line_fee,
    {{ sum_money("case when " ~ fee_class('fee_line.charge_type_code') ~ " in ('drug', 'herbal') then fee_line.line_fee else 0 end") }}
        as drug_fee
from {{ ref('stg_fee_list_d') }} as fee_line
inner join settled on settled.setl_id = fee_line.setl_id
where fee_line.doctor_code is not null and fee_line.doctor_code <> '' and coalesce(fee_line.valid_flag, '1') = '1'
group by fee_line.setl_id, fee_line.doctor_code
