"""A bureau in a temporary home: hand it deliveries, build, and ask the release, all in this process."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from medfund.ingest import BatchReport, ensure_tables, ingest, read_batches
from medfund.pipeline import BuildResult, build
from medfund.pipeline.inputs import write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.release import run_query, writer_lock
from medfund.settings import Bureau, Home

Row = Mapping[str, object]

LEDGER_MARTS = (
    "fund_balance_monthly",
    "fund_income_monthly",
    "fund_expenditure_monthly",
    "fund_balance_consolidated_monthly",
)


def write_export(path: Path, rows: Iterable[Row]) -> Path:
    """Write rows as a CSV export; a column that a row lacks stays empty. The file name says the table."""
    rows = list(rows)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


class Office:
    """One home. `messages` is what the commands said."""

    def __init__(self, root: Path, bureau: Bureau | None = None) -> None:
        self.root = root
        self.home = Home(root / "home")
        self.bureau = bureau or Bureau()
        self.messages: list[str] = []
        self._deliveries = 0

    def deliver(self, **tables: Iterable[Row]) -> list[BatchReport]:
        """Land one delivery: a file for every table named (`fund_acct_bal=rows`)."""
        self._deliveries += 1
        folder = self.root / f"delivery-{self._deliveries}"
        for table, rows in tables.items():
            write_export(folder / f"{table}.csv", rows)
        with writer_lock(self.home, "test"):
            return ingest(self.home, self.bureau, [folder], say=self.messages.append)

    def build(self) -> BuildResult:
        return build(self.home, self.bureau, say=self.messages.append)

    def transform_ledger(self) -> duckdb.DuckDBPyConnection:
        """Make the ledger marts alone, without gate or release, and open the candidate that holds them."""
        return self.transform(LEDGER_MARTS)

    def transform(self, marts: Iterable[str]) -> duckdb.DuckDBPyConnection:
        """Make these marts alone and all that they are made from, without gate or release; open the candidate."""
        ensure_tables(self.home)
        self.home.candidate.mkdir(parents=True, exist_ok=True)
        batches = read_batches(self.home)
        changed = [(batch["table_name"], batch["batch_id"]) for batch in batches]
        write_build_inputs(self.home, self.bureau, batches, changed)
        write_previous(self.home)
        wanted = [argument for mart in marts for argument in ("--select", f"+{mart}")]
        Transform(self.home).run("build", "--resource-type", "seed", "--resource-type", "model", *wanted)
        return duckdb.connect(str(self.home.candidate_db), read_only=True)

    def ask(self, query: str, release: str | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query on the current release, or on `release` (an id or "candidate")."""
        with run_query(self.home, query, release) as answer:
            return answer.relation().fetchall()

    def failed_checks(self, severity: str, release: str | None = None) -> set[str]:
        rows = self.ask(
            f"select check_id from quality_check where not passed and severity = '{severity}'", release
        )
        return {check for (check,) in rows}
