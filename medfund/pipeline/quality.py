"""The expectations' own process, and the gate that reads its results."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import pyarrow.parquet as pq

from expectations.results import QUALITY_FAILURE, QUALITY_FAILURE_MONTHLY, QUALITY_RESULT, write_rows
from expectations.rules import load_rules
from medfund.errors import MedfundError
from medfund.pipeline.transform import Progress
from medfund.release import Waiver
from medfund.release.files import disk_full, is_disk_full
from medfund.release.store import connect_read_only
from medfund.settings import PROJECT_ROOT, Bureau, Home

_FAILING_ROWS = {"quality_failure": QUALITY_FAILURE, "quality_failure_monthly": QUALITY_FAILURE_MONTHLY}

Verdict = Literal["passed", "waived", "refused"]


@dataclass(frozen=True)
class Gate:
    """`blocking`: checks that stop the release; `waived`: those that would, but for a waiver in force."""

    verdict: Verdict
    blocking: list[str]
    waived: list[str]


def decide(results: Sequence[dict[str, Any]], waivers: Sequence[Waiver]) -> Gate:
    """Refuse when a critical check failed, or any check could not be evaluated, without a waiver.

    A run without results is refused as well: nothing checked is not the same as nothing wrong.
    """
    failing = [
        r["check_id"]
        for r in results
        if not r["evaluated"] or (r["severity"] == "critical" and not r["passed"])
    ]
    covered = {w.check for w in waivers}
    blocking = sorted(c for c in failing if c not in covered)
    waived = sorted(c for c in failing if c in covered)
    if blocking or not results:
        return Gate("refused", blocking, waived)
    return Gate("waived" if waived else "passed", [], waived)


class Checker:
    """The worker process. Started early, so that its long import overlaps with dbt; used once or not at all."""

    def __init__(self) -> None:
        paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "expectations.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"},
        )

    def __enter__(self) -> Checker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def begin(
        self,
        home: Home,
        bureau: Bureau,
        *,
        database: Path,
        scratch: Path,
        out: Path,
        without: Collection[str] = (),
    ) -> None:
        """Say what is to be checked, all but the checks `without`. Those of landed rows alone start at once."""
        request = {
            "landing": str(home.landing.resolve()),
            "database": str(database.resolve()),
            "scratch": str(scratch.resolve()),
            "inputs": str((home.candidate / "inputs").resolve()),
            "out": str(out.resolve()),
            "payer_mismatch_share": bureau.gate.payer_mismatch_share,
            "without": sorted(without),
        }
        self._home, self._out = home, out
        self._tell(json.dumps(request))

    def check(self, progress: Progress | None = None) -> list[dict[str, Any]]:
        """Run what was asked for: candidate and scratch are there, and no other process writes them.

        Writes `quality_result.parquet`, `quality_failure.parquet` and `quality_failure_monthly.parquet` to `out`
        and returns the results.
        Raises MedfundError when the worker itself fails; a check that fails is a result.
        """
        process = self._process
        assert process.stdout is not None and process.stderr is not None
        self._tell("go")
        finished, cause = False, ""
        for line in process.stdout:
            message = json.loads(line)
            if message["kind"] == "progress" and progress:
                progress(message["suite"], message["done"], message["total"])
            finished = finished or message["kind"] == "done"
            cause = message["message"] if message["kind"] == "error" else cause
        words = process.stderr.read().strip()
        process.wait()
        if not finished:
            if is_disk_full(cause) or is_disk_full(words):
                raise disk_full(self._home.root)
            last = words.splitlines()[-1] if words else f"exit code {process.returncode}"
            raise MedfundError(f"the expectations could not be run: {cause or last}")
        return _as_rows(pq.read_table(self._out / "quality_result.parquet"))

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it died; `check` reads its last words on standard error


def carry_over(out: Path, release_db: Path | None, checks: Collection[str]) -> list[dict[str, Any]]:
    """Add the outcome that `checks` had in a release to the result files in `out`. Returns all results."""
    results = pq.read_table(out / "quality_result.parquet")
    if release_db is None or not checks:
        return _as_rows(results)
    with connect_read_only(release_db) as connection:
        held: Any = connection.sql(
            "select *, is_evaluated as evaluated from marts.quality_check where list_contains(?, check_id)",
            params=[sorted(checks)],
        ).to_arrow_table()
        failing: dict[str, Any] = {
            name: connection.sql(
                f"select {', '.join(schema.names)} from marts.{name} where list_contains(?, check_id)",
                params=[sorted(checks)],
            ).to_arrow_table()
            for name, schema in _FAILING_ROWS.items()
        }
    order = {rule.id: place for place, rule in enumerate(load_rules())}
    rows = _as_rows(results) + _as_rows(held.select(QUALITY_RESULT.names))
    rows.sort(key=lambda r: order[r["check_id"]])
    for name, schema in _FAILING_ROWS.items():
        path = out / f"{name}.parquet"
        write_rows(path, schema, _as_rows(pq.read_table(path)) + _as_rows(failing[name]))
    write_rows(out / "quality_result.parquet", QUALITY_RESULT, rows)
    return rows


def _as_rows(table: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
