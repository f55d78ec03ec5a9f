"""`medfund docs`: the static catalogue of the current release."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from medfund.errors import MedfundError
from medfund.pipeline.pages import write_contents_page, write_indicator_page
from medfund.pipeline.transform import Transform
from medfund.release import open_release, release_info
from medfund.release.files import full_disk_named
from medfund.settings import PROJECT_ROOT, Home


def docs(
    home: Home, out: Path | None = None, *, say: Callable[[str], None], project: Path = PROJECT_ROOT
) -> Path:
    """Write tables and lineage, indicator dictionary and check results to `out` (default `<home>/docs`).

    Needs no network. Returns the contents page.
    """
    release = release_info(home)
    target = out or home.root / "docs"
    label = release.release_id
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
            indicators: Any = connection.execute("select * from dim_indicator").to_arrow_table()
        write_indicator_page(target / "indicators.html", indicators.to_pylist(), label)
        quality = home.root / "docs" / "quality"
        if quality.is_dir() and target.resolve() != quality.parent.resolve():
            shutil.copytree(quality, target / "quality", dirs_exist_ok=True)
        write_contents_page(target / "index.html", label)
    return target / "index.html"
