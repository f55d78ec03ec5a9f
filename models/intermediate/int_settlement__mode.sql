-- Two habits that differ between provinces, found from the rows that can tell them apart: whether the fund
-- total includes the personal account, and whether mutual aid stands inside the account payment or beside it.
-- A setting in the bureau file wins.
with payer as (
    select
        med_fee,
        reported_fund_pay,
        reported_person_pay,
        coalesce(reported_person_pay, account_pay + cash_pay) as person_pay,
        account_pay,
        mutual_aid_pay,
        cash_pay,
        hospital_pay
    from {{ ref('stg_setl_d') }}
    where is_valid and (account_pay <> 0 or mutual_aid_pay <> 0)
),

evidence as (
    select
        count(*) filter (
            where account_pay <> 0 and abs(med_fee - reported_fund_pay - person_pay - hospital_pay) <= 0.01
        ) as rows_account_excluded,
        count(*) filter (
            where
                account_pay <> 0
                and abs(med_fee - (reported_fund_pay - account_pay) - person_pay - hospital_pay) <= 0.01
        ) as rows_account_included,
        count(*) filter (
            where mutual_aid_pay <> 0 and abs(reported_person_pay - account_pay - cash_pay) <= 0.01
        ) as rows_aid_inside,
        count(*) filter (
            where
                mutual_aid_pay <> 0
                and abs(reported_person_pay - account_pay - cash_pay - mutual_aid_pay) <= 0.01
        ) as rows_aid_outside
    from payer
)

select
    case
        when setting.fund_scope in ('excl', 'incl') then setting.fund_scope
        when evidence.rows_account_included > evidence.rows_account_excluded then 'incl'
        else 'excl'
    end as fund_scope,
    case
        when setting.mutual_aid in ('inside', 'outside') then setting.mutual_aid
        when evidence.rows_aid_outside > evidence.rows_aid_inside then 'outside'
        else 'inside'
    end as mutual_aid,
    evidence.rows_account_excluded,
    evidence.rows_account_included,
    evidence.rows_aid_inside,
    evidence.rows_aid_outside
from evidence
cross join {{ source('run', 'bureau_setting') }} as setting
