-- Employers with a line due in a month or still unpaid at its end, and those of them in arrears: with a line unpaid that
-- was due before the month, which leaves the month after as a period of grace.
with employer_line as (
    select
        org_code,
        scheme,
        employer_code,
        due_month,
        received_month,
        line_kind
    from {{ ref('int_contribution__line') }}
    where employer_code is not null and scheme = 'employee' and line_kind in ('owed', 'relief')
    group by all
),

calendar as (
    select distinct due_month as month
    from employer_line
    where due_month <= (select max(span.last_month) from {{ ref('int_contribution__span') }} as span)
),

laid_out as (
    select
        employer_line.org_code,
        employer_line.scheme,
        employer_line.employer_code,
        calendar.month,
        max(case when employer_line.due_month < calendar.month then 1 else 0 end) as in_arrears
    from employer_line
    inner join calendar
        on
            calendar.month = employer_line.due_month
            or (
                employer_line.line_kind = 'owed'
                and calendar.month > employer_line.due_month
                and (employer_line.received_month is null or calendar.month < employer_line.received_month)
            )
    group by employer_line.org_code, employer_line.scheme, employer_line.employer_code, calendar.month
)

select
    org_code,
    scheme,
    month,
    count(*) as employers,
    cast(sum(in_arrears) as bigint) as employers_in_arrears
from laid_out
group by org_code, scheme, month
