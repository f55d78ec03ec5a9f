-- Special-case review of each institution: the most discharges it may send, those that lose most, and what was approved.
with rule as (
    select
        group_system,
        max(review_share) as review_share
    from {{ ref('payment_rule') }}
    group by group_system
)

select
    cases.institution_code,
    cases.scheme,
    cases.year,
    cases.group_system,
    cast(count(*) as bigint) as discharges,
    {{ review_cap('max(rule.review_share)', 'count(*)') }} as review_cap,
    cast(sum(case when cases.is_review_candidate then 1 else 0 end) as bigint) as candidates,
    cast(count(cases.review_addition) as bigint) as approved,
    {{ sum_money('coalesce(cases.review_addition, 0)') }} as review_addition
from {{ ref('payment_case') }} as cases
left join rule on rule.group_system = cases.group_system
where cases.institution_code is not null
group by cases.institution_code, cases.scheme, cases.year, cases.group_system
