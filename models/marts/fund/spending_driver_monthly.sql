{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        "{{ remember_changed_from(ref('int_settlement__changed_month')) }}",
        "{{ drop_changed_from(\"unit_kind <> 'institution'\") }}",
    ]
) }}

-- Why spending moved against the year before, exactly: the logarithmic mean Divisia index (LMDI-I, additive form;
-- Ang, Energy Policy 33, 2005). Spending of a cell (kind of care, level of hospital) is the product
--   people × days × visits per person and day × share of the kind of care × share of the level in it
--   × cost per visit × payment ratio,
-- and a factor that went from x0 to x1 in a cell that went from S0 to S1 explains (S1 - S0) / ln(S1 / S0) × ln(x1 / x0).
-- A cell that is new, gone or not positive has no such mean: its change is mix. What the ledger spent beyond the
-- claims of its months (premiums, allowances, lag of payment) is a factor of its own. Institutions, most of the rows, are made of
-- settlements alone: only their months from the first changed one on are worked out again.
{% set effects = ['people', 'calendar', 'visits', 'care_mix', 'level_mix', 'cost_per_visit', 'payment_ratio'] -%}
{% set measures = ['visits', 'med_fee', 'paid'] -%}
with city as (
    select min(org_code) as org_code
    from {{ ref('dim_org') }}
    where level = 'city'
),

claim as (
    select
        org_code,
        institution_code,
        is_manual,
        scheme,
        month,
        visit_bucket,
        hospital_level,
        sum(visit_count) as visits,
        sum(med_fee) as med_fee,
        sum(account_pay) as account_pay,
        sum(pooled_pay) as pooled_pay,
        sum(catastrophic_pay) as catastrophic_pay
    from {{ ref('settlement') }}
    group by org_code, institution_code, is_manual, scheme, month, visit_bucket, hospital_level
),

by_org as (
    select
        claim.org_code,
        claim.institution_code,
        claim.is_manual,
        fund.fund_code,
        claim.month,
        claim.visit_bucket,
        claim.hospital_level,
        claim.visits,
        cast(claim.med_fee as {{ money_type() }}) as med_fee,
        cast(
            case fund.fund_code
                when '310_acct' then claim.account_pay
                when '310_pool' then claim.pooled_pay + claim.catastrophic_pay
                else claim.pooled_pay
            end as {{ money_type() }}
        ) as paid
    from claim
    inner join {{ ref('dim_fund') }} as fund
        on fund.scheme = claim.scheme and fund.fund_code in ('310_pool', '310_acct', '390')
),

unit_cell as (
    select
        'org' as unit_kind,
        org_code as unit_code,
        by_org.*
    from by_org
    union all
    select
        'pool' as unit_kind,
        city.org_code as unit_code,
        by_org.*
    from by_org
    cross join city
    where city.org_code is not null
    union all
    select
        'institution' as unit_kind,
        institution_code as unit_code,
        by_org.*
    from by_org
    where
        institution_code is not null and not is_manual
        -- A year to the month, and the year before it.
        and month >= {{ changed_from() }} - interval 23 month
),

first_claim as (
    select
        min(case when institution_code is not null and not is_manual then month end) as of_institution,
        min(month) as of_anyone
    from by_org
),

cell as (
    select
        unit_kind,
        unit_code,
        fund_code,
        month,
        visit_bucket,
        -- The level of an institution is no mix: one that rises changes its costs, not its composition.
        case unit_kind when 'institution' then 'all' else hospital_level end as hospital_level,
        {{ sum_money('visits') }} as visits,
        {{ sum_money('med_fee') }} as med_fee,
        {{ sum_money('paid') }} as paid
    from unit_cell
    group by all
),

-- A cell has a row in every month of its unit's history, so that a period counts what it did in other months.
unit_month as (
    select
        seen.unit_kind,
        seen.unit_code,
        seen.fund_code,
        seen.month,
        case seen.unit_kind when 'institution' then first_claim.of_institution else first_claim.of_anyone end as first_month
    from (select distinct unit_kind, unit_code, fund_code, month from cell) as seen
    cross join first_claim
),

