"""From landed batches to a published release, or a refusal that leaves the served release alone."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import duckdb

from medfund.errors import DiskFull, MedfundError, Refused
from medfund.forecast import Forecaster
from medfund.pipeline import inputs as run_inputs
from medfund.pipeline.fingerprint import code_version, fingerprint, inputs_sha256, settings_sha256
from medfund.pipeline.modes import resolve_modes
from medfund.pipeline.quality import Checker, Gate, carry_over, decide
from medfund.pipeline.reach import REACHES_ALL, Lineage, unreached
from medfund.pipeline.transform import Progress, Transform
from medfund.pipeline.validation import write_pages
from medfund.release import (
    Release,
    active_waivers,
    current_release,
    list_releases,
    publish,
    release_info,
    writer_lock,
)
from medfund.release.files import disk_full, is_disk_full, remove_tree, write_json
from medfund.settings import PROJECT_ROOT, Bureau, Home

Kind = Literal["full", "incremental", "unchanged", "regated"]


@dataclass(frozen=True)
class BuildResult:
    """`kind`: built anew, from a copy of the current release, not at all (nothing new), or only gated again."""

    release: Release
    kind: Kind
    seconds: float
    gate: str
    checks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class _Plan:
    batches: list[dict[str, Any]]
    code_sha256: str
    code_text: str
    settings: str
    inputs: str
    fingerprint: str


def build(
    home: Home,
    bureau: Bureau,
    *,
    full_refresh: bool = False,
    threads: int = 1,
    say: Callable[[str], None],
    progress: Progress | None = None,
    project: Path = PROJECT_ROOT,
) -> BuildResult:
    """Transform what is landed, run the expectations, and publish when the gate passes.

    With nothing new the current release is returned as it is. Where only batches were added, the candidate
    starts from a copy of the current release and dbt touches what they concern.

    Raises Refused (exit 3) when a critical check fails without a waiver; MedfundError (exit 1) when a model
    fails, the disk is full, nothing is landed, or another command is writing. In every case, and when the
    process is killed, the current release stays as it was and the command can be run again.
    """
    started = time.monotonic()
    with writer_lock(home, "medfund build"):
        try:
            return _build(home, bureau, full_refresh, threads, say, progress, project, started)
        except (OSError, duckdb.Error) as error:
            if not is_disk_full(error):
                raise
            remove_tree(home.candidate)
            raise disk_full(home.root) from error


def _build(
    home: Home,
    bureau: Bureau,
    full_refresh: bool,
    threads: int,
    say: Callable[[str], None],
    progress: Progress | None,
    project: Path,
    started: float,
) -> BuildResult:
    from medfund.ingest import ensure_tables, read_batches

    ensure_tables(home)
    batches = read_batches(home)
    if not batches:
        raise MedfundError(f"{home.landing}: nothing is landed yet; run `medfund ingest PATH` first.")
    bureau = resolve_modes(bureau, batches, say)
    plan = _plan(batches, bureau, project)
    served_id = current_release(home)
    served = release_info(home, served_id) if served_id else None
    if served and not full_refresh and served.manifest.get("fingerprint") == plan.fingerprint:
        say(f"Nothing new: release {served.release_id} already holds everything that is landed.")
        return BuildResult(served, "unchanged", time.monotonic() - started, served.manifest["gate"])

    if not full_refresh and _refused_before(home, plan):
        say("Nothing new since the gate refused this candidate; only the gate is asked again.")
        results = run_inputs.read_results(home)
        transform = Transform(home, threads=threads, progress=progress, project=project)
        return _gate_and_publish(
            home, bureau, plan, transform, ["tag:release"], results, "regated", say, started
        )

    with ExitStack() as workers:
        # What takes seconds to import does so in its own process, while this one does the same.
        checker = workers.enter_context(Checker())
        base = served if served and not full_refresh and _can_start_from(served, plan) else None
        kind: Kind = "incremental" if base else "full"
        held = set(base.manifest["batches"]) if base else set()
        changed = [(b["table_name"], b["batch_id"]) for b in plan.batches if b["batch_id"] not in held]
        say(
            f"Building from {len(plan.batches)} batches"
            + (f", {len(changed)} of them new, onto release {base.release_id}." if base else ", all anew.")
        )
        transform = Transform(home, threads=threads, progress=progress, project=project)
        out = run_inputs.inputs_dir(home)
        _clear_candidate(home)
        try:
            with ThreadPoolExecutor(1) as beside:
                begun = beside.submit(_begin_candidate, home, bureau, plan, changed, served, base)
                manifest = transform.manifest()
                begun.result()
            same = REACHES_ALL if base is None else unreached(base.database, manifest, changed)
            forecasts = transform.tagged("forecast") - same.models
            forecaster = workers.enter_context(Forecaster(home)) if forecasts else None
            checker.begin(
                home,
                bureau,
                database=home.candidate_db,
                scratch=home.candidate / "scratch.duckdb",
                out=out,
                without=same.checks,
            )
            what = (
                ["build", "--resource-type", "seed", "--resource-type", "model"] if base is None else ["run"]
            )
            transform.run(
                *what, "--exclude", "tag:release", "tag:forecast", *sorted(same.models), artifacts=False
            )
            say("Checking the candidate.")
            # Both only read the candidate, so they do it at the same time.
            if forecaster is not None:
                forecaster.begin(out=out, forget=full_refresh)
            checker.check(progress)
            results = carry_over(out, base.database if base else None, same.checks)
            if forecaster is not None:
                say(forecaster.finish().text())
        except DiskFull:
            remove_tree(home.candidate)
            raise
        last = ["tag:release", *sorted(forecasts)]
        return _gate_and_publish(home, bureau, plan, transform, last, results, kind, say, started)


def _plan(batches: list[dict[str, Any]], bureau: Bureau, project: Path) -> _Plan:
    code = code_version(project)
    settings, inputs = settings_sha256(bureau), inputs_sha256(batches)
    return _Plan(batches, code.sha256, code.text, settings, inputs, fingerprint(code, settings, inputs))


def _can_start_from(served: Release, plan: _Plan) -> bool:
    """Only batches were added since, and the same code and settings would treat the old ones alike."""
    manifest = served.manifest
    landed = _batch_hashes(plan.batches)
    return (
        manifest.get("code_sha256") == plan.code_sha256
        and manifest.get("settings_sha256") == plan.settings
        and bool(manifest.get("batches"))
        and all(landed.get(batch) == sha for batch, sha in manifest["batches"].items())
    )


def _refused_before(home: Home, plan: _Plan) -> bool:
    try:
        gate = json.loads((home.candidate / "gate.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (
        gate.get("gate") == "refused"
        and gate.get("fingerprint") == plan.fingerprint
        and home.candidate_db.is_file()
        and (run_inputs.inputs_dir(home) / "quality_result.parquet").is_file()
    )


def _clear_candidate(home: Home) -> None:
    # First what says that the candidate is complete: a kill while removing must not leave it behind.
    (home.candidate / "gate.json").unlink(missing_ok=True)
    remove_tree(home.candidate)
    run_inputs.inputs_dir(home).mkdir(parents=True)


def _begin_candidate(
    home: Home,
    bureau: Bureau,
    plan: _Plan,
    changed: Sequence[tuple[str, str]],
    served: Release | None,
    base: Release | None,
) -> None:
    """What dbt starts from: the small files of the run, and a copy of the release to build onto."""
    run_inputs.write_build_inputs(home, bureau, plan.batches, changed)
    newest = next(iter(list_releases(home)), None)
    run_inputs.write_previous(
        home,
        served.database if served else None,
        newest.database if newest else None,
        base.database if base else None,
    )
    if base is not None:
        shutil.copyfile(base.database, home.candidate_db)


def _gate_and_publish(
    home: Home,
    bureau: Bureau,
    plan: _Plan,
    transform: Transform,
    last: Sequence[str],
    results: Sequence[dict[str, Any]],
    kind: Kind,
    say: Callable[[str], None],
    started: float,
) -> BuildResult:
    now = datetime.now(ZoneInfo(bureau.time_zone)).replace(microsecond=0)
    waivers = active_waivers(home, now.date())
    gate = decide(results, waivers)
    used = [w.as_json() for w in waivers if w.check in gate.waived]
    release_id, now = _new_id(home, now, plan.fingerprint)
    data_through = _data_through(home, now.date())
    run_inputs.write_release(
        home,
        release_id=release_id,
        built_at=now,
        data_through=data_through,
        code_version=plan.code_text,
        inputs_sha256=plan.inputs,
        gate=gate.verdict,
        waivers=used,
    )
    transform.run("run", "--select", *last, artifacts=False)
    _finish_database(home.candidate_db)
    checks = _counts(results)
    report = {
        "release_id": release_id,
        "built_at": now.isoformat(),
        "fingerprint": plan.fingerprint,
        "gate": gate.verdict,
        "blocking": gate.blocking,
        "waived": gate.waived,
        "checks": checks,
    }
    subject = "candidate" if gate.verdict == "refused" else release_id
    overview = write_pages(home, bureau, subject, run_inputs.inputs_dir(home), list(results), gate)
    write_json(home.candidate / "gate.json", report)
    if gate.verdict == "refused":
        raise Refused(_refusal(home, gate, results, overview))
    lineage = Lineage.of(transform.manifest())
    release = publish(
        home,
        release_id,
        {
            "built_at": now.isoformat(),
            "data_through": data_through.isoformat() if data_through else None,
            "code_version": plan.code_text,
            "code_sha256": plan.code_sha256,
            "settings_sha256": plan.settings,
            "inputs_sha256": plan.inputs,
            "fingerprint": plan.fingerprint,
            "gate": gate.verdict,
            "waivers": used,
            "checks": checks,
            "batches": _batch_hashes(plan.batches),
            "made_from": lineage.made_from(),
            "lineage": lineage.ways(),
        },
    )
    say(f"Release {release_id} is served (gate {gate.verdict}; {_checks_text(checks)}).")
    return BuildResult(release, kind, time.monotonic() - started, gate.verdict, checks)


def _new_id(home: Home, now: datetime, digest: str) -> tuple[str, datetime]:
    """Ids sort by time; two builds of one content in one second are told apart by the next second."""
    while True:
        release_id = f"{now.astimezone(ZoneInfo('UTC')):%Y%m%dT%H%M%SZ}-{digest[:8]}"
        if not (home.releases / release_id).exists():
            return release_id, now
        now += timedelta(seconds=1)


def _data_through(home: Home, today: date) -> date | None:
    """Last day that every core export reaches: the ledger's last month end, the last settlement.

    An export that was not delivered does not count; months after today are typing errors and do not either.
    """
    with duckdb.connect(str(home.candidate_db), read_only=True) as connection:
        row = connection.execute(
            """
            select least(
                (select max(last_day(month)) from marts.fund_balance_monthly where month <= $today),
                (select max(setl_time::date) from marts.settlement where setl_time::date <= $today)
            )
            """,
            {"today": today},
        ).fetchone()
    return row[0] if row else None


def _finish_database(path: Path) -> None:
    """Give every mart a view of its name in schema `main` and write the file out whole."""
    with duckdb.connect(str(path)) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by all"
        ).fetchall()
        for (table,) in tables:
            connection.execute(f'create or replace view main."{table}" as select * from marts."{table}"')
        connection.execute("checkpoint")


def _batch_hashes(batches: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {b["batch_id"]: f"{b['table_name']}:{b['sha256']}" for b in batches}


def _counts(results: Sequence[dict[str, Any]]) -> dict[str, int]:
    failed = [r for r in results if not r["passed"]]
    return {
        "total": len(results),
        "passed": len(results) - len(failed),
        "failed_critical": sum(r["severity"] == "critical" for r in failed),
        "failed_major": sum(r["severity"] == "major" for r in failed),
        "failed_minor": sum(r["severity"] == "minor" for r in failed),
        "not_evaluated": sum(not r["evaluated"] for r in results),
    }


def _checks_text(checks: dict[str, int]) -> str:
    return (
        f"{checks['passed']} of {checks['total']} checks pass, failing: {checks['failed_critical']} critical, "
        f"{checks['failed_major']} major, {checks['failed_minor']} minor"
    )


def _refusal(home: Home, gate: Gate, results: Sequence[dict[str, Any]], overview: Path) -> str:
    by_id = {r["check_id"]: r for r in results}
    named = [
        f"{check} ({by_id[check]['unexpected_count']:,} rows)"
        if by_id[check]["evaluated"]
        else f"{check} (not evaluated)"
        for check in gate.blocking[:5]
    ]
    more = f" and {len(gate.blocking) - 5} more" if len(gate.blocking) > 5 else ""
    served = current_release(home)
    return (
        f"The gate refused this candidate: {len(gate.blocking)} critical checks failed: {', '.join(named)}{more}. "
        f"{f'Release {served} goes on being served.' if served else 'No release is served yet.'} "
        f"Which rows: {overview}, or "
        '`medfund sql --release candidate "from quality_failure"`. To let it through: `medfund release waive CHECK`.'
    )
