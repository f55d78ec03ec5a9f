"""Sentences under figures: they put exact figures of the release into words, and choose which to name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from dashboards.lib import formats
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_NAMED = 3


def _span(view: Screen) -> str:
    return view.t(f"span.{view.span}.of", period=_period(view, view.span))


def _period(view: Screen, span: str) -> str:
    if span == "ytd":
        return formats.share_of_year(view.period, view.lang)
    return formats.month(view.period, view.lang)


def spending(view: Screen, moved: Table) -> str:
    """Why spending moved: the total change, the largest items of it, and the largest 其中 within the largest."""
    first = moved.first
    if first is None:
        return view.t("story.no_base")
    items = [row for row in moved if not row["is_memo"] and row["change"]]
    memo = [row for row in moved if row["is_memo"] and row["change"]]
    span = formats.share_of_year(view.period, view.lang)
    total = formats.change(first["total"], first["total_prior_year"], "money", view.lang)
    if total is None or not items:
        return view.t("story.unmoved", span=span)
    unit = formats.unit_for([first["total"]])
    parts = [_part(view, row, unit) for row in items[:2]]
    within = [row for row in memo if row["parent_item_key"] == items[0]["item_key"]][:2]
    if within:
        parts[0] += view.t(
            "story.of_which", parts=view.t("word.comma").join(_part(view, row, unit) for row in within)
        )
    return view.t(
        "story.spending",
        span=span,
        fund=view.name(view.fund_row),
        change=total.text,
        parts=view.t("word.semicolon").join(parts),
    )


def drivers(view: Screen, rows: Table, span: str) -> str:
    """Why one fund's spending moved, from its factors alone: the change, and the three that moved it most."""
    first = rows.first
    moved = sorted((row for row in rows if row["amount"]), key=lambda row: abs(row["amount"]), reverse=True)
    if first is None or not moved:
        return view.t("story.no_drivers")
    total = formats.change(first["total"], first["total_prior_year"], "money", view.lang)
    unit = formats.unit_for([first["total"]])
    return view.t(
        "story.drivers" if first["is_booked"] else "story.drivers_claims",
        span=view.t(f"span.{span}.of", period=_period(view, span)),
        fund=view.name(first, "fund"),
        change=view.t("story.on_year", change=total.text) if total else formats.MISSING,
        parts=view.t("word.semicolon").join(
            view.t(
                "story.part",
                item=driver_name(view, row),
                change=formats.money(row["amount"], view.lang, unit, sign=True),
                points=formats.points(row["contribution"], view.lang),
            )
            for row in moved[:_NAMED]
        ),
    )


def driver_name(view: Screen, row: dict[str, Any]) -> str:
    """The words for a factor; where the insured are not counted, visits stand for people as well."""
    if row["factor"] == "visits" and not row["has_people"]:
        return view.t("driver.visits_all")
    return view.t(f"driver.{row['factor']}")


def breaks(view: Screen) -> str:
    """What changed in scope since the same month of the year before; empty where nothing did."""
    return " ".join(
        view.t(
            "story.break",
            day=formats.day(row["effective_date"], view.lang),
            event=view.name(row, "short"),
        )
        for row in view.rows("scope_breaks")
    )


def _part(view: Screen, row: dict[str, Any], unit: formats.Unit) -> str:
    return view.t(
        "story.part",
        item=view.name(row),
        change=formats.money(row["change"], view.lang, unit, sign=True),
        points=formats.points(row["contribution"], view.lang),
    )


def balance(view: Screen, now: dict[str, Any]) -> str:
    """Where the cumulative balance stands, and against a year before."""
    change = formats.change(now["closing_balance"], now["closing_prior_year"], "money", view.lang)
    return view.t(
        "story.balance",
        month=formats.month(now["month"], view.lang),
        value=formats.money(now["closing_balance"], view.lang),
        change=change.text if change else view.t("change.none"),
    )


