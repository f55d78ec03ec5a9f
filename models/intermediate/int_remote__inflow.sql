-- Settlements of people insured elsewhere who were treated here, counted as the bureau counts its own: refunds netted or
-- left out, a stay settled several times once with its last settlement. They are nobody's spending here.
with setting as (
    select refunds from {{ source('run', 'bureau_setting') }}
),

settlement as (
    select
        outsider.*,
        outsider.reversed_setl_id is not null as is_reversal
    from {{ ref('stg_outmed_setl_d') }} as outsider
    cross join setting
    where outsider.is_valid and (setting.refunds = 'netted' or not outsider.is_refund_flagged)
),

care_type as (
    select
        exported.care_type_code,
        coalesce(listed.bucket, 'other') as visit_bucket
    from (select distinct care_type_code from settlement) as exported
    left join {{ ref('code_value') }} as listed
        on
            listed.dictionary = 'med_type'
            and substring(exported.care_type_code, 1, length(listed.code)) = listed.code
    qualify row_number() over (partition by exported.care_type_code order by length(listed.code) desc nulls last) = 1
),

bucketed as (
    select
        settlement.*,
        coalesce(care_type.visit_bucket, 'other') as visit_bucket,
        case
            when insurance.grouping in ('employee', 'maternity') then 'employee'
            when insurance.grouping = 'resident' then 'resident'
            else 'other'
        end as scheme
    from settlement
    left join care_type on care_type.care_type_code = settlement.care_type_code
    left join {{ ref('code_value') }} as insurance
        on insurance.dictionary = 'insutype' and insurance.code = settlement.insurance_type_code
),

last_of_stay as (
    select setl_id
    from bucketed
    where visit_bucket = 'inpatient' and not is_refund_flagged and not is_reversal
    qualify row_number() over (partition by visit_id order by setl_time desc, setl_id desc) = 1
)

select
    bucketed.setl_id,
    bucketed.treatment_org_code as org_code,
    bucketed.org_code as place_code,
    bucketed.scheme,
    bucketed.visit_bucket,
    {{ month_of('bucketed.setl_time') }} as month,
    case
        when bucketed.is_reversal then -1
        when bucketed.visit_bucket <> 'inpatient' or bucketed.is_refund_flagged or last_of_stay.setl_id is not null then 1
        else 0
    end as visit_count,
    coalesce(bucketed.payment_place_code, '') <> '1' and coalesce(bucketed.settlement_type_code, '') <> '1' as is_direct,
    cast(bucketed.med_fee as {{ money_type() }}) as med_fee,
    cast(
        coalesce(bucketed.pooled_pay, 0) + bucketed.catastrophic_pay + coalesce(bucketed.assistance_pay, 0)
        + bucketed.other_fund_pay as {{ money_type() }}
    ) as fund_pay
from bucketed
left join last_of_stay on last_of_stay.setl_id = bucketed.setl_id
where bucketed.setl_time is not null and bucketed.treatment_org_code is not null
