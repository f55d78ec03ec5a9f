"""The landing on disk: batches, their numbers, staging and the atomic commit."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb

from medfund.contract import Contract, Table, load_contract
from medfund.ingest.sqltypes import ident, quoted
from medfund.settings import Home

EMPTY_BATCH = "000000"
# Keys and numbers that never repeat are not worth a dictionary; small row groups spare memory while writing.
PARQUET = "FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 5000, ROW_GROUP_SIZE 61440"


def staging(home: Home) -> Path:
    """Where batches are written before they are committed; same file system as the landing."""
    return home.landing / ".staging"


def sweep(home: Home) -> None:
    """Remove what a killed ingest left behind. Committed batches are never touched."""
    shutil.rmtree(staging(home), ignore_errors=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def commit(home: Home, staged: Path, table: str, batch_id: str) -> None:
    """Make a staged batch visible by one rename, after its bytes are on the disk."""
    for path in staged.iterdir():
        _fsync(path)
    _fsync(staged)
    target = home.landing / table / f"batch={batch_id}"
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.rename(target)
    _fsync(target.parent)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Readable JSON, Chinese as it is."""
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_batches(home: Home) -> list[dict[str, Any]]:
    """The account of every landed batch (batch.json), in batch order."""
    if not home.landing.exists():
        return []
    found = [
        json.loads(path.read_text(encoding="utf-8")) for path in home.landing.glob("*/batch=*/batch.json")
    ]
    return sorted(found, key=lambda batch: batch["batch_id"])


def next_batch_number(home: Home) -> int:
    """One more than the highest batch number of any table."""
    if not home.landing.exists():
        return 1
    numbers = [int(path.name.removeprefix("batch=")) for path in home.landing.glob("*/batch=[0-9]*")]
    return max(numbers, default=0) + 1


def batch_dir(home: Home, table: str, batch_id: str) -> Path:
    """Directory of a committed batch."""
    return home.landing / table / f"batch={batch_id}"


def empty_select(table: Table) -> str:
    """SQL that gives no rows of the table's landing types."""
    columns = ", ".join(f"CAST(NULL AS {t}) AS {ident(c)}" for c, t in table.landing_types().items())
    return f"SELECT {columns} WHERE false"


def ensure_tables(home: Home, contract: Contract | None = None) -> None:
    """Give every contract table a batch 000000 with no rows, so that each source exists with its types.

    Rewritten where the contract has changed since, or where a power cut left the file incomplete.
    """
    contract = contract or load_contract(home.contract_file)
    con = duckdb.connect()
    try:
        empty = {
            t.name: batch_dir(home, t.name, EMPTY_BATCH) / "rows.parquet" for t in contract.tables.values()
        }
        there = _columns(con, [rows for rows in empty.values() if rows.exists()])
        for table in contract.tables.values():
            rows = empty[table.name]
            if there.get(str(rows)) == list(table.landing_types().items()):
                continue
            rows.parent.mkdir(parents=True, exist_ok=True)
            new = rows.with_suffix(".new")
            con.execute(f"COPY ({empty_select(table)}) TO {quoted(str(new))} (FORMAT parquet)")
            new.replace(rows)
    finally:
        con.close()


def _columns(con: duckdb.DuckDBPyConnection, files: list[Path]) -> dict[str, list[tuple[str, str]]]:
    """Columns with their types of the files that can be read, by path."""
    try:
        names = ", ".join(quoted(str(path)) for path in files)
        described = con.execute(
            f"""SELECT file_name, list((name, duckdb_type) ORDER BY column_id) FROM parquet_schema([{names}])
            WHERE column_id > 0 GROUP BY file_name"""
        ).fetchall()
    except duckdb.Error:
        # One damaged file hides the others; then each is asked for itself.
        if len(files) < 2:
            return {}
        return {name: found for path in files for name, found in _columns(con, [path]).items()}
    return dict(described)
