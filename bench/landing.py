"""Measure landing against a bare DuckDB COPY of the same file, typed, to Parquet, all in one run.

    python -m bench.landing --settlements 400000 --fee-lines 10000000 --files 400

Every figure is a process of its own: wall seconds, processor seconds, peak memory; for a file the rate as a share
of the bare COPY's. `--forms` lands the fee lines packed and in gb18030 too. `--against` names another checkout of
the project to measure beside this one. The files are made from the contract, one value after its type for every
column that exports usually fill; no persons stand behind them.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from bench.__main__ import Figure, run
from medfund.contract import Column, Table, load_contract
from medfund.ingest.sqltypes import ident, quoted
from medfund.settings import PROJECT_ROOT

_FLOOR = """
import sys
import duckdb
duckdb.execute("SET enable_progress_bar = false")
source, columns, target = sys.argv[1:]
duckdb.execute(
    f"COPY (SELECT * FROM read_csv('{source}', auto_detect=false, header=true, delim=',', quote='\\"', "
    f"columns={columns})) TO '{target}' (FORMAT parquet)"
)
"""
_HASH = "import sys; from pathlib import Path; from medfund.ingest.sources import hash_file; hash_file(Path(sys.argv[1]))"
_COMMAND = "import sys; from medfund.cli import main; main()"
_PER_FILE = 300


def usual_columns(table: Table) -> list[Column]:
    """Columns that exports usually fill: what identifies and orders a row, codes, times, amounts and names."""
    keys = {*table.key, *table.alt_key, *table.order_by}
    return [
        c
        for c in table.columns.values()
        if c.required or c.name in keys or c.type != "text" or c.dictionary or c.name.endswith("_name")
    ]


def value(column: Column, codes: dict[str, list[str]]) -> str:
    """SQL of a column's value in row n, spelled as exports spell it."""
    spread = f"(n * 2654435761 + {sum(map(ord, column.name)) * 40503})"
    if column.type == "integer":
        return f"{spread} % 90"
    if column.type == "month":
        return f"'2026' || lpad((1 + {spread} % 12)::VARCHAR, 2, '0')"
    if column.type == "date":
        return f"strftime(DATE '2026-01-01' + ({spread} % 300)::INTEGER, '%Y-%m-%d')"
    if column.type == "timestamp":
        return f"strftime(TIMESTAMP '2026-01-01 08:00:00' + to_seconds({spread} % 25000000), '%Y-%m-%d %H:%M:%S')"
    if column.scale is not None:
        digits = int(column.type.removeprefix("decimal(").split(",")[0]) - column.scale
        whole = min(900, 10**digits - 1)
        return f"({spread} % {whole})::VARCHAR || '.' || lpad(({spread} // 7 % {10**column.scale})::VARCHAR, {column.scale}, '0')"
    if column.dictionary and codes.get(column.dictionary):
        listed = ", ".join(quoted(code) for code in codes[column.dictionary][:12])
        return f"([{listed}])[1 + {spread} % {min(len(codes[column.dictionary]), 12)}]"
    if column.name.endswith("_name"):
        return f"'示例第' || {spread} % 400 || '项'"
    if column.name == "fixmedins_code":
        return f"'H97010100' || lpad(({spread} % 300)::VARCHAR, 3, '0')"
    if column.privacy:
        return f"'9701' || lpad(({spread} % 80000)::VARCHAR, 12, '0')"
    return "'97202601' || lpad(n::VARCHAR, 9, '0')"


def make(path: Path, table: Table, first: int, rows: int) -> list[Column]:
    """Write rows first … first + rows - 1 of a table as CSV; returns its columns."""
    columns = usual_columns(table)
    codes: dict[str, list[str]] = {}
    for dictionary, code in duckdb.execute(
        "SELECT dictionary, code FROM read_csv($1, header=true, all_varchar=true)",
        [str(PROJECT_ROOT / "seeds" / "codes" / "code_value.csv")],
    ).fetchall():
        codes.setdefault(dictionary, []).append(code)
    values = ", ".join(f"{value(c, codes)} AS {ident(c.name)}" for c in columns)
    duckdb.execute("SET enable_progress_bar = false")
    duckdb.execute(
        f"COPY (SELECT {values} FROM range({first}, {first + rows}) AS _(n)) TO {quoted(str(path))} (FORMAT csv, HEADER)"
    )
    return columns


def floor(path: Path, columns: list[Column]) -> Figure:
    """The bare COPY of a file. Months as yyyymm have no type of their own and stay text."""
    types = ", ".join(
        f"{quoted(c.name)}: {quoted('VARCHAR' if c.type == 'month' else c.duckdb_type)}" for c in columns
    )
    target = path.with_suffix(".floor.parquet")
    figure = run(
        f"bare COPY of {path.name}",
        sys.executable,
        "-c",
        _FLOOR,
        str(path),
        "{" + types + "}",
        str(target),
    )
    target.unlink()
    return figure


