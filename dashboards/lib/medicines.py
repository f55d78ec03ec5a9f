"""The parts of the page on medicines: classes of drugs by month, the largest items, indicators."""

from __future__ import annotations

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.state import Screen


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
