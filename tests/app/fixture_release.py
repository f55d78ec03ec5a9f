"""A small release made by hand, for tests of the screens: three books, four funds, 34 months, every figure reasoned.

The flows are whole thousands that grow by a fixed step a year, so a test can work any figure out on paper; balances
are rolled forward from them by SQL, never typed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).resolve().parents[2]
APP = PROJECT / "dashboards" / "app.py"
FIRST_RELEASE = "20261101T010000Z-aaaaaaaa"
SECOND_RELEASE = "20261102T010000Z-bbbbbbbb"

_SQL = Path(__file__).with_suffix(".sql")


def write_release(
    home: Path,
    release_id: str = FIRST_RELEASE,
    *,
    extra_sql: str = "",
    manifest: dict[str, Any] | None = None,
) -> Path:
    """Write one release under `home` and make it current; `extra_sql` runs last. Returns its database file.

    `manifest` is what its `release.json` says beside the id.
    """
    folder = home / "releases" / release_id
    folder.mkdir(parents=True)
    path = folder / "medfund.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("set variable seeds = ?", [str(PROJECT / "seeds")])
        connection.execute("set variable release = ?", [release_id])
        connection.execute(_SQL.read_text(encoding="utf-8"))
        if extra_sql:
            connection.execute(extra_sql)
    told = {"release_id": release_id} | (manifest or {})
    (folder / "release.json").write_text(json.dumps(told), encoding="utf-8")
    make_current(home, release_id)
    return path


def make_current(home: Path, release_id: str) -> None:
    """Point `current` at a release in one step, as publishing does."""
    link = home / ".current-new"
    link.symlink_to(Path("releases") / release_id)
    link.replace(home / "current")
