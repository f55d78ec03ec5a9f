"""Measure ingest and build against the plain DuckDB floor, all in one run.

The floor is one process that reads the landed Parquet of every table once and sums every money column; each
figure is given in seconds, as a multiple of the floor, and with the peak memory of its largest process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from medfund.synth import DEFAULT_MONTHS, write

FLOOR = """
import sys
from pathlib import Path
import duckdb
con = duckdb.connect()
for folder in sorted(Path(sys.argv[1]).iterdir()):
    if folder.name.startswith((".", "_")) or not any(folder.glob("batch=*/rows.parquet")):
        continue
    source = f"read_parquet('{folder}/batch=*/rows.parquet', union_by_name=true, hive_partitioning=true)"
    columns = con.execute(f"describe select * from {source}").fetchall()
    money = [name for name, kind, *_ in columns if kind.startswith("DECIMAL") and kind.endswith((",2)", ",6)"))]
    if money:
        sums = ", ".join(f'sum("{name}")' for name in money)
        con.execute(f"select count(*), {sums} from {source}").fetchall()
"""


@dataclass(frozen=True)
class Figure:
    """One measured command: wall seconds, processor seconds, peak memory of its largest process in MB."""

    name: str
    wall: float
    cpu: float
    peak_mb: int


def run(name: str, *command: str) -> Figure:
    """Run a command to its end and measure it with its children; its output goes to standard error."""
    print(f"… {name}", file=sys.stderr, flush=True)
    started = time.perf_counter()
    process = os.spawnvpe(os.P_NOWAIT, command[0], list(command), os.environ | {"PYTHONWARNINGS": "ignore"})
    _, status, usage = os.wait4(process, 0)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"{name}: {' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    return Figure(name, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def write_exports(raw: Path, later: Path, size: str, seed: int) -> str:
    """All exports up to the last month but one, and the delivery of the last month with its late rows. Returns it."""
    first, last = DEFAULT_MONTHS
    year, month = (int(part) for part in last.split("-"))
    before = f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"

    def say(line: str) -> None:
        print(line, file=sys.stderr)

    write(raw, size=size, seed=seed, months=(first, before), say=say)
    write(later, size=size, seed=seed, months=(before, last), deliveries=True, say=say)
    for folder in later.iterdir():
        if folder.is_dir() and folder.name != last:
            shutil.rmtree(folder)
    return last


def main() -> None:
    """Write a synthetic bureau and measure: ingest, full build, nothing new, one month more."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--size", default="tiny", choices=("tiny", "city", "metro"))
    parser.add_argument("--json", action="store_true", help="figures as JSON on standard output")
    options = parser.parse_args()
    medfund = str(Path(sys.executable).with_name("medfund"))
    with tempfile.TemporaryDirectory(prefix="medfund-bench-") as folder:
        raw, later, home = Path(folder, "raw"), Path(folder, "later"), Path(folder, "home")
        month = write_exports(raw, later, options.size, seed=1)
        home.mkdir()
        shutil.copyfile(raw / "bureau.toml", home / "bureau.toml")
        state = ("--home", str(home))
        figures = [
            run("ingest all but the last month", medfund, "ingest", str(raw), *state),
            run("full build", medfund, "build", "--full-refresh", *state),
            run(f"ingest {month}", medfund, "ingest", str(later / month), *state),
            run(f"build with {month} added", medfund, "build", *state),
            run("build with nothing new", medfund, "build", *state),
            run("ingest the same files again", medfund, "ingest", str(later / month), *state),
        ]
        floor = run("floor", sys.executable, "-c", FLOOR, str(home / "landing"))
        rows, lines = (
            duckdb.sql(
                f"select count(*) from read_parquet('{home}/landing/{table}/batch=*/rows.parquet')"
            ).fetchall()[0][0]
            for table in ("setl_d", "fee_list_d")
        )
    if options.json:
        print(json.dumps([asdict(figure) for figure in (floor, *figures)], indent=2))
        return
    versions = f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    print(f"{rows:,} settlements, {lines:,} fee lines; {os.cpu_count()} cores, {versions}")
    print(f"{'':32}{'wall s':>9}{'cpu s':>9}{'× floor':>9}{'peak MB':>9}")
    for figure in (floor, *figures):
        print(
            f"{figure.name:32}{figure.wall:9.1f}{figure.cpu:9.1f}{figure.wall / floor.wall:9.1f}{figure.peak_mb:9}"
        )
    by_name = {figure.name: figure.wall for figure in figures}
    build, month_build = by_name["full build"], by_name[f"build with {month} added"]
    both = by_name["ingest all but the last month"] + build, by_name[f"ingest {month}"] + month_build
    print(f"one month more ÷ full build: {month_build / build:.0%}; with ingest: {both[1] / both[0]:.0%}")


if __name__ == "__main__":
    main()