listed as (
    select distinct
        unit_kind,
        unit_code,
        fund_code,
        visit_bucket,
        hospital_level
    from cell
),

dense as (
    select
        unit_month.unit_kind,
        unit_month.unit_code,
        unit_month.fund_code,
        unit_month.month,
        unit_month.first_month,
        listed.visit_bucket,
        listed.hospital_level,
        {% for measure in measures -%}
        coalesce(cell.{{ measure }}, 0) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from unit_month
    inner join listed using (unit_kind, unit_code, fund_code)
    left join cell using (unit_kind, unit_code, fund_code, month, visit_bucket, hospital_level)
),

period as (
    {% for kind in ['ytd', 'rolling_12'] -%}
    select
        unit_kind,
        unit_code,
        fund_code,
        month,
        first_month,
        visit_bucket,
        hospital_level,
        '{{ kind }}' as period_kind,
        {% if kind == 'ytd' -%}
        cast(date_trunc('year', month) as date) as starts_on,
        {% else -%}
        cast(month - interval 11 month as date) as starts_on,
        {% endif -%}
        {% for measure in measures -%}
        sum({{ measure }}) over (
            {% if kind == 'ytd' -%}
            partition by unit_kind, unit_code, fund_code, visit_bucket, hospital_level, date_trunc('year', month)
            order by month
            {%- else -%}
            partition by unit_kind, unit_code, fund_code, visit_bucket, hospital_level
            order by month range between interval 11 month preceding and current row
            {%- endif %}
        ) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from dense
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- People insured, on average of the period's month ends. Personal accounts and the pool belong to the same people.
insured as (
    select
        head_month.org_code,
        fund.fund_code,
        head_month.month,
        head_month.enrolled
    from {{ ref('int_enrolment__head_month') }} as head_month
    inner join {{ ref('dim_fund') }} as fund
        on fund.scheme = head_month.scheme and fund.fund_code in ('310_pool', '310_acct', '390')
),

people as (
    select
        spell.unit_kind,
        spell.unit_code,
        spell.fund_code,
        spell.month,
        spell.period_kind,
        case
            when count(*) = case spell.period_kind when 'ytd' then extract(month from spell.month) else 12 end
                then avg(insured.enrolled)
        end as people
    from (
        select distinct
            unit_kind,
            unit_code,
            fund_code,
            month,
            period_kind,
            starts_on
        from period
        where unit_kind <> 'institution'
    ) as spell
    inner join insured
        on
            insured.org_code = spell.unit_code
            and insured.fund_code = spell.fund_code
            and insured.month between spell.starts_on and spell.month
    group by spell.unit_kind, spell.unit_code, spell.fund_code, spell.month, spell.period_kind, spell.starts_on
),

-- A year of claims before the period must be there, or the change would be the beginning of the data.
matched as (
    select
        now.unit_kind,
        now.unit_code,
        now.fund_code,
        now.month,
        now.period_kind,
        now.visit_bucket,
        {{ days_between('now.starts_on', 'now.month') }} + day(last_day(now.month)) as days_1,
        {{ days_between('prior.starts_on', 'prior.month') }} + day(last_day(prior.month)) as days_0,
        {% for measure in measures -%}
        cast(now.{{ measure }} as double) as {{ measure }}_1,
        cast(prior.{{ measure }} as double) as {{ measure }}_0,
        {% endfor -%}
        people_now.people as people_1,
        people_prior.people as people_0
    from period as now
    inner join period as prior
        on
            prior.unit_kind = now.unit_kind
            and prior.unit_code = now.unit_code
            and prior.fund_code = now.fund_code
            and prior.period_kind = now.period_kind
            and prior.visit_bucket = now.visit_bucket
            and prior.hospital_level = now.hospital_level
            and prior.month = cast(now.month - interval 12 month as date)
            and prior.first_month <= prior.starts_on
            and (now.unit_kind <> 'institution' or now.month >= {{ changed_from() }})
    left join people as people_now
        on
            people_now.unit_kind = now.unit_kind
            and people_now.unit_code = now.unit_code
            and people_now.fund_code = now.fund_code
            and people_now.period_kind = now.period_kind
            and people_now.month = now.month
    left join people as people_prior
        on
            people_prior.unit_kind = prior.unit_kind
            and people_prior.unit_code = prior.unit_code
            and people_prior.fund_code = prior.fund_code
            and people_prior.period_kind = prior.period_kind
            and people_prior.month = prior.month
),

summed as (
    select
        *,
        people_0 > 0 and people_1 > 0 as has_people,
        {% for side in ['0', '1'] -%}
        sum(visits_{{ side }}) over (partition by unit_kind, unit_code, fund_code, month, period_kind) as all_{{ side }},
        sum(visits_{{ side }}) over (
            partition by unit_kind, unit_code, fund_code, month, period_kind, visit_bucket
        ) as kind_{{ side }}{{ ',' if not loop.last }}
        {% endfor %}
    from matched
),

weighed as (
    select
        *,
        paid_0 > 0 and paid_1 > 0 and med_fee_0 > 0 and med_fee_1 > 0 and visits_0 > 0 and visits_1 > 0
        and all_0 > 0 and all_1 > 0 and kind_0 > 0 and kind_1 > 0 as has_mean,
        case
            when paid_0 > 0 and paid_1 > 0 and paid_0 <> paid_1 then (paid_1 - paid_0) / ln(paid_1 / paid_0)
            else paid_0
        end as mean_paid
    from summed
),

effect as (
    select
        unit_kind,
        unit_code,
        fund_code,
        month,
        period_kind,
        bool_and(coalesce(has_people, false)) as has_people,
        sum(paid_1) as paid_1,
        sum(paid_0) as paid_0,
        sum(case when has_mean and has_people then mean_paid * ln(people_1 / people_0) else 0 end) as people,
        sum(case when has_mean then mean_paid * ln(days_1 / days_0) else 0 end) as calendar,
        sum(
            case
                when has_mean and has_people then mean_paid * ln((all_1 / people_1 / days_1) / (all_0 / people_0 / days_0))
                when has_mean then mean_paid * ln((all_1 / days_1) / (all_0 / days_0))
                else 0
            end
        ) as visits,
        sum(
            case
                when has_mean then mean_paid * ln((kind_1 / all_1) / (kind_0 / all_0))
                when kind_0 <= 0 or kind_1 <= 0 then paid_1 - paid_0
                else 0
            end
        ) as care_mix,
        sum(
            case
                when has_mean then mean_paid * ln((visits_1 / kind_1) / (visits_0 / kind_0))
                when kind_0 <= 0 or kind_1 <= 0 then 0
                else paid_1 - paid_0
            end
        ) as level_mix,
        sum(
            case when has_mean then mean_paid * ln((med_fee_1 / visits_1) / (med_fee_0 / visits_0)) else 0 end
        ) as cost_per_visit,
        sum(
            case when has_mean then mean_paid * ln((paid_1 / med_fee_1) / (paid_0 / med_fee_0)) else 0 end
        ) as payment_ratio
    from weighed
    group by unit_kind, unit_code, fund_code, month, period_kind
),

-- What the books spent in the same periods, on a cash basis.
booked_month as (
    select
        'org' as unit_kind,
        org_code as unit_code,
        fund_code,
        month,
        own_expenditure
    from {{ ref('int_ledger__balance_month') }}
    union all
    select
        'pool' as unit_kind,
        city.org_code as unit_code,
        balance_month.fund_code,
        balance_month.month,
        {{ sum_money('balance_month.own_expenditure') }} as own_expenditure
    from {{ ref('int_ledger__balance_month') }} as balance_month
    cross join city
    group by city.org_code, balance_month.fund_code, balance_month.month
),

booked as (
    select
        effect.unit_kind,
        effect.unit_code,
        effect.fund_code,
        effect.month,
        effect.period_kind,
        {% for side, years in [('1', 0), ('0', 1)] -%}
        {% set last_month = 'cast(effect.month - interval ' ~ (12 * years) ~ ' month as date)' -%}
        sum(
            case
                when
                    booked_month.month <= {{ last_month }}
                    and booked_month.month >= case effect.period_kind
                        when 'ytd' then cast(date_trunc('year', {{ last_month }}) as date)
                        else cast({{ last_month }} - interval 11 month as date)
                    end
                    then booked_month.own_expenditure
            end
        ) as booked_{{ side }},
        count(
            case
                when
                    booked_month.month <= {{ last_month }}
                    and booked_month.month >= case effect.period_kind
                        when 'ytd' then cast(date_trunc('year', {{ last_month }}) as date)
                        else cast({{ last_month }} - interval 11 month as date)
                    end
                    then 1
            end
        ) as booked_months_{{ side }}{{ ',' if not loop.last }}
        {% endfor %}
    from effect
    inner join booked_month
        on
            booked_month.unit_kind = effect.unit_kind
            and booked_month.unit_code = effect.unit_code
            and booked_month.fund_code = effect.fund_code
            and booked_month.month <= effect.month
            and booked_month.month > cast(effect.month - interval 24 month as date)
    group by effect.unit_kind, effect.unit_code, effect.fund_code, effect.month, effect.period_kind
),

laid_out as (
    {% for name in effects -%}
    select
        unit_kind,
        unit_code,
        fund_code,
        month,
        period_kind,
        '{{ name }}' as factor,
        {{ loop.index }} as sort_order,
        has_people,
        cast(paid_1 as {{ money_type() }}) as claims,
        cast(paid_0 as {{ money_type() }}) as claims_prior_year,
        cast({{ name }} as {{ money_type() }}) as amount
    from effect
    {% if name == 'people' -%}
    where has_people
    {% endif -%}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Rounding to the fen leaves some fen over: the largest factor takes them.
exact as (
    select
        *,
        cast(
            amount + case
                when
                    row_number() over (
                        partition by unit_kind, unit_code, fund_code, month, period_kind
                        order by abs(amount) desc, sort_order
                    ) = 1
                    then
                        claims - claims_prior_year
                        - sum(amount) over (partition by unit_kind, unit_code, fund_code, month, period_kind)
                else 0
            end as {{ money_type() }}
        ) as exact_amount
    from laid_out
),

told as (
    select
        exact.*,
        case when booked.booked_months_1 = booked.booked_months_0 then booked.booked_1 end as booked_1,
        case when booked.booked_months_1 = booked.booked_months_0 then booked.booked_0 end as booked_0
    from exact
    left join booked using (unit_kind, unit_code, fund_code, month, period_kind)
)

select
    unit_kind,
    unit_code,
    fund_code,
    month,
    period_kind,
    factor,
    cast(sort_order as integer) as sort_order,
    exact_amount as amount,
    {{ ratio('exact_amount', 'coalesce(booked_0, claims_prior_year)') }} as contribution,
    cast(coalesce(booked_1, claims) as {{ money_type() }}) as total,
    cast(coalesce(booked_0, claims_prior_year) as {{ money_type() }}) as total_prior_year,
    has_people,
    booked_0 is not null and booked_1 is not null as is_booked
from told
union all
select distinct
    unit_kind,
    unit_code,
    fund_code,
    month,
    period_kind,
    'beyond_claims' as factor,
    {{ effects | length + 1 }} as sort_order,
    cast((booked_1 - booked_0) - (claims - claims_prior_year) as {{ money_type() }}) as amount,
    {{ ratio('(booked_1 - booked_0) - (claims - claims_prior_year)', 'booked_0') }} as contribution,
    cast(booked_1 as {{ money_type() }}) as total,
    cast(booked_0 as {{ money_type() }}) as total_prior_year,
    has_people,
    true as is_booked
from told
where booked_0 is not null and booked_1 is not null
