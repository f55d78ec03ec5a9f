"""The small Parquet files that a build hands to dbt (`<candidate>/inputs/`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.results import QUALITY_FAILURE, QUALITY_FAILURE_MONTHLY, QUALITY_RESULT, write_rows
from medfund import forecast
from medfund.contract import load_contract
from medfund.ingest.superseded import write_superseded
from medfund.release.store import connect_read_only
from medfund.settings import Bureau, Home

_TEXT, _LONG, _TIME = pa.string(), pa.int64(), pa.timestamp("us")

LOAD_BATCH = pa.schema(
    [("batch_id", _TEXT), ("table_name", _TEXT), ("source_file", _TEXT), ("sha256", _TEXT)]
    + [
        (name, _LONG)
        for name in (
            "rows_read",
            "rows_landed",
            "rows_rejected",
            "rows_identical",
            "rows_superseded",
            "values_nulled",
        )
    ]
    + [("loaded_at", _TIME)]
)
BUREAU_ORG = pa.schema(
    [
        ("org_code", _TEXT),
        ("name_zh", _TEXT),
        ("name_en", _TEXT),
        ("level", _TEXT),
        ("parent_org_code", _TEXT),
        ("is_pool_area", pa.bool_()),
    ]
)
BUREAU_SETTING = pa.schema(
    [
        (name, _TEXT)
        for name in (
            "code",
            "name_zh",
            "time_zone",
            "refunds",
            "fund_scope",
            "mutual_aid",
            "closing",
            "headcount",
        )
    ]
    + [("small_cell", _LONG)]
)
BUREAU_POPULATION = pa.schema(
    [("org_code", _TEXT), ("year", pa.int32()), ("basis", _TEXT), ("persons", _LONG), ("source", _TEXT)]
)
CHANGED_BATCH = pa.schema([("table_name", _TEXT), ("batch_id", _TEXT)])
PREVIOUS_QUALITY = pa.schema(
    [
        ("check_id", _TEXT),
        ("suite", _TEXT),
        ("table_name", _TEXT),
        ("severity", _TEXT),
        ("dimension", _TEXT),
        ("observed", pa.float64()),
        ("unexpected_count", _LONG),
        ("passed", pa.bool_()),
        ("first_failed_in", _TEXT),
        ("state", _TEXT),
    ]
)
_MONEY = pa.decimal128(18, 2)
PREVIOUS_BALANCE_VERSION = pa.schema(
    [
        ("org_code", _TEXT),
        ("fund_code", _TEXT),
        ("basis", _TEXT),
        ("month", pa.date32()),
        ("version_no", pa.int32()),
    ]
    + [("release_id", _TEXT), ("known_at", _TIME)]
    + [
        (name, _MONEY)
        for name in ("opening_balance", "opening_adjustment", "income", "expenditure", "closing_balance")
    ]
    + [("is_withdrawn", pa.bool_()), ("reason", _TEXT), ("newest_batch_id", _TEXT), ("batch_id", _TEXT)]
    + [("source_file", _TEXT)]
)
PREVIOUS_INDICATOR_INPUT = pa.schema([("input", _TEXT), ("month", pa.date32()), ("fingerprint", _TEXT)])
RELEASE = pa.schema(
    [
        ("release_id", _TEXT),
        ("built_at", _TIME),
        ("data_through", pa.date32()),
        ("code_version", _TEXT),
        ("inputs_sha256", _TEXT),
        ("gate", _TEXT),
        ("waivers", _TEXT),
    ]
)


def inputs_dir(home: Home) -> Path:
    """Where the small files of the candidate's build stand."""
    return home.candidate / "inputs"


