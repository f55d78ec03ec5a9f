"""The small Parquet files that the forecast hands to dbt; money in whole fen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medfund.release.files import replacing
from medfund.settings import Scenario

_TEXT, _LONG, _INT, _DAY, _REAL = pa.string(), pa.int64(), pa.int32(), pa.date32(), pa.float64()
_BAND = [(name, _LONG) for name in ("point", "lower_80", "upper_80", "lower_95", "upper_95")]
_SCORE = [
    ("horizon", _INT),
    ("origins", _INT),
    ("periods", _INT),
    ("mase", _REAL),
    ("wape", _REAL),
    ("coverage_80", _REAL),
    ("coverage_95", _REAL),
    ("is_shown", pa.bool_()),
]

SCHEMAS: dict[str, pa.Schema] = {
    "forecast_series": pa.schema(
        [
            ("org_code", _TEXT),
            ("fund_code", _TEXT),
            ("is_consolidated", pa.bool_()),
            ("state", _TEXT),
            ("first_month", _DAY),
            ("origin_month", _DAY),
            ("months", _INT),
            ("opening_balance", _LONG),
            ("income_model", _TEXT),
            ("expenditure_model", _TEXT),
            ("unfit_models", _TEXT),
        ]
    ),
    "forecast": pa.schema(
        [
            ("org_code", _TEXT),
            ("fund_code", _TEXT),
            ("measure", _TEXT),
            ("month", _DAY),
            ("model", _TEXT),
            *_BAND,
        ]
    ),
    "forecast_score": pa.schema(
        [("org_code", _TEXT), ("fund_code", _TEXT), ("measure", _TEXT), ("model", _TEXT), *_SCORE]
    ),
    "forecast_published": pa.schema(
        [
            ("scheme", _TEXT),
            ("item", _TEXT),
            ("model", _TEXT),
            ("origin_year", _INT),
            ("year", _INT),
            ("actual", _LONG),
            *_BAND,
            ("is_shown", pa.bool_()),
        ]
    ),
    "forecast_published_score": pa.schema([("scheme", _TEXT), ("item", _TEXT), ("model", _TEXT), *_SCORE]),
}
Rows = dict[str, list[dict[str, Any]]]

BUREAU_SCENARIO = pa.schema(
    [
        ("scenario", _TEXT),
        ("ordinal", _INT),
        ("lever", _TEXT),
        ("value", _REAL),
        ("fund_code", _TEXT),
        ("item_key", _TEXT),
        ("base", _REAL),
        ("first_month", _INT),
        ("months", _INT),
        ("name_zh", _TEXT),
        ("name_en", _TEXT),
        ("sort_order", _INT),
    ]
)
# The bureau's own scenarios come after those of the project on every list.
_AFTER_THE_PROJECTS = 1000


def write_table(folder: Path, name: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write one of SCHEMAS as `<name>.parquet`; appears whole or not at all."""
    _write(folder / f"{name}.parquet", SCHEMAS[name], rows)


def _write(path: Path, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> None:
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), temporary)


def write_inputs(folder: Path, scenarios: Sequence[Scenario]) -> None:
    """The bureau's own scenarios, and SCHEMAS without rows: dbt binds every source long before a forecast is made."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in SCHEMAS.items():
        _write(folder / f"{name}.parquet", schema, [])
    _write(
        folder / "bureau_scenario.parquet",
        BUREAU_SCENARIO,
        [
            {
                "scenario": scenario.key,
                "ordinal": ordinal,
                "name_zh": scenario.name_zh,
                "name_en": scenario.name_en or scenario.name_zh,
                "sort_order": _AFTER_THE_PROJECTS + place,
                "fund_code": row.fund,
                "item_key": row.item,
                **row.model_dump(include={"lever", "value", "base", "first_month", "months"}),
            }
            for place, scenario in enumerate(scenarios)
            for ordinal, row in enumerate(scenario.levers, 1)
        ],
    )
