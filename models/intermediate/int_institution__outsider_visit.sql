-- What institutions of the pool area see of persons insured elsewhere: never part of the area's own fund spending. Refunds,
-- visits and days are counted as in the bureau's own settlements.
with setting as (
    select * from {{ source('run', 'bureau_setting') }}
),

care_type as (
    select
        exported.care_type_code,
        coalesce(listed.bucket, 'other') as visit_bucket
    from (select distinct care_type_code from {{ ref('stg_outmed_setl_d') }}) as exported
    left join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'med_type'
            and substring(exported.care_type_code, 1, length(listed.code)) = listed.code
    qualify row_number() over (partition by exported.care_type_code order by length(listed.code) desc nulls last) = 1
),

settlement as (
    select
        landed.setl_id,
        landed.visit_id,
        landed.person_key,
        landed.institution_code,
        landed.setl_time,
        landed.med_fee,
        landed.is_refund_flagged,
        landed.reversed_setl_id is not null as is_reversal,
        care_type.visit_bucket
    from {{ ref('stg_outmed_setl_d') }} as landed
    inner join care_type on care_type.care_type_code = landed.care_type_code
    cross join setting
    where
        landed.is_valid
        and landed.institution_code is not null
        and (setting.refunds = 'netted' or not landed.is_refund_flagged)
),

stay as (
    select
        setl_id,
        row_number() over (partition by visit_id order by setl_time desc, setl_id desc) as settlement_from_last
    from settlement
    where visit_bucket = 'inpatient' and not is_refund_flagged and not is_reversal
)

select
    settlement.setl_id,
    settlement.person_key,
    settlement.institution_code,
    settlement.visit_bucket,
    {{ month_of('settlement.setl_time') }} as month,
    case
        when settlement.is_reversal then -1
        when stay.settlement_from_last > 1 then 0
        else 1
    end as visit_count,
    settlement.med_fee
from settlement
left join stay on stay.setl_id = settlement.setl_id
