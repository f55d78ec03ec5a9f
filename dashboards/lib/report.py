"""The fund's monthly report: what stands in it. One content, written as a workbook here and as a PDF by `report_pdf`.

Every figure comes from the named queries that the pages use, and every sentence from their modules; nothing is
worked out here. A part whose marts are empty says which export is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.lib import (
    blocks,
    data,
    drawing,
    export,
    forecast,
    formats,
    fund,
    money,
    overview,
    report_pdf,
    story,
    trust,
)
from dashboards.lib.data import Table
from dashboards.lib.state import Screen, Sheet

_BASELINE = "baseline"
_KINDS: dict[str, formats.Kind] = {"%": "ratio", "percentage point": "points", "month": "months"}
_OUTSIDE = ("amber", "orange", "red")


@dataclass(frozen=True)
class Part:
    """One figure: what it says, its drawing, its table to the fen, and the same table as printed.

    `unit` is what printed money is in; the last `totals` rows are sums. Where there is nothing to show, `missing` says why.
    """

    title: str
    sentence: str = ""
    note: str = ""
    chart: drawing.Bars | drawing.Lines | None = None
    sheet: Sheet | None = None
    printed: Sheet | None = None
    unit: formats.Unit = formats.YUAN
    totals: int = 0
    missing: str = ""


@dataclass(frozen=True)
class Section:
    """A chapter of the report."""

    title: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Report:
    """The whole report: what is on its first page, its chapters, the definitions, and what it was made from."""

    view: Screen
    title: str
    highlights: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    warnings: tuple[str, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Sequence[str], Sequence[Sequence[str]]]
    origin: tuple[tuple[str, str], ...]

    @property
    def parts(self) -> Iterable[Part]:
        """The parts of all chapters, in order."""
        return (part for section in self.sections for part in section.parts)


def _part(
    view: Screen,
    title: str,
    layout: str,
    rows: Table,
    queries: Sequence[str],
    *,
    indicators: Sequence[str] = (),
    sentence: str = "",
    note: str = "",
    chart: drawing.Bars | drawing.Lines | None = None,
    exact: bool = False,
    printed: Table | None = None,
    on_paper: bool = True,
    totals: int = 0,
    row_kinds: tuple[formats.Kind, ...] = (),
) -> Part:
    """A part from the rows of queries. `exact` prints money to the fen; `printed` is what of the rows goes to paper.

    A chart that writes every figure of its table needs no table `on_paper`.
    """
    for indicator_id in indicators:
        blocks.definition(view, indicator_id)
    if not len(rows):
        return Part(title, missing=blocks.empty_words(view, queries))
    sheet = replace(blocks.sheet_of(view, layout, title, rows), row_kinds=row_kinds)
    amounts = [
        value
        for row in sheet.rows
        for value, kind in zip(row, sheet.kinds, strict=True)
        if kind == "money" and value is not None
    ]
    unit = formats.YUAN if exact else drawing.paper_unit(amounts)
    paper = None
    if on_paper:
        paper = blocks.sheet_of(view, layout, title, rows if printed is None else printed, unit)
        paper = replace(paper, row_kinds=row_kinds)
    return Part(title, sentence, note, chart, sheet, paper, unit, totals)


def _recent(months: Table) -> Table:
    """The last month, the same one a year before, and those between: what paper has room for."""
    return Table(months.columns, months.rows[-13:])


def _key(view: Screen, now: dict[str, Any], history: Table) -> Section:
    by_month = {row["month"]: row for row in history}
    before = by_month.get(_months_before(view.period, 1), {})
    year_ago = by_month.get(_months_before(view.period, 12), {})
    in_month = (
        ("col.income", "income"),
        ("col.expenditure", "expenditure"),
        ("col.current", "current_balance"),
    )
    to_date = ("income_ytd", "expenditure_ytd", "current_balance_ytd")
    amounts: list[tuple[str, Decimal | None, Decimal | None, Decimal | None]] = [
        *(
            (view.t("report.in_month", name=view.t(label)), now[name], year_ago.get(name), before.get(name))
            for label, name in in_month
        ),
        *(
            (view.t(label), now[name], now[f"{name}_prior_year"], None)
            for label, name in zip(
                ("col.income_ytd", "col.expenditure_ytd", "col.current_ytd"), to_date, strict=True
            )
        ),
        (view.t("col.closing"), now["closing_balance"], now["closing_prior_year"], now["closing_last_month"]),
    ]
    unit = drawing.paper_unit(amount for line in amounts for amount in line[1:])
    money = Table(
        ("label", "value", "prior_year", "on_year", "last_month", "on_month"),
        tuple(
            (label, value, prior, _change(view, value, prior, unit), last, _change(view, value, last, unit))
            for label, value, prior, last in amounts
        ),
    )
    words = " ".join((story.balance(view, now), story.flows(view, now)))
    indicators = view.rows("fund_indicators")
    outside = [view.name(row) for row in indicators if row["flag"] in _OUTSIDE]
    verdict = (
        view.t("report.out_of_limits", names=view.t("word.comma").join(outside))
        if outside
        else view.t("report.in_limits")
    )
    note = view.t("note.own" if view.basis == "own" else "note.consolidated")
    return Section(
        view.t("report.key"),
        (
            _part(
                view,
                view.t("report.money"),
                "report_money",
                money,
                ("balance",),
                indicators=("F01", "F02", "F03", "F06"),
                sentence=words,
                note=note,
            ),
            _part(
                view,
                view.t("report.indicators"),
                "report_indicators",
                indicators,
                ("fund_indicators",),
                indicators=indicators.column("indicator_id"),
                sentence=verdict,
                note=view.t("report.indicators_note"),
                row_kinds=tuple(_KINDS.get(row["unit"], "number") for row in indicators),
            ),
        ),
    )


def _months_before(month: date, months: int) -> date:
    years, place = divmod(month.year * 12 + month.month - 1 - months, 12)
    return date(years, place + 1, 1)


def _change(view: Screen, now: Decimal | None, before: Decimal | None, unit: formats.Unit) -> str:
    change = formats.change(now, before, "money", view.lang, unit)
    return change.text if change else formats.MISSING


def _roll(view: Screen, history: Table) -> Section:
    roll, items = view.one("roll_forward"), view.rows("items")
    steps = story.steps(view, roll, items) if len(items) else []
    year = Table(history.columns, tuple(row for row in history.rows if row[0].year == view.period.year))
    recent = _recent(history)
    return Section(
        view.t("report.roll"),
        (
            _part(
                view,
                view.t("report.steps"),
                "waterfall",
                fund.steps_table(steps),
                ("roll_forward", "items"),
                sentence=story.waterfall(view, roll),
                note=view.t("note.waterfall"),
                chart=drawing.waterfall(view, steps),
                on_paper=False,
            ),
            _part(
                view,
                view.t("report.roll_months"),
                f"report_roll_{view.basis}",
                year,
                ("balance",),
                note=view.t("report.roll_note"),
                exact=True,
            ),
            _part(
                view,
                view.t("title.flows"),
                "report_flows",
                history,
                ("balance",),
                indicators=("F07", "F08", "F09"),
                note=view.t("note.premium_season") if view.is_resident else "",
                chart=drawing.flow_lines(view, history),
                printed=recent,
            ),
        ),
    )


def _items(view: Screen, now: dict[str, Any], history: Table) -> Section:
    rows = view.rows("items")
    year_ago = {row["month"]: row for row in history}.get(_months_before(view.period, 12), {})
    comparable = not len(view.rows("scope_breaks"))
    parts = []
    for direction in ("income", "expenditure"):
        names = ("amount_month", "amount_month_prior_year", "amount", "amount_prior_year")
        lines = [
            (
                view.t("figure.of_which", name=view.name(row)) if row["is_memo"] else view.name(row),
                *(row[name] for name in names),
            )
            for row in rows.where(direction=direction)
        ]
        total = (
            view.t("report.total"),
            now[direction],
            year_ago.get(direction),
            now[f"{direction}_ytd"],
            now[f"{direction}_ytd_prior_year"],
        )
        unit = drawing.paper_unit(total[1:])
        table = Table(
            ("label", *names, "on_year"),
            tuple(
                (*line, _change(view, line[3], line[4], unit) if comparable else formats.MISSING)
                for line in ([*lines, total] if lines else ())
            ),
        )
        drawn = Table(table.columns, table.rows[:-1])
        parts.append(
            _part(
                view,
                view.t(f"title.{direction}"),
                "report_items",
                table,
                ("items",),
                sentence=story.items(view, rows, direction),
                note=" ".join(filter(None, (view.t("note.memo"), story.breaks(view)))),
                chart=drawing.item_bars(view, drawn, direction, compare=comparable),
                totals=1,
            )
        )
    return Section(view.t("report.items"), tuple(parts))


def _why(view: Screen) -> Section:
    layout, rows, words = overview.reasons(view)
    title = view.t("report.why")
    caution = story.breaks(view)
    if layout == "drivers":
        table = Table(
            ("label", "amount", "contribution"),
            tuple((story.driver_name(view, row), row["amount"], row["contribution"]) for row in rows),
        )
        part = _part(
            view,
            title,
            "report_drivers",
            table,
            ("drivers",),
            sentence=words,
            note=" ".join(filter(None, (view.t("note.spending_drivers"), caution))),
            chart=drawing.change_bars(view, [(line[0], line[1]) for line in table.rows if line[1]]),
        )
    else:
        part = _part(view, title, layout, rows, (layout,), sentence=words, note=caution)
    return Section(title, (part,))


def _budget(view: Screen) -> Section:
    title = view.t("report.budget")
    rows = view.rows("budget").where(month=view.period)
    named = Table(
        (*rows.columns, "label"),
        tuple(
            (*line, f"{view.t('direction.' + row['direction'])} · {view.name(row)}")
            for line, row in zip(rows.rows, rows, strict=True)
        ),
    )
    part = _part(
        view,
        title,
        "report_budget",
        rows,
        ("budget",),
        indicators=("F20",),
        sentence=" ".join(
            view.t(
                "report.of_direction",
                direction=view.t(f"direction.{row['direction']}"),
                words=story.budget(view, row),
            )
            for row in rows.where(is_total=True)
        ),
        note=view.t("note.budget"),
        chart=drawing.budget_bars(view, named),
    )
    return Section(title, (part,))


def _reconciliation(view: Screen) -> Section:
    causes, legs = view.rows("reconciliation"), view.rows("reconciliation_legs")
    return Section(
        view.t("report.reconciliation"),
        (
            _part(
                view,
                view.t("report.causes"),
                "reconciliation",
                causes,
                ("reconciliation",),
                sentence=trust.reconciled(view, causes) if len(causes) else "",
                note=view.t("note.reconciliation"),
                exact=True,
            ),
            _part(
                view,
                view.t("report.sides"),
                "reconciliation_legs",
                legs,
                ("reconciliation_legs",),
                exact=True,
            ),
        ),
    )


def _forms(view: Screen) -> Section:
    """Where money flows, what clearing holds, deposits and personal accounts; the year's months on paper."""
    flow, clearing, deposits = view.rows("money_flow"), view.rows("clearing"), view.rows("deposits")
    years, accounts = view.rows("year_end_clearing"), view.rows("accounts")
    total = deposits.where(account="total")
    parts = [
        _part(
            view,
            view.t("title.money_flow", fund=view.name(view.fund_row)),
            "money_flow",
            money.flow_table(view, flow),
            ("money_flow",),
            sentence=money.flow_words(view, flow),
            note=view.t("note.money_flow"),
        ),
        _part(
            view,
            view.t("title.clearing"),
            "report_clearing",
            clearing,
            ("clearing",),
            sentence=money.clearing_words(view, clearing),
            note=view.t("note.clearing"),
            printed=_recent(clearing),
        ),
        _part(
            view,
            view.t("title.deposits"),
            "report_deposits",
            total,
            ("deposits",),
            sentence=money.deposit_words(view, total),
            note=view.t("note.deposits"),
            printed=_recent(total),
        ),
    ]
    if len(years):
        parts.append(
            _part(
                view,
                view.t("title.year_end_clearing"),
                "year_end_clearing",
                years,
                ("year_end_clearing",),
                sentence=money.year_end_words(view, years),
                note=view.t("note.year_end_clearing"),
            )
        )
    for span in view.rows("account_span"):
        mine = accounts.where(fund_code=span["fund_code"])
        parts.append(
            _part(
                view,
                view.t("title.accounts", fund=view.name(span, "fund")),
                "report_accounts",
                mine,
                ("accounts",),
                sentence=money.account_words(view, span),
                note=view.t("note.accounts"),
                printed=_recent(mine),
            )
        )
    return Section(view.t("report.forms"), tuple(parts))


