select
    input,
    month,
    fingerprint
from {{ ref('int_indicator__input_month') }}
