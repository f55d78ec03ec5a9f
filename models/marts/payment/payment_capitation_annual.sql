-- What a division's insured bring its alliance of hospitals by the head: months of insured persons times rate and risk factor, less
-- what the pooled fund paid for them elsewhere. Care of unknown place is not elsewhere.
with head as (
    select
        org_code,
        scheme,
        cast(extract(year from month) as integer) as year,
        sum(enrolled) as person_months
    from {{ ref('int_enrolment__head_month') }}
    group by org_code, scheme, extract(year from month)
),

agreed as (
    select
        rate.org_code,
        rate.scheme,
        rate.year,
        head.person_months,
        rate.rate,
        rate.risk_factor,
        cast(round(head.person_months * rate.rate * rate.risk_factor, 2) as {{ money_type() }}) as package_amount
    from {{ ref('payment_capitation_rate') }} as rate
    inner join head on head.org_code = rate.org_code and head.scheme = rate.scheme and head.year = rate.year
),

elsewhere as (
    select
        settlement.org_code,
        settlement.scheme,
        cast(extract(year from settlement.month) as integer) as year,
        {{ sum_money('settlement.pooled_pay') }} as paid_elsewhere
    from {{ ref('settlement') }} as settlement
    inner join agreed
        on
            agreed.org_code = settlement.org_code
            and agreed.scheme = settlement.scheme
            and agreed.year = extract(year from settlement.month)
    where settlement.place_code <> settlement.org_code
    group by settlement.org_code, settlement.scheme, extract(year from settlement.month)
)

select
    agreed.org_code,
    agreed.scheme,
    agreed.year,
    cast(agreed.person_months as bigint) as person_months,
    agreed.rate,
    agreed.risk_factor,
    agreed.package_amount,
    cast(coalesce(elsewhere.paid_elsewhere, 0) as {{ money_type() }}) as paid_elsewhere,
    cast(agreed.package_amount - coalesce(elsewhere.paid_elsewhere, 0) as {{ money_type() }}) as due
from agreed
left join elsewhere using (org_code, scheme, year)
