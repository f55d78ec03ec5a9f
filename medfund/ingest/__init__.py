"""Landing raw exports: typed Parquet batches, rejects and an account of every row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from medfund.contract import load_contract
from medfund.errors import Refused, UsageError
from medfund.ingest import evidence, landing
from medfund.ingest.landing import ensure_tables, read_batches
from medfund.ingest.load import Loader
from medfund.ingest.report import BatchReport, FileProblem
from medfund.ingest.sources import EXPECTED, Found, find, form_of, hashing, open_found, stem_of
from medfund.settings import Bureau, Home

__all__ = ["BatchReport", "ensure_tables", "ingest", "read_batches"]


def _silent(_: str) -> None:
    """Say nothing."""


def ingest(
    home: Home,
    bureau: Bureau,
    paths: Sequence[Path],
    *,
    table: str | None = None,
    bureau_code: str | None = None,
    dry_run: bool = False,
    say: Callable[[str], None] = _silent,
) -> list[BatchReport]:
    """Land every raw export that `paths` name, one batch per file (archive member, sheet).

    The caller holds the home's writer lock. `table` takes every file as that table, `bureau_code` says where
    the exports come from (default: the bureau's own code), `dry_run` reports without landing anything.
    A file that cannot be taken is reported with status "refused" and does not stop the others.

    Raises UsageError for a path that does not exist or an unknown table, Refused when not a single row of all
    files was landed or there already, MedfundError when the disk or memory gives out. Committed batches stay.
    """
    contract = load_contract(home.contract_file)
    if table is not None and table not in contract.tables:
        raise UsageError(f"--table {table}: no such table; expected one of {', '.join(contract.tables)}")
    if not paths:
        raise UsageError("no path given; expected files or folders of raw exports")
    ignored: list[str] = []
    found = list(find(paths, home, ignored))
    if not found:
        raise Refused(
            f"{', '.join(str(p) for p in paths)}: no raw export here"
            + (f" ({len(ignored)} other files)" if ignored else "")
            + f"; expected {EXPECTED}"
        )
    if ignored:
        say(f"{len(ignored)} files of other kinds are left alone: {', '.join(ignored[:5])}")

    landing.sweep(home)
    ensure_tables(home, contract)
    loader = Loader(home, bureau, contract, bureau_code or bureau.code, dry_run)
    reports: list[BatchReport] = []
    try:
        for nth, one in enumerate(found, 1):
            fresh = _take(loader, one, table)
            prefix = f"[{nth}/{len(found)}] " if len(found) > 1 else ""
            for report in fresh:
                reports.append(report)
                # Where one file is all there was, the error that ends the command says the same.
                if report.status != "refused" or len(found) > 1 or len(fresh) > 1:
                    say(prefix + report.sentence())
                for warning in report.warnings:
                    say(f"  {warning}")
    finally:
        loader.close()
    for sentence in evidence.mode_sentences([r.details["modes"] for r in reports if "modes" in r.details]):
        say(sentence)
    if not any(report.rows_landed or report.rows_identical for report in reports):
        first = next((r.problem for r in reports if r.problem), None) or reports[0].sentence()
        if len(reports) == 1:
            raise Refused(first)
        raise Refused(f"nothing could be landed from {len(reports)} files; the first: {first}")
    return reports


def _refused(shown: str, problem: FileProblem) -> BatchReport:
    return BatchReport(source_file=shown, status="refused", problem=str(problem))


def _again(shown: str, sha256: str, batch: dict[str, Any]) -> str:
    """What to call a part of a file whose bytes came before, maybe under another name."""
    container = batch.get("container", {})
    if container.get("sha256") == sha256:
        return shown + batch["source_file"].removeprefix(container["name"])
    _, sheet, name = batch["source_file"].rpartition("#")
    return f"{shown}#{name}" if sheet and "sheets" in batch else shown


def _take(loader: Loader, found: Found | FileProblem, table: str | None) -> list[BatchReport]:
    """Land one delivered file. Bytes that were landed before cost only their hash."""
    if isinstance(found, FileProblem):
        return [_refused(str(found).split(":")[0], found)]
    reports: list[BatchReport] = []
    try:
        with hashing(found.path) as hashed:
            # Bytes of a size that never came before are new; they are hashed while they are looked through.
            if form_of(found.path.name) == ".zip" or loader.came(found.path.stat().st_size):
                sha256 = hashed.result()
                known = loader.known(sha256, stem_of(found.shown), table)
                if known:
                    return [loader.repeat(_again(found.shown, sha256, batch), batch) for batch in known]
            for source in open_found(found, hashed, loader.work):
                if isinstance(source, FileProblem):
                    reports.append(_refused(found.shown, source))
                    continue
                try:
                    again = loader.known(source.sha256, source.stem, table) if source.container else []
                    if again:
                        reports += [loader.repeat(source.shown, batch) for batch in again]
                    else:
                        reports += loader.load(source, table)
                except FileProblem as problem:
                    reports.append(_refused(source.shown, problem))
                finally:
                    source.discard()
    except FileProblem as problem:
        reports.append(_refused(found.shown, problem))
    except PermissionError as error:
        reports.append(
            _refused(
                found.shown,
                FileProblem(f"{found.shown}: cannot be read ({error.strerror}); expected a readable file"),
            )
        )
    return reports
