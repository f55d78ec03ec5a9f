"""Releases on disk: publish, serve, roll back, prune."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from medfund.errors import MedfundError, UsageError
from medfund.release.files import (
    fsync_dir,
    fsync_file,
    full_disk_named,
    remove_tree,
    sha256_file,
    write_json,
)
from medfund.release.lock import writer_lock
from medfund.settings import Home

RELEASE_ID = re.compile(r"^\d{8}T\d{6}Z-[0-9a-f]{8}$")
DATABASE = "medfund.duckdb"
MANIFEST = "release.json"
CANDIDATE = "candidate"

# Directories that a killed command left behind; invisible to every reader, removed by the next writer.
_UNFINISHED = (".tmp-", ".old-")


@dataclass(frozen=True)
class Release:
    """One published release. `manifest` is the content of its `release.json`."""

    release_id: str
    directory: Path
    manifest: dict[str, Any]
    is_current: bool

    @property
    def database(self) -> Path:
        return self.directory / DATABASE


def current_release(home: Home) -> str | None:
    """Id of the release being served, or None before the first. Costs one readlink, so it can be polled.

    Raises MedfundError when the link names a release that is no longer there.
    """
    try:
        release_id = home.current.readlink().name
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MedfundError(
            f"{home.current}: expected a symbolic link to a release ({error.strerror})."
        ) from error
    if not (home.releases / release_id / DATABASE).is_file():
        raise MedfundError(
            f"{home.current}: names release {release_id}, which is not in {home.releases}; "
            "choose one of `medfund release list` with `medfund release rollback ID`."
        )
    return release_id


def list_releases(home: Home) -> list[Release]:
    """All published releases, newest first."""
    if not home.releases.is_dir():
        return []
    current = _link_target(home)
    ids = sorted((p.name for p in home.releases.iterdir() if RELEASE_ID.match(p.name)), reverse=True)
    return [_read(home, release_id, current) for release_id in ids]


def release_info(home: Home, release_id: str | None = None) -> Release:
    """One release: by id, by the unmistakable beginning of one, or the current one.

    Raises UsageError for an id that is not there, MedfundError when nothing was published yet.
    """
    return _read(home, resolve_release(home, release_id), _link_target(home))


def resolve_release(home: Home, release_id: str | None = None) -> str:
    """Full id for None or "current" (the one being served), an id, or its unmistakable beginning."""
    if release_id in (None, "current"):
        current = current_release(home)
        if current is None:
            raise MedfundError(
                f"{home.root}: no release yet; run `medfund ingest` and `medfund build` first."
            )
        return current
    assert release_id is not None
    known = sorted((p.name for p in home.releases.glob("*Z-*") if RELEASE_ID.match(p.name)), reverse=True)
    found = [name for name in known if name == release_id] or [
        name for name in known if len(release_id) >= 4 and name.startswith(release_id)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"release {release_id!r} is ambiguous: {', '.join(found)}.")
    offer = f"there are {', '.join(known[:5])}" if known else "there are none yet"
    raise UsageError(f"no release {release_id!r} in {home.releases}; {offer}.")


def open_release(home: Home, release_id: str | None = None) -> duckdb.DuckDBPyConnection:
    """Read-only connection to a release (default: the current one; "candidate": the one last built).

    Marts come first on the search path, the code lists (schema `reference`) last. The connection can read
    nothing but the release: no files, no network, no extensions, no settings. Close it when done; use
    `cursor()` per thread.
    """
    if release_id == CANDIDATE:
        path = home.candidate_db
        if not path.is_file():
            raise MedfundError(f"{home.root}: there is no candidate; `medfund build` makes one.")
    else:
        path = release_info(home, release_id).database
    return connect_read_only(path)


def connect_read_only(path: Path, limits: dict[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    """See `open_release`; `path` is a release's database file.

    The configuration must be the same everywhere: DuckDB refuses a second connection to one file in one
    process when it differs. `limits` are further settings, for a process that opens nothing else.
    """
    try:
        connection = duckdb.connect(
            str(path),
            read_only=True,
            config={"enable_external_access": "false", "lock_configuration": "true", **(limits or {})},
        )
    except duckdb.Error as error:
        raise MedfundError(f"{path}: cannot be read as a release ({_first_line(error)}).") from error
    # A candidate whose build broke off may lack a schema, and naming one that is missing is an error.
    present = {name for (name,) in connection.execute("select schema_name from duckdb_schemas()").fetchall()}
    path_of = ",".join(schema for schema in ("marts", "main", "reference") if schema in present)
    connection.execute(f"set search_path = '{path_of}'")
    return connection


def publish(home: Home, release_id: str, manifest: dict[str, Any]) -> Release:
    """Make the candidate database an immutable release and serve it. The caller holds the writer lock.

    The candidate's database file moves: nothing can write to a release afterwards through the candidate's
    name. Until the link is replaced, which is one atomic step, every reader keeps the old release.
    """
    if not RELEASE_ID.match(release_id):
        raise MedfundError(f"{release_id!r} is not a release id such as 20261122T033000Z-1a2b3c4d.")
    if (home.releases / release_id).exists():
        raise MedfundError(f"{home.releases / release_id}: a release of this id exists already.")
    with full_disk_named(home.root):
        home.releases.mkdir(parents=True, exist_ok=True)
        clear_unfinished(home)
        temporary = home.releases / f".tmp-{release_id}"
        temporary.mkdir()
        write_json(
            temporary / MANIFEST,
            {
                **manifest,
                "release_id": release_id,
                "database_sha256": sha256_file(home.candidate_db),
                "database_bytes": home.candidate_db.stat().st_size,
            },
        )
        fsync_file(home.candidate_db)
        home.candidate_db.rename(temporary / DATABASE)
        for name in (DATABASE, MANIFEST):
            (temporary / name).chmod(0o444)
        fsync_dir(temporary)
        temporary.rename(home.releases / release_id)
        fsync_dir(home.releases)
        _point_current(home, release_id)
    return _read(home, release_id, release_id)


def rollback(home: Home, release_id: str) -> Release:
    """Serve another published release. Refuses one whose bytes are no longer those that were published."""
    with writer_lock(home, "medfund release rollback"):
        release = release_info(home, release_id)
        expected = release.manifest.get("database_sha256")
        seen = sha256_file(release.database)
        if seen != expected:
            raise MedfundError(
                f"{release.database}: SHA-256 is {seen}, its release.json says {expected}; "
                "the file was changed after publication and is not served."
            )
        with full_disk_named(home.root):
            _point_current(home, release.release_id)
        return _read(home, release.release_id, release.release_id)


def prune(home: Home, keep: int) -> list[str]:
    """Remove all but the newest `keep` releases, never the current one. Returns removed ids, oldest first.

    Readers that hold a removed release open go on reading it: the system frees its space when they close.
    """
    if keep < 1:
        raise UsageError(f"keep at least 1 release, not {keep}.")
    with writer_lock(home, "medfund release prune"):
        if not home.releases.is_dir():
            return []
        clear_unfinished(home)
        current = _link_target(home)
        ids = sorted((p.name for p in home.releases.iterdir() if RELEASE_ID.match(p.name)), reverse=True)
        doomed = [release_id for release_id in reversed(ids[keep:]) if release_id != current]
        for release_id in doomed:
            # Renamed first, so that a half-removed directory is never taken for a release.
            grave = home.releases / f".old-{release_id}"
            (home.releases / release_id).rename(grave)
            remove_tree(grave)
        fsync_dir(home.releases)
        return doomed


def clear_unfinished(home: Home) -> None:
    """Remove what a killed publish or prune left. The caller holds the writer lock."""
    if home.releases.is_dir():
        for path in home.releases.iterdir():
            if path.name.startswith(_UNFINISHED):
                remove_tree(path)
    for path in home.root.glob(".current.*.tmp"):
        path.unlink()


def _point_current(home: Home, release_id: str) -> None:
    temporary = home.root / f".current.{os.getpid()}.tmp"
    temporary.unlink(missing_ok=True)
    # Relative, so that a home can be moved or mounted elsewhere.
    temporary.symlink_to(Path(home.releases.name) / release_id)
    temporary.replace(home.current)
    fsync_dir(home.root)


def _link_target(home: Home) -> str | None:
    try:
        return home.current.readlink().name
    except OSError:
        return None


def _read(home: Home, release_id: str, current: str | None) -> Release:
    directory = home.releases / release_id
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise MedfundError(
            f"{directory / MANIFEST}: expected the description of a release ({error})."
        ) from error
    return Release(release_id, directory, manifest, release_id == current)


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
