"""The parts of the page on payment: institutions and their year-end settlement, groups, departments, kinds of cases, cash."""

from __future__ import annotations

from itertools import islice
from typing import Any

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_SHOWN = 15


def _top(rows: Table, shown: int = _SHOWN) -> Table:
    """The first rows, as many as a chart can hold; the table keeps all."""
    return Table(rows.columns, tuple(islice(rows.rows, shown)))


def _group_name(view: Screen, row: dict[str, Any]) -> str:
    """A group by code and name."""
    return _of_scheme(view, f"{row['group_code']} {row['group_name'] or ''}", row)


def _of_scheme(view: Screen, name: str, row: dict[str, Any]) -> str:
    """The name with the row's scheme where both schemes are shown, so that each keeps a bar."""
    return name if people.scheme(view) != "all" else f"{name} · {blocks.coded(view, 'scheme', row['scheme'])}"


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
            lambda row: _of_scheme(view, row["institution"], row),
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


def quadrant(view: Screen) -> None:
    """Case mix against cost for each institution, of the system of most cases: weights and scores don't mix."""
    every = view.rows("payment_institutions", scheme=people.scheme(view))
    cases: dict[str, int] = {}
    for row in every:
        cases[row["group_system"]] = cases.get(row["group_system"], 0) + row["cases"]
    system = max(sorted(cases), key=cases.__getitem__, default="")
    rows = every.where(group_system=system)
    compared = [row for row in rows if row["cmi"] is not None and row["cost_index"] is not None]
    heaviest = max(compared, key=lambda row: row["cmi"], default=None)
    blocks.figure(
        view,
        "payment_quadrant",
        view.t("word.dot").join(filter(None, (view.t("title.payment_quadrant"), system))),
        figures.quadrant(view, rows, "cmi", "cost_index", "institution") if compared else None,
        view.t("payment.no_quadrant")
        if heaviest is None
        else view.t(
            "payment.quadrant",
            year=view.period.year,
            count=formats.count(len(figures.heavy_and_dear(rows, "cmi", "cost_index"))),
            institution=heaviest["institution"],
        ),
        rows,
        layout="payment_quadrant",
        queries=("payment_institutions",),
        indicators=("I15", "I16"),
        note=view.t("note.payment_quadrant"),
    )


def values(view: Screen) -> None:
    """Rate or point value of each budget of the year, and what it leaves."""
    rows = view.rows("payment_values", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_values",
        view.t("title.payment_values"),
        None,
        ""
        if first is None
        else view.t(
            "payment.values",
            year=view.period.year,
            scheme=blocks.coded(view, "scheme", first["scheme"]),
            system=first["group_system"],
            method=blocks.coded(view, "valuemethod", first["value_method"]),
            value=first["point_value"] or formats.MISSING,
            amount=formats.money(first["distributable_amount"], view.lang),
            rest=formats.money(first["unspent_amount"], view.lang),
        ),
        rows,
        layout="payment_values",
        queries=("payment_values",),
        note=view.t("note.payment_values"),
        missing=view.t("payment.no_values") if len(view.rows("payment_institutions", scheme="all")) else "",
    )


def groups(view: Screen) -> None:
    """Groups that gain or lose most in the year."""
    rows = view.rows("payment_groups", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_groups",
        view.t("title.payment_groups"),
        figures.driver_bars(view, _top(rows, 10), lambda row: _group_name(view, row), letters=11),
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


def departments(view: Screen, institution: str = "all", title: str = "title.payment_departments") -> None:
    """Departments that gain or lose most in the year, of all institutions or of one."""
    rows = view.rows("payment_departments", scheme=people.scheme(view), institution=institution)
    first = rows.first
    blocks.figure(
        view,
        "payment_departments",
        view.t(title),
        figures.driver_bars(
            view,
            _top(rows),
            lambda row: (
                row["department_name"]
                if institution != "all"
                else f"{row['institution']} {row['department_name']}"
            ),
        ),
        ""
        if first is None
        else view.t(
            "payment.departments",
            year=view.period.year,
            institution=first["institution"],
            department=first["department_name"],
            cases=formats.count(first["cases"]),
            amount=formats.money(first["amount"], view.lang),
        ),
        rows,
        layout="payment_departments",
        queries=("payment_departments",),
        indicators=("I22",),
        note=view.t("note.payment"),
    )


def cash(view: Screen) -> None:
    """What each institution is finally paid for the year, and what it is made of."""
    rows = view.rows("payment_cash", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_cash",
        view.t("title.payment_cash"),
        None,
        ""
        if first is None
        else view.t(
            "payment.cash",
            year=view.period.year,
            institution=first["institution"],
            final=formats.money(first["final_amount"], view.lang),
            monthly=formats.money(first["monthly_amount"], view.lang),
            year_end=formats.money(first["year_end_amount"], view.lang),
        ),
        rows,
        layout="payment_cash",
        queries=("payment_cash",),
        note=view.t("note.payment_cash"),
    )


def advances(view: Screen) -> None:
    """What may be advanced to hospitals, and how it would be set off."""
    rows = view.rows("payment_advances", scheme=people.scheme(view))
    first = rows.first
    blocks.figure(
        view,
        "payment_advances",
        view.t("title.payment_advances"),
        None,
        ""
        if first is None
        else view.t(
            "payment.advances",
            year=view.period.year,
            eligible=formats.count(sum(1 for row in rows if row["is_eligible"])),
            institution=first["institution"],
            amount=formats.money(first["advance_amount"], view.lang),
        ),
        rows,
        layout="payment_advances",
        queries=("payment_advances",),
        indicators=("F07",),
        note=view.t("note.payment_advances"),
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
        figures.named_bars(
            view, names, [(view.t("col.cases"), rows.column("cases"))], "count", of=view.t("unit.cases")
        ),
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
