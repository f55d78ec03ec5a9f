-- What an institution finally gets of a fund for a year, from the payment notices of the year's months: monthly payments after what
-- is kept back + year-end settlement + what is released of the money kept back - advances set off - what review took off. An
-- advance paid is no part of it: it is set off. The release that the assessment gives stands beside the one that was paid.
with notice as (
    select
        institution_code,
        org_code,
        fund_code,
        cast(extract(year from month) as integer) as year,
        payment_source_code,
        channel,
        claimed,
        reviewed,
        advance_offset,
        deposit,
        amount
    from {{ ref('int_reconciliation__notice') }}
    where
        institution_code is not null
        and not is_failed
        and (channel = 'local' or payment_source_code in ('203', '204', '207'))
),

added as (
    select
        institution_code,
        fund_code,
        year,
        {{ sum_money("case when channel = 'local' then claimed - deposit else 0 end") }} as monthly_amount,
        {{ sum_money("case when channel = 'local' then deposit else 0 end") }} as retained_amount,
        {{ sum_money("case when channel = 'local' then reviewed else 0 end") }} as review_amount,
        {{ sum_money("case when channel = 'local' then advance_offset else 0 end") }} as offset_amount,
        {{ sum_money("case when payment_source_code = '203' then amount else 0 end") }} as released_amount,
        {{ sum_money("case when payment_source_code = '204' then amount else 0 end") }} as year_end_amount,
        {{ sum_money("case when payment_source_code = '207' then amount else 0 end") }} as advance_amount
    from notice
    group by institution_code, fund_code, year
),

-- The step of the highest score reached, of the latest first year that has come.
assessed as (
    select
        assessment.institution_code,
        assessment.year,
        assessment.score,
        step.release_share
    from {{ ref('payment_assessment') }} as assessment
    inner join {{ ref('payment_release_step') }} as step
        on step.first_year <= assessment.year and step.score_from <= assessment.score
    qualify row_number() over (
        partition by assessment.institution_code, assessment.year order by step.first_year desc, step.score_from desc
    ) = 1
)

select
    added.institution_code,
    added.fund_code,
    added.year,
    added.monthly_amount,
    added.retained_amount,
    added.review_amount,
    added.offset_amount,
    added.released_amount,
    added.year_end_amount,
    added.advance_amount,
    cast(
        added.monthly_amount + added.year_end_amount + added.released_amount - added.offset_amount - added.review_amount
        as {{ money_type() }}
    ) as final_amount,
    assessed.score,
    cast(round(added.retained_amount * assessed.release_share, 2) as {{ money_type() }}) as release_due_amount,
    cast(
        added.retained_amount - round(added.retained_amount * assessed.release_share, 2) as {{ money_type() }}
    ) as forfeited_amount
from added
left join assessed using (institution_code, year)
