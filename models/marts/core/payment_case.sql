-- Grouped inpatient settlements, each with what the newest grouping says it should cost. Refunded stays and their reversals are
-- left out under either convention: a case that was taken back is paid by nobody.
-- Where the bureau gives its own table of groups, points are worked out from it, else the export's stand.
-- Where the export carries no standard, it is worked out from the budget: value = budget by the sum of weights of scheme, year
-- and system; then high outliers get a share of the cost above the limit, low ones their actual cost. Scores of DIP already
-- carry the correction of outliers.
with grouped as (
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
        coalesce(result.case_type not in ('未入组', 'QY'), true) as is_in_group,
        coalesce(result.case_type = '高倍率', false) as is_high_outlier,
        coalesce(result.case_type = '低倍率', false) as is_low_outlier,
        result.weight_or_score as exported_weight,
        result.standard_payment as exported_standard
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_payment__grouping') }} as result on result.setl_id = settlement.setl_id
    where
        {{ is_paid_for('settlement') }}
),

-- The table's row of the group, the institution's coefficient for it (for all groups where none names it), and the band its
-- weight falls in: the highest that begins at or below it.
tabled as (
    select
        grouped.*,
        department.department_code,
        department.department_name,
        -- Wide enough for products of them.
        cast(group_standard.base_points as decimal(24, 6)) as base_points,
        cast(group_standard.day_points as decimal(24, 6)) as day_points,
        cast(coalesce(own.coefficient, usual.coefficient, 1) as decimal(8, 4)) as coefficient,
        -- Deviation goes by what the group costs at the institution's level.
        cast(group_standard.mean_cost as decimal(24, 2)) * case
            when grouped.group_system = 'DIP' then cast(coalesce(own.coefficient, usual.coefficient, 1) as decimal(8, 4)) else 1
        end as group_cost,
        coalesce(way.discharge_way_code is not null and grouped.actual_cost < group_standard.mean_cost, false) as is_incomplete,
        rule.high_ratio,
        rule.high_share,
        rule.low_ratio,
        rule.review_share
    from grouped
    left join {{ ref('int_payment__department') }} as department on department.visit_id = grouped.visit_id
    left join {{ ref('payment_group_standard') }} as group_standard
        on
            group_standard.scheme = grouped.scheme
            and group_standard.year = grouped.year
            and group_standard.group_system = grouped.group_system
            and group_standard.group_code = grouped.group_code
    left join {{ ref('payment_coefficient') }} as own
        on
            own.institution_code = grouped.institution_code
            and own.scheme = grouped.scheme
            and own.year = grouped.year
            and own.group_system = grouped.group_system
            and own.group_code = grouped.group_code
    left join {{ ref('payment_coefficient') }} as usual
        on
            usual.institution_code = grouped.institution_code
            and usual.scheme = grouped.scheme
            and usual.year = grouped.year
            and usual.group_system = grouped.group_system
            and usual.group_code = 'all'
    left join {{ ref('payment_incomplete_way') }} as way
        on way.group_system = grouped.group_system and way.discharge_way_code = department.discharge_way_code
    left join {{ ref('payment_rule') }} as rule
        on
            rule.group_system = grouped.group_system
            and rule.weight_from <= coalesce(group_standard.base_points, grouped.exported_weight, 0)
    qualify row_number() over (partition by grouped.setl_id order by rule.weight_from desc nulls last) = 1
),

-- Points of a case: days by points per day; of a stay broken off, the share of the group's points that it cost; of a score, less
-- in proportion below the low limit and more by the part above the high one; else points times coefficient. Four places.
pointed as (
    select
        tabled.*,
        cast(round(tabled.actual_cost / nullif(tabled.group_cost, 0), 4) as decimal(16, 4)) as cost_ratio,
        cast(
            case
                when tabled.day_points is not null then round(tabled.length_of_stay * tabled.day_points, 4)
                when tabled.base_points is null then tabled.exported_weight
                when tabled.group_system = 'DRG' and tabled.is_incomplete
                    then round(tabled.base_points * tabled.actual_cost / tabled.group_cost, 4)
                when tabled.group_system = 'DIP' and tabled.actual_cost < tabled.low_ratio * tabled.group_cost
                    then round(tabled.base_points * tabled.coefficient * tabled.actual_cost / tabled.group_cost, 4)
                when tabled.group_system = 'DIP' and tabled.actual_cost > tabled.high_ratio * tabled.group_cost
                    then
                        round(
                            tabled.base_points * tabled.coefficient
                            * (1 + tabled.high_share * (tabled.actual_cost / tabled.group_cost - tabled.high_ratio)),
                            4
                        )
                else round(tabled.base_points * tabled.coefficient, 4)
            end as decimal(16, 6)
        ) as weight_or_score
    from tabled
),

scored as (
    select
        *,
        is_in_group and weight_or_score is not null as is_grouped
    from pointed
),

weighed as (
    select
        scheme,
        year,
        group_system,
        sum(weight_or_score) as weight,
        sum(actual_cost - pooled_pay) as paid_by_others
    from scored
    where is_grouped
    group by scheme, year, group_system
),

valued as (
    select
        weighed.scheme,
        weighed.year,
        weighed.group_system,
        {{ point_value(
            distributable('budget.value_method', 'budget', 'weighed.paid_by_others'), 'weighed.weight', 'budget.value_places'
        ) }} as point_value
    from weighed
    inner join {{ ref('payment_budget') }} as budget
        on
            budget.scheme = weighed.scheme
            and budget.year = weighed.year
            and budget.group_system = weighed.group_system
),

ruled as (
    select
        scored.*,
        special.approved_amount,
        valued.point_value,
        cast(cast(scored.weight_or_score as decimal(20, 6)) * valued.point_value as decimal(28, 8)) as base
    from scored
    left join valued
        on
            valued.scheme = scored.scheme
            and valued.year = scored.year
            and valued.group_system = scored.group_system
    left join {{ ref('payment_special_case') }} as special on special.setl_id = scored.setl_id
),

standard as (
    select
        *,
        case
            when exported_standard is not null then cast(exported_standard as decimal(28, 8))
            when not is_grouped then null
            when group_system = 'DRG' and is_low_outlier and not is_incomplete then cast(actual_cost as decimal(28, 8))
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
        {{ review_cap(
            'max(review_share) over (partition by group_system)',
            'count(*) over (partition by institution_code, scheme, year, group_system)'
        ) }} as review_cap
    from reviewed
)

select
    ranked.setl_id,
    ranked.institution_code,
    ranked.org_code,
    ranked.scheme,
    ranked.month,
    ranked.year,
    ranked.department_code,
    ranked.department_name,
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
    ranked.review_addition,
    cast(
        round(cast(ranked.approved_amount as double) / nullif(cast(ranked.point_value as double), 0), 4) as decimal(16, 4)
    ) as review_points,
    ranked.coefficient,
    ranked.cost_ratio,
    ranked.is_incomplete
from ranked
