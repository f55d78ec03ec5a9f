"""What the pages about people share: the scheme behind the chosen fund, indicator tables, facts in a row."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards.lib import blocks, formats
from dashboards.lib.state import Screen


def scheme(view: Screen) -> str:
    """The scheme whose people are shown: that of the chosen fund; `all` where the fund belongs to neither."""
    chosen = (view.fund_row or {}).get("scheme", "")
    return chosen if chosen in ("employee", "resident") else "all"


def scheme_name(view: Screen) -> str:
    """The scheme in words."""
    return view.t(f"scheme.{scheme(view)}")


def span_words(view: Screen) -> str:
    """The chosen span in words."""
    period = (
        formats.share_of_year(view.period, view.lang)
        if view.span == "ytd"
        else formats.month(view.period, view.lang)
    )
    return view.t(f"span.{view.span}.of", period=period)


def strip(view: Screen, facts: Sequence[tuple[str, str, str]], note: str) -> None:
    """Facts side by side, each (label, value, what to hold it against), and one note under them."""
    with st.container(border=True, key="facts"):
        for column, (label, value, more) in zip(st.columns(len(facts)), facts, strict=True):
            with column:
                st.html(blocks.fact(label, value, more))
        st.caption(note)


def on_year(view: Screen, now: object, before: object, kind: formats.Kind) -> str:
    """The change on the year before, in words."""
    change = formats.change(now, before, kind, view.lang)
    if change is None:
        return view.t("change.no_year")
    return view.t("change.words", basis=view.t("change.on_year"), change=change.text)


def indicators(view: Screen, level: str) -> None:
    """Every indicator of a level for the chosen place, scheme and span, with numerator and denominator."""
    rows = view.rows("org_indicators", level=level, scheme=scheme(view))
    ids = tuple(dict.fromkeys(rows.column("indicator_id")))
    blocks.figure(
        view,
        f"indicators_{level}",
        view.t("title.indicators"),
        None,
        view.t("people.indicators", count=formats.count(len(ids))),
        rows,
        layout="org_indicators",
        queries=("org_indicators",),
        indicators=ids,
        note=view.t("note.indicators"),
    )
