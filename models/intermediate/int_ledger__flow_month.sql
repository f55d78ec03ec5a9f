-- Income and expenditure of a set of books in a month, with and without transfers between levels.
select
    org_code,
    fund_code,
    month,
    {{ sum_money("case when direction = 'income' then coalesce(amount, 0) else 0 end") }} as income,
    {{ sum_money("case when direction = 'expenditure' then coalesce(amount, 0) else 0 end") }} as expenditure,
    {{ sum_money("case when direction = 'income' and not is_transfer then coalesce(amount, 0) else 0 end") }}
        as own_income,
    {{ sum_money("case when direction = 'expenditure' and not is_transfer then coalesce(amount, 0) else 0 end") }}
        as own_expenditure,
    {{ sum_money("case when item_key = 'from_lower' then coalesce(amount, 0) else 0 end") }} as from_lower,
    {{ sum_money("case when item_key = 'to_upper' then coalesce(amount, 0) else 0 end") }} as to_upper,
    {{ sum_money("case when item_key = 'from_upper' then coalesce(amount, 0) else 0 end") }} as from_upper,
    {{ sum_money("case when item_key = 'to_lower' then coalesce(amount, 0) else 0 end") }} as to_lower,
    cast(sum(case when direction = 'income' then amount_ytd end) as {{ money_type() }}) as income_ytd,
    cast(sum(case when direction = 'expenditure' then amount_ytd end) as {{ money_type() }}) as expenditure_ytd,
    cast(sum(case when direction = 'income' and not is_transfer then amount_ytd end) as {{ money_type() }})
        as own_income_ytd,
    cast(sum(case when direction = 'expenditure' and not is_transfer then amount_ytd end) as {{ money_type() }})
        as own_expenditure_ytd
from {{ ref('int_ledger__item_ytd') }}
where not is_memo
group by org_code, fund_code, month