def write_build_inputs(
    home: Home, bureau: Bureau, batches: Sequence[dict[str, Any]], changed: Iterable[tuple[str, str]]
) -> None:
    """load_batch, superseded_row, bureau_*, changed_batch, and empty tables for what the run adds.

    `changed` gives (table, batch id) of the batches that the candidate does not hold yet.
    """
    folder = inputs_dir(home)
    names = LOAD_BATCH.names
    write_rows(
        folder / "load_batch.parquet",
        LOAD_BATCH,
        ({name: _time(b[name]) if name == "loaded_at" else b[name] for name in names} for b in batches),
    )
    write_rows(folder / "bureau_org.parquet", BUREAU_ORG, _orgs(bureau))
    modes = bureau.modes
    write_rows(
        folder / "bureau_setting.parquet",
        BUREAU_SETTING,
        [
            {
                "code": bureau.code,
                "name_zh": bureau.name_zh,
                "time_zone": bureau.time_zone,
                "refunds": modes.refunds,
                "fund_scope": modes.fund_scope,
                "mutual_aid": modes.mutual_aid,
                "closing": modes.closing,
                "headcount": modes.headcount,
                "small_cell": bureau.small_cell,
            }
        ],
    )
    write_rows(
        folder / "bureau_population.parquet",
        BUREAU_POPULATION,
        ({"org_code": stated.org, **stated.model_dump(exclude={"org"})} for stated in bureau.populations),
    )
    write_rows(
        folder / "changed_batch.parquet",
        CHANGED_BATCH,
        ({"table_name": table, "batch_id": batch} for table, batch in changed),
    )
    write_superseded(
        home, load_contract(home.contract_file), batches, folder / "superseded_row.parquet", folder / "tmp"
    )
    forecast.write_inputs(folder, bureau.scenarios)
    # dbt binds every source when it compiles; the run fills these in when the checks are done.
    write_rows(folder / "quality_result.parquet", QUALITY_RESULT, [])
    write_rows(folder / "quality_failure.parquet", QUALITY_FAILURE, [])
    write_rows(folder / "quality_failure_monthly.parquet", QUALITY_FAILURE_MONTHLY, [])
    write_rows(folder / "release.parquet", RELEASE, [])


def read_results(home: Home) -> list[dict[str, Any]]:
    """The outcome of every check on the candidate, as `quality_result.parquet` holds it."""
    rows: list[dict[str, Any]] = pq.read_table(inputs_dir(home) / "quality_result.parquet").to_pylist()
    return rows


def write_previous(
    home: Home,
    served_db: Path | None = None,
    newest_db: Path | None = None,
    base_db: Path | None = None,
) -> None:
    """What earlier releases knew; no rows before the first.

    Checks are compared with the release being served. What was published when is taken from the newest release,
    served or rolled back: a publication withdrawn has been made all the same. What indicators were made of is
    taken from the release that the candidate started from, if it did.
    """
    _write_earlier(
        home, "previous_indicator_input", PREVIOUS_INDICATOR_INPUT, "indicator_input_monthly", base_db
    )
    _write_earlier(home, "previous_quality", PREVIOUS_QUALITY, "quality_check", served_db)
    _write_earlier(
        home, "previous_balance_version", PREVIOUS_BALANCE_VERSION, "fund_balance_version", newest_db
    )


def _write_earlier(home: Home, name: str, schema: pa.Schema, table: str, release_db: Path | None) -> None:
    rows: list[dict[str, Any]] = []
    if release_db is not None:
        with connect_read_only(release_db) as connection:
            # A release made by older code may not have the table.
            query = "select count(*) from duckdb_tables() where schema_name = 'marts' and table_name = ?"
            if connection.execute(query, [table]).fetchall() != [(0,)]:
                columns = ", ".join(schema.names)
                found: Any = connection.sql(f"select {columns} from marts.{table}").to_arrow_table()
                rows = found.cast(schema).to_pylist()
    write_rows(inputs_dir(home) / f"{name}.parquet", schema, rows)


def write_release(
    home: Home,
    *,
    release_id: str,
    built_at: datetime,
    data_through: date | None,
    code_version: str,
    inputs_sha256: str,
    gate: str,
    waivers: list[dict[str, str]],
) -> None:
    """The one row that becomes release_info. `built_at` is stored as wall time of the bureau."""
    write_rows(
        inputs_dir(home) / "release.parquet",
        RELEASE,
        [
            {
                "release_id": release_id,
                "built_at": built_at.replace(tzinfo=None),
                "data_through": data_through,
                "code_version": code_version,
                "inputs_sha256": inputs_sha256,
                "gate": gate,
                "waivers": json.dumps(waivers, ensure_ascii=False, sort_keys=True),
            }
        ],
    )


def _orgs(bureau: Bureau) -> list[dict[str, Any]]:
    prefixes = tuple(bureau.pool_area) or tuple({o.code[:4] for o in bureau.orgs if o.level != "province"})
    return [
        {
            "org_code": org.code,
            "name_zh": org.name_zh,
            "name_en": org.name_en or org.name_zh,
            "level": org.level,
            "parent_org_code": org.parent,
            "is_pool_area": org.level != "province" and org.code.startswith(prefixes),
        }
        for org in bureau.orgs
    ]


def _time(value: Any) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=None)
