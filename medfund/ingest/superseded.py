"""Which landed rows a newer version has replaced: worked out once per build, so that no model has to.

Of several rows with one key the one counts that is greatest by the table's `order_by`, then that landed last. Rows
that belong together (`replaced_per`) count when they are of the newest batch that holds their parent. Candidates
are found on the hashes of keys, which stand beside every batch; only their own values are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from medfund.contract import Contract, Table
from medfund.ingest.landing import batch_dir
from medfund.ingest.query import key_hash
from medfund.ingest.sqltypes import ident, quoted
from medfund.ingest.versions import ENGINE, KEYS
from medfund.settings import Home


def write_superseded(
    home: Home, contract: Contract, batches: Sequence[dict[str, Any]], target: Path, scratch: Path
) -> None:
    """Write the rows that do not count, of all `batches`, to the Parquet file `target`.

    Columns: table_name, batch_id, row_number_in_file; replaced_by_batch_id, where the version that counts stands;
    and of the row replaced, which may have meant another one, setl_id and event_month (null where its table has
    neither, or where rows are replaced as a set of one parent). `scratch` is a folder for what memory cannot hold.
    A table of which no batch replaced anything, or whose models choose themselves, is not looked at.
    """
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '1500MB'")
        con.execute(f"SET temp_directory = {quoted(str(scratch))}")
        con.execute("SET preserve_insertion_order = false")
        con.execute(
            "CREATE TABLE superseded (table_name VARCHAR, batch_id VARCHAR, row_number_in_file BIGINT, "
            "replaced_by_batch_id VARCHAR, setl_id VARCHAR, event_month DATE)"
        )
        for table in contract.tables.values():
            if table.every_version:
                continue
            own = [b for b in batches if b["table_name"] == table.name and b["rows_landed"] > 0]
            replacing = [b["batch_id"] for b in own if b["rows_superseded"] > 0]
            if replacing:
                _find(con, home, table, own, replacing)
        con.execute(
            "COPY (SELECT * FROM superseded ORDER BY table_name, batch_id, row_number_in_file) "
            f"TO {quoted(str(target))} (FORMAT parquet)"
        )


def _find(
    con: duckdb.DuckDBPyConnection,
    home: Home,
    table: Table,
    batches: Sequence[dict[str, Any]],
    replacing: Sequence[str],
) -> None:
    keys = _keys(home, table, batches)
    these = ", ".join(str(int(batch)) for batch in replacing)
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE candidate AS
        WITH keys AS ({keys}), touched AS (SELECT DISTINCT key_hash FROM keys WHERE batch IN ({these}))
        SELECT key_hash, printf('%06d', batch) AS batch, row_no, count(*) OVER (PARTITION BY key_hash) AS rows_of_key
        FROM keys SEMI JOIN touched USING (key_hash) QUALIFY rows_of_key > 1"""
    )
    name = quoted(table.name)
    if table.replaced_per:
        con.execute(
            f"""INSERT INTO superseded
            SELECT {name}, batch, row_no, max(batch) OVER (PARTITION BY key_hash) AS newest, NULL, NULL
            FROM candidate QUALIFY batch < newest"""
        )
        return
    held = [row[0] for row in con.execute("SELECT DISTINCT batch FROM candidate").fetchall()]
    if not held:
        return
    of_key = ["_bureau", *(["_as_of"] if table.snapshot else []), *_identifying(table)]
    newest = [column for column in table.order_by if column != "_row_no"]
    order = ", ".join(
        [*(f"{ident(column)} DESC NULLS LAST" for column in newest), "batch DESC", "row_no DESC"]
    )
    setl_id = "setl_id" if "setl_id" in table.columns else "NULL"
    month = f"date_trunc('month', {ident(table.event_time)})" if table.event_time else "NULL"
    con.execute(
        f"""INSERT INTO superseded
        SELECT {name}, batch, _row_no, first_value(batch) OVER version, {setl_id}, CAST({month} AS DATE)
        FROM (
            SELECT rows.*, _row_no AS row_no
            FROM ({_rows(home, table, held)}) AS rows SEMI JOIN candidate
                ON candidate.batch = rows.batch AND candidate.row_no = rows._row_no
        )
        WINDOW version AS (PARTITION BY {", ".join(of_key)} ORDER BY {order})
        QUALIFY row_number() OVER version > 1"""
    )


def _identifying(table: Table) -> list[str]:
    """SQL of what identifies a row: the key, or where it is not whole the alternative key."""
    if not table.alt_key:
        return [ident(column) for column in table.key]
    whole = " AND ".join(f"{ident(column)} IS NOT NULL" for column in table.key)
    return [
        whole,
        *(f"CASE WHEN {whole} THEN {ident(column)} END" for column in table.key),
        *(f"CASE WHEN NOT ({whole}) THEN {ident(column)} END" for column in table.alt_key),
    ]


def _keys(home: Home, table: Table, batches: Sequence[dict[str, Any]]) -> str:
    """SQL of (key_hash, batch as a number, row_no) of all rows; read, or hashed where another version hashed differently."""
    known = [batch["batch_id"] for batch in batches if batch.get("engine") == ENGINE]
    other = [batch["batch_id"] for batch in batches if batch.get("engine") != ENGINE]
    parts = []
    if known:
        files = ", ".join(quoted(str(batch_dir(home, table.name, batch) / KEYS)) for batch in known)
        parts.append(
            "SELECT key_hash, CAST(batch AS BIGINT) AS batch, row_no "
            f"FROM read_parquet([{files}], hive_partitioning = false)"
        )
    if other:
        rows = _rows(home, table, other)
        parts.append(
            f"SELECT {key_hash(table)} AS key_hash, CAST(batch AS BIGINT) AS batch, _row_no AS row_no FROM ({rows})"
        )
    return " UNION ALL ".join(parts)


def _rows(home: Home, table: Table, batches: Sequence[str]) -> str:
    """SQL of the columns that identify and order rows, of these batches; a column not landed then is null."""
    wanted = dict.fromkeys(
        ["_bureau", "_as_of", "_row_no", *table.key, *table.alt_key, *table.replaced_per, *table.order_by]
        + ([table.event_time] if table.event_time else [])
        + (["setl_id"] if "setl_id" in table.columns else [])
    )
    columns = ", ".join(ident(column) for column in wanted)
    files = ", ".join(
        quoted(str(batch_dir(home, table.name, batch) / "rows.parquet")) for batch in ["000000", *batches]
    )
    return (
        f"SELECT {columns}, batch FROM read_parquet([{files}], hive_partitioning = true, "
        "hive_types = {'batch': 'varchar'}, union_by_name = true)"
    )
