"""The parts of the page on medicines: classes by month, concentration, the largest items, prices, changes of level, indicators."""

from __future__ import annotations

from itertools import islice

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.state import Screen

# Bars and lines that can be told apart.
_SHOWN = 10
_LINES = 4


def classes(view: Screen) -> None:
    """Centrally procured, negotiated and monitored drugs by month; the three may overlap."""
    rows = view.rows("drug_classes")
    now = rows.where(month=view.period).first
    blocks.figure(
        view,
        "drug_classes",
        view.t("title.drug_classes"),
        figures.month_bars(
            view,
            rows,
            [(name, view.t(f"col.{name}")) for name in ("procured", "negotiated", "monitored")],
            "money",
            stacked=False,
        ),
        ""
        if now is None
        else view.t(
            "medicines.classes",
            month=formats.month(view.period, view.lang),
            amount=formats.money(now["amount"], view.lang),
            procured=formats.money(now["procured"], view.lang),
            negotiated=formats.money(now["negotiated"], view.lang),
            monitored=formats.money(now["monitored"], view.lang),
        ),
        rows,
        layout="drug_classes",
        queries=("drug_classes",),
        indicators=("G02", "G03", "G05"),
        note=view.t("note.drugs"),
    )


def items(view: Screen) -> None:
    """The twenty drugs of the largest expense in the chosen span."""
    rows = view.rows("drug_items")
    first = rows.first
    blocks.figure(
        view,
        "drug_items",
        view.t("title.drug_items"),
        figures.named_bars(
            view,
            # Items of one name have codes of their own; a bar each.
            [f"{row['item_name'] or ''} {row['item_code']}" for row in rows],
            [(view.t("col.drug_amount"), rows.column("amount"))],
            "money",
        ),
        ""
        if first is None
        else view.t(
            "medicines.items",
            span=people.span_words(view),
            item=first["item_name"] or first["item_code"],
            amount=formats.money(first["amount"], view.lang),
            institutions=formats.count(first["institutions"]),
        ),
        rows,
        layout="drug_items",
        queries=("drug_items",),
        indicators=("G04",),
        note=view.t("note.drugs"),
    )


def concentration(view: Screen) -> None:
    """Shares of the largest drugs and the Gini coefficient by month."""
    rows = view.rows("drug_concentration")
    now = rows.where(month=view.period).first
    blocks.figure(
        view,
        "drug_concentration",
        view.t("title.drug_concentration"),
        figures.month_lines(
            view,
            [(view.t(f"col.{name}"), rows, name) for name in ("top_10_share", "top_5_share", "top_1_share")],
            "ratio",
        ),
        ""
        if now is None
        else view.t(
            "medicines.concentration",
            month=formats.month(view.period, view.lang),
            top_10=formats.ratio(now["top_10_share"]),
            top_5=formats.ratio(now["top_5_share"]),
            gini=formats.shown(now["gini"], "index", view.lang),
            drug=now["top_drug"],
        ),
        rows,
        layout="drug_concentration",
        queries=("drug_concentration",),
        indicators=("G04", "G04.top5", "G04.hhi"),
        note=view.t("note.drugs"),
    )


def prices(view: Screen) -> None:
    """Items for which most is spent beyond the median price of the year."""
    rows = view.rows("drug_prices")
    first = rows.first
    blocks.figure(
        view,
        "drug_prices",
        view.t("title.drug_prices"),
        figures.named_bars(
            view,
            [f"{row['item_name'] or ''} {row['item_code']}" for row in islice(rows, _SHOWN)],
            [(view.t("col.above_median"), rows.column("above_median_amount")[:_SHOWN])],
            "money",
        ),
        ""
        if first is None
        else view.t(
            "medicines.prices",
            year=view.period.year,
            item=first["item_name"] or first["item_code"],
            amount=formats.money(first["above_median_amount"], view.lang),
            institutions=formats.count(first["institutions"]),
            spread=formats.shown(first["p90_to_p10"], "number", view.lang),
        ),
        rows,
        layout="drug_prices",
        queries=("drug_prices",),
        note=view.t("note.drug_prices"),
    )


def changes(view: Screen) -> None:
    """Monitored drugs by how clearly their level changed; the clearest as lines by month."""
    rows = view.rows("drug_changes")
    first = rows.first
    lines = [
        (row["item_name"], view.rows("drug_series", item=row["item_name"]), "amount")
        for row in islice(rows, _LINES)
    ]
    blocks.figure(
        view,
        "drug_changes",
        view.t("title.drug_changes"),
        figures.month_lines(view, lines, "money"),
        ""
        if first is None
        else view.t(
            "medicines.changes",
            count=formats.count(len(rows)),
            changed=formats.count(sum(1 for row in rows if row["is_significant"])),
            item=first["item_name"],
            month=formats.month(first["change_month"], view.lang),
            before=formats.money(first["monthly_amount_before"], view.lang),
            after=formats.money(first["monthly_amount_after"], view.lang),
        ),
        rows,
        layout="drug_changes",
        queries=("drug_changes", "drug_series"),
        indicators=("G02",),
        note=view.t("note.drug_changes"),
    )


def indicators(view: Screen) -> None:
    """Every indicator of drugs for the chosen place; drugs are not split by scheme."""
    rows = view.rows("org_indicators", level="drug", scheme="all")
    ids = tuple(dict.fromkeys(rows.column("indicator_id")))
    blocks.figure(
        view,
        "indicators_drug",
        view.t("title.indicators"),
        None,
        view.t("people.indicators", count=formats.count(len(ids))),
        rows,
        layout="org_indicators",
        queries=("org_indicators",),
        indicators=ids,
        note=view.t("note.indicators"),
    )
