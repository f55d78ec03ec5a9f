"""The side of the build: start the forecast's process, go on with something else, and take its answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from medfund.errors import MedfundError
from medfund.forecast.models import EXTRA
from medfund.release.files import disk_full, is_disk_full
from medfund.settings import PROJECT_ROOT, Home

_WORDS = {
    "too_short": "{} with too short a history",
    "stale": "{} whose books end earlier",
    "library_missing": f'{{}} not forecast: install medfund with the extra "{EXTRA}"',
}


@dataclass(frozen=True)
class Summary:
    """How many sets of books were forecast, kept their forecast, and have none, by the reason."""

    made: int
    kept: int
    without: dict[str, int]

    def text(self) -> str:
        """One sentence for the build's messages."""
        parts = [f"{self.made} made", f"{self.kept} as before"]
        parts += [_WORDS[state].format(count) for state, count in self.without.items()]
        return f"Forecasts: {', '.join(parts)}."


class Forecaster:
    """The process. Started early, so that its import overlaps with the models; leaving the context ends it."""

    def __init__(self, home: Home) -> None:
        self._home = home
        paths = [str(PROJECT_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        # Series are short: threads of the linear algebra would only wait for each other.
        few = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        # A file never fills up, as a pipe would that is read only at the end.
        self._complaints = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (closed on leaving)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "medfund.forecast.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            encoding="utf-8",
            env={**os.environ, **few, "PYTHONPATH": os.pathsep.join(paths), "PYTHONIOENCODING": "utf-8"},
        )

    def begin(self, *, out: Path, forget: bool = False) -> None:
        """Forecast the candidate, which nobody may write before `finish`, and write `tables.SCHEMAS` to `out`.

        Fits of earlier builds stand in the home's cache; with `forget` all are made again.
        """
        request = {
            "candidate": str(self._home.candidate_db.resolve()),
            "memory": str(self._home.root.resolve() / "cache" / "forecast_fits.parquet"),
            "forget": forget,
            "out": str(out.resolve()),
        }
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it died; `finish` reads its last words on standard error

    def __enter__(self) -> Forecaster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._complaints):
            if stream is not None:
                stream.close()

    def finish(self) -> Summary:
        """Wait until the forecasts are written. Raises MedfundError when the process failed."""
        assert self._process.stdout is not None
        words = self._process.stdout.read()  # its standard input stays open, or it would think nobody waits
        self._process.wait()
        if self._process.returncode:
            self._complaints.seek(0)
            complaints = self._complaints.read()
            if is_disk_full(complaints):
                raise disk_full(self._home.root)
            last = complaints.strip().splitlines()[-1:] or [f"exit code {self._process.returncode}"]
            raise MedfundError(f"the forecasts could not be made: {last[0]}")
        return Summary(**json.loads(words))
