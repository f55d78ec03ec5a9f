"""The store of releases: who may write, what is served, what was waived, what changed.

A release is one DuckDB file and one `release.json`, both immutable once published. Exactly one release is
current. Everything here is safe to interrupt: a reader sees the old release or the new one, never a mixture.
"""

from __future__ import annotations

from medfund.release.diff import BatchAdded, Change, ReleaseDiff, diff_releases
from medfund.release.lock import lock_holder, writer_lock
from medfund.release.query import FORMATS, run_query, shell, write_result
from medfund.release.sandbox import Answer, Bounds, run_bounded
from medfund.release.status import status
from medfund.release.store import (
    CANDIDATE,
    Release,
    current_release,
    list_releases,
    open_release,
    prune,
    publish,
    release_info,
    resolve_release,
    rollback,
)
from medfund.release.waivers import Waiver, active_waivers, list_waivers, waive

__all__ = [
    "CANDIDATE",
    "FORMATS",
    "Answer",
    "BatchAdded",
    "Bounds",
    "Change",
    "Release",
    "ReleaseDiff",
    "Waiver",
    "active_waivers",
    "current_release",
    "diff_releases",
    "list_releases",
    "list_waivers",
    "lock_holder",
    "open_release",
    "prune",
    "publish",
    "release_info",
    "resolve_release",
    "rollback",
    "run_bounded",
    "run_query",
    "shell",
    "status",
    "waive",
    "write_result",
    "writer_lock",
]
