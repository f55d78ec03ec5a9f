"""The forecast's own process: reads a request (JSON) on standard input, writes Parquet, answers with one line.

It runs beside the checks of the candidate, which both only read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medfund.forecast.books import describe, forecast_book, read_books, settings_text
from medfund.forecast.models import is_installed
from medfund.forecast.published import forecast_national, read_national_series
from medfund.forecast.tables import SCHEMAS, Rows, write_table
from medfund.release.store import connect_read_only


@dataclass(frozen=True)
class _Family:
    """Tables of one kind of series in a release: what a series is called, where its hash stands, its rows."""

    key: str
    hashes: str
    tables: Mapping[str, str]


_BOOKS = _Family(
    "org_code || '|' || fund_code",
    "marts.fund_forecast_series where state = 'forecast'",
    {
        "forecast_series": "marts.fund_forecast_series where true",
        "forecast": "marts.fund_forecast_monthly where scenario = 'baseline'",
        "forecast_score": "marts.fund_forecast_score where true",
    },
)
_NATIONAL = _Family(
    "scheme || '|' || item",
    "marts.fund_forecast_published_score where true",
    {
        "forecast_published": "marts.fund_forecast_published where true",
        "forecast_published_score": "marts.fund_forecast_published_score where true",
    },
)
_MONEY = {"point", "lower_80", "upper_80", "lower_95", "upper_95", "actual", "opening_balance"}


def run(candidate: Path, previous: Path | None, out: Path) -> dict[str, Any]:
    """Forecast every set of books of the candidate and write `tables.SCHEMAS` to `out`.

    Series whose figures, code and library are those of the release `previous` keep its forecast. Returns how many
    sets of books got a new forecast, kept theirs, and have none, by the reason.
    """
    with connect_read_only(candidate) as connection:
        books = read_books(connection)
        national = read_national_series(connection)
    rows: Rows = {name: [] for name in SCHEMAS}
    kept: list[str] = []
    if is_installed():
        settings = settings_text()
        held = _held(previous, _BOOKS)
        for book in books:
            sha256, name = book.sha256(settings), f"{book.org_code}|{book.fund_code}"
            if book.state != "ready":
                rows["forecast_series"].append(describe(book, book.state, sha256))
            elif held.get(name) == sha256:
                kept.append(name)
            else:
                forecast_book(book, sha256, rows)
        _carry_over(previous, _BOOKS, kept, rows)
        held, kept_national = _held(previous, _NATIONAL), []
        for series in national:
            sha256, name = series.sha256(settings), f"{series.scheme}|{series.item}"
            if held.get(name) == sha256:
                kept_national.append(name)
            else:
                forecast_national(series, sha256, rows)
        _carry_over(previous, _NATIONAL, kept_national, rows)
    else:
        rows["forecast_series"] += [describe(book, "library_missing") for book in books]
    for name in SCHEMAS:
        write_table(out, name, rows[name])
    states = [row["state"] for row in rows["forecast_series"]]
    return {
        "made": states.count("forecast") - len(kept),
        "kept": len(kept),
        "without": {state: states.count(state) for state in sorted(set(states) - {"forecast"})},
    }


def _held(previous: Path | None, family: _Family) -> dict[str, str]:
    """Hash of every series that a release holds a forecast of; none where its code knew no such tables."""
    if previous is None:
        return {}
    with connect_read_only(previous) as connection:
        there = connection.execute(
            "select count(*) from duckdb_columns() where schema_name = 'marts' and column_name = 'series_sha256' "
            "and table_name = split_part(split_part(?, '.', 2), ' ', 1)",
            [family.hashes],
        ).fetchone()
        if there == (0,):
            return {}
        return dict(
            connection.execute(f"select distinct {family.key}, series_sha256 from {family.hashes}").fetchall()
        )


def _carry_over(previous: Path | None, family: _Family, names: Collection[str], rows: Rows) -> None:
    """Add the rows that a release has of these series. Their hash holds this code, so its columns are these."""
    if previous is None or not names:
        return
    with connect_read_only(previous) as connection:
        for name, relation in family.tables.items():
            columns = ", ".join(
                f"cast(cast({column} as decimal(38, 2)) * 100 as bigint) as {column}"
                if column in _MONEY
                else column
                for column in SCHEMAS[name].names
            )
            table: Any = connection.sql(
                f"select {columns} from {relation} and list_contains(?, {family.key}) order by all",
                params=[sorted(names)],
            ).to_arrow_table()
            rows[name] += table.cast(SCHEMAS[name]).to_pylist()


def main() -> int:
    """Read one request, answer with one line of JSON."""
    request = json.loads(sys.stdin.readline())
    previous = request["previous"]
    done = run(Path(request["candidate"]), Path(previous) if previous else None, Path(request["out"]))
    print(json.dumps(done), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
