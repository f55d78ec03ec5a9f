-- First and last month that the contribution lines of a scheme were made or paid in. Lines due after the last month are no
-- arrears yet, and of payments before the first month nothing is known.
select
    listed.grouping as scheme,
    min({{ month_of('contribution.cash_month') }}) as first_month,
    max({{ month_of('contribution.cash_month') }}) as last_month
from {{ ref('stg_psn_clct_detl_d') }} as contribution
inner join {{ ref('code_value') }} as listed
    on
        listed.dictionary = 'insutype'
        and listed.code = contribution.insurance_type_code
        and listed.grouping in ('employee', 'resident')
where coalesce(contribution.valid_flag, '1') = '1'
group by listed.grouping
