"""Which rows of a new batch were there before, and which earlier rows they replace.

Works on hashes of keys and rows (`keys.parquet` of every batch), loaded once per run and table.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from medfund.contract import Table
from medfund.ingest.landing import PARQUET, batch_dir
from medfund.ingest.query import key_hash, row_hash
from medfund.ingest.sqltypes import ident, quoted
from medfund.settings import Home

KEYS = "keys.parquet"
# Row hashes are DuckDB's own; another version may hash differently.
ENGINE = f"duckdb {duckdb.__version__}, free texts by hashed md5, nulls as nothing"


class Versions:
    """The key and row hashes of everything landed in one table, growing with each batch."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, home: Home, table: Table, batches: list[dict[str, Any]]
    ):
        self.con, self.table = con, table
        self._earlier = self._rows = self._keys = self._identical = 0
        self.name = ident(f"versions_{table.name}")
        con.execute(
            f"CREATE TEMP TABLE {self.name} (key_hash UBIGINT, row_hash UBIGINT, row_no BIGINT, batch INTEGER)"
        )
        known: list[Path] = []
        foreign: list[Path] = []
        for batch in batches:
            if batch["rows_landed"] == 0:
                continue
            folder = batch_dir(home, table.name, batch["batch_id"])
            same = batch.get("engine") == ENGINE and batch.get("fingerprint") == table.fingerprint
            (known if same else foreign).append(folder)
        if known:
            files = "[" + ", ".join(quoted(str(folder / KEYS)) for folder in known) + "]"
            con.execute(
                f"INSERT INTO {self.name} SELECT key_hash, row_hash, row_no, batch "
                f"FROM read_parquet({files}, hive_partitioning=false)"
            )
        for folder in foreign:
            self._rehash(folder / "rows.parquet", int(folder.name.removeprefix("batch=")))

    def _rehash(self, rows: Path, batch: int) -> None:
        """Take up a batch that was hashed by another engine or under an earlier contract."""
        source = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
        there = {row[0] for row in self.con.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()}
        columns = ", ".join(
            (ident(name) if name in there else "NULL") + f"::{kind} AS {ident(name)}"
            for name, kind in self.table.landing_types().items()
        )
        self.con.execute(
            f"INSERT INTO {self.name} SELECT {key_hash(self.table)}, {row_hash(self.table)}, _row_no, {batch} "
            f"FROM (SELECT {columns} FROM {source})"
        )

    def stage(self, rows: Path, batch: int) -> None:
        """Hash the rows of a batch being written into the temporary table `fresh`."""
        late = "true" if not self.table.by_update_time else "updt_time IS NULL"
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE fresh AS SELECT {key_hash(self.table)} AS key_hash, "
            f"_row_hash AS row_hash, _row_no AS row_no, {batch}::INTEGER AS batch, {late} AS by_load "
            f"FROM read_parquet({quoted(str(rows))}, hive_partitioning=false)"
        )

    def find_identical(self) -> int:
        """Put the numbers of rows that bring nothing new into `identical` (row_no); returns how many.

        Rows that carry their update time are identical to any equal landed version. Rows that count by load
        order are identical only to the version that counts now, so that a value can return to what it was.
        Rows replaced as a set are identical when the whole set is, or when the set has them twice.
        """
        # One look at all that was ever landed; the rest concerns the versions of this file's keys alone.
        self.con.execute(
            f"CREATE OR REPLACE TEMP TABLE earlier AS SELECT * FROM {self.name} SEMI JOIN fresh USING (key_hash)"
        )
        self._earlier = self._count("SELECT count(*) FROM earlier")
        self._rows, self._keys = self._counts("SELECT count(*), count(DISTINCT key_hash) FROM fresh")
        if not self._earlier and self._rows == self._keys:
            self._identical = 0
            return 0
        sql = self._identical_sets() if self.table.replaced_per else self._identical_rows()
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE identical AS {sql}")
        self._identical = self._count("SELECT count(*) FROM identical")
        return self._identical

    @staticmethod
    def _identical_sets() -> str:
        return """
            WITH latest AS (SELECT key_hash, max(batch) AS batch FROM earlier GROUP BY 1),
            old AS (
                SELECT key_hash, count(DISTINCT row_hash) AS n, sum(DISTINCT row_hash::HUGEINT) AS total
                FROM earlier JOIN latest USING (key_hash, batch) GROUP BY 1
            ),
            inside AS (
                SELECT *, row_number() OVER (PARTITION BY key_hash, row_hash ORDER BY row_no) AS nth FROM fresh
            ),
            new AS (
                SELECT key_hash, count(*) AS n, sum(row_hash::HUGEINT) AS total FROM inside WHERE nth = 1 GROUP BY 1
            )
            SELECT row_no FROM inside LEFT JOIN (SELECT key_hash, true AS same FROM new JOIN old
                USING (key_hash, n, total)) USING (key_hash)
            WHERE same OR nth > 1"""

    @staticmethod
    def _identical_rows() -> str:
        return """
            WITH repeated AS (SELECT key_hash FROM fresh GROUP BY 1 HAVING count(*) > 1),
            latest AS (
                SELECT key_hash, arg_max(row_hash, (batch, row_no)) AS row_hash
                FROM earlier WHERE key_hash IN (SELECT key_hash FROM fresh WHERE by_load) GROUP BY 1
            ),
            inside AS (
                SELECT row_no, row_hash, by_load,
                    lag(row_hash) OVER (PARTITION BY key_hash ORDER BY row_no) AS previous,
                    row_number() OVER (PARTITION BY key_hash, row_hash ORDER BY row_no) AS nth
                FROM fresh SEMI JOIN repeated USING (key_hash)
            )
            SELECT row_no FROM inside WHERE CASE WHEN by_load THEN row_hash = previous ELSE nth > 1 END
            UNION
            SELECT row_no FROM fresh SEMI JOIN earlier USING (key_hash, row_hash) WHERE NOT by_load
            UNION
            SELECT f.row_no FROM (
                SELECT *, row_number() OVER (PARTITION BY key_hash ORDER BY row_no) AS nth
                FROM fresh WHERE by_load AND key_hash IN (SELECT key_hash FROM latest)
            ) f JOIN latest USING (key_hash, row_hash) WHERE f.nth = 1"""

    def superseded(self) -> int:
        """Rows that no longer count, or never did, once the kept rows of `fresh` are landed.

        Summed over all batches, landed less superseded is the number of rows that count.
        """
        if self._identical:
            self.con.execute("DELETE FROM fresh WHERE row_no IN (SELECT row_no FROM identical)")
        if self.table.replaced_per:
            if not self._earlier:
                return 0
            return self._count(
                """WITH latest AS (
                    SELECT key_hash, max(batch) AS batch FROM earlier SEMI JOIN fresh USING (key_hash) GROUP BY 1
                ) SELECT count(*) FROM earlier JOIN latest USING (key_hash, batch)"""
            )
        if not self._earlier and not self._identical:
            return self._rows - self._keys
        return self._count(
            """SELECT count(*) - (
                SELECT count(DISTINCT key_hash) FROM fresh ANTI JOIN earlier USING (key_hash)
            ) FROM fresh"""
        )

    def write(self, target: Path) -> None:
        """Write the hashes of the kept rows beside them."""
        self.con.execute(
            f"COPY (SELECT key_hash, row_hash, row_no, batch FROM fresh) TO {quoted(str(target))} ({PARQUET})"
        )

    def take(self) -> None:
        """Count the kept rows as landed."""
        self.con.execute(f"INSERT INTO {self.name} SELECT key_hash, row_hash, row_no, batch FROM fresh")

    def _count(self, sql: str) -> int:
        return self._counts(sql)[0]

    def _counts(self, sql: str) -> tuple[int, ...]:
        return tuple(int(value) for value in self.con.execute(sql).fetchall()[0])
