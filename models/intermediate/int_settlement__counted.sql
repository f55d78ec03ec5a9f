{{ config(materialized='view') }}
-- Settlements as they are counted, under the bureau's convention for refunds:
--   netted    the reversal stands in its own month with negative money and takes one visit back;
--   restated  a refunded settlement and its reversal are both left out.
-- A stay settled several times counts once, with its last settlement, and carries its days there.
with setting as (
    select * from {{ source('run', 'bureau_setting') }}
),

settlement as (
    select
        newest.*,
        care_type.visit_bucket,
        insurance_type.scheme,
        newest.reversed_setl_id is not null as is_reversal,
        setting.refunds,
        mode.fund_scope,
        mode.mutual_aid
    from {{ ref('int_settlement__newest') }} as newest
    inner join {{ ref('int_settlement__care_type') }} as care_type using (care_type_code)
    inner join {{ ref('int_settlement__insurance_type') }} as insurance_type using (insurance_type_code)
    cross join setting
    cross join {{ ref('int_settlement__mode') }} as mode
    where setting.refunds = 'netted' or not newest.is_refund_flagged
),

-- Settlements that make up stays, refunds apart; few beside all others, so only these are put in order.
stay as (
    select
        setl_id,
        row_number() over (partition by visit_id order by setl_time desc, setl_id desc) as settlement_from_last,
        min(admitted_on) over (partition by visit_id) as admitted_on,
        max(discharged_on) over (partition by visit_id) as discharged_on
    from settlement
    where visit_bucket = 'inpatient' and not is_refund_flagged and not is_reversal
),

counted as (
    select
        settlement.*,
        case
            when settlement.is_reversal then -1
            when stay.settlement_from_last > 1 then 0
            else 1
        end as visit_count,
        coalesce(stay.admitted_on, settlement.admitted_on) as days_from,
        coalesce(stay.discharged_on, settlement.discharged_on) as days_to
    from settlement
    left join stay on stay.setl_id = settlement.setl_id
),

grouping_result as (
    select
        setl_id,
        group_code
    from {{ ref('stg_drg_dip_rslt_d') }}
    qualify row_number() over (partition by setl_id order by group_version desc, group_system) = 1
)

select
    counted.*,
    case
        when counted.visit_bucket <> 'inpatient' then null
        when counted.visit_count = 0 then 0
        else
            counted.visit_count * coalesce(
                nullif(visit.inpatient_days, 0),
                greatest(1, {{ days_between('counted.days_from', 'counted.days_to') }}),
                1
            )
    end as length_of_stay,
    grouping_result.group_code as drg_dip_group
from counted
left join {{ ref('stg_mdtrt_d') }} as visit on visit.visit_id = counted.visit_id
left join grouping_result on grouping_result.setl_id = counted.setl_id
