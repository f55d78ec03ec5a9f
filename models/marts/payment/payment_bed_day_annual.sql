-- Stays paid by the day: the days that fall in each band times its tariff, less what others than the pooled fund pay. Refunded
-- stays and their reversals cancel out. Only institutions and years that a tariff covers.
with tariff as (
    select
        *,
        lead(first_day) over (partition by scheme, first_year, hospital_level order by first_day) as next_day
    from {{ ref('payment_bed_day_tariff') }}
),

stay as (
    select
        settlement.setl_id,
        settlement.institution_code,
        settlement.scheme,
        cast(extract(year from settlement.month) as integer) as year,
        settlement.hospital_level,
        settlement.visit_count,
        settlement.visit_count * abs(settlement.length_of_stay) as days,
        abs(settlement.length_of_stay) as length_of_stay,
        settlement.med_fee,
        settlement.pooled_pay
    from {{ ref('settlement') }} as settlement
    inner join {{ ref('int_payment__bed_day') }} as by_day on by_day.setl_id = settlement.setl_id
    where settlement.visit_bucket = 'inpatient' and settlement.institution_code is not null
),

-- The tariff that names scheme and level before those for all, of the latest first year that has come.
ruled as (
    select
        stay.setl_id,
        tariff.scheme,
        tariff.first_year,
        tariff.hospital_level
    from stay
    inner join tariff
        on
            tariff.scheme in (stay.scheme, 'all')
            and tariff.hospital_level in (stay.hospital_level, 'all')
            and tariff.first_year <= stay.year
    qualify row_number() over (
        partition by stay.setl_id
        order by
            case when tariff.scheme = 'all' then 1 else 0 end, case when tariff.hospital_level = 'all' then 1 else 0 end,
            tariff.first_year desc
    ) = 1
),

priced as (
    select
        stay.setl_id,
        sum(
            stay.visit_count * tariff.tariff
            * greatest(least(stay.length_of_stay, coalesce(tariff.next_day - 1, stay.length_of_stay)) - tariff.first_day + 1, 0)
        ) as standard
    from stay
    inner join ruled on ruled.setl_id = stay.setl_id
    inner join tariff
        on
            tariff.scheme = ruled.scheme
            and tariff.first_year = ruled.first_year
            and tariff.hospital_level = ruled.hospital_level
    group by stay.setl_id
)

select
    stay.institution_code,
    stay.scheme,
    stay.year,
    cast(sum(stay.visit_count) as bigint) as stays,
    cast(sum(stay.days) as bigint) as days,
    {{ sum_money('priced.standard') }} as standard_payment,
    {{ sum_money('stay.med_fee') }} as actual_cost,
    {{ sum_money('stay.pooled_pay') }} as accrued,
    cast(
        {{ sum_money('priced.standard') }} - {{ sum_money('stay.med_fee - stay.pooled_pay') }} as {{ money_type() }}
    ) as due
from stay
inner join priced on priced.setl_id = stay.setl_id
group by stay.institution_code, stay.scheme, stay.year
