-- Precision of supervision rules beside the same period a year before.
select
    part.rule_id,
    part.indicator_id,
    part.month,
    part.period_kind,
    cast(part.numerator as decimal(18, 4)) as numerator,
    cast(part.denominator as decimal(18, 4)) as denominator,
    case when part.denominator is null then cast(part.numerator as double) else {{ ratio('part.numerator', 'part.denominator') }} end as value,
    case
        when year_before.denominator is null then cast(year_before.numerator as double)
        else {{ ratio('year_before.numerator', 'year_before.denominator') }}
    end as value_prior_year
from {{ ref('int_rule__indicator_part') }} as part
left join {{ ref('int_rule__indicator_part') }} as year_before
    on
        year_before.rule_id = part.rule_id
        and year_before.indicator_id = part.indicator_id
        and year_before.period_kind = part.period_kind
        and year_before.month = cast(part.month - interval 12 month as date)
