"""`medfund docs`: the static catalogue of the current release."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from expectations.rules import load_rules
from medfund.errors import MedfundError
from medfund.pipeline.pages import write_contents_page, write_indicator_page, write_quality_pages
from medfund.pipeline.transform import Transform
from medfund.release import open_release, release_info
from medfund.release.files import full_disk_named
from medfund.settings import PROJECT_ROOT, Bureau, Home


def docs(
    home: Home,
    bureau: Bureau,
    out: Path | None = None,
    *,
    say: Callable[[str], None],
    project: Path = PROJECT_ROOT,
) -> Path:
    """Write tables and lineage, indicator dictionary and check results to `out` (default `<home>/docs`).

    Needs no network. Returns the contents page.
    """
    release = release_info(home)
    name = bureau.name_zh or bureau.code
    target = out or home.root / "docs"
    label = f"{name} · {release.release_id}"
    with full_disk_named(target):
        target.mkdir(parents=True, exist_ok=True)
        say("Writing tables and lineage.")
        with tempfile.TemporaryDirectory(dir=home.root, prefix=".docs-") as folder:
            # dbt opens its database for writing; a copy keeps the release untouched.
            work = Home(Path(folder))
            work.candidate.mkdir()
            shutil.copyfile(release.database, work.candidate_db)
            scratch = home.candidate / "scratch.duckdb"
            if scratch.is_file():
                shutil.copyfile(scratch, work.candidate / scratch.name)
            if home.candidate.joinpath("inputs").is_dir():
                shutil.copytree(home.candidate / "inputs", work.candidate / "inputs")
            work.landing.symlink_to(home.landing.resolve())
            transform = Transform(work, project=project)
            transform.run("docs", "generate", "--static")
            page = transform.cache / "static_index.html"
            if not page.is_file():
                raise MedfundError(f"dbt wrote no {page.name}; see {transform.cache / 'logs'}")
            shutil.copyfile(page, target / "catalogue.html")
        say("Writing the indicator dictionary and the check results.")
        with open_release(home) as connection:
            indicators = _rows(connection, "select * from dim_indicator")
            results = _rows(connection, "select *, is_evaluated as evaluated from quality_check")
            failures = _rows(connection, "select * from quality_failure")
        write_indicator_page(target / "indicators.html", indicators, label)
        write_quality_pages(
            target / "quality",
            results=results,
            failures=failures,
            verdict=release.manifest["gate"],
            waived=release.manifest["waivers"],
            label=label,
            checked_at=datetime.fromisoformat(release.manifest["built_at"]).replace(tzinfo=None),
            rules_sql={rule.id: rule.sql.strip() for rule in load_rules()},
        )
        write_contents_page(target / "index.html", label)
    return target / "index.html"


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    table: Any = connection.sql(query).to_arrow_table()
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows
