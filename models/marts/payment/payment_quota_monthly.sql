-- What was settled so far of an institution's yearly quota, beside the share of the year that has gone: of the last month of the
-- data, up to the last day settled.
with quota as (
    select
        institution_code,
        scheme,
        year,
        quota
    from {{ ref('int_payment__quota') }}
),

data_end as (
    select cast(max(setl_time) as date) as last_day
    from {{ ref('settlement') }}
),

settled_month as (
    select
        quota.institution_code,
        quota.scheme,
        quota.year,
        quota.quota,
        settlement.month,
        {{ sum_money('settlement.pooled_pay') }} as pooled_pay
    from quota
    inner join {{ ref('settlement') }} as settlement
        on
            settlement.institution_code = quota.institution_code
            and settlement.scheme = quota.scheme
            and extract(year from settlement.month) = quota.year
    group by quota.institution_code, quota.scheme, quota.year, quota.quota, settlement.month
),

so_far as (
    select
        settled_month.institution_code,
        settled_month.scheme,
        settled_month.year,
        settled_month.month,
        settled_month.quota,
        sum(settled_month.pooled_pay) over (
            partition by settled_month.institution_code, settled_month.scheme, settled_month.year order by settled_month.month
            rows between unbounded preceding and current row
        ) as settled_ytd,
        (
            extract(month from settled_month.month) - 1
            + case
                when data_end.last_day < cast(settled_month.month + interval 1 month as date)
                    then
                        cast({{ days_between('settled_month.month', 'data_end.last_day') }} + 1 as double)
                        / {{ days_between('settled_month.month', 'cast(settled_month.month + interval 1 month as date)') }}
                else 1
            end
        ) / cast(12 as double) as elapsed_share
    from settled_month
    cross join data_end
)

select
    institution_code,
    scheme,
    year,
    month,
    quota,
    cast(settled_ytd as {{ money_type() }}) as settled_ytd,
    {{ ratio('settled_ytd', 'quota') }} as execution_rate,
    elapsed_share,
    {{ ratio('settled_ytd', 'quota') }} - elapsed_share as ahead_of_year
from so_far
