"""The parts of the page on benefits and use: visits and expense, levels and places, layers, costly stays."""

from __future__ import annotations

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.state import Screen

_BUCKETS = ("outpatient", "chronic_outpatient", "inpatient", "pharmacy", "maternity", "other")
_LAYERS = (
    "pooled_pay",
    "catastrophic_pay",
    "assistance_pay",
    "other_fund_pay",
    "account_pay",
    "cash_pay",
    "hospital_pay",
)


def facts(view: Screen) -> None:
    """The month in one line: expense, funds, accounts, cash."""
    rows = view.rows("benefit_layers", scheme=people.scheme(view)).where(month=view.period)
    now = rows.first or {}
    people.strip(
        view,
        [
            (
                view.t("col.visits"),
                view.t("people.visits", count=formats.count(now.get("visits"))),
                view.t("people.in_month", month=formats.month(view.period, view.lang)),
            ),
            (
                view.t("col.med_fee"),
                formats.money(now.get("med_fee"), view.lang),
                view.t("people.in_scope", amount=formats.money(now.get("in_scope"), view.lang)),
            ),
            (
                view.t("col.pooled_pay"),
                formats.money(now.get("pooled_pay"), view.lang),
                view.t(
                    "people.above_basic",
                    catastrophic=formats.money(now.get("catastrophic_pay"), view.lang),
                    assistance=formats.money(now.get("assistance_pay"), view.lang),
                ),
            ),
            (
                view.t("col.cash_pay"),
                formats.money(now.get("cash_pay"), view.lang),
                view.t("people.from_accounts", amount=formats.money(now.get("account_pay"), view.lang)),
            ),
        ],
        view.t("note.use", scheme=people.scheme_name(view)),
    )


def use(view: Screen, key: str, value: str, kind: formats.Kind) -> None:
    """Visits or expense by kind of care, month by month."""
    rows = view.rows("use_by_kind", scheme=people.scheme(view))
    names = {code: view.t(f"bucket.{code}") for code in _BUCKETS if len(rows.where(visit_bucket=code))}
    now = rows.where(month=view.period)
    largest = max(now, key=lambda row: row[value] or 0, default=None)
    blocks.figure(
        view,
        key,
        view.t(f"title.{key}"),
        figures.split_bars(view, rows, "visit_bucket", names, value, kind, of=view.t("unit.visits")),
        ""
        if largest is None
        else view.t(
            f"people.{key}",
            month=formats.month(view.period, view.lang),
            bucket=view.t(f"bucket.{largest['visit_bucket']}"),
            amount=formats.money(largest[value], view.lang)
            if kind == "money"
            else formats.count(largest[value]),
        ),
        rows,
        layout="use_by_kind",
        queries=("use_by_kind",),
        indicators=("U03",) if kind == "money" else (),
    )


def levels(view: Screen) -> None:
    """Stays by level of hospital and place."""
    rows = view.rows("use_by_level", scheme=people.scheme(view))
    stays = rows.where(visit_bucket="inpatient")
    levels_ = list(dict.fromkeys(stays.column("hospital_level")))
    places = list(dict.fromkeys(stays.column("remote_kind")))
    counts = {(row["hospital_level"], row["remote_kind"]): row["visits"] for row in stays}
    largest = max(stays, key=lambda row: row["visits"] or 0, default=None)
    blocks.figure(
        view,
        "levels",
        view.t("title.levels"),
        figures.named_bars(
            view,
            [blocks.coded(view, "hospital", level) for level in levels_],
            [
                (blocks.coded(view, "place", place), [counts.get((level, place)) for level in levels_])
                for place in places
            ],
            "count",
            stacked=True,
            of=view.t("unit.visits"),
        ),
        ""
        if largest is None
        else view.t(
            "people.levels",
            span=people.span_words(view),
            level=blocks.coded(view, "hospital", largest["hospital_level"]),
            place=blocks.coded(view, "place", largest["remote_kind"]),
            count=formats.count(largest["visits"]),
        ),
        rows,
        layout="use_by_level",
        queries=("use_by_level",),
        indicators=("R03",),
    )


def layers(view: Screen) -> None:
    """Who bears the expense, month by month: basic funds, critical illness, assistance, accounts, cash."""
    rows = view.rows("benefit_layers", scheme=people.scheme(view))
    now = rows.where(month=view.period).first
    shown = [layer for layer in _LAYERS if any(rows.column(layer))]
    blocks.figure(
        view,
        "layers",
        view.t("title.layers"),
        figures.month_bars(
            view,
            rows,
            [(layer, view.t(f"col.{layer}")) for layer in shown],
            "money",
        ),
        ""
        if now is None
        else view.t(
            "people.layers",
            month=formats.month(view.period, view.lang),
            med_fee=formats.money(now["med_fee"], view.lang),
            pooled=formats.money(now["pooled_pay"], view.lang),
            catastrophic=formats.money(now["catastrophic_pay"], view.lang),
            assistance=formats.money(now["assistance_pay"], view.lang),
            cash=formats.money(now["cash_pay"], view.lang),
        ),
        rows,
        layout="benefit_layers",
        queries=("benefit_layers",),
        indicators=("U07", "U09"),
        note=view.t("note.layers"),
    )


def costly(view: Screen) -> None:
    """Stays and their expense by what a stay cost."""
    rows = view.rows("stay_costs", scheme=people.scheme(view))
    top = rows.last
    blocks.figure(
        view,
        "costly",
        view.t("title.costly"),
        figures.named_bars(
            view,
            [blocks.coded(view, "cost", band) for band in rows.column("cost_band")],
            [
                (view.t("col.fund_pay"), rows.column("fund_pay")),
                (view.t("col.person_pay"), rows.column("person_pay")),
            ],
            "money",
            stacked=True,
        ),
        ""
        if top is None
        else view.t(
            "people.costly",
            span=people.span_words(view),
            band=blocks.coded(view, "cost", top["cost_band"]),
            stays=formats.count(top["stays"]),
            med_fee=formats.money(top["med_fee"], view.lang),
        ),
        rows,
        layout="stay_costs",
        queries=("stay_costs",),
    )
