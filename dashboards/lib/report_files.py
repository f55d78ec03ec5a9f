"""The monthly report as files, for the command: the same content as behind the button of the fund page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from dashboards.lib import data, overview, report, report_pdf, state
from dashboards.lib.data import Release
from dashboards.lib.i18n import Lang, t
from dashboards.lib.state import Screen
from medfund.errors import MedfundError, UsageError
from medfund.release import resolve_release
from medfund.release.files import full_disk_named, write_atomic
from medfund.settings import Home


def write_reports(
    home: Home,
    month: str,
    out: Path,
    *,
    fund: str | None = None,
    org: str | None = None,
    lang: Lang = "zh",
    release_id: str | None = None,
    forms: tuple[str, ...] = ("xlsx", "pdf"),
    say: Callable[[str], None],
) -> list[Path]:
    """Write the reports on a month (`2026-10`) into `out` and return their paths.

    One fund, or every fund with books of that month; the books of one org, or the whole pool area. Each file is
    put in place in one step. Raises UsageError for a month, fund or org without books and for a PDF without the
    extra `report`, MedfundError where a file cannot be written.
    """
    if "pdf" in forms and not report_pdf.is_installed():
        raise UsageError(f"{t('report.extra', 'en')} Without it: --format xlsx.")
    found = resolve_release(home, release_id)
    release = Release(found, home.releases / found / "medfund.duckdb")
    period = _month(month)
    views = _views(release, period, fund=fund, org=org, lang=lang)
    written: list[Path] = []
    for view in views:
        say(f"{view.fund}: {view.name(view.fund_row)}, {view.book_name}, {month}")
        composed = report.compose(view)
        for form in forms:
            path = out / report.file_name(view, form)
            content = report.xlsx_bytes(composed) if form == "xlsx" else report_pdf.pdf_bytes(composed)
            try:
                with full_disk_named(out):
                    write_atomic(path, content)
            except OSError as error:
                raise MedfundError(
                    f"{path}: the report cannot be written ({error.strerror or error})."
                ) from error
            written.append(path)
    return written


def _month(text: str) -> date:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise UsageError(f"{text!r} is not a month such as 2026-10.")
    return date.fromisoformat(f"{text}-01")


def _views(release: Release, period: date, *, fund: str | None, org: str | None, lang: Lang) -> list[Screen]:
    """A screen per report asked for; every one has books of the month."""
    codes = [str(code) for code in data.rows(release, "funds").column("fund_code")]
    orgs = [str(code) for code in data.rows(release, "orgs").column("org_code")]
    if fund is not None and fund not in codes:
        raise UsageError(
            f"--fund {fund}: release {release.release_id} has books of {', '.join(codes) or 'none'}."
        )
    if org is not None and org not in orgs:
        raise UsageError(
            f"--org {org}: release {release.release_id} has books of {', '.join(orgs) or 'none'}."
        )
    views = [
        state.open_screen(
            release,
            lang=lang,
            basis="consolidated" if org is None else "own",
            org=org or "",
            fund=code,
            period=period,
        )
        for code in codes
        if fund in (None, code)
    ]
    kept = [view for view in views if overview.latest(view) is not None]
    if not kept:
        months = data.rows(release, "months").column("month")
        span = f"{min(months):%Y-%m} to {max(months):%Y-%m}" if months else "no month"
        raise UsageError(
            f"no books of {period:%Y-%m} for these choices; release {release.release_id} has books of {span}."
        )
    return kept
