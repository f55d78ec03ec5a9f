"""Measure the forecasts of a home's current release, and print how the method does there and on the national series.

`python -m bench.forecast --home DIR`: made anew and with nothing changed, the scorecard of what is shown beside the
benchmark, and each year that the method would have foreseen from the published national figures.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb

from medfund.release import release_info
from medfund.settings import Home

_SCORES = """
select measure, horizon,
    count(*) filter (is_shown) as books,
    round(median(mase) filter (is_shown), 2) as "mase shown",
    round(median(mase) filter (model = 'seasonal_naive'), 2) as "benchmark",
    round(100 * median(wape) filter (is_shown), 1) as "wape %",
    round(100 * avg(coverage_80) filter (is_shown)) as "within 80 %",
    round(100 * avg(coverage_95) filter (is_shown)) as "within 95 %"
from scores
group by measure, horizon
order by measure, horizon
"""
_NATIONAL = """
select item, origin_year, year, model,
    round(actual / 1e10, 0) as actual, round(point / 1e10, 0) as foreseen,
    round(100.0 * (point - actual) / actual, 1) as "error %"
from national
where scheme = 'total' and is_shown and actual is not null and year = origin_year + 1
order by item, year
"""
_NATIONAL_SCORES = """
select scheme, item, model, horizon, origins, round(mase, 2) as mase, round(100 * wape, 1) as "wape %",
    round(100 * coverage_80) as "within 80 %", round(100 * coverage_95) as "within 95 %", is_shown
from national_scores
order by scheme, item, model, horizon
"""


def measure(candidate: Path, out: Path) -> tuple[dict[str, Any], float, float]:
    """Run the forecasting process once. Returns its answer, wall seconds and processor seconds."""
    memory = out / "fits.parquet"
    request = {"candidate": str(candidate), "memory": str(memory), "out": str(out), "forget": False}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    worker = [sys.executable, "-m", "medfund.forecast.worker"]
    with subprocess.Popen(worker, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        # Left open until the answer comes: the process takes a closed pipe for the end of its build.
        print(json.dumps(request), file=process.stdin, flush=True)
        answer = process.stdout.readline()
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(answer), wall, processor


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.forecast", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home whose current release has forecasts")
    database = release_info(Home(parser.parse_args().home)).database.resolve()
    with tempfile.TemporaryDirectory(prefix="medfund-bench-") as folder:
        out = Path(folder)
        print(f"{'':16}{'made':>6}{'kept':>6}{'wall s':>9}{'cpu s':>9}")
        for name in ("made anew", "nothing changed"):
            said, wall, processor = measure(database, out)
            print(f"{name:16}{said['made']:6}{said['kept']:6}{wall:9.1f}{processor:9.1f}")
        with duckdb.connect() as connection:
            for view, name in (
                ("scores", "forecast_score"),
                ("national", "forecast_published"),
                ("national_scores", "forecast_published_score"),
            ):
                connection.execute(f"create view {view} as from '{out / name}.parquet'")
            print(
                "\nThe books of this release (medians and means over books; MASE under 1 beats the yearly change):"
            )
            connection.sql(_SCORES).show(max_width=160)
            print("National totals one year ahead, hundred million yuan:")
            connection.sql(_NATIONAL).show(max_rows=100, max_width=160)
            print("National scorecard, years up to the horizon pooled:")
            connection.sql(_NATIONAL_SCORES).show(max_rows=100, max_width=160)


if __name__ == "__main__":
    main()
