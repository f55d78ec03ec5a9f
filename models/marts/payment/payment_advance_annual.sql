-- What the fund may advance to a hospital in January: the mean month of pooled payments over the years before, where the pooled
-- funds cover enough months and ran no deficit in the year before. An advance is no spending: it is set off in equal parts, the
-- last of which takes the fen that rounding leaves. Whether a deficit is forecast is told by the forecast, not here.
with spent as (
    select
        institution_code,
        scheme,
        cast(extract(year from month) as integer) as year,
        {{ sum_money('pooled_pay') }} as pooled_pay,
        count(distinct month) as months
    from {{ ref('settlement') }}
    where institution_code like 'H%' and not is_manual and scheme in ('employee', 'resident') and not is_remote
    group by institution_code, scheme, extract(year from month)
),

-- Years that the data cover from January to December.
whole_year as (
    select extract(year from month) as year
    from {{ ref('settlement') }}
    group by extract(year from month)
    having count(distinct month) = 12
),

-- Pooled funds of a scheme at the end of the year, over all who keep books; the pool area's own row would count them twice.
fund_year as (
    select
        fund.scheme,
        cast(extract(year from part.month) as integer) as year,
        {{ ratio(
            "sum(case when part.indicator_id = 'F07' then part.numerator end)",
            "sum(case when part.indicator_id = 'F07' then part.denominator end)"
        ) }} as payable_months,
        cast(
            sum(case when part.indicator_id = 'F03' and part.period_kind = 'ytd' then part.numerator end) as {{ money_type() }}
        ) as current_balance
    from {{ ref('int_fund__indicator_part') }} as part
    inner join {{ ref('dim_fund') }} as fund on fund.fund_code = part.fund_code and fund.account_kind = 'pooled'
    where
        extract(month from part.month) = 12
        and part.indicator_id in ('F03', 'F07')
        and part.org_code in (select books.org_code from {{ ref('int_ledger__item_ytd') }} as books)
    group by fund.scheme, extract(year from part.month)
),

ruled as (
    select
        whole_year.year + 1 as year,
        rule.scheme,
        rule.base_years,
        rule.months_advanced,
        rule.least_payable_months,
        rule.offset_months
    from whole_year
    inner join {{ ref('payment_advance_rule') }} as rule on rule.first_year <= whole_year.year + 1
    qualify row_number() over (partition by whole_year.year, rule.scheme order by rule.first_year desc) = 1
),

based as (
    select
        spent.institution_code,
        spent.scheme,
        cast(ruled.year as integer) as year,
        ruled.months_advanced,
        ruled.least_payable_months,
        ruled.offset_months,
        cast(count(*) as integer) as base_years,
        cast(round(sum(spent.pooled_pay) / (12 * count(*)), 2) as {{ money_type() }}) as mean_month_amount
    from ruled
    inner join whole_year on whole_year.year between ruled.year - ruled.base_years and ruled.year - 1
    inner join spent on spent.scheme = ruled.scheme and spent.year = whole_year.year
    group by
        spent.institution_code, spent.scheme, ruled.year, ruled.months_advanced, ruled.least_payable_months, ruled.offset_months
),

advanced as (
    select
        *,
        cast(
            round(greatest(mean_month_amount, 0) * months_advanced, 2) as {{ money_type() }}
        ) as advance_amount
    from based
)

select
    advanced.institution_code,
    advanced.scheme,
    advanced.year,
    advanced.base_years,
    advanced.mean_month_amount,
    fund_year.payable_months,
    fund_year.current_balance as fund_balance_before,
    coalesce(
        fund_year.payable_months >= advanced.least_payable_months and fund_year.current_balance >= 0, false
    ) as is_eligible,
    advanced.advance_amount,
    cast(round(advanced.advance_amount / advanced.offset_months, 2) as {{ money_type() }}) as offset_amount,
    cast(
        advanced.advance_amount - (advanced.offset_months - 1) * round(advanced.advance_amount / advanced.offset_months, 2)
        as {{ money_type() }}
    ) as last_offset_amount
from advanced
left join fund_year on fund_year.scheme = advanced.scheme and fund_year.year = advanced.year - 1
