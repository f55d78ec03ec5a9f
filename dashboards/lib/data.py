"""The only way from a screen to a release: named queries, read-only, cached per release.

A release is found anew at each rerun, so a page moves to a new release by itself; an open connection keeps
serving the release it was opened on. Nothing here writes, and nothing outside this module knows DuckDB.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import streamlit as st

from dashboards.lib.queries import QUERIES
from medfund.errors import MedfundError
from medfund.settings import Home

CURRENT = "current"


class ReleaseUnreadableError(MedfundError):
    """A release that these screens cannot read, for instance one made by another version."""


@dataclass(frozen=True)
class Table:
    """Rows of one query in order: `columns` names, `rows` tuples of exact values (money is Decimal)."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (dict(zip(self.columns, row, strict=True)) for row in self.rows)

    def column(self, name: str) -> list[Any]:
        """All values of one column."""
        at = self.columns.index(name)
        return [row[at] for row in self.rows]

    @property
    def first(self) -> dict[str, Any] | None:
        """The first row, or None."""
        return next(iter(self), None)

    @property
    def last(self) -> dict[str, Any] | None:
        """The last row, or None."""
        return dict(zip(self.columns, self.rows[-1], strict=True)) if self.rows else None

    def where(self, **equal: Any) -> Table:
        """The rows whose columns have these values."""
        at = [(self.columns.index(name), value) for name, value in equal.items()]
        return Table(self.columns, tuple(row for row in self.rows if all(row[i] == v for i, v in at)))


@dataclass(frozen=True)
class Release:
    """One published release: its id and its database file."""

    release_id: str
    path: Path


def home() -> Home:
    """The home directory: MEDFUND_HOME, or ./data."""
    return Home(Path(os.environ.get("MEDFUND_HOME", "data")).resolve())


def current_id() -> str | None:
    """Id of the release being served, read from disk at every call; None before the first build."""
    current = home().current
    return current.resolve().name if (current / "medfund.duckdb").is_file() else None


def release_ids() -> list[str]:
    """Every release that can be opened, newest first."""
    root = home().releases
    if not root.is_dir():
        return []
    return sorted(
        (p.name for p in root.iterdir() if not p.name.startswith(".") and (p / "medfund.duckdb").is_file()),
        reverse=True,
    )


def find_release(wanted: str) -> Release | None:
    """The release of that id, or the current one for `current`; None when it is not there."""
    release_id = current_id() if wanted == CURRENT else wanted if wanted in release_ids() else None
    return (
        None if release_id is None else Release(release_id, home().releases / release_id / "medfund.duckdb")
    )


def _close(connection: duckdb.DuckDBPyConnection) -> None:
    connection.close()


@st.cache_resource(max_entries=4, show_spinner=False, on_release=_close)
def _connection(path: str) -> duckdb.DuckDBPyConnection:
    """One read-only connection per release file, shared by all sessions (each query takes a cursor)."""
    return duckdb.connect(
        path,
        read_only=True,
        config={
            "enable_external_access": False,
            "autoinstall_known_extensions": False,
            "lock_configuration": True,
        },
    )


@st.cache_data(max_entries=8, show_spinner=False)
def _tables(path: str) -> frozenset[str]:
    found = (
        _connection(path)
        .cursor()
        .execute(
            "select table_name from information_schema.tables where table_schema = 'marts'"
            " union select 'reference.' || table_name from information_schema.tables"
            " where table_schema = 'reference'"
        )
        .fetchall()
    )
    return frozenset(name for (name,) in found)


@st.cache_data(max_entries=8, show_spinner=False)
def row_counts(path: str, names: tuple[str, ...]) -> dict[str, int | None]:
    """Rows of each table, None for one that the release does not have."""
    present = _tables(path)
    cursor = _connection(path).cursor()
    counts: dict[str, int | None] = {}
    for name in names:
        if name not in present:
            counts[name] = None
            continue
        row = cursor.execute(f'select count(*) from marts."{name}"').fetchone()
        counts[name] = row[0] if row else 0
    return counts


# Tables never change, so readers share one; a copy for each would cost a tenth of a page's time.
@st.cache_resource(max_entries=500, show_spinner=False)
def _rows(path: str, name: str, parameters: str) -> Table:
    query = QUERIES[name]
    missing = set(query.tables) - _tables(path)
    if missing:
        return Table(query.columns, ())
    cursor = _connection(path).cursor()
    try:
        cursor.execute(query.sql, json.loads(parameters))
    except duckdb.Error as error:
        raise ReleaseUnreadableError(
            f"{Path(path).parent.name}: {name}: {str(error).splitlines()[0]}"
        ) from error
    columns = tuple(column[0] for column in cursor.description or ())
    return Table(columns, tuple(cursor.fetchall()))


def rows(release: Release, name: str, **parameters: Any) -> Table:
    """The rows of a named query on a release.

    A release without one of the query's tables gives no rows, so that the page can say which export is missing.
    """
    wanted = {key: parameters[key] for key in QUERIES[name].parameters}
    return _rows(str(release.path), name, json.dumps(wanted, default=str, sort_keys=True))


@st.cache_data(max_entries=4, show_spinner=False)
def _manifest(path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((Path(path).parent / "release.json").read_text(encoding="utf-8"))
    return content


def database_sha256(release: Release) -> str | None:
    """SHA-256 of the release's database file as its manifest says; None where the manifest is older than that."""
    digest = _manifest(str(release.path)).get("database_sha256")
    return None if digest is None else str(digest)


def made_from(release: Release) -> Mapping[str, tuple[str, ...]]:
    """Raw exports behind each public table of a release, as its manifest says."""
    made = _manifest(str(release.path)).get("made_from", {})
    return {name: tuple(exports) for name, exports in made.items()}


def lineage(release: Release) -> Mapping[str, tuple[str, ...]]:
    """What each model of a release was made from: other models, steps of the build, `landing.<table>`."""
    ways = _manifest(str(release.path)).get("lineage", {})
    return {name: tuple(parents) for name, parents in ways.items()}


def sources(names: tuple[str, ...]) -> tuple[str, ...]:
    """The public tables that these queries read, in order and once."""
    tables = (table for name in names for table in QUERIES[name].tables)
    return tuple(dict.fromkeys(table for table in tables if not table.startswith("reference.")))


def tables_in(release: Release, names: tuple[str, ...]) -> Mapping[str, int | None]:
    """Rows of each named table in a release; None where the release does not have the table."""
    return row_counts(str(release.path), names)
