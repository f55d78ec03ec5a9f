{{ config(materialized='view') }}
-- Valid lines of drugs and herbal pieces in the months of charge that are worked out anew. The first of them, where the model
-- that reads them remembers it, keeps the files of months before unread.
select
    fee_line.row_key,
    fee_line.institution_code,
    coalesce(fee_line.item_code, fee_line.medical_catalogue_code, fee_line.institution_item_code) as item_code,
    coalesce(fee_line.item_name, fee_line.institution_item_name) as item_name,
    changed_month.month,
    fee_line.person_key,
    fee_line.quantity,
    fee_line.line_fee,
    fee_line.in_scope,
    ltrim(fee_line.charge_level_code, '0') in ('1', '2') and coalesce(fee_line.prepaid_ratio, 0) < 1 as is_in_list,
    coalesce(fee_line.centrally_procured_flag = '1', false) as is_centrally_procured,
    coalesce(fee_line.negotiated_drug_flag = '1', false) as is_negotiated
from {{ ref('stg_fee_list_d') }} as fee_line
inner join {{ ref('int_fee__changed_month') }} as changed_month
    on changed_month.month = {{ month_of('fee_line.charged_at') }}
where
    fee_line.charged_at >= {{ changed_from() }}
    and {{ fee_class('fee_line.charge_type_code') }} in ('drug', 'herbal')
    and coalesce(fee_line.valid_flag, '1') = '1'
    and coalesce(fee_line.item_code, fee_line.medical_catalogue_code, fee_line.institution_item_code) is not null
