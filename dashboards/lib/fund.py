"""The parts of the fund page that choose for themselves: facts, budget line, national series."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.lib import blocks, figures, formats, state, story
from dashboards.lib.data import Table
from dashboards.lib.state import Screen


def facts(view: Screen, now: dict[str, Any]) -> None:
    """Income, expenditure, balance of the chosen book, with growth of the month and to date."""
    rows = [
        ("col.income_ytd", now["income_ytd"], now["income_ytd_prior_year"]),
        ("col.expenditure_ytd", now["expenditure_ytd"], now["expenditure_ytd_prior_year"]),
        ("col.current_ytd", now["current_balance_ytd"], now["current_balance_ytd_prior_year"]),
        ("col.closing", now["closing_balance"], now["closing_prior_year"]),
    ]
    with st.container(border=True, key="facts"):
        for column, (label, value, before) in zip(st.columns(4), rows, strict=True):
            change = formats.change(value, before, "money", view.lang)
            words = (
                view.t("change.words", basis=view.t("change.on_year"), change=change.text)
                if change
                else view.t("change.no_year")
            )
            with column:
                st.html(blocks.fact(view.t(label), formats.money(value, view.lang), words))
        notes = [view.t("note.own" if view.basis == "own" else "note.consolidated")]
        if view.is_resident:
            notes.append(view.t("note.premium_season"))
        notes.append(story.breaks(view))
        st.caption(" ".join(notes))


def steps_table(steps: Sequence[tuple[str, Decimal, str]]) -> Table:
    """The bars of the waterfall as a table."""
    return Table(("label", "amount"), tuple((label, amount) for label, amount, _ in steps))


def drivers(view: Screen) -> None:
    """Why spending moved: the chosen fund's factors as bars, and one sentence for every fund."""
    rows = view.rows("drivers")
    mine = rows.where(fund_code=view.fund)
    span = "rolling_12" if view.span == "rolling_12" else "ytd"
    funds = dict.fromkeys(rows.column("fund_code")) if len(rows) else ()
    sentences = [story.drivers(view, rows.where(fund_code=code), span) for code in funds]
    blocks.figure(
        view,
        "drivers",
        view.t("title.spending_drivers", fund=view.name(view.fund_row)),
        figures.driver_bars(view, mine, lambda row: story.driver_name(view, row)) if len(mine) else None,
        "\n".join(f"- {sentence}" for sentence in sentences),
        rows,
        layout="drivers",
        queries=("drivers",),
        indicators=("F02", "F09"),
        note=view.t("note.spending_drivers"),
    )


def budget(view: Screen) -> None:
    """The burn-up of one budget line; the reader picks it."""
    rows = view.rows("budget")
    directions, first = ("expenditure", "income"), "expenditure"
    direction = state.choice("direction", directions, first)
    mine = rows.where(direction=direction, is_total=True)
    now = mine.last
    blocks.figure(
        view,
        "budget",
        view.t("title.budget"),
        None if now is None else figures.budget_lines(view, mine),
        "" if now is None else story.budget(view, now),
        rows.where(direction=direction),
        layout="budget",
        queries=("budget",),
        indicators=("F20",),
        note=view.t("note.budget"),
        controls=lambda: state.select(
            "direction",
            view.t("filter.direction"),
            directions,
            first,
            view.lang,
            lambda code: view.t(f"direction.{code}"),
            buttons=True,
        ),
    )


def national(view: Screen) -> None:
    """Real national figures for context: one scheme and one vintage at a time, never mixed."""
    choices = view.rows("published_choices")
    first = choices.first
    if first is None:
        blocks.figure(
            view,
            "national",
            view.t("title.national"),
            None,
            "",
            choices,
            layout="published",
            queries=("published_choices",),
        )
        return
    schemes = list(dict.fromkeys(choices.column("scheme")))
    own = {"employee": "employee", "resident": "resident"}.get(
        (view.fund_row or {}).get("scheme", ""), "total"
    )
    scheme = state.choice("series", schemes, own if own in schemes else schemes[0])
    vintages = choices.where(scheme=scheme).column("vintage")
    vintage = state.choice("vintage", vintages, vintages[0])
    rows = view.rows("published", scheme=scheme, vintage=vintage)
    scheme_names = {row["scheme"]: view.name(row, "scheme") for row in choices}
    vintage_names = {row["vintage"]: view.name(row, "vintage") for row in choices}

    def choose() -> None:
        left, right = st.columns(2)
        with left:
            state.select(
                "series",
                view.t("filter.series"),
                schemes,
                own if own in schemes else schemes[0],
                view.lang,
                scheme_names.__getitem__,
            )
        with right:
            state.select(
                "vintage",
                view.t("filter.vintage"),
                vintages,
                vintages[0],
                view.lang,
                vintage_names.__getitem__,
            )

    blocks.figure(
        view,
        "national",
        view.t("title.national"),
        figures.published_lines(view, rows, scheme),
        story.published(view, rows, scheme_names[scheme], vintage_names[vintage]),
        rows,
        layout="published",
        queries=("published",),
        note=view.t("note.vintage"),
        controls=choose,
    )
