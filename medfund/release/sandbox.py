"""SQL that anyone may type: run on a release in a process of its own, with bounds on time, memory and rows.

The text is not trusted. The process opens the release read-only, can read no other file, no network, no setting
and no extension, and is killed when its time is up; so neither a long query nor a large result harms the caller.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from medfund.errors import MedfundError, UsageError
from medfund.release.query import one_statement
from medfund.release.store import connect_read_only

SECONDS = 20.0
MEMORY_MB = 1_000
ROWS = 10_000
# What a process needs before its first query, and what the answer of a full table may weigh.
_ANSWER_BYTES = 64_000_000
_BASE_MB = 3_000
_CHILD = "import sys; from medfund.release.sandbox import main; sys.exit(main())"


@dataclass(frozen=True)
class Bounds:
    """Limits of one query: wall time in seconds, memory of the engine in MB, rows handed back."""

    seconds: float = SECONDS
    memory_mb: int = MEMORY_MB
    rows: int = ROWS


@dataclass(frozen=True)
class Answer:
    """The first rows of a result in order; `is_cut` says that there were more. `seconds` is wall time."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    is_cut: bool
    seconds: float


def run_bounded(database: Path, query: str, bounds: Bounds | None = None) -> Answer:
    """Run one reading statement on a release's file. `{{ ref('table') }}` is read as the table.

    Raises UsageError for a text that is not one reading statement, MedfundError when the query is wrong, is refused,
    takes too long, or needs too much memory.
    """
    limits = bounds or Bounds()
    request = {
        "database": str(database),
        "sql": one_statement(query),
        "memory_mb": limits.memory_mb,
        "rows": limits.rows,
    }
    begin = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CHILD],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=limits.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MedfundError(
            f"the query took longer than {limits.seconds:g} seconds and was stopped; ask for fewer months or columns."
        ) from error
    if done.returncode == 1:
        raise MedfundError(done.stderr.decode("utf-8", errors="replace").strip())
    if done.returncode != 0:
        raise MedfundError(
            f"the query needed more than {limits.memory_mb:,} MB and was stopped; ask for fewer rows or columns."
        )
    table = pa.ipc.open_stream(done.stdout).read_all()
    columns = [column.to_pylist() for column in table.columns]
    rows = tuple(zip(*columns, strict=True))[: limits.rows]
    return Answer(
        columns=tuple(table.column_names),
        types=tuple(str(field.type) for field in table.schema),
        rows=rows,
        is_cut=table.num_rows > limits.rows,
        seconds=time.monotonic() - begin,
    )


def _answer(request: dict[str, Any]) -> pa.Table:
    limits = {"memory_limit": f"{request['memory_mb']}MB", "threads": "2", "temp_directory": ""}
    with connect_read_only(Path(request["database"]), limits) as connection:
        relation = connection.sql(request["sql"])
        if relation is None:
            raise UsageError("the statement gives no rows.")
        table = relation.limit(request["rows"] + 1).to_arrow_table()
        if table.nbytes > _ANSWER_BYTES:
            raise UsageError(
                f"the result weighs {table.nbytes // 1_000_000} MB, more than {_ANSWER_BYTES // 1_000_000} MB; "
                "ask for fewer rows or columns."
            )
        return table


def _bound_memory(megabytes: int) -> None:
    """A wall behind the engine's own limit, which does not count everything it allocates."""
    try:
        import resource
    except ImportError:  # not a POSIX system
        return
    most = (megabytes + _BASE_MB) * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Read one request (JSON) on standard input; answer with an Arrow stream, or a reason and exit code 1."""
    request = json.loads(sys.stdin.read())
    _bound_memory(request["memory_mb"])
    try:
        table = _answer(request)
    except (duckdb.Error, MedfundError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        print(" ".join(lines[:2]), file=sys.stderr)
        return 1
    except MemoryError:
        return 2
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as stream:
        stream.write_table(table)
    sys.stdout.buffer.flush()
    return 0
