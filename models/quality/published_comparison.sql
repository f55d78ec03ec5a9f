-- The same quantity in two editions. Not an identity: editions may differ, and this says by how much.
with figure as (
    select
        figure.*,
        vintage.preference,
        -- Money of the long series up to 2016 is that of urban basic insurance, printed under the total.
        case
            when figure.vintage = 'long_series' and figure.scheme = 'total' and figure.is_money and figure.year <= 2016
                then 'urban_basic'
            else figure.scheme
        end as comparable_scheme
    from {{ ref('int_published__figure') }} as figure
    inner join {{ ref('published_vintage') }} as vintage on figure.vintage = vintage.vintage
    where vintage.is_outturn and figure.month is null
),

same_figure as (
    select
        'same_figure' as kind,
        figure.region,
        figure.comparable_scheme as scheme,
        figure.year,
        figure.item,
        figure.vintage,
        other.vintage as other_vintage,
        figure.value,
        cast(other.value as decimal(20, 6)) as other_value,
        cast(figure.half_unit + other.half_unit as decimal(20, 6)) as tolerance,
        figure.unit,
        figure.printed_value,
        other.printed_value as other_printed,
        figure.reciprocal,
        figure.printed_unit,
        coalesce(figure.check_note, other.check_note) as check_note
    from figure
    inner join figure as other
        on
            figure.region = other.region
            and figure.comparable_scheme = other.comparable_scheme
            and figure.year = other.year
            and figure.item = other.item
            and figure.unit = other.unit
            and figure.preference < other.preference
),

-- Rates and averages that bulletins print, recomputed from the amounts of the benefit series.
recomputed as (
    select
        'recomputed' as kind,
        printed.region,
        printed.scheme,
        printed.year,
        printed.item,
        printed.vintage,
        numerator.vintage as other_vintage,
        printed.value,
        cast(cast(numerator.value as double) / nullif(denominator.value, 0) as decimal(20, 6)) as other_value,
        cast(
            printed.half_unit
            + (cast(numerator.half_unit as double) + abs(printed.value) * denominator.half_unit)
            / nullif(denominator.value, 0) as decimal(20, 6)
        ) as tolerance,
        printed.unit,
        printed.printed_value,
        numerator.printed_value || ' / ' || denominator.printed_value as other_printed,
        printed.reciprocal,
        printed.printed_unit,
        printed.check_note
    from figure as printed
    inner join figure as numerator
        on
            printed.region = numerator.region
            and printed.scheme = numerator.scheme
            and printed.year = numerator.year
            and numerator.vintage = 'benefit_series'
            and numerator.item = case printed.item
                when 'hospitalisation_rate' then 'discharges'
                when 'avg_inpatient_cost' then 'inpatient_expense'
            end
    inner join figure as denominator
        on
            printed.region = denominator.region
            and printed.scheme = denominator.scheme
            and printed.year = denominator.year
            and denominator.vintage = 'benefit_series'
            and denominator.item = case printed.item
                when 'hospitalisation_rate' then 'enrolled'
                when 'avg_inpatient_cost' then 'discharges'
            end
    -- A derived rate was made from these very amounts and would only agree with itself.
    where not printed.is_derived
),

compared as (
    select * from same_figure
    union all
    select * from recomputed
)

select
    kind,
    region,
    scheme,
    item,
    year,
    vintage,
    other_vintage,
    cast(value as decimal(20, 6)) as value,
    other_value,
    cast(value - other_value as decimal(20, 6)) as difference,
    tolerance,
    unit,
    printed_value,
    other_printed,
    cast((value - other_value) * reciprocal as decimal(18, 6)) as difference_printed,
    printed_unit,
    case
        when value = other_value then 'agrees'
        when abs(value - other_value) <= tolerance then 'rounding'
        else 'differs'
    end as verdict,
    check_note
from compared
