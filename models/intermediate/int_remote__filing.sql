-- Filings for care outside the pool area (异地就医备案) that stand, with the division they are good for.
select
    filing.row_key,
    filing.person_key,
    filing.org_code,
    filing.place_code,
    case
        when listed.grouping in ('employee', 'maternity') then 'employee'
        when listed.grouping = 'resident' then 'resident'
        else 'other'
    end as scheme,
    filing.filing_kind_code,
    filing.valid_from,
    filing.valid_to,
    -- A filing for a province or a city is good for all divisions in it.
    case when substring(filing.place_code, 3, 4) = '0000' then substring(filing.place_code, 1, 2)
        else substring(filing.place_code, 1, 4)
    end as place_prefix
from {{ ref('stg_out_appy_d') }} as filing
left join {{ ref('code_value') }} as listed
    on listed.dictionary = 'insutype' and listed.code = filing.insurance_type_code
where filing.valid_flag = '1'
