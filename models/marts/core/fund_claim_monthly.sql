-- What a month's settlements put on each fund, by way of settling and, at home, by institution.
with scope as (
    select
        fund_code,
        part,
        scheme,
        sign
    from {{ ref('reconciliation_scope') }}
    where side = 'claim'
),

settled as (
    select
        org_code,
        scheme,
        month,
        case
            when is_manual then 'manual'
            when remote_kind in ('within_province', 'cross_province') then remote_kind
            else 'local'
        end as channel,
        case
            when is_manual or remote_kind in ('within_province', 'cross_province') then ''
            else coalesce(institution_code, '')
        end as institution_code,
        sum(pooled_pay) as pooled,
        sum(catastrophic_pay) as catastrophic,
        sum(account_pay) as account,
        sum(assistance_pay) as assistance,
        count(*) as settlements
    from {{ ref('settlement') }}
    where org_code is not null
    group by all
),

by_scheme as (
    select
        settled.org_code,
        scope.fund_code,
        settled.scheme,
        settled.month,
        settled.channel,
        settled.institution_code,
        sum(
            scope.sign * case scope.part
                when 'pooled' then settled.pooled
                when 'catastrophic' then settled.catastrophic
                when 'account' then settled.account
                when 'assistance' then settled.assistance
            end
        ) as amount,
        max(settled.settlements) as settlements
    from settled
    inner join scope on scope.scheme = settled.scheme
    group by
        settled.org_code, scope.fund_code, settled.scheme, settled.month, settled.channel, settled.institution_code
)

select
    org_code,
    fund_code,
    month,
    channel,
    institution_code,
    {{ sum_money('amount') }} as amount,
    cast(sum(settlements) as bigint) as settlements
from by_scheme
group by org_code, fund_code, month, channel, institution_code
