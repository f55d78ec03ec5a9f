"""dbt in this process: one import, one parse cache per home, one sentence per failure."""

from __future__ import annotations

import gc
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from medfund.contract import load_contract
from medfund.contract.staging import bureau_columns
from medfund.errors import MedfundError
from medfund.release.files import disk_full, is_disk_full
from medfund.settings import PROJECT_ROOT, Home

Progress = Callable[[str, int, int], None]


class Transform:
    """Runs dbt commands against a home's candidate. `progress(model, done, total)` is called per node."""

    def __init__(
        self, home: Home, *, threads: int = 1, progress: Progress | None = None, project: Path = PROJECT_ROOT
    ) -> None:
        self.home = home
        self.threads = threads
        self.progress = progress
        self.project = project
        self._manifest: Any = None

    @property
    def cache(self) -> Path:
        """dbt's target directory: in the home, so that a read-only project and several homes work."""
        # Absolute: dbt reads a relative path from the project, which need not be where we are.
        return self.home.root.resolve() / "cache" / "dbt"

    def manifest(self) -> Any:
        """dbt's manifest of the project, parsed once; later commands of this object use it as it is."""
        if self._manifest is None:
            self._manifest = self.run("parse", artifacts=False).result
        return self._manifest

    def tagged(self, tag: str) -> set[str]:
        """Names of the models that carry the tag."""
        nodes = self.manifest().nodes.values()
        return {node.name for node in nodes if node.resource_type == "model" and tag in node.tags}

    def run(self, *arguments: str, artifacts: bool = True) -> Any:
        """Run one dbt command, e.g. `run("build", "--select", "tag:release")`, and give what it gives.

        Without `artifacts` dbt writes none of its JSON files, which serve its catalogue and take about a second.
        Raises MedfundError naming the model and the cause; every database connection is closed afterwards.
        """
        with _little_garbage_collection():
            return self._run(arguments, artifacts)

    def _run(self, arguments: Sequence[str], artifacts: bool) -> Any:
        from dbt.cli.main import dbtRunner

        self.cache.mkdir(parents=True, exist_ok=True)
        options = [
            *("--project-dir", str(self.project)),
            *("--profiles-dir", str(self.project)),
            *("--target", "duckdb"),
            *("--target-path", str(self.cache)),
            *("--threads", str(self.threads)),
            *self._bureau_columns(),
        ]
        settings = [
            "--quiet",
            "--no-print",
            "--no-use-colors",
            "--no-send-anonymous-usage-stats",
            "--no-version-check",
            *("--log-level", "none"),
            *("--log-level-file", "info"),
            *("--log-path", str(self.cache / "logs")),
            *(() if artifacts else ("--no-write-json",)),
        ]
        # On a full disk dbt's own log cannot be written either, which is no news for the user.
        logging.raiseExceptions = False
        with self._environment(), redirect_stdout(sys.stderr):
            try:
                runner = dbtRunner(self._manifest, callbacks=[self._on_event])
                outcome = runner.invoke([*settings, *arguments, *options])
                if outcome.success:
                    self._write_out()
            finally:
                _close_connections()
        if not outcome.success:
            raise self._failure(outcome)
        return outcome

    def _write_out(self) -> None:
        """Bring to disk what the models made. Left to the closing of the database, a full disk would go unnoticed."""
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager

        connection = getattr(DuckDBConnectionManager._ENV, "conn", None)
        if connection is None:
            return
        try:
            for database in ("scratch", "medfund"):
                connection.execute(f"checkpoint {database}")
        except Exception as error:
            if is_disk_full(error):
                raise disk_full(self.home.root) from None
            raise

    def _bureau_columns(self) -> Sequence[str]:
        """What the bureau's own contract file adds to the staging models, as dbt's option."""
        own = bureau_columns(load_contract(self.home.contract_file))
        return ("--vars", json.dumps({"bureau_columns": own})) if own else ()

    def _on_event(self, event: Any) -> None:
        if self.progress is None or event.info.name not in (
            "LogStartLine",
            "LogModelResult",
            "LogSeedResult",
        ):
            return
        data = event.data
        done = data.index - 1 if event.info.name == "LogStartLine" else data.index
        self.progress(data.node_info.node_name, done, data.total)

    def _failure(self, outcome: Any) -> MedfundError:
        failed = [
            result
            for result in getattr(outcome.result, "results", None) or []
            if str(result.status) in ("error", "fail", "runtime error")
        ]
        if failed:
            first = failed[0]
            cause = _one_line(str(first.message))
            message = f"{first.node.resource_type} {first.node.name}: {cause}"
            if len(failed) > 1:
                message += f" (and {len(failed) - 1} more failed)"
        else:
            message = f"dbt: {_one_line(str(outcome.exception or 'failed without saying why'), is_node_named=False)}"
        if is_disk_full(message) or (outcome.exception and is_disk_full(outcome.exception)):
            return disk_full(self.home.root)
        return MedfundError(f"{message}. Log: {self.cache / 'logs' / 'dbt.log'}")

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The project reads its places from the environment; it is put back afterwards."""
        mine = {"MEDFUND_HOME": str(self.home.root.resolve()), "MEDFUND_TARGET": str(self.cache)}
        before = {name: os.environ.get(name) for name in mine}
        os.environ.update(mine)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


@contextmanager
def _little_garbage_collection() -> Iterator[None]:
    """dbt makes many objects that stay; looking through them every 700 new ones takes a tenth of its time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _close_connections() -> None:
    """dbt-duckdb keeps the database open for the next command of this process; others need the file now."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.adapters.factory import cleanup_connections

    cleanup_connections()
    if DuckDBConnectionManager._ENV is not None:
        DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
        # Cursors that dbt's results still refer to hold the file as well.
        gc.collect()


def _one_line(message: str, *, is_node_named: bool = True) -> str:
    """The cause alone: no line that repeats a node already named, no place in macros, no table drawing."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    if cells and cells[0][:1] == ["column_name"]:
        wrong = [f"{name} is {is_} instead of {wanted}" for name, is_, wanted, _ in cells[2:5]]
        return f"its columns break its contract: {'; '.join(wrong)}"
    head = r"^(Runtime|Database|Compilation) Error in " if is_node_named else r"^$"
    told = [line for line in lines if not re.match(head, line)]
    kept = [
        line for line in told if not line.startswith(("compiled code at", "> in macro", "> called by", "^"))
    ]
    return re.sub(r"\s+", " ", " ".join((kept or lines)[:3])).rstrip(".")
