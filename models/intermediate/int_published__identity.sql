-- Every identity on every figure it fits: the right-hand terms come from the same edition and region, and
-- the rule counts only when all of them are printed. A rule that stands in for another gives way to it.
with term_count as (
    select
        identity,
        count(*) as terms
    from {{ ref('published_identity_term') }}
    group by identity
),

left_side as (
    select
        rule.identity,
        rule.kind,
        rule.fallback_for,
        rule.finding_class,
        figure.region,
        figure.scheme,
        figure.item,
        figure.vintage,
        figure.year,
        figure.month,
        figure.period,
        figure.value,
        figure.half_unit,
        figure.unit,
        figure.printed_value,
        figure.printed_unit,
        figure.reciprocal,
        figure.is_derived,
        figure.check_note
    from {{ ref('int_published__figure') }} as figure
    inner join {{ ref('published_identity_rule') }} as rule
        on
            coalesce(rule.scheme, figure.scheme) = figure.scheme
            and (rule.item = figure.item or (rule.item is null and figure.is_additive))
            and figure.year >= coalesce(rule.first_year, figure.year)
            and figure.year <= coalesce(rule.last_year, figure.year)
            and (rule.except_vintage is null or rule.except_vintage <> figure.vintage)
),

evaluated as (
    select
        left_side.identity,
        left_side.kind,
        left_side.fallback_for,
        left_side.finding_class,
        left_side.region,
        left_side.scheme,
        left_side.item,
        left_side.vintage,
        left_side.year,
        left_side.month,
        left_side.period,
        left_side.value as left_value,
        left_side.half_unit as left_half_unit,
        left_side.unit,
        left_side.printed_value,
        left_side.printed_unit,
        left_side.reciprocal,
        left_side.check_note,
        count(*) as terms,
        max(case when left_side.is_derived or figure.is_derived then 1 else 0 end) = 1 as has_derived,
        cast(sum(case when term.side = 'right' then term.sign * cast(figure.value as decimal(38, 4)) end) as decimal(20, 6)) as sum_value,
        cast(sum(case when term.side = 'right' then figure.half_unit end) as decimal(20, 6)) as sum_half_unit,
        max(case when term.side = 'numerator' then figure.value end) as numerator_value,
        max(case when term.side = 'numerator' then figure.half_unit end) as numerator_half_unit,
        max(case when term.side = 'denominator' then figure.value end) as denominator_value,
        max(case when term.side = 'denominator' then figure.half_unit end) as denominator_half_unit,
        string_agg(
            case
                when term.side = 'denominator' then ' / '
                when term.sign < 0 then ' - '
                when term.ordinal > 1 then ' + '
                else ''
            end || figure.printed_value,
            '' order by term.ordinal
        ) as right_expression
    from left_side
    inner join {{ ref('published_identity_term') }} as term on left_side.identity = term.identity
    inner join {{ ref('int_published__figure') }} as figure
        on
            left_side.region = figure.region
            and left_side.vintage = figure.vintage
            and coalesce(term.scheme, left_side.scheme) = figure.scheme
            and coalesce(term.item, left_side.item) = figure.item
            and left_side.year + term.year_offset = figure.year
            and coalesce(left_side.month, 0) = coalesce(figure.month, 0)
    group by all
),

complete as (
    select evaluated.*
    from evaluated
    inner join term_count
        on evaluated.identity = term_count.identity and evaluated.terms = term_count.terms
)

select complete.*
from complete
left join complete as preferred
    on
        complete.fallback_for = preferred.identity
        and complete.region = preferred.region
        and complete.scheme = preferred.scheme
        and complete.item = preferred.item
        and complete.vintage = preferred.vintage
        and complete.period = preferred.period
where preferred.identity is null
