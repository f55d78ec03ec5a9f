-- Cases paid by group by the department they were discharged from; departments of one institution, scheme and system.
select
    institution_code,
    scheme,
    year,
    group_system,
    coalesce(department_code, '-') as department_code,
    max(department_name) as department_name,
    cast(count(*) as bigint) as cases,
    {{ ratio('sum(weight_or_score)', 'count(*)') }} as mean_weight,
    {{ sum_money('standard_payment') }} as standard_payment,
    {{ sum_money('actual_cost') }} as actual_cost,
    {{ sum_money('gain_or_loss') }} as gain_or_loss,
    cast(sum(case when is_high_outlier then 1 else 0 end) as bigint) as high_outliers,
    cast(sum(case when is_low_outlier then 1 else 0 end) as bigint) as low_outliers,
    cast(sum(case when is_review_candidate then 1 else 0 end) as bigint) as review_candidates
from {{ ref('payment_case') }}
where is_grouped and standard_unrounded is not null and institution_code is not null
group by institution_code, scheme, year, group_system, coalesce(department_code, '-')
