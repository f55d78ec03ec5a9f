-- What became of the hits of rules that supervision took up: numerator and denominator by rule. A case that names a rule is one
-- hit; it is reviewed when it is closed, then confirmed or false. Hits that nobody took up stand in no export, nor do the
-- claims a rule looked at, so no share of claims is worked out here.
with hit as (
    select
        rule_id,
        {{ month_of('opened_on') }} as opened_month,
        {{ month_of('closed_on') }} as closed_month,
        verified_flag = '1' as is_confirmed
    from {{ ref('stg_audit_case_d') }}
    where rule_id is not null
),

-- Each rule, and all of them.
placed as (
    select
        rule_id,
        opened_month,
        closed_month,
        is_confirmed
    from hit
    union all
    select
        'all' as rule_id,
        opened_month,
        closed_month,
        is_confirmed
    from hit
),

reviewed_month as (
    select
        rule_id,
        closed_month as month,
        count(*) as reviewed,
        sum(case when is_confirmed then 1 else 0 end) as confirmed
    from placed
    where closed_month is not null
    group by rule_id, closed_month
),

known_month as (
    select distinct opened_month as month from hit
    union
    select distinct closed_month as month from hit where closed_month is not null
),

calendar as (
    {{ period_calendar('known_month') }}
),

reviewed as (
    select
        reviewed_month.rule_id,
        calendar.month,
        calendar.period_kind,
        sum(reviewed_month.reviewed) as reviewed,
        sum(reviewed_month.confirmed) as confirmed,
        sum(reviewed_month.reviewed - reviewed_month.confirmed) as found_false
    from reviewed_month
    inner join calendar on calendar.part_month = reviewed_month.month
    group by reviewed_month.rule_id, calendar.month, calendar.period_kind
),

-- Taken up and not yet closed at the month's end.
open_hit as (
    select
        placed.rule_id,
        known_month.month,
        'month' as period_kind,
        count(*) as hits
    from placed
    inner join known_month
        on
            placed.opened_month <= known_month.month
            and (placed.closed_month is null or placed.closed_month > known_month.month)
    group by placed.rule_id, known_month.month
),

part as (
    {% for id, source, numerator, denominator in [
        ('S02', 'reviewed', 'confirmed', 'reviewed'),
        ('S02.false', 'reviewed', 'found_false', 'reviewed'),
        ('S02.open', 'open_hit', 'hits', 'null'),
    ] %}
    select
        rule_id,
        cast('{{ id }}' as varchar) as indicator_id,
        month,
        period_kind,
        cast({{ numerator }} as decimal(28, 4)) as numerator,
        cast({{ denominator }} as decimal(28, 4)) as denominator
    from {{ source }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select * from part
