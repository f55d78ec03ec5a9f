with line_group as (
    select * from {{ ref('int_contribution__line_group') }}
),

last_month as (
    select max(last_month) as month from {{ ref('int_contribution__span') }}
),

calendar as (
    select due_month as month
    from line_group
    union
    select received_month
    from line_group
    where received_month is not null
),

flow as (
    select
        org_code,
        scheme,
        payer_kind,
        due_month as month,
        case when line_kind in ('owed', 'relief', 'deferred') then contribution - subsidy else 0 end as due,
        0 as received,
        case when line_kind = 'relief' then contribution - subsidy else 0 end as relief,
        case when line_kind = 'deferred' then contribution - subsidy else 0 end as deferred,
        0 as subsidy
    from line_group
    union all
    select
        org_code,
        scheme,
        payer_kind,
        received_month as month,
        0 as due,
        contribution - subsidy as received,
        0 as relief,
        0 as deferred,
        subsidy
    from line_group
    where received_month is not null
),

flow_month as (
    select
        org_code,
        scheme,
        payer_kind,
        month,
        sum(due) as due,
        sum(received) as received,
        sum(relief) as relief,
        sum(deferred) as deferred,
        sum(subsidy) as subsidy
    from flow
    group by org_code, scheme, payer_kind, month
),

-- What stood unpaid at the end of each month, by how long it had been due.
unpaid as (
    select
        line_group.org_code,
        line_group.scheme,
        line_group.payer_kind,
        calendar.month,
        sum(line_group.contribution - line_group.subsidy) as arrears,
        sum(
            case
                when calendar.month < line_group.due_month + interval 3 month
                    then line_group.contribution - line_group.subsidy
                else 0
            end
        ) as arrears_under_3_months,
        sum(
            case
                when calendar.month >= line_group.due_month + interval 12 month
                    then line_group.contribution - line_group.subsidy
                else 0
            end
        ) as arrears_over_12_months
    from line_group
    inner join calendar
        on
            calendar.month >= line_group.due_month
            and (line_group.received_month is null or calendar.month < line_group.received_month)
    where line_group.line_kind = 'owed'
    group by line_group.org_code, line_group.scheme, line_group.payer_kind, calendar.month
),

cell as (
    select
        org_code,
        scheme,
        payer_kind,
        month
    from flow_month
    union
    select
        org_code,
        scheme,
        payer_kind,
        month
    from unpaid
)

select
    cell.org_code,
    cell.scheme,
    cell.payer_kind,
    cell.month,
    cast(coalesce(flow_month.due, 0) as {{ money_type() }}) as due,
    cast(coalesce(flow_month.received, 0) as {{ money_type() }}) as received,
    cast(coalesce(unpaid.arrears, 0) as {{ money_type() }}) as arrears,
    cast(coalesce(flow_month.relief, 0) as {{ money_type() }}) as relief,
    cast(coalesce(flow_month.subsidy, 0) as {{ money_type() }}) as subsidy,
    cast(coalesce(payer_month.payers, 0) as bigint) as payers,
    cast(coalesce(flow_month.deferred, 0) as {{ money_type() }}) as deferred,
    cast(coalesce(unpaid.arrears_under_3_months, 0) as {{ money_type() }}) as arrears_under_3_months,
    cast(
        coalesce(unpaid.arrears - unpaid.arrears_under_3_months - unpaid.arrears_over_12_months, 0)
        as {{ money_type() }}
    ) as arrears_3_to_12_months,
    cast(coalesce(unpaid.arrears_over_12_months, 0) as {{ money_type() }}) as arrears_over_12_months
from cell
left join flow_month using (org_code, scheme, payer_kind, month)
left join unpaid using (org_code, scheme, payer_kind, month)
left join {{ ref('int_contribution__payer_month') }} as payer_month using (org_code, scheme, payer_kind, month)
where cell.month <= (select last_month.month from last_month)
