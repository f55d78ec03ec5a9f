-- What is left for care paid by case of the year's expected income, once the reserve and all that is paid otherwise are set aside.
select
    scheme,
    year,
    expected_income,
    cast(round(expected_income * reserve_share, 2) as {{ money_type() }}) as reserve_amount,
    cast(
        expected_income - round(expected_income * reserve_share, 2) - catastrophic - outpatient - remote - paid_separately
        as {{ money_type() }}
    ) as case_budget_amount
from {{ ref('payment_budget_base') }}
