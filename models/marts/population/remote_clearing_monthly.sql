-- How long care outside the pool area waits to be paid for: notices by month of care, held against their term. The amounts add up
-- to `amount`; mean_months is months_waited ÷ paid_notices.
select
    org_code,
    fund_code,
    channel,
    month,
    term_months,
    notices,
    due_notices,
    in_term_notices,
    paid_notices,
    months_waited,
    {{ ratio('months_waited', 'paid_notices') }} as mean_months,
    amount,
    in_term_amount,
    late_amount,
    sent_back_amount,
    open_amount
from {{ ref('int_remote__clearing') }}
