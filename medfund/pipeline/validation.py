"""`medfund validate`: run the expectations again, without building."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

from medfund.errors import MedfundError
from medfund.pipeline.pages import write_quality_pages
from medfund.pipeline.quality import Checker, Gate, decide
from medfund.pipeline.transform import Progress
from medfund.release import active_waivers, current_release, release_info, writer_lock
from medfund.release.files import full_disk_named
from medfund.settings import Bureau, Home


@dataclass(frozen=True)
class Validation:
    """`subject` is what was checked (a release id or "candidate"); `pages` the overview page, if asked for."""

    subject: str
    results: list[dict[str, Any]]
    gate: Gate
    pages: Path | None

    def text(self) -> str:
        """One line per failing check, the gravest first, and a closing line with the gate's verdict."""
        order = {"critical": 0, "major": 1, "minor": 2}
        failed = sorted(
            (r for r in self.results if not r["passed"]),
            key=lambda r: (r["evaluated"], order[r["severity"]], r["check_id"]),
        )
        lines = [
            f"{r['severity']:<9}{r['check_id']}  "
            + (f"{r['unexpected_count']:,} rows" if r["evaluated"] else "not evaluated")
            + (" (waived)" if r["check_id"] in self.gate.waived else "")
            for r in failed
        ]
        passed = len(self.results) - len(failed)
        lines.append(f"{self.subject}: {passed} of {len(self.results)} checks pass; gate {self.gate.verdict}")
        if self.pages:
            lines.append(f"pages: {self.pages}")
        return "\n".join(lines)


def validate(
    home: Home,
    bureau: Bureau,
    *,
    data_docs: bool = False,
    say: Callable[[str], None],
    progress: Progress | None = None,
) -> Validation:
    """Check the candidate, or the current release when its candidate was published; change neither.

    With `data_docs` the result pages are written to `<home>/docs/quality`. Raises MedfundError when there is
    nothing to check, or when what the build left of its working files no longer belongs to the release.
    """
    with writer_lock(home, "medfund validate"):
        subject, database = _subject(home)
        say(f"Checking {subject}.")
        out = home.root / "cache" / "validation"
        with full_disk_named(home.root), Checker() as checker:
            out.mkdir(parents=True, exist_ok=True)
            checker.begin(home, bureau, database=database, scratch=home.candidate / "scratch.duckdb", out=out)
            results = checker.check(progress)
            gate = decide(results, active_waivers(home, datetime.now(ZoneInfo(bureau.time_zone)).date()))
            pages = write_pages(home, bureau, subject, out, results, gate) if data_docs else None
        return Validation(subject, results, gate, pages)


def write_pages(
    home: Home, bureau: Bureau, subject: str, results_dir: Path, results: list[dict[str, Any]], gate: Gate
) -> Path:
    """Write the result pages of a run whose Parquet files are in `results_dir`. Returns the overview."""
    from expectations.rules import load_rules

    now = datetime.now(ZoneInfo(bureau.time_zone))
    return write_quality_pages(
        home.root / "docs" / "quality",
        results=results,
        failures=pq.read_table(results_dir / "quality_failure.parquet").to_pylist(),
        verdict=gate.verdict,
        waived=[w.as_json() for w in active_waivers(home, now.date()) if w.check in gate.waived],
        label=subject,
        checked_at=now.replace(tzinfo=None),
        rules_sql={rule.id: rule.sql.strip() for rule in load_rules()},
    )


def _subject(home: Home) -> tuple[str, Path]:
    """What there is to check, with its database; its working database must be the one of the same build."""
    if home.candidate_db.is_file() and (home.candidate / "gate.json").is_file():
        return "candidate", home.candidate_db
    current = current_release(home)
    if current is None:
        raise MedfundError(f"{home.root}: nothing to check yet; run `medfund build` first.")
    try:
        built = json.loads((home.candidate / "gate.json").read_text(encoding="utf-8"))["release_id"]
    except (OSError, ValueError, KeyError):
        built = None
    if built != current or not (home.candidate / "scratch.duckdb").is_file():
        raise MedfundError(
            f"{home.root}: release {current} was not the last build here, so the views it was made through are "
            "gone; run `medfund build --full-refresh` to build and check it again."
        )
    return current, release_info(home, current).database
