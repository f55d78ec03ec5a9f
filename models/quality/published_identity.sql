-- A quotient is compared after division; its tolerance carries the rounding of both its terms.
with compared as (
    select
        identity.*,
        case identity.kind
            when 'quotient'
                then cast(cast(identity.numerator_value as double) / nullif(identity.denominator_value, 0) as decimal(20, 6))
            else identity.sum_value
        end as right_value,
        case identity.kind
            when 'quotient'
                then cast(
                    identity.left_half_unit
                    + (cast(identity.numerator_half_unit as double) + abs(identity.left_value) * identity.denominator_half_unit)
                    / nullif(identity.denominator_value, 0) as decimal(20, 6)
                )
            else cast(identity.left_half_unit + identity.sum_half_unit as decimal(20, 6))
        end as tolerance
    from {{ ref('int_published__identity') }} as identity
)

select
    compared.identity,
    compared.region,
    compared.scheme,
    compared.item,
    compared.period,
    compared.vintage,
    compared.year,
    rule.name_zh as identity_name_zh,
    rule.name_en as identity_name_en,
    cast(compared.left_value as decimal(20, 6)) as left_value,
    compared.right_value,
    cast(compared.left_value - compared.right_value as decimal(20, 6)) as difference,
    compared.tolerance,
    compared.unit,
    compared.printed_value as left_printed,
    compared.right_expression as right_printed,
    cast((compared.left_value - compared.right_value) * compared.reciprocal as decimal(18, 6)) as difference_printed,
    cast(compared.tolerance * compared.reciprocal as decimal(18, 6)) as tolerance_printed,
    compared.printed_unit,
    case
        when compared.left_value = compared.right_value then 'ties'
        when abs(compared.left_value - compared.right_value) <= compared.tolerance then 'rounding'
        else 'breaks'
    end as verdict,
    compared.finding_class,
    compared.has_derived,
    compared.check_note
from compared
inner join {{ ref('published_identity_rule') }} as rule on compared.identity = rule.identity
