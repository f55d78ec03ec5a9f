"""How a public table came to be: raw exports, staging, intermediate models, other public tables, and the pages it is on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import streamlit as st

from dashboards.lib import blocks, data, figures, formats, state
from dashboards.lib.data import Table
from dashboards.lib.navigation import PAGES
from dashboards.lib.state import Screen

_FIRST = "fund_balance_monthly"
_LANES = ("raw", "staging", "intermediate", "mart", "chosen", "page")
_LANDING = "landing."


def show(view: Screen) -> None:
    """The way of one public table, as the manifest of its release tells it; the reader picks the table."""
    parents = data.lineage(view.release)
    title = view.t("title.lineage")
    tables = sorted(data.made_from(view.release))
    if not parents or not tables:
        with st.container(border=True, key="figure_lineage"):
            st.markdown(f"##### {title}")
            st.markdown(view.t("trust.no_lineage"))
        return
    first = _FIRST if _FIRST in tables else tables[0]
    chosen = state.choice("mart", tables, first)
    lanes = _lanes(view, parents, chosen)
    edges = [
        (_shown(parent), _shown(name))
        for lane in ("staging", "intermediate", "mart", "chosen")
        for name in lanes[lane]
        for parent in parents.get(name, ())
    ] + [(chosen, page) for page in lanes["page"]]
    landed = {row["table_name"] for row in view.rows("landed") if row["rows_landed"]}
    exports = [_shown(name) for name in lanes["raw"]]
    blocks.figure(
        view,
        "lineage",
        title,
        figures.lineage(
            view,
            [
                (view.t(f"lane.{lane}"), [_shown(name) for name in lanes[lane]])
                for lane in _LANES
                if lanes[lane]
            ],
            edges,
        ),
        view.t(
            "story.lineage",
            table=f"`{chosen}`",
            exports=formats.count(len(exports)),
            landed=formats.count(sum(name in landed for name in exports)),
            models=formats.count(sum(len(lanes[lane]) for lane in ("staging", "intermediate", "mart"))),
            pages=view.t("word.comma").join(lanes["page"]) or formats.MISSING,
        ),
        Table(
            ("lane", "name", "made_from"),
            tuple(
                (lane, _shown(name), ", ".join(map(_shown, parents.get(name, ()))) or None)
                for lane in _LANES
                for name in lanes[lane]
            ),
        ),
        layout="lineage",
        queries=("landed",),
        note=view.t("note.lineage"),
        controls=lambda: state.select("mart", view.t("filter.mart"), tables, first, view.lang, str),
    )


def _shown(name: str) -> str:
    return name.removeprefix(_LANDING)


def _lane(name: str) -> str:
    if name.startswith(_LANDING):
        return "raw"
    if name.startswith("stg_"):
        return "staging"
    return "intermediate" if name.startswith(("int_", "run.")) else "mart"


def _lanes(view: Screen, parents: Mapping[str, tuple[str, ...]], chosen: str) -> dict[str, list[str]]:
    """All that `chosen` is made from, lane by lane, what comes first at the top; and the pages that read it."""

    @cache
    def depth(name: str) -> int:
        return 1 + max((depth(parent) for parent in parents.get(name, ())), default=-1)

    found = {chosen}
    waiting = [chosen]
    while waiting:
        new = set(parents.get(waiting.pop(), ())) - found
        found |= new
        waiting += new
    lanes: dict[str, list[str]] = {lane: [] for lane in _LANES}
    for name in sorted(found - {chosen}, key=lambda name: (depth(name), _shown(name))):
        lanes[_lane(name)].append(name)
    # An export stands beside the staging model that reads it.
    order = {parent: at for at, name in enumerate(lanes["staging"]) for parent in parents.get(name, ())}
    lanes["raw"].sort(key=lambda name: order.get(name, len(order)))
    lanes["chosen"] = [chosen]
    lanes["page"] = [view.t(f"page.{info.key}") for info in PAGES if chosen in info.marts]
    return lanes
