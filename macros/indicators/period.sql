{#- Which months add up to which period, a select on `months`, a list of the months there are data of: the month itself, the year
    to date and the last twelve months. `months_covered` says how many of them have data, since a bureau's first year has
    fewer than twelve. `since` leaves periods out that end before that month. -#}
{% macro period_calendar(months, since=none) -%}
    select
        period.month,
        kind.period_kind,
        part.month as part_month,
        count(*) over (partition by period.month, kind.period_kind) as months_covered
    from {{ months }} as period
    cross join (
        select 'month' as period_kind union all select 'ytd' as period_kind union all select 'rolling_12' as period_kind
    ) as kind
    inner join {{ months }} as part
        on
            part.month <= period.month
            and part.month >= case kind.period_kind
                when 'month' then period.month
                when 'ytd' then cast(date_trunc('year', period.month) as date)
                else cast(period.month - interval 11 month as date)
            end
    {%- if since is not none %}
    where period.month >= {{ since }}
    {%- endif %}
{%- endmacro %}
