"""The forecast's own process: reads a request (JSON) on standard input, writes Parquet, answers with one line.

The end of standard input before the answer means that nobody waits for it. The library is imported before the request
comes; the work runs beside the checks of the candidate, which both only read.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from medfund.forecast.books import describe, forecast_book, read_books
from medfund.forecast.memory import Fits
from medfund.forecast.models import is_installed, preload
from medfund.forecast.published import forecast_national
from medfund.forecast.tables import SCHEMAS, Rows, write_table
from medfund.release.store import connect_read_only


def run(candidate: Path, memory: Path, out: Path, *, forget: bool = False) -> dict[str, Any]:
    """Forecast every set of books of the candidate and write `tables.SCHEMAS` to `out`.

    Fits that the file `memory` holds are not made again, unless it is to `forget` them. Returns how many sets of
    books needed a new fit, had all of them remembered, and have no forecast, by the reason.
    """
    rows: Rows = {name: [] for name in SCHEMAS}
    fresh = 0
    with connect_read_only(candidate) as connection:
        books = read_books(connection)
        if is_installed():
            fits = Fits(memory, forget=forget)
            for book in books:
                before = fits.made
                if book.state == "ready":
                    forecast_book(book, fits, rows)
                else:
                    rows["forecast_series"].append(describe(book, book.state))
                fresh += fits.made > before
            forecast_national(connection, fits, rows)
            fits.save()
        else:
            rows["forecast_series"] += [describe(book, "library_missing") for book in books]
    for name in SCHEMAS:
        write_table(out, name, rows[name])
    states = [row["state"] for row in rows["forecast_series"]]
    return {
        "made": fresh,
        "kept": states.count("forecast") - fresh,
        "without": {state: states.count(state) for state in sorted(set(states) - {"forecast"})},
    }


def _listen() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> int:
    """Read one request, answer with one line of JSON."""
    preload()
    line = sys.stdin.readline()
    if not line:
        return 0  # the build ended without needing us
    request = json.loads(line)
    # The build keeps our standard input open: when it ends early, nobody wants the answer any more, and a late
    # one would land in the next candidate.
    threading.Thread(target=_listen, daemon=True).start()
    places = (Path(request[name]) for name in ("candidate", "memory", "out"))
    done = run(*places, forget=request["forget"])
    print(json.dumps(done), flush=True)
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # Leave without waiting for the listener, which still reads.
    os._exit(code)
