"""Look: what the browser's light or dark setting cannot do, and the large-screen mode."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from dashboards.lib.i18n import Lang
from dashboards.lib.navigation import PAGES

# Colours of text on a page follow the theme; those of the lights keep 4.5:1 on either background.
_STYLE = """
<style>
.stMainBlockContainer {padding: 2.4rem 1.75rem 2rem; max-width: 110rem;}
[data-testid="stHeader"] {height: 2.4rem; min-height: 2.4rem; background: transparent;}
.stMainBlockContainer h1 {font-size: 1.5rem; padding: 0;}
.stMainBlockContainer h5 {padding: 0; font-size: 1.05rem;}
[class*="st-key-heading_"] {flex-wrap: nowrap;}
[class*="st-key-heading_"] > * {min-width: 0;}
[class*="st-key-heading_"] button {min-height: 1.6rem; padding: 0 .2rem; white-space: nowrap;}
[class*="st-key-heading_"] button p, [class*="st-key-signal_"] a p {font-size: .8rem;}
[class*="st-key-heading_"] h5 {margin: 0; line-height: 1.5rem;}
[class*="st-key-heading_"] [data-testid="stMarkdownContainer"] {margin-bottom: 0;}
[class*="st-key-signal_"] > * {min-width: 0;}
[class*="st-key-signal_"] {flex-wrap: nowrap;}
[class*="st-key-signal_"] p {line-height: 1.4;}
.stMainBlockContainer > [data-testid="stVerticalBlock"] {gap: .6rem;}
.st-key-status, .st-key-facts, .st-key-why, .st-key-figure_signals, [class*="st-key-figure_"],
[class*="st-key-tile_"] {padding: .55rem .85rem;}
.st-key-why, .st-key-figure_signals, .st-key-figure_balance {gap: .35rem;}
[class*="st-key-tile_"] {position: relative;}
[class*="st-key-tile_"] [data-testid="stMetricLabel"] {padding-right: 1.2rem;}
[class*="st-key-tile_"] > :nth-last-child(2) {margin-top: auto;}
[class*="st-key-about_tile_"] {position: absolute; top: .3rem; right: .3rem; width: auto;}
[class*="st-key-about_tile_"] [data-testid="stMarkdownContainer"],
[class*="st-key-about_tile_"] button > div > :last-child:not(:first-child) {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
[data-testid="stPopoverBody"]:has(.mf-table) {max-width: min(92vw, 70rem);}
[data-testid="stElementToolbar"] {display: none;}
[data-testid="stMetricValue"] {font-variant-numeric: tabular-nums;}
[data-testid="stMetricValue"], [data-testid="stMetricLabel"] {line-height: 1.4;}
[data-testid="stMetricValue"] *, [data-testid="stMetricLabel"] * {
    white-space: normal !important; overflow: visible !important; text-overflow: clip !important;
}
.mf-table {max-height: 26rem; overflow: auto;}
.mf-table table {border-collapse: collapse; width: 100%; font-size: .875rem;}
.mf-table th, .mf-table td {
    padding: .3rem .6rem; text-align: left; vertical-align: top;
    border-bottom: 1px solid rgba(128, 128, 128, .3); min-width: 4.5em; max-width: 26em;
}
.mf-table th {position: sticky; top: 0; background: var(--mf-ground); font-weight: 600; white-space: normal; word-break: keep-all;}
.mf-table .n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;}
.mf-table .c {white-space: nowrap;}
.mf-table th.n, .mf-table th.c {white-space: normal;}
.mf-fact {line-height: 1.35;}
.mf-label, .mf-more {font-size: .8rem; opacity: .8; overflow-wrap: anywhere;}
.mf-value {font-size: 1.15rem; font-weight: 600; overflow-wrap: anywhere; font-variant-numeric: tabular-nums;}
.mf-change {font-size: .875rem; line-height: 1.35; overflow-wrap: anywhere;}
.mf-light {font-size: .875rem; font-weight: 600;}
.mf-good {color: var(--mf-good);} .mf-watch {color: var(--mf-watch);} .mf-alarm {color: var(--mf-alarm);}
.mf-none {opacity: .8;}
@media (max-width: 640px) {
    [class*="st-key-heading_"] [data-testid="stPopover"] [data-testid="stMarkdownContainer"] {
        position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
    }
    /* Columns of names need room: these charts are pushed aside with a finger. */
    .st-key-chart_money_flow, .st-key-chart_lineage, .st-key-chart_matrix, .st-key-chart_reconciliation,
    .st-key-chart_scores {overflow-x: auto;}
    .st-key-chart_money_flow > div, .st-key-chart_matrix > div, .st-key-chart_reconciliation > div {min-width: 42rem;}
    .st-key-chart_scores > div {min-width: 36rem;}
    .st-key-chart_lineage > div {min-width: 68rem;}
    .stMainBlockContainer {padding: 3.75rem 1rem 2rem;}
    .stMainBlockContainer h1 {font-size: 1.35rem;}
}
</style>
"""
_COLOURS = {
    "light": "--mf-ground: #ffffff; --mf-good: #00664c; --mf-watch: #8a5a00; --mf-alarm: #b42318;",
    "dark": "--mf-ground: #111827; --mf-good: #2bc59a; --mf-watch: #f0c24b; --mf-alarm: #ff8a7a;",
}

# The frontend keeps a reader's theme in the browser, per page address; a chosen theme is stored there for all
# pages and the page is loaded again once. Constant text: nothing a reader or a release says gets into it.
_SWITCH = """
<script>
(function () {
  const wanted = JSON.stringify("%(name)s");
  const root = location.pathname.replace(/(%(pages)s)?\\/?$/, "");
  const mine = "stActiveTheme-" + location.pathname + "-v2";
  const stale = localStorage.getItem(mine) !== wanted;
  for (const page of %(list)s) { localStorage.setItem("stActiveTheme-" + root + page + "-v2", wanted); }
  localStorage.setItem(mine, wanted);
  if (stale) { location.reload(); }
})();
</script>
"""

Theme = Literal["light", "dark"]


def browser_theme() -> Theme:
    """What the reader's browser shows now; light where it does not say."""
    return "dark" if st.context.theme.type == "dark" else "light"


def resolve(wanted: str) -> Theme:
    """The theme to draw for: the one chosen, or the browser's."""
    return "dark" if wanted == "dark" else "light" if wanted == "light" else browser_theme()


def apply(wanted: str, *, large: bool, lang: Lang) -> None:
    """Put the style on the page, and ask the browser for the chosen theme where it shows the other one."""
    theme = resolve(wanted)
    size = "html {font-size: 22px;}" if large else ""
    st.html(f"{_STYLE}<style>:root {{{_COLOURS[theme]}}} {size}</style>")
    shown = st.context.theme.type
    if wanted in ("light", "dark") and shown is not None and shown != wanted:
        names = [info.key for info in PAGES]
        script = _SWITCH % {
            "name": wanted.capitalize(),
            "pages": "|".join(names),
            "list": str(["", *names]),
        }
        st.html(script, unsafe_allow_javascript=True)
    st.html(_LANGUAGE % {"zh": "zh-CN", "en": "en"}[lang], unsafe_allow_javascript=True)


# Screen readers and line breaking need the page's language.
_LANGUAGE = '<script>document.documentElement.lang = "%s";</script>'
