select
    batch_id,
    table_name,
    source_file,
    sha256,
    rows_read,
    rows_landed,
    rows_rejected,
    rows_identical,
    rows_superseded,
    values_nulled,
    loaded_at
from {{ source('run', 'load_batch') }}