def _forecast(view: Screen, history: Table) -> Section:
    title = view.t("report.forecast")
    series = forecast.state_of_series(view)
    path = view.rows("forecast_path", measure="balance", scenario=_BASELINE)
    if series is not None and series["state"] == "forecast" and not len(path):
        return Section(title, (Part(title, missing=blocks.empty_words(view, ("forecast_path",))),))
    if series is None or series["state"] != "forecast":
        return Section(title, (Part(title, missing=forecast.why_none(view, series)),))
    if series["origin_month"] != view.period:
        origin = formats.month(series["origin_month"], view.lang)
        return Section(title, (Part(title, missing=view.t("forecast.elsewhere", origin=origin)),))
    model = view.t(
        "forecast.some",
        model=forecast.model_name(view, path.column("model")[0]),
        origin=formats.month(view.period, view.lang),
    )
    return Section(
        title,
        (
            _part(
                view,
                view.t("report.forecast_balance"),
                "report_forecast",
                path,
                ("forecast_path",),
                indicators=("F06", "F07"),
                sentence=forecast.fan_sentence(view, "balance", path, _BASELINE, ""),
                note=" ".join((model, view.t("note.fan"))),
                chart=drawing.balance_fan(view, history, path),
            ),
            _part(
                view,
                view.t("report.outlook"),
                "report_outlook",
                view.rows("forecast_outlook").where(scenario=_BASELINE),
                ("forecast_outlook",),
                note=" ".join(forecast.guards(view)),
            ),
        ),
    )


