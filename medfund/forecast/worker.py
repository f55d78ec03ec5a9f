"""The forecast's own process: reads a request (JSON) on standard input, writes Parquet, answers with one line.

It runs beside the checks of the candidate, which both only read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from medfund.forecast.books import Book, Rows, describe, forecast_book, read_books, settings_text
from medfund.forecast.models import is_installed
from medfund.forecast.published import forecast_published
from medfund.forecast.tables import SCHEMAS, write_table
from medfund.release.store import connect_read_only

_BANDS = ("point", "lower_80", "upper_80", "lower_95", "upper_95")


def run(candidate: Path, previous: Path | None, out: Path) -> dict[str, Any]:
    """Forecast every set of books of the candidate and write `tables.SCHEMAS` to `out`.

    Books whose figures, code and library are those of the release `previous` keep its forecast. Returns how many
    were made, kept, and left without one, by state.
    """
    with connect_read_only(candidate) as connection:
        books = read_books(connection)
        published = forecast_published(connection) if is_installed() else {}
    rows = Rows()
    made = 0
    kept: list[Book] = []
    if is_installed():
        settings = settings_text()
        hashes = {id(book): book.sha256(settings) for book in books}
        held = _held(previous)
        for book in books:
            sha256 = hashes[id(book)]
            if book.state != "ready":
                rows.forecast_series.append(describe(book, book.state, sha256))
            elif held.get((book.org_code, book.fund_code)) == sha256:
                kept.append(book)
            else:
                forecast_book(book, sha256, rows)
                made += 1
    else:
        rows.forecast_series += [describe(book, "library_missing") for book in books]
    if kept and previous is not None:
        _carry_over(previous, kept, rows)
    for name in SCHEMAS:
        write_table(out, name, published.get(name) or getattr(rows, name, []))
    states = [row["state"] for row in rows.forecast_series]
    return {
        "made": made,
        "kept": len(kept),
        "without": {state: states.count(state) for state in sorted(set(states) - {"forecast"})},
    }


def _held(previous: Path | None) -> dict[tuple[str, str], str]:
    """Hash of every book that a release holds a forecast of."""
    if previous is None:
        return {}
    with connect_read_only(previous) as connection:
        # A release of an older version of the code has no such table.
        there = connection.execute(
            "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = 'fund_forecast_series'"
        ).fetchone()
        if there is None:
            return {}
        found = connection.execute(
            "select org_code, fund_code, series_sha256 from marts.fund_forecast_series where state = 'forecast'"
        ).fetchall()
    return {(org, fund): sha256 for org, fund, sha256 in found}


def _carry_over(previous: Path, books: list[Book], rows: Rows) -> None:
    """The rows of `books` as the release has them. Their hash holds this code, so its columns are these."""
    wanted = [f"{book.org_code}|{book.fund_code}" for book in books]
    fen = ", ".join(f"cast({name} * 100 as bigint) as {name}" for name in _BANDS)
    queries = {
        "forecast_series": "* replace (cast(opening_balance * 100 as bigint) as opening_balance) "
        "from marts.fund_forecast_series where true",
        "forecast": f"* replace ({fen}) from marts.fund_forecast_monthly where scenario = 'baseline'",
        "forecast_score": "* from marts.fund_forecast_score where true",
    }
    with connect_read_only(previous) as connection:
        for name, query in queries.items():
            columns = ", ".join(SCHEMAS[name].names)
            table: Any = connection.sql(
                f"select {columns} from (select {query}) "
                "where list_contains(?, org_code || '|' || fund_code) order by all",
                params=[wanted],
            ).to_arrow_table()
            getattr(rows, name).extend(table.cast(SCHEMAS[name]).to_pylist())


def main() -> int:
    """Read one request, answer with one line of JSON."""
    request = json.loads(sys.stdin.readline())
    previous = request["previous"]
    done = run(Path(request["candidate"]), Path(previous) if previous else None, Path(request["out"]))
    print(json.dumps(done), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
