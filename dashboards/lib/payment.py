"""The parts of the page on payment by case: institutions and their year-end settlement, groups, kinds of cases."""

from __future__ import annotations

from itertools import islice

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_SHOWN = 15


def _top(rows: Table) -> Table:
    """The first rows, as many as a chart can hold; the table keeps all."""
    return Table(rows.columns, tuple(islice(rows.rows, _SHOWN)))


def institutions(view: Screen) -> None:
    """Gain or loss of each institution in the year of the chosen month, with its year-end settlement."""
    rows = view.rows("payment_institutions", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_institutions",
        view.t("title.payment_institutions"),
        figures.driver_bars(
            view,
            _top(rows),
            lambda row: f"{row['institution']} · {blocks.coded(view, 'scheme', row['scheme'])}",
        ),
        ""
        if first is None
        else view.t(
            "payment.institutions",
            year=view.period.year,
            count=formats.count(len(rows)),
            institution=first["institution"],
            amount=formats.money(first["amount"], view.lang),
        ),
        rows,
        layout="payment_institutions",
        queries=("payment_institutions",),
        indicators=("I15", "I16", "I17", "I22"),
        note=view.t("note.payment"),
    )


def groups(view: Screen) -> None:
    """Groups that gain or lose most in the year."""
    rows = view.rows("payment_groups", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_groups",
        view.t("title.payment_groups"),
        figures.driver_bars(view, _top(rows), lambda row: f"{row['group_code']} {row['group_name'] or ''}"),
        ""
        if first is None
        else view.t(
            "payment.groups",
            year=view.period.year,
            group=first["group_name"] or first["group_code"],
            cases=formats.count(first["cases"]),
            amount=formats.money(first["amount"], view.lang),
        ),
        rows,
        layout="payment_groups",
        queries=("payment_groups",),
        indicators=("I22",),
        note=view.t("note.payment"),
    )


def case_types(view: Screen) -> None:
    """Normal cases, outliers and cases that were not grouped, by system."""
    rows = view.rows("payment_case_types", scheme=people.scheme(view))
    most = max(rows, key=lambda row: row["cases"], default=None)
    names = [f"{row['group_system']} · {blocks.coded(view, 'casetype', row['case_type'])}" for row in rows]
    blocks.figure(
        view,
        "payment_case_types",
        view.t("title.payment_case_types"),
        figures.named_bars(view, names, [(view.t("col.cases"), rows.column("cases"))], "count"),
        ""
        if most is None
        else view.t(
            "payment.case_types",
            year=view.period.year,
            kind=blocks.coded(view, "casetype", most["case_type"]),
            cases=formats.count(most["cases"]),
            cost=formats.money(most["actual_cost"], view.lang),
        ),
        rows,
        layout="payment_case_types",
        queries=("payment_case_types",),
        indicators=("I18", "I21"),
        note=view.t("note.payment"),
    )
