"""A bureau in a temporary home: hand it deliveries, build, and ask the release, all in this process."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from medfund.ingest import BatchReport, ingest
from medfund.pipeline import BuildResult, build
from medfund.release import run_query, writer_lock
from medfund.settings import Bureau, Home

Row = Mapping[str, object]


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

    def ask(self, query: str, release: str | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query on the current release, or on `release` (an id or "candidate")."""
        with run_query(self.home, query, release) as answer:
            return answer.relation().fetchall()

    def failed_checks(self, severity: str, release: str | None = None) -> set[str]:
        rows = self.ask(
            f"select check_id from quality_check where not passed and severity = '{severity}'", release
        )
        return {check for (check,) in rows}
