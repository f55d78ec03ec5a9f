"""Waivers: a named person lets a failing check pass for a while, with a reason that is printed everywhere."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta

import duckdb

from medfund.errors import MedfundError, UsageError
from medfund.release.files import full_disk_named, write_json
from medfund.release.lock import writer_lock
from medfund.release.store import current_release, open_release
from medfund.settings import Home

# A longer exception is a change of the rule and belongs in the rule.
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Waiver:
    """`check` may fail until the end of `until` without stopping a release."""

    check: str
    reason: str
    by: str
    until: date
    granted_at: str

    def as_json(self) -> dict[str, str]:
        """Plain values, the day as YYYY-MM-DD."""
        return {**asdict(self), "until": self.until.isoformat()}


def list_waivers(home: Home) -> list[Waiver]:
    """Every waiver ever granted, in the order they were, expired ones too."""
    if not home.waivers.exists():
        return []
    try:
        entries = json.loads(home.waivers.read_text(encoding="utf-8"))["waivers"]
        return [
            Waiver(e["check"], e["reason"], e["by"], date.fromisoformat(e["until"]), e["granted_at"])
            for e in entries
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MedfundError(f"{home.waivers}: expected the list of waivers ({error!r}).") from error


def active_waivers(home: Home, on: date) -> list[Waiver]:
    """The waiver in force for each check on a day (the last granted counts), ordered by check."""
    last = {w.check: w for w in list_waivers(home)}
    return [last[check] for check in sorted(last) if last[check].until >= on]


def waive(home: Home, check: str, reason: str, by: str, until: date, *, today: date | None = None) -> Waiver:
    """Grant a waiver. A later one for the same check replaces the earlier.

    Raises UsageError for an unknown check, an empty reason or name, a day that is past or over a year away.
    """
    today = today or date.today()
    reason, by = reason.strip(), by.strip()
    for name, value in (("--reason", reason), ("--by", by)):
        if not value:
            raise UsageError(f"{name} must say something.")
        if any(ord(c) < 32 for c in value) or len(value) > 500:
            raise UsageError(f"{name} must be one line of at most 500 characters.")
    if until < today:
        raise UsageError(f"--until {until} is in the past; today is {today}.")
    if until > today + LONGEST:
        raise UsageError(f"--until {until} is over a year away; the last day allowed is {today + LONGEST}.")
    with writer_lock(home, "medfund release waive"):
        known = _known_checks(home)
        if not known:
            raise MedfundError(f"{home.root}: nothing has been checked yet; run `medfund build` first.")
        if check not in known:
            near = difflib.get_close_matches(check, known, n=3, cutoff=0.4)
            hint = (
                f"; did you mean {' or '.join(near)}?" if near else "; `medfund validate` lists the checks."
            )
            raise UsageError(f"no check {check!r}{hint}")
        waiver = Waiver(check, reason, by, until, datetime.now(UTC).isoformat(timespec="seconds"))
        with full_disk_named(home.root):
            write_json(home.waivers, {"waivers": [w.as_json() for w in [*list_waivers(home), waiver]]})
        return waiver


def _known_checks(home: Home) -> set[str]:
    """Ids of every check that was run on the candidate or on the current release."""
    known: set[str] = set()
    results = home.candidate / "inputs" / "quality_result.parquet"
    if results.is_file():
        with duckdb.connect() as connection:
            known |= {
                r[0]
                for r in connection.execute("select check_id from read_parquet(?)", [str(results)]).fetchall()
            }
    if current_release(home) is not None:
        with open_release(home) as connection:
            known |= {r[0] for r in connection.execute("select check_id from marts.quality_check").fetchall()}
    return known