@contextmanager
def new_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="medfund-bench-home-") as folder:
        yield Path(folder)


def ingest(name: str, home: Path, path: Path, checkout: Path = PROJECT_ROOT) -> Figure:
    """Land a path with this checkout or another one."""
    os.environ["PYTHONPATH"] = str(checkout)
    try:
        return run(name, sys.executable, "-P", "-c", _COMMAND, "ingest", str(path), "--home", str(home))
    finally:
        del os.environ["PYTHONPATH"]


def measure_file(path: Path, columns: list[Column], against: Path | None) -> None:
    """One file: bare COPY, landing, landing again."""
    print(f"\n{path.name}: {path.stat().st_size / 1e6:,.0f} MB, {len(columns)} columns")
    bare = floor(path, columns)
    report(bare, bare)
    for checkout in filter(None, (against, PROJECT_ROOT)):
        with new_home() as home:
            report(ingest(f"landing, {checkout.name}", home, path, checkout), bare)
            report(ingest(f"landing again, {checkout.name}", home, path, checkout))
    report(run("hashing alone", sys.executable, "-c", _HASH, str(path)))


def measure_forms(path: Path, columns: list[Column], rows: int) -> None:
    """The same file packed and in gb18030."""
    bare = floor(path, columns)
    with new_home() as folder:
        packed = folder / f"{path.name}.gz"
        with path.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 1 << 22)
        measure_form("csv.gz", packed, bare)
        packed = folder / f"{path.stem}.zip"
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.write(path, path.name)
        measure_form("zip", packed, bare)
        other = folder / path.name
        with (
            path.open(encoding="utf-8", newline="") as utf8,
            other.open("w", encoding="gb18030", newline="") as gb18030,
        ):
            shutil.copyfileobj(utf8, gb18030, 1 << 22)
        measure_form("gb18030", other, bare)


def measure_form(name: str, path: Path, bare: Figure) -> None:
    with new_home() as home:
        report(ingest(f"landing, {name}", home, path), bare)
    path.unlink()


def measure_small(table: Table, count: int, against: Path | None) -> None:
    """Many small files: the first half into an empty home, then the other half."""
    print(f"\n{count} files of {_PER_FILE} rows")
    with tempfile.TemporaryDirectory(prefix="medfund-bench-files-") as folder:
        halves = Path(folder, "a"), Path(folder, "b")
        for half in halves:
            half.mkdir()
        for nth in range(count):
            path = halves[nth * 2 // count] / f"{table.name}_{nth:05d}.csv"
            make(path, table, nth * _PER_FILE, _PER_FILE)
        for checkout in filter(None, (against, PROJECT_ROOT)):
            with new_home() as home:
                for name, half in zip(
                    ("first half", "second half", "second half again"), (*halves, halves[1]), strict=True
                ):
                    figure = ingest(f"{name}, {checkout.name}", home, half, checkout)
                    report(figure)
                    files = len(list(half.iterdir()))
                    print(f"{'':44}{1000 * figure.cpu / files:6.0f} ms of a processor for each file")


def report(figure: Figure, bare: Figure | None = None) -> None:
    share = (
        f"{bare.wall / figure.wall:9.0%} wall{bare.cpu / figure.cpu:6.0%} cpu of the bare COPY's rate"
        if bare
        else ""
    )
    print(
        f"{figure.name:44}{figure.wall:8.1f} s{figure.cpu:8.1f} s cpu{figure.peak_mb:7} MB{share}", flush=True
    )


def main() -> None:
    """Make the files, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.landing", description=__doc__)
    parser.add_argument("--settlements", type=int, default=400_000)
    parser.add_argument("--fee-lines", type=int, default=10_000_000)
    parser.add_argument("--files", type=int, default=400)
    parser.add_argument(
        "--forms", action="store_true", help="the fee lines also as .csv.gz, .zip and in gb18030"
    )
    parser.add_argument("--against", type=Path, help="another checkout to measure beside this one")
    options = parser.parse_args()
    contract = load_contract()
    print(
        f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {duckdb.__version__}; "
        f"load before: {os.getloadavg()[0]:.1f}"
    )
    for name, rows in (("setl_d", options.settlements), ("fee_list_d", options.fee_lines)):
        if not rows:
            continue
        with tempfile.TemporaryDirectory(prefix="medfund-bench-") as folder:
            path = Path(folder, f"{name}.csv")
            columns = make(path, contract.table(name), 0, rows)
            print(f"\n{rows:,} rows", end="")
            measure_file(path, columns, options.against)
            if options.forms and name == "fee_list_d":
                measure_forms(path, columns, rows)
    if options.files:
        measure_small(contract.table("setl_d"), options.files, options.against)


if __name__ == "__main__":
    main()
