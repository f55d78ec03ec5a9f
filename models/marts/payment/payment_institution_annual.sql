-- Year-end settlement of each institution: due by the standards of its cases, what the fund accrued for them, and what is kept
-- of a surplus or shared of an overspend. One basis throughout: due = standards - what others than the pooled fund pay,
-- actual = what the pooled fund accrued. Schemes are settled apart. Weights and scores never mix: indices are those of the
-- system most of the institution's cases are grouped by.
{% set least_cases = 5 %}

with case_of_year as (
    select *
    from {{ ref('payment_case') }}
    where is_grouped and standard_unrounded is not null
),

by_system as (
    select
        institution_code,
        scheme,
        year,
        group_system,
        count(*) as cases
    from case_of_year
    group by institution_code, scheme, year, group_system
),

main_system as (
    select
        institution_code,
        scheme,
        year,
        group_system
    from by_system
    qualify row_number() over (partition by institution_code, scheme, year order by cases desc, group_system) = 1
),

-- What a case of the group costs and takes in the area; groups with few cases say nothing.
area_group as (
    select
        year,
        group_system,
        group_code,
        {{ ratio('sum(actual_cost)', 'count(*)') }} as mean_cost,
        {{ ratio('sum(length_of_stay)', 'count(length_of_stay)') }} as mean_days
    from case_of_year
    where group_code is not null
    group by year, group_system, group_code
    having count(*) >= {{ least_cases }}
),

measured as (
    select
        cases.institution_code,
        cases.scheme,
        cases.year,
        main_system.group_system,
        count(*) as cases,
        {{ ratio(
            'sum(case when cases.group_system = main_system.group_system then cases.weight_or_score end)',
            'count(case when cases.group_system = main_system.group_system then 1 end)'
        ) }} as cmi,
        {{ ratio('sum(cases.actual_cost / area_group.mean_cost)', 'count(area_group.mean_cost)') }} as cost_index,
        {{ ratio(
            'sum(case when area_group.mean_days > 0 then cases.length_of_stay / area_group.mean_days end)',
            'count(case when area_group.mean_days > 0 then cases.length_of_stay end)'
        ) }} as time_index,
        {{ sum_money('cases.standard_unrounded') }} as standard_payment,
        {{ sum_money('cases.actual_cost') }} as actual_cost,
        {{ sum_money('cases.pooled_pay') }} as accrued,
        cast(
            {{ sum_money('cases.standard_unrounded') }} - {{ sum_money('cases.actual_cost - cases.pooled_pay') }} as {{ money_type() }}
        ) as due,
        sum(case when cases.is_high_outlier then 1 else 0 end) as high_outliers,
        sum(case when cases.is_low_outlier then 1 else 0 end) as low_outliers,
        sum(case when cases.is_review_candidate then 1 else 0 end) as review_candidates
    from case_of_year as cases
    inner join main_system
        on
            main_system.institution_code = cases.institution_code
            and main_system.scheme = cases.scheme
            and main_system.year = cases.year
    left join area_group
        on
            area_group.year = cases.year
            and area_group.group_system = cases.group_system
            and area_group.group_code = cases.group_code
    group by cases.institution_code, cases.scheme, cases.year, main_system.group_system
),

-- What the assessment of the year makes of it, before anything is kept or shared.
assessed as (
    select
        measured.*,
        cast(round(measured.due * coalesce(assessment.due_coefficient, 1), 2) as {{ money_type() }}) as assessed_due
    from measured
    left join {{ ref('payment_assessment') }} as assessment
        on assessment.institution_code = measured.institution_code and assessment.year = measured.year
),

-- The tiers in force: those that name the scheme before those for all, the latest first year that has come; of these the
-- first whose upper ratio is not passed.
tiered as (
    select
        assessed.*,
        tier.name_zh as tier_zh,
        tier.name_en as tier_en,
        coalesce(tier.keep_share, 0) as keep_share,
        coalesce(tier.overspend_share, 0) as overspend_share,
        coalesce(tier.overspend_to, 1) as overspend_to
    from assessed
    left join {{ ref('payment_tier') }} as tier
        on
            tier.scheme in (assessed.scheme, 'all')
            and tier.first_year <= assessed.year
            and assessed.assessed_due > 0
            and (
                tier.ratio_to is null
                or assessed.accrued < tier.ratio_to * assessed.assessed_due
                or (tier.is_to_included and assessed.accrued = tier.ratio_to * assessed.assessed_due)
            )
    qualify row_number() over (
        partition by assessed.institution_code, assessed.scheme, assessed.year
        order by case when tier.scheme = 'all' then 1 else 0 end, tier.first_year desc, tier.tier
    ) = 1
),

claimed as (
    select
        *,
        cast(round(keep_share * greatest(assessed_due - accrued, 0), 2) as {{ money_type() }}) as kept,
        cast(round(overspend_share * greatest(least(accrued, overspend_to * assessed_due) - assessed_due, 0), 2) as {{ money_type() }}) as claim
    from tiered
),

-- A reserve that falls short is shared in proportion to the claims; the fen that rounding leaves go to the largest claim.
reserved as (
    select
        claimed.*,
        reserve.overspend_reserve,
        sum(claimed.claim) over (partition by claimed.scheme, claimed.year) as claims,
        cast(
            round(
                claimed.claim * cast(reserve.overspend_reserve as decimal(18, 2))
                / nullif(sum(claimed.claim) over (partition by claimed.scheme, claimed.year), 0),
                2
            ) as {{ money_type() }}
        ) as cut_claim,
        row_number() over (
            partition by claimed.scheme, claimed.year order by claimed.claim desc, claimed.institution_code
        ) as claim_rank
    from claimed
    left join {{ ref('payment_reserve') }} as reserve
        on reserve.scheme = claimed.scheme and reserve.year = claimed.year
),

settled as (
    select
        *,
        case
            when overspend_reserve is null or claims <= overspend_reserve then claim
            else
                cut_claim + case
                    when claim_rank = 1 then overspend_reserve - sum(cut_claim) over (partition by scheme, year)
                    else 0
                end
        end as shared
    from reserved
),

-- Nothing is due where others pay more than the standards; nothing is then kept or shared.
paid as (
    select
        settled.*,
        cast(
            case
                when settled.assessed_due <= 0 then 0
                when settled.accrued <= settled.assessed_due then settled.accrued + settled.kept
                else settled.assessed_due + settled.shared
            end as {{ money_type() }}
        ) as paid,
        account.on_account
    from settled
    left join {{ ref('payment_on_account') }} as account
        on
            account.institution_code = settled.institution_code
            and account.scheme = settled.scheme
            and account.year = settled.year
)

select
    institution_code,
    scheme,
    year,
    group_system,
    cast(cases as bigint) as cases,
    cmi,
    cost_index,
    time_index,
    standard_payment,
    actual_cost,
    cast(standard_payment - actual_cost as {{ money_type() }}) as gain_or_loss,
    due,
    assessed_due,
    accrued,
    {{ ratio('accrued', 'assessed_due') }} as accrued_to_due,
    tier_zh,
    tier_en,
    paid,
    cast(case when assessed_due <= 0 then 0 else kept end as {{ money_type() }}) as retained_surplus,
    cast(case when assessed_due <= 0 then 0 else shared end as {{ money_type() }}) as shared_overspend,
    cast(high_outliers as bigint) as high_outliers,
    cast(low_outliers as bigint) as low_outliers,
    cast(review_candidates as bigint) as review_candidates,
    on_account,
    cast(paid - on_account as {{ money_type() }}) as year_end_amount
from paid
