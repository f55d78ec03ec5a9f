{#- The measures every balance mart shares, from a relation `rolled` that holds opening_balance,
    opening_adjustment, income, expenditure, closing_balance, own_expenditure, *_ytd per `partition` and month.
    Months covered = closing ÷ (own expenditure of the last twelve months ÷ 12): null before twelve months,
    and for funds it is not asked of (personal accounts, assistance). -#}
{% macro balance_measures() %}
    {{ growth('income', 'income_a_year_before') }} as income_yoy,
    {{ growth('expenditure', 'expenditure_a_year_before') }} as expenditure_yoy,
    cast(income_ytd - expenditure_ytd as {{ money_type() }}) as current_balance_ytd,
    {{ growth('income_ytd', 'income_ytd_a_year_before') }} as income_ytd_yoy,
    {{ growth('expenditure_ytd', 'expenditure_ytd_a_year_before') }} as expenditure_ytd_yoy,
    {{ ratio('current_balance', 'income') }} as surplus_rate,
    case
        when months_in_last_12 = 12 and has_reserve_band
            then {{ ratio('12 * closing_balance', 'own_expenditure_last_12') }}
    end as payable_months
{%- endmacro %}

{#- Window expressions the measures above need; months are found by date, so a missing month is no neighbour. -#}
{% macro balance_windows(partition) %}
    max(income) over (
        partition by {{ partition }} order by month
        range between interval 12 month preceding and interval 12 month preceding
    ) as income_a_year_before,
    max(expenditure) over (
        partition by {{ partition }} order by month
        range between interval 12 month preceding and interval 12 month preceding
    ) as expenditure_a_year_before,
    max(income_ytd) over (
        partition by {{ partition }} order by month
        range between interval 12 month preceding and interval 12 month preceding
    ) as income_ytd_a_year_before,
    max(expenditure_ytd) over (
        partition by {{ partition }} order by month
        range between interval 12 month preceding and interval 12 month preceding
    ) as expenditure_ytd_a_year_before,
    count(*) over (
        partition by {{ partition }} order by month range between interval 11 month preceding and current row
    ) as months_in_last_12,
    sum(own_expenditure) over (
        partition by {{ partition }} order by month range between interval 11 month preceding and current row
    ) as own_expenditure_last_12
{%- endmacro %}
