-- Grouped inpatient settlements, each with what the newest grouping says it should cost. Refunded stays and their reversals are
-- left out under either convention: a case that was taken back is paid by nobody.
-- Where the export carries no standard, it is worked out from the budget: value = budget by the sum of weights of scheme, year
-- and system; then high outliers get a share of the cost above the limit, low ones their actual cost. Scores of DIP already
-- carry the correction of outliers.
with reversed as (
    select distinct reversed_setl_id
    from {{ ref('settlement') }}
    where reversed_setl_id is not null
),

grouped as (
    select
        settlement.setl_id,
        settlement.institution_code,
        settlement.org_code,
        settlement.scheme,
        settlement.month,
        cast(extract(year from settlement.month) as integer) as year,
        settlement.visit_id,
        case when settlement.visit_count = 1 then settlement.length_of_stay end as length_of_stay,
        settlement.med_fee as actual_cost,
        settlement.pooled_pay,
        settlement.fund_pay,
        result.group_system,
        result.group_version,
        result.group_code,
        result.group_name,
        result.case_type,
        coalesce(result.case_type not in ('未入组', 'QY'), true) and result.weight_or_score is not null as is_grouped,
        coalesce(result.case_type = '高倍率', false) as is_high_outlier,
        coalesce(result.case_type = '低倍率', false) as is_low_outlier,
        result.weight_or_score,
        result.standard_payment as exported_standard
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_payment__grouping') }} as result on result.setl_id = settlement.setl_id
    where
        not settlement.is_refund_flagged
        and settlement.reversed_setl_id is null
        and settlement.setl_id not in (select reversed.reversed_setl_id from reversed)
),

weighed as (
    select
        scheme,
        year,
        group_system,
        sum(weight_or_score) as weight,
        sum(actual_cost - pooled_pay) as paid_by_others
    from grouped
    where is_grouped
    group by scheme, year, group_system
),

valued as (
    select
        weighed.scheme,
        weighed.year,
        weighed.group_system,
        cast(
            round(
                (
                    cast(budget.budget * (1 - budget.reserve_share) as double)
                    / case when budget.value_method = 'fund_ratio' then cast(budget.area_fund_ratio as double) else 1 end
                    + case when budget.value_method = 'exact' then cast(weighed.paid_by_others as double) else 0 end
                )
                / nullif(cast(weighed.weight as double), 0),
                budget.value_places
            ) as decimal(18, 6)
        ) as point_value
    from weighed
    inner join {{ ref('payment_budget') }} as budget
        on
            budget.scheme = weighed.scheme
            and budget.year = weighed.year
            and budget.group_system = weighed.group_system
),

-- The band a weight falls in is the highest that begins at or below it.
ruled as (
    select
        grouped.*,
        special.approved_amount,
        valued.point_value,
        cast(cast(grouped.weight_or_score as decimal(20, 6)) * valued.point_value as decimal(28, 8)) as base,
        rule.high_ratio,
        rule.high_share,
        rule.review_share
    from grouped
    left join valued
        on
            valued.scheme = grouped.scheme
            and valued.year = grouped.year
            and valued.group_system = grouped.group_system
    left join {{ ref('payment_rule') }} as rule
        on rule.group_system = grouped.group_system and rule.weight_from <= coalesce(grouped.weight_or_score, 0)
    left join {{ ref('payment_special_case') }} as special on special.setl_id = grouped.setl_id
    qualify row_number() over (partition by grouped.setl_id order by rule.weight_from desc nulls last) = 1
),

standard as (
    select
        *,
        case
            when exported_standard is not null then cast(exported_standard as decimal(28, 8))
            when not is_grouped then null
            when group_system = 'DRG' and is_low_outlier then cast(actual_cost as decimal(28, 8))
            when group_system = 'DRG' and is_high_outlier
                then cast(
                    -- The limit is money and rounded to the fen, as rules state it.
                    base + high_share * (actual_cost - high_ratio * round(base, 2)) as decimal(28, 8)
                )
            else base
        end as group_standard
    from ruled
),

-- What review has approved stands in place of the group's standard, and is rounded as money before the difference is taken. A rate
-- or point value is not worked out anew for it: give review the share of the budget that it spends.
reviewed as (
    select
        *,
        coalesce(cast(approved_amount as decimal(28, 8)), group_standard) as standard_unrounded,
        cast(approved_amount - cast(group_standard as {{ money_type() }}) as {{ money_type() }}) as review_addition
    from standard
),

-- The heaviest losses of an institution and year, up to the cap on special cases, rounded down.
ranked as (
    select
        *,
        row_number() over (
            partition by institution_code, scheme, year, group_system
            order by standard_unrounded - actual_cost nulls last, setl_id
        ) as loss_rank,
        floor(review_share * count(*) over (partition by institution_code, scheme, year, group_system)) as review_cap
    from reviewed
)

select
    ranked.setl_id,
    ranked.institution_code,
    ranked.org_code,
    ranked.scheme,
    ranked.month,
    ranked.year,
    department.department_code,
    department.department_name,
    ranked.group_system,
    ranked.group_version,
    ranked.group_code,
    ranked.group_name,
    ranked.weight_or_score,
    ranked.point_value,
    cast(ranked.standard_unrounded as {{ money_type() }}) as standard_payment,
    ranked.standard_unrounded,
    ranked.exported_standard is not null as is_standard_exported,
    ranked.actual_cost,
    ranked.pooled_pay,
    ranked.fund_pay,
    ranked.case_type,
    ranked.is_grouped,
    ranked.is_high_outlier,
    ranked.is_low_outlier,
    ranked.length_of_stay,
    cast(cast(ranked.standard_unrounded as {{ money_type() }}) - ranked.actual_cost as {{ money_type() }}) as gain_or_loss,
    coalesce(
        ranked.loss_rank <= ranked.review_cap and ranked.standard_unrounded < ranked.actual_cost, false
    ) as is_review_candidate,
    ranked.review_addition
from ranked
left join {{ ref('int_payment__department') }} as department on department.visit_id = ranked.visit_id
