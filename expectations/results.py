"""What the expectations hand back: one row per check and a capped list of failing rows, as small Parquet files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TEXT, _LONG = pa.string(), pa.int64()

QUALITY_RESULT = pa.schema(
    [
        ("check_id", _TEXT),
        ("suite", _TEXT),
        ("table_name", _TEXT),
        ("severity", _TEXT),
        ("dimension", _TEXT),
        ("description_zh", _TEXT),
        ("description_en", _TEXT),
        ("owner", _TEXT),
        ("observed", pa.float64()),
        ("unexpected_count", _LONG),
        ("passed", pa.bool_()),
        ("evaluated", pa.bool_()),
    ]
)
QUALITY_FAILURE = pa.schema([("check_id", _TEXT), ("key_json", _TEXT), ("detail", _TEXT)])
# All failing rows counted, of the checks whose rows belong to an institution and a month.
QUALITY_FAILURE_MONTHLY = pa.schema(
    [
        ("check_id", _TEXT),
        ("institution_code", _TEXT),
        ("month", pa.date32()),
        ("failing_rows", _LONG),
        ("difference", pa.decimal128(18, 2)),
    ]
)


def write_rows(path: Path, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> None:
    """Write one small Parquet file of fixed types, also for no rows; appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary)
    temporary.replace(path)
