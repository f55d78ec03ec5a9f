"""The parts of the leadership screen: status strip, five tiles, signals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.lib import blocks, formats, lights, story
from dashboards.lib.data import Table
from dashboards.lib.forecast import model_name
from dashboards.lib.state import Screen

# Which page answers a signal.
_SIGNAL_PAGE = {
    "unexplained_gap": "trust",
    "opening_adjustment": "trust",
    "transfer_imbalance": "fund",
    "deficit": "fund",
    "negative_balance": "fund",
}
_SPARK_MONTHS = 24
_BEYOND_CLAIMS = "beyond_claims"


def latest(view: Screen) -> dict[str, Any] | None:
    """The chosen month of the chosen book, or None where the release has no books for it."""
    row = view.rows("balance").last
    return row if row is not None and row["month"] == view.period else None


def status_strip(view: Screen) -> None:
    """How far the data goes, which release this is, how its checks went, what is unexplained."""
    counts = view.rows("check_counts").first
    gap = view.rows("gap_total").first
    failed = 0 if counts is None else counts["checks"] - counts["passed"]
    items = [
        (
            view.t("status.through"),
            formats.day(view.info.get("data_through"), view.lang),
            view.t("status.period", month=formats.month(view.period, view.lang)),
        ),
        (
            view.t("status.release"),
            formats.moment(view.info.get("built_at"), view.lang),
            view.t(
                "status.built",
                release=view.release.release_id,
            ),
        ),
        (
            view.t("status.quality"),
            blocks.coded(view, "gate", view.info.get("gate")),
            view.t("status.checks", checks=formats.count(counts["checks"]), failed=formats.count(failed))
            if counts and counts["checks"]
            else view.t("status.no_checks"),
        ),
        (
            view.t("status.unexplained"),
            formats.money(gap["gap"], view.lang) if gap else formats.MISSING,
            view.t(
                "status.gap_books",
                books=formats.count(gap["books"]),
                checked=formats.count(gap["checked_books"]),
            )
            if gap and gap["checked_books"]
            else view.t("status.no_ledger_closing"),
        ),
    ]
    with st.container(border=True, key="status"):
        for column, (label, value, more) in zip(st.columns(4), items, strict=True):
            with column:
                st.html(blocks.fact(label, value, more))


def _history(view: Screen, name: str) -> list[float | Decimal | None]:
    return view.rows("balance").column(name)[-_SPARK_MONTHS:]


def _indicator(view: Screen, indicator_id: str, kind: str) -> Table:
    return view.rows("indicator", indicator=indicator_id, kind=kind)


def _now(view: Screen, rows: Table) -> dict[str, Any]:
    """The row of the chosen month, with nothing in it where there is none."""
    row = rows.last
    return row if row is not None and row["month"] == view.period else dict.fromkeys(rows.columns)


def _against_month(view: Screen, now: Any, before: Any, kind: formats.Kind) -> str:
    change = formats.change(now, before, kind, view.lang)
    return view.t("change.month", change=change.text) if change else view.t("change.no_month")


def _band_text(view: Screen, low: float | None, high: float | None) -> str:
    if low is None and high is None:
        return view.t("band.none")
    if high is None:
        return view.t("band.from", low=formats.months(low, view.lang))
    if low is None:
        return view.t("band.to", high=formats.months(high, view.lang))
    return view.t(
        "band.between", low=formats.shown(low, "months", view.lang), high=formats.months(high, view.lang)
    )


def tiles(view: Screen, now: dict[str, Any]) -> None:
    """The five tiles of the chosen fund."""
    balance, reserve, current, budget, gap = st.columns(5)
    month, span = view.period.month, formats.share_of_year(view.period, view.lang)
    season = view.t("note.premium_season") if view.is_resident else ""
    with balance:
        blocks.tile(
            view,
            "balance",
            view.t("tile.balance"),
            formats.money(now["closing_balance"], view.lang),
            formats.change(now["closing_balance"], now["closing_prior_year"], "money", view.lang),
            _against_month(view, now["closing_balance"], now["closing_last_month"], "money"),
            _history(view, "closing_balance"),
            lights.balance(now["closing_balance"], now["closing_prior_year"]),
            indicators=("F06",),
            queries=("balance",),
        )
    band = _now(view, _indicator(view, "F07", "month"))
    low, high = band["threshold_low"], band["threshold_high"]
    with reserve:
        blocks.tile(
            view,
            "reserve",
            view.t("tile.reserve"),
            formats.months(now["payable_months"], view.lang),
            formats.change(now["payable_months"], now["payable_prior_year"], "months", view.lang),
            _band_text(view, low, high),
            _history(view, "payable_months"),
            lights.reserve(now["payable_months"], now["payable_prior_year"], low, high),
            indicators=("F07",),
            queries=("balance", "indicator"),
            note=_against_month(view, now["payable_months"], now["payable_last_month"], "months"),
        )
    unit = formats.unit_for([now["current_balance_ytd"]])
    with current:
        blocks.tile(
            view,
            "current",
            view.t("tile.current"),
            formats.money(now["current_balance_ytd"], view.lang),
            formats.change(
                now["current_balance_ytd"], now["current_balance_ytd_prior_year"], "money", view.lang
            ),
            view.t(
                "tile.current_month", span=span, value=formats.money(now["current_balance"], view.lang, unit)
            ),
            _history(view, "current_balance_ytd"),
            lights.year_to_date(
                now["current_balance_ytd"],
                now["current_balance_ytd_prior_year"],
                resident=view.is_resident,
                month=month,
            ),
            indicators=("F03",),
            queries=("balance",),
            note=season,
        )
    with budget:
        _budget_tile(view)
    growth = _indicator(view, "F10", "ytd")
    latest_growth = _now(view, growth)
    with gap:
        blocks.tile(
            view,
            "gap",
            view.t("tile.gap"),
            formats.points(latest_growth["value"], view.lang),
            formats.change(latest_growth["value"], latest_growth["value_prior_year"], "points", view.lang),
            view.t(
                "tile.growths",
                span=span,
                income=formats.money(now["income_ytd"], view.lang),
                expenditure=formats.money(now["expenditure_ytd"], view.lang),
            ),
            growth.column("value")[-_SPARK_MONTHS:],
            lights.growth_gap(
                latest_growth["value"],
                latest_growth["threshold_high"],
                resident=view.is_resident,
                month=month,
            ),
            indicators=("F10", "F08", "F09"),
            queries=("indicator",),
            note=season,
        )


def _budget_tile(view: Screen) -> None:
    lines = view.rows("budget").where(direction="expenditure", is_total=True)
    now = lines.last
    if now is None or now["month"] != view.period:
        blocks.tile(
            view,
            "budget",
            view.t("tile.budget"),
            formats.MISSING,
            None,
            view.t("tile.no_budget"),
            [],
            lights.UNKNOWN,
            indicators=("F20",),
            queries=("budget",),
        )
        return
    expected = now["expected_share"]
    words = "tile.seasonal" if now["seasonal_share"] is not None else "tile.elapsed"
    blocks.tile(
        view,
        "budget",
        view.t("tile.budget"),
        formats.ratio(now["execution_rate"]),
        formats.change(now["execution_rate"], expected, "ratio", view.lang),
        view.t(words, share=formats.ratio(expected)),
        lines.column("execution_rate"),
        lights.budget(now["deviation"]),
        indicators=("F20",),
        queries=("budget",),
        against=view.t("change.expected"),
    )


def forecast_note(view: Screen, forecast: Table) -> str:
    """What the fan is, or what is missing for one."""
    first = forecast.first
    if first is None:
        series = view.rows("forecast_state").first
        if series is not None and series["state"] == "forecast":
            return view.t("forecast.elsewhere", origin=formats.month(series["origin_month"], view.lang))
        return view.t("forecast.none")
    return view.t(
        "forecast.some",
        model=model_name(view, first["model"]),
        origin=formats.month(first["origin_month"], view.lang),
    )


def signals(view: Screen) -> None:
    """At most five signals, the largest amount of money first, each with a link to the page that answers it."""
    rows = view.rows("signals")
    with st.container(border=True, key="figure_signals"):
        with blocks.heading("signals", view.t("title.signals")):
            if len(rows):
                blocks.table(view, "signals", "signals", view.t("title.signals"), rows, place="button")
            blocks.explain(view, "signals", (), ("signals",), view.t("note.signals"))
        if not len(rows):
            st.markdown(view.t("signals.none"))
            return
        for number, row in enumerate(rows, start=1):
            page_key = _SIGNAL_PAGE[row["kind"]]
            org = view.t("basis.consolidated") if row["is_pool_area"] else view.name(row, "org")
            chosen = {"fund": row["fund_code"]}
            if not row["is_pool_area"]:
                chosen |= {"org": row["org_code"], "basis": "own"}
            with st.container(
                horizontal=True, vertical_alignment="center", gap="small", key=f"signal_{number}"
            ):
                st.markdown(
                    view.t(
                        "signals.line",
                        number=number,
                        kind=view.t(f"signal.{row['kind']}"),
                        amount=formats.money(row["amount"], view.lang, sign=True),
                        org=org,
                        fund=view.name(row, "fund"),
                        month=formats.month(row["month"], view.lang),
                    ),
                    width="stretch",
                )
                blocks.link(view, page_key, view.t("signals.link", page=view.t(f"page.{page_key}")), **chosen)
        counted = view.one("signal_counts")["signals"]
        if counted is not None and counted > len(rows):
            st.caption(view.t("signals.more", count=formats.count(counted), shown=formats.count(len(rows))))


def reasons(view: Screen) -> tuple[str, Table, str]:
    """Why spending moved to date: by factor where claims can tell, else by item. Returns layout, rows, sentence."""
    factors = view.rows("drivers", span="ytd").where(fund_code=view.fund)
    if any(row["amount"] for row in factors if row["factor"] != _BEYOND_CLAIMS):
        return "drivers", factors, story.drivers(view, factors, "ytd")
    rows = view.rows("spending_change")
    return "spending_change", rows, story.spending(view, rows)


def why(view: Screen) -> None:
    """One sentence why spending moved; the figures behind a button."""
    layout, rows, words = reasons(view)
    note = view.t("note.spending_drivers") if layout == "drivers" else ""
    title = view.t("title.spending_change")
    with st.container(border=True, key="why"):
        with blocks.heading("spending_change", title):
            if len(rows):
                blocks.table(view, "spending_change", layout, title, rows, place="button")
            blocks.explain(view, "spending_change", ("F02", "F09"), (layout,), note)
        st.markdown(words)
        caution = story.breaks(view)
        if caution:
            st.caption(caution)
        if not len(rows):
            blocks.empty(view, ("spending_change",))