def _changes(view: Screen) -> Section:
    events = view.rows("policy_events").where(scheme=(view.fund_row or {}).get("scheme"))
    until = _months_before(view.period, -1)
    breaks = Table(
        events.columns,
        tuple(line for line, row in zip(events.rows, events, strict=True) if row["effective_date"] < until),
    )
    titles = view.t("report.breaks"), view.t("report.revisions")
    if len(breaks) or blocks.is_bare(view, ("policy_events",)):
        scope = _part(
            view,
            titles[0],
            "report_breaks",
            breaks,
            ("policy_events",),
            sentence=view.t("report.some_breaks", count=formats.count(len(breaks))),
        )
    else:
        scope = Part(titles[0], view.t("report.no_breaks"))
    rows = view.rows("revisions").where(fund_code=view.fund)
    if len(rows) or blocks.is_bare(view, ("revision_counts",)):
        revised = _part(
            view,
            titles[1],
            "report_revisions",
            rows,
            ("revision_counts",),
            sentence=view.t("report.some_revisions", count=formats.count(len(rows))),
            note=view.t("note.revisions"),
            exact=True,
        )
    else:
        revised = Part(titles[1], view.t("report.no_revisions"))
    return Section(view.t("report.changes"), (scope, revised))


def _facts(view: Screen, now: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    counts, gap = view.one("check_counts"), view.one("gap_total")
    failed = (counts["checks"] or 0) - (counts["passed"] or 0)
    checks = (
        view.t("status.checks", checks=formats.count(counts["checks"]), failed=formats.count(failed))
        if counts["checks"]
        else view.t("status.no_checks")
    )
    books = (
        view.t(
            "status.gap_books", books=formats.count(gap["books"]), checked=formats.count(gap["checked_books"])
        )
        if gap["checked_books"]
        else view.t("status.no_ledger_closing")
    )
    gate = blocks.coded(view, "gate", view.info.get("gate"))
    return (
        (view.t("notes.fund"), view.name(view.fund_row)),
        (view.t("notes.book"), view.book_name),
        (view.t("notes.period"), formats.month(view.period, view.lang)),
        (view.t("notes.data_through"), formats.day(view.info.get("data_through"), view.lang)),
        (view.t("notes.gate"), view.t("report.checked", gate=gate, checks=checks)),
        (view.t("notes.waivers"), blocks.waivers_text(view)),
        (view.t("report.fund_gap"), formats.money_exact(now["unexplained_gap"], view.lang)),
        (
            view.t("report.all_gap"),
            view.t("report.gap_words", gap=formats.money_exact(gap["gap"], view.lang), books=books),
        ),
        (view.t("notes.release"), view.release.release_id),
    )


def _origin(view: Screen, marts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    return (
        (view.t("notes.release"), view.release.release_id),
        (view.t("report.built"), formats.moment(view.info.get("built_at"), view.lang)),
        (view.t("report.code"), str(view.info.get("code_version") or formats.MISSING)),
        (view.t("report.inputs"), str(view.info.get("inputs_sha256") or formats.MISSING)),
        (view.t("report.database"), data.database_sha256(view.release) or formats.MISSING),
        (view.t("report.marts"), ", ".join(sorted(marts))),
    )


_QUERIES = (
    "balance",
    "roll_forward",
    "items",
    "fund_indicators",
    "drivers",
    "spending_change",
    "budget",
    "reconciliation",
    "reconciliation_legs",
    "money_flow",
    "clearing",
    "deposits",
    "deposit_interest",
    "year_end_clearing",
    "accounts",
    "account_span",
    "forecast_state",
    "forecast_path",
    "forecast_outlook",
    "policy_events",
    "revisions",
    "check_counts",
    "gap_total",
    "indicators",
    "release_info",
)


def compose(choices: Screen) -> Report:
    """The report on the chosen book, fund and month, to date since January, in the reader's language.

    The release must hold the month of these books (`overview.latest` is not None).
    """
    view = replace(choices, span="ytd", theme="light", large=False, sheets=[], used_indicators=[])
    history = view.rows("balance")
    now = history.last
    assert now is not None and now["month"] == view.period, "the release holds no such month"
    sections = (
        _key(view, now, history),
        _roll(view, history),
        _items(view, now, history),
        _why(view),
        _budget(view),
        _reconciliation(view),
        _forms(view),
        _forecast(view, history),
        _changes(view),
    )
    warnings = []
    if not now["is_complete"]:
        through = formats.day(view.info.get("data_through"), view.lang)
        warnings.append(view.t("report.incomplete", day=through, month=formats.month(view.period, view.lang)))
    if view.is_resident:
        warnings.append(view.t("note.premium_season"))
    warnings.append(story.breaks(view))
    _, header, definitions = blocks.notes(view)[0]
    return Report(
        view,
        view.t("report.title"),
        tuple(filter(None, (section.parts[0].sentence for section in sections))),
        _facts(view, now),
        tuple(filter(None, warnings)),
        sections,
        (header, definitions),
        _origin(view, data.sources(_QUERIES)),
    )


def xlsx_bytes(report: Report) -> bytes:
    """The report as a workbook: a sheet per figure, then what is missing, the definitions, and where it comes from.

    The same release gives the same bytes.
    """
    view = report.view
    header = [view.t("notes.name"), view.t("notes.value")]
    origin = [[name, value] for name, value in dict((*report.facts, *report.origin)).items()]
    notes: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = [
        (view.t("report.definitions"), *report.definitions),
        (view.t("report.origin"), header, origin),
    ]
    missing = [[part.title, part.missing] for part in report.parts if part.missing]
    if missing:
        labels = [view.t("report.section"), view.t("report.why_missing")]
        notes.insert(0, (view.t("report.missing"), labels, missing))
    sheets = [part.sheet for part in report.parts if part.sheet is not None]
    return export.xlsx_bytes(sheets, notes, view.info.get("built_at"))


def file_name(view: Screen, ending: str) -> str:
    """Name of a report's file: month, fund, book, language and release, so that no report replaces another."""
    book = "consolidated" if view.basis == "consolidated" else view.org
    return f"medfund_report_{view.period:%Y-%m}_{view.fund}_{book}_{view.lang}_{view.release.release_id}.{ending}"


def buttons(view: Screen) -> None:
    """Two buttons on a page: the month's report as PDF and as workbook, made when they are pressed."""
    if overview.latest(view) is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="report"):
        st.download_button(
            view.t("report.pdf"),
            lambda: report_pdf.pdf_bytes(compose(view)),
            file_name=file_name(view, "pdf"),
            mime="application/pdf",
            on_click="ignore",
            key="report_pdf",
            icon=":material/picture_as_pdf:",
            disabled=not report_pdf.is_installed(),
        )
        st.download_button(
            view.t("report.xlsx"),
            lambda: xlsx_bytes(compose(view)),
            file_name=file_name(view, "xlsx"),
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            on_click="ignore",
            key="report_xlsx",
            icon=":material/table_view:",
        )
        if not report_pdf.is_installed():
            st.caption(view.t("report.extra"))
