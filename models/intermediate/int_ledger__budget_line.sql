-- Budget lines of every version, funds under their listed codes, each on its side of the books; a line whose
-- item is not listed has no direction.
select
    budget.org_code,
    coalesce(code_alias.code, budget.fund_code) as fund_code,
    budget.year,
    budget.item_key,
    budget.budget_version,
    budget.effective_date,
    budget.budget,
    budget.batch_id,
    budget.row_number_in_file,
    case
        when fund_item.direction = 'income' or budget.item_key in ('income_subtotal', 'income_total')
            then 'income'
        when fund_item.direction = 'expense' or budget.item_key in ('expense_subtotal', 'expense_total')
            then 'expenditure'
    end as direction,
    coalesce(fund_item.place = 'memo', false) as is_memo
from {{ ref('stg_fund_budg_a') }} as budget
left join {{ ref('code_alias') }} as code_alias
    on code_alias.dictionary = 'fund_code' and code_alias.alias = budget.fund_code
left join {{ ref('fund_item') }} as fund_item on fund_item.item_key = budget.item_key