def waterfall(view: Screen, roll: dict[str, Any]) -> str:
    """From opening to closing in one sentence."""
    return view.t(
        "story.waterfall",
        span=_span(view),
        opening=formats.money(roll["opening_balance"], view.lang),
        income=formats.money(roll["income"], view.lang),
        expenditure=formats.money(roll["expenditure"], view.lang),
        closing=formats.money(roll["closing_balance"], view.lang),
    )


def items(view: Screen, rows: Table, direction: str) -> str:
    """The largest item of one direction."""
    counted = [row for row in rows.where(direction=direction) if not row["is_memo"]]
    if not counted:
        return view.t("story.no_items")
    largest = max(counted, key=lambda row: row["amount"])
    if len(view.rows("scope_breaks")):
        return view.t(
            "story.items_break",
            span=_span(view),
            item=view.name(largest),
            amount=formats.money(largest["amount"], view.lang),
        )
    change = formats.change(largest["amount"], largest["amount_prior_year"], "money", view.lang)
    return view.t(
        "story.items",
        span=_span(view),
        item=view.name(largest),
        amount=formats.money(largest["amount"], view.lang),
        change=change.text if change else view.t("change.none"),
    )


def flows(view: Screen, now: dict[str, Any]) -> str:
    """Income and expenditure of the month with their growth."""
    text = view.t(
        "story.flows",
        month=formats.month(now["month"], view.lang),
        income=formats.money(now["income"], view.lang),
        income_yoy=formats.ratio(now["income_yoy"], sign=True),
        expenditure=formats.money(now["expenditure"], view.lang),
        expenditure_yoy=formats.ratio(now["expenditure_yoy"], sign=True),
    )
    season = view.t("note.premium_season") if view.is_resident else ""
    return " ".join(filter(None, (text, season, breaks(view))))


def heat(view: Screen, rows: Table) -> str:
    """The lowest cell of the reserve table."""
    known = [row for row in rows if row["payable_months"] is not None]
    if not known:
        return view.t("story.no_heat")
    lowest = min(known, key=lambda row: row["payable_months"])
    return view.t(
        "story.heat",
        org=view.name(lowest, "org"),
        fund=view.name(lowest, "fund"),
        months=formats.months(lowest["payable_months"], view.lang),
    )


def budget(view: Screen, now: dict[str, Any]) -> str:
    """How far one budget line is, against the share past years had reached, or else the elapsed share."""
    seasonal = now["seasonal_share"]
    return view.t(
        "story.budget" if seasonal is not None else "story.budget_elapsed",
        item=view.name(now),
        month=formats.month(now["month"], view.lang),
        actual=formats.money(now["actual_ytd"], view.lang),
        budget=formats.money(now["budget"], view.lang),
        rate=formats.ratio(now["execution_rate"]),
        share=formats.ratio(now["expected_share"]),
    )


def published(view: Screen, rows: Table, scheme: str, vintage: str) -> str:
    """The newest year of the national series; `scheme` and `vintage` are names in the reader's language."""
    years = rows.column("year")
    newest = max(years)
    cell = {row["item"]: row["value"] for row in rows.where(year=newest)}
    return view.t(
        "story.published",
        year=newest,
        scheme=scheme,
        vintage=vintage,
        income=formats.money(cell.get("income"), view.lang),
        expenditure=formats.money(cell.get("expenditure"), view.lang),
    )


def steps(view: Screen, roll: dict[str, Any], rows: Table) -> list[tuple[str, Decimal, str]]:
    """The bars of the waterfall: opening, adjustment, items that count, imbalance of transfers, closing."""
    bars: list[tuple[str, Decimal, str]] = [(view.t("col.opening"), roll["opening_balance"], "absolute")]
    if roll["opening_adjustment"]:
        bars.append((view.t("col.adjustment"), roll["opening_adjustment"], "relative"))
    for row in rows:
        if not row["is_memo"] and row["amount"]:
            amount = row["amount"] if row["direction"] == "income" else -row["amount"]
            bars.append((view.name(row), amount, "relative"))
    if roll["transfer_imbalance"]:
        bars.append((view.t("signal.transfer_imbalance"), roll["transfer_imbalance"], "relative"))
    bars.append((view.t("col.closing"), roll["closing_balance"], "total"))
    return bars
