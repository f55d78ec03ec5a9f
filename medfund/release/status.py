"""What `medfund status` says: what is landed, what is served, what stands in the way."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from medfund.release.lock import lock_holder
from medfund.release.store import current_release, list_releases, release_info
from medfund.release.waivers import active_waivers
from medfund.settings import Home

_COUNTS = ("rows_read", "rows_landed", "rows_rejected", "rows_identical", "rows_superseded", "values_nulled")


def status(home: Home, *, today: date | None = None) -> dict[str, Any]:
    """The state of a home as plain values (ready for JSON).

    Keys: home, release (id, built_at, data_through, gate, checks; None before the first), releases, batches,
    pending_batches (landed, not in the release), tables (one row per landed table with its counts),
    freshness (data_through, last_loaded_at, days_since_data), waivers, refused (the last candidate that the gate
    refused and that is still there, with its failing checks), writing (who holds the home).
    """
    from medfund.ingest import read_batches

    today = today or date.today()
    batches = read_batches(home)
    release_id = current_release(home)
    release = release_info(home, release_id).manifest if release_id else None
    in_release = set(release.get("batches", ())) if release else set()
    data_through = release.get("data_through") if release else None
    return {
        "home": str(home.root),
        "release": release
        and {
            key: release.get(key)
            for key in ("release_id", "built_at", "data_through", "code_version", "gate", "checks", "waivers")
        },
        "releases": len(list_releases(home)),
        "batches": len(batches),
        "pending_batches": sorted(b["batch_id"] for b in batches if b["batch_id"] not in in_release),
        "tables": _tables(batches),
        "freshness": {
            "data_through": data_through,
            "last_loaded_at": max((str(b["loaded_at"]) for b in batches), default=None),
            "days_since_data": (today - date.fromisoformat(data_through)).days if data_through else None,
        },
        "waivers": [w.as_json() for w in active_waivers(home, today)],
        "refused": _refused(home),
        "writing": lock_holder(home),
    }


def _tables(batches: list[dict[str, Any]]) -> list[dict[str, Any]]:
    tables: dict[str, dict[str, Any]] = {}
    for batch in batches:
        row = tables.setdefault(
            batch["table_name"],
            {
                "table_name": batch["table_name"],
                "batches": 0,
                **dict.fromkeys(_COUNTS, 0),
                "last_loaded_at": "",
            },
        )
        row["batches"] += 1
        for name in _COUNTS:
            row[name] += batch[name]
        row["last_loaded_at"] = max(row["last_loaded_at"], _time(batch["loaded_at"]))
    return [tables[name] for name in sorted(tables)]


def _refused(home: Home) -> dict[str, Any] | None:
    try:
        gate = json.loads((home.candidate / "gate.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return gate if gate.get("gate") == "refused" else None


def _time(value: Any) -> str:
    return value.isoformat(sep=" ", timespec="seconds") if isinstance(value, datetime) else str(value)
