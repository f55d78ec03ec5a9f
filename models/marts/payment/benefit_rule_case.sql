-- What funds should pay of a settlement by the bureau's own benefit rules, beside what they paid: the pooled fund of the expense in
-- scope up to the year's ceiling and above the deductible, then critical illness insurance by bands of the burden above its
-- line, then assistance of the rest. Ceiling and lines run over the person's year: what a settlement gets is what the year
-- so far gets with it less without it. Refunded settlements and their reversals are left out; assistance is worked out for
-- those who got any, since the export does not name who is entitled.

-- The rule that names level and age before those for all, of the latest first year that has come.
with ruled as (
    select
        settlement.setl_id,
        settlement.person_key,
        settlement.institution_code,
        settlement.org_code,
        settlement.scheme,
        settlement.month,
        cast(extract(year from settlement.month) as integer) as year,
        settlement.setl_time,
        settlement.med_fee,
        settlement.in_scope,
        cast(settlement.med_fee - settlement.self_funded - settlement.over_limit - settlement.prepaid_share as {{ money_type() }})
            as in_scope_by_parts,
        settlement.deductible,
        settlement.pooled_pay,
        settlement.catastrophic_pay,
        settlement.assistance_pay,
        settlement.other_fund_pay,
        settlement.account_pay,
        settlement.hospital_pay,
        rule.ratio,
        rule.in_scope_cap,
        rule.catastrophic_line,
        rule.assistance_line,
        rule.assistance_ratio,
        case when rule.is_self_funded_counted then settlement.self_funded else 0 end
        + case when rule.is_over_limit_counted then settlement.over_limit else 0 end
        + case when rule.is_prepaid_counted then settlement.prepaid_share else 0 end as also_counted
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('benefit_rule') }} as rule
        on
            rule.scheme = settlement.scheme
            and rule.visit_bucket = settlement.visit_bucket
            and rule.hospital_level in (settlement.hospital_level, 'all')
            and rule.age_band in (settlement.age_band, 'all')
            and rule.first_year <= extract(year from settlement.month)
    where
        {{ is_paid_for('settlement') }}
    qualify row_number() over (
        partition by settlement.setl_id
        order by
            case when rule.hospital_level = 'all' then 1 else 0 end, case when rule.age_band = 'all' then 1 else 0 end,
            rule.first_year desc
    ) = 1
),

pooled as (
    select
        *,
        cast(
            round(
                ratio * greatest(
                    case
                        when in_scope_cap is null then in_scope
                        else
                            least(sum(in_scope) over so_far, in_scope_cap)
                            - least(sum(in_scope) over so_far - in_scope, in_scope_cap)
                    end - coalesce(deductible, 0),
                    0
                ),
                2
            ) as {{ money_type() }}
        ) as pooled_by_rule
    from ruled
    window so_far as (partition by person_key, scheme, year order by setl_time, setl_id rows between unbounded preceding and current row)
),

burdened as (
    select
        *,
        in_scope - pooled_by_rule + also_counted as burden,
        sum(in_scope - pooled_by_rule + also_counted) over (
            partition by person_key, scheme, year order by setl_time, setl_id rows between unbounded preceding and current row
        ) as year_burden
    from pooled
),

-- The bands in force for a scheme and year.
band as (
    select
        in_force.scheme,
        in_force.year,
        entry.above_line,
        lead(entry.above_line) over (partition by in_force.scheme, in_force.year order by entry.above_line) as next_above,
        entry.share
    from (
        select
            ruled.scheme,
            ruled.year,
            max(entry.first_year) as first_year
        from (select distinct ruled.scheme, ruled.year from ruled) as ruled
        inner join {{ ref('benefit_catastrophic_band') }} as entry
            on entry.scheme = ruled.scheme and entry.first_year <= ruled.year
        group by ruled.scheme, ruled.year
    ) as in_force
    inner join {{ ref('benefit_catastrophic_band') }} as entry
        on entry.scheme = in_force.scheme and entry.first_year = in_force.first_year
),

-- Of the year's burden with the settlement, and without it.
covered as (
    select
        burdened.setl_id,
        {% for burden in ('burdened.year_burden', 'burdened.year_burden - burdened.burden') %}
        sum(
            band.share * greatest(
                least(
                    {{ burden }} - burdened.catastrophic_line, coalesce(band.next_above, {{ burden }} - burdened.catastrophic_line)
                ) - band.above_line,
                0
            )
        ) as {{ 'covered_with' if loop.first else 'covered_without' }}{{ ',' if not loop.last }}
        {% endfor %}
    from burdened
    inner join band on band.scheme = burdened.scheme and band.year = burdened.year
    where burdened.catastrophic_line is not null
    group by burdened.setl_id
),

second_cover as (
    select
        burdened.*,
        cast(
            coalesce(round(covered.covered_with, 2) - round(covered.covered_without, 2), 0) as {{ money_type() }}
        ) as catastrophic_by_rule
    from burdened
    left join covered using (setl_id)
),

last_rest as (
    select
        *,
        in_scope - pooled_by_rule - catastrophic_by_rule as rest,
        sum(in_scope - pooled_by_rule - catastrophic_by_rule) over (
            partition by person_key, scheme, year order by setl_time, setl_id rows between unbounded preceding and current row
        ) as year_rest
    from second_cover
),

assisted as (
    select
        *,
        cast(
            case
                when assistance_line is null or coalesce(assistance_pay, 0) = 0 then 0
                else
                    round(assistance_ratio * greatest(year_rest - assistance_line, 0), 2)
                    - round(assistance_ratio * greatest(year_rest - rest - assistance_line, 0), 2)
            end as {{ money_type() }}
        ) as assistance_by_rule
    from last_rest
)

select
    setl_id,
    institution_code,
    org_code,
    scheme,
    month,
    med_fee,
    in_scope,
    in_scope_by_parts,
    deductible,
    pooled_by_rule,
    catastrophic_by_rule,
    assistance_by_rule,
    cast(pooled_by_rule + catastrophic_by_rule + assistance_by_rule as {{ money_type() }}) as fund_by_rule,
    cast(
        med_fee - pooled_by_rule - catastrophic_by_rule - assistance_by_rule - coalesce(other_fund_pay, 0) - coalesce(hospital_pay, 0)
        as {{ money_type() }}
    ) as person_by_rule,
    cast(
        med_fee - pooled_by_rule - catastrophic_by_rule - assistance_by_rule - coalesce(other_fund_pay, 0) - coalesce(hospital_pay, 0)
        - coalesce(account_pay, 0) as {{ money_type() }}
    ) as cash_by_rule,
    cast(pooled_pay - pooled_by_rule as {{ money_type() }}) as pooled_difference,
    cast(catastrophic_pay - catastrophic_by_rule as {{ money_type() }}) as catastrophic_difference,
    cast(assistance_pay - assistance_by_rule as {{ money_type() }}) as assistance_difference
from assisted
