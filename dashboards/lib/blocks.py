"""Building blocks of a page: a figure with its words and its table, a tile, an empty state, the page's export.

Pages place these and nothing else. Whatever is shown is also collected, so that a page exports whole.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from dashboards.lib import data, export, formats, lights
from dashboards.lib.data import Table
from dashboards.lib.formats import Change, Kind
from dashboards.lib.i18n import TEXT
from dashboards.lib.lights import Light
from dashboards.lib.navigation import PAGES, page
from dashboards.lib.state import NAMES, Screen, Sheet
from dashboards.lib.tables import LAYOUTS, Column

_KEY = "medfund.screen"
LOOKS: dict[Kind, str] = {
    "money": "n",
    "ratio": "n",
    "points": "n",
    "months": "n",
    "count": "n",
    "number": "n",
    "index": "n",
    "change": "n",
    "code": "c",
    "month": "c",
    "date": "c",
    "timestamp": "c",
    "year": "c",
    "flag": "c",
}
_CHART = {"displayModeBar": False, "scrollZoom": False, "doubleClick": "reset"}


def keep(screen: Screen) -> None:
    """Hand the screen to the page that is about to run."""
    st.session_state[_KEY] = screen


def screen() -> Screen:
    """The screen of this run."""
    kept: Screen = st.session_state[_KEY]
    return kept


def coded(view: Screen, prefix: str, value: Any) -> str:
    """The words for a code, or the code itself where there are none."""
    if value is None:
        return formats.MISSING
    key = f"{prefix}.{str(value).lower()}"
    return view.t(key) if key in TEXT else str(value)


def sheet_of(view: Screen, layout: str, title: str, table: Table, unit: formats.Unit = formats.YUAN) -> Sheet:
    """A table under its layout as it leaves the page: labels in the reader's language, `unit` in those of money.

    The values stay what they are, in yuan; whoever prints them in another unit names that unit here.
    """
    columns = LAYOUTS[layout]
    at = [table.columns.index(_column_name(view, column)) if len(table) else 0 for column in columns]
    rows = tuple(
        tuple(
            coded(view, column.codes, row[i]) if column.codes else row[i]
            for i, column in zip(at, columns, strict=True)
        )
        for row in table.rows
    )
    labels = tuple(_label(view, column, unit) for column in columns)
    return Sheet(title, title, labels, tuple(column.kind for column in columns), rows)


def _column_name(view: Screen, column: Column) -> str:
    return column.name.format(lang=view.lang)


def _label(view: Screen, column: Column, money: formats.Unit) -> str:
    unit = {"money": money.key, "months": "unit.months"}.get(column.kind)
    label = view.t(column.label)
    return f"{label} ({view.t(unit)})" if unit else label


def sheet_table(view: Screen, sheet: Sheet) -> None:
    """A table whose columns are not known beforehand, open on the page."""
    st.html(_html_table(view, sheet))


def _html_table(view: Screen, sheet: Sheet) -> str:
    """The table as markup: numbers to the right, short codes unbroken, long names wrapped, everything escaped."""
    looks = [LOOKS.get(kind, "") for kind in sheet.kinds]
    head = "".join(
        f'<th class="{look}">{html.escape(label)}</th>'
        for label, look in zip(sheet.labels, looks, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{look}">{html.escape(formats.shown(value, kind, view.lang))}</td>'
            for value, kind, look in zip(row, sheet.kinds, looks, strict=True)
        )
        + "</tr>"
        for row in sheet.rows
    )
    return f'<div class="mf-table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def definition(view: Screen, indicator_id: str) -> dict[str, Any] | None:
    """The indicator's row of the dictionary; remembered, so that the page's export defines it."""
    if indicator_id not in view.used_indicators:
        view.used_indicators.append(indicator_id)
    return view.indicators.get(indicator_id)


def _origin(view: Screen, queries: Sequence[str]) -> str:
    marts = data.sources(tuple(queries))
    checks = view.rows("checks")
    named = zip(checks.column("table_name"), checks.column("passed"), strict=True)
    mine = [passed for table, passed in named if table in marts]
    return view.t(
        "origin.text",
        marts=", ".join(f"`{mart}`" for mart in marts),
        release=view.release.release_id,
        checks=formats.count(len(mine)),
        failed=formats.count(sum(passed is not True for passed in mine)),
    )


def explain(
    view: Screen, key: str, indicator_ids: Sequence[str], queries: Sequence[str], note: str = ""
) -> None:
    """The ⓘ of a figure: what it is, where it comes from, how many checks stand behind it."""
    with st.popover(view.t("word.about"), icon=":material/info:", type="tertiary", key=f"about_{key}"):
        for indicator_id in indicator_ids:
            row = definition(view, indicator_id)
            if row is None:
                st.markdown(view.t("origin.undefined", id=indicator_id))
                continue
            name, text = view.name(row), view.name(row, "definition")
            st.markdown(view.t("origin.definition", id=indicator_id, name=name, text=text))
            if row["source"]:
                st.caption(view.t("origin.source", source=row["source"]))
        if note:
            st.markdown(note)
        st.caption(_origin(view, queries))


def downloads(view: Screen, key: str, sheet: Sheet) -> None:
    """Two buttons under a table: CSV and XLSX, made when they are pressed."""
    name = f"medfund_{key}_{view.release.release_id}"
    with st.container(horizontal=True, key=f"downloads_{key}"):
        st.download_button(
            view.t("word.csv"),
            lambda: export.csv_bytes(sheet),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"csv_{key}",
            icon=":material/download:",
            type="tertiary",
        )
        st.download_button(
            view.t("word.xlsx"),
            lambda: export.xlsx_bytes([sheet], notes(view)),
            file_name=f"{name}.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            on_click="ignore",
            key=f"xlsx_{key}",
            icon=":material/download:",
            type="tertiary",
        )


Place = Literal["folded", "open", "button"]


def table(view: Screen, key: str, layout: str, title: str, rows: Table, *, place: Place = "folded") -> None:
    """A table with its two downloads: folded under a figure, open where it is the figure, or behind a button."""
    sheet = sheet_of(view, layout, title, rows)
    view.sheets.append(sheet)
    label = view.t("word.table", rows=formats.count(len(rows)))
    if place == "open":
        holder = st.container()
    elif place == "folded":
        holder = st.expander(label)
    else:
        holder = st.popover(label, icon=":material/table:", type="tertiary", key=f"table_{key}")
    with holder:
        st.html(_html_table(view, sheet))
        downloads(view, key, sheet)


def figure(
    view: Screen,
    key: str,
    title: str,
    chart: go.Figure | None,
    sentence: str,
    rows: Table,
    *,
    layout: str,
    queries: Sequence[str],
    indicators: Sequence[str] = (),
    note: str = "",
    controls: Callable[[], object] | None = None,
    compact: bool = False,
    missing: str = "",
) -> None:
    """A figure whole: title with ⓘ, chart, one sentence, table with downloads. Without rows it says what is missing:
    the export, or what `missing` says.

    A compact figure keeps its table behind a button in the line of the title.
    """
    with st.container(key=f"figure_{key}", border=True):
        with heading(key, title):
            if compact and len(rows):
                table(view, key, layout, title, rows, place="button")
            explain(view, key, indicators, queries, note)
        if controls is not None:
            controls()
        if not len(rows):
            if missing:
                st.info(missing)
            else:
                empty(view, queries)
            return
        if chart is not None:
            st.plotly_chart(chart, theme=None, key=f"chart_{key}", config=_CHART, alt=f"{title}: {sentence}")
        st.markdown(sentence)
        if not compact:
            table(view, key, layout, title, rows, place="open" if chart is None else "folded")


@contextmanager
def heading(key: str, title: str) -> Iterator[None]:
    """The line of a figure's title; what is placed inside stands to its right."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key=f"heading_{key}"):
        st.markdown(f"##### {title}", width="stretch")
        yield


def _bare(view: Screen, queries: Sequence[str]) -> list[str]:
    marts = data.sources(tuple(queries))
    counts = data.tables_in(view.release, marts)
    return [mart for mart in marts if not counts[mart]]


def is_bare(view: Screen, queries: Sequence[str]) -> bool:
    """Whether a table that these queries read has no rows in this release."""
    return bool(_bare(view, queries))


def empty_words(view: Screen, queries: Sequence[str]) -> str:
    """Why these queries gave no rows: the tables without rows and the exports that fill them, or the choice made."""
    bare = _bare(view, queries)
    landed = {row["table_name"] for row in view.rows("landed") if row["rows_landed"]}
    made_from = data.made_from(view.release)
    # What the tables are made from and was never landed; else all that the page needs.
    exports = dict.fromkeys(name for mart in bare for name in made_from.get(mart, ()) if name not in landed)
    exports = exports or dict.fromkeys(
        name for info in PAGES for name in info.exports if set(bare) & set(info.marts)
    )
    if bare and exports:
        return view.t("empty.export", marts=", ".join(bare), exports=", ".join(exports))
    if bare:
        return view.t("empty.mart", marts=", ".join(bare))
    return view.t("empty.choice")


def empty(view: Screen, queries: Sequence[str]) -> None:
    """An empty state that names the tables without rows and the exports that fill them."""
    st.info(empty_words(view, queries))


def tile(
    view: Screen,
    key: str,
    title: str,
    value: str,
    against_year: Change | None,
    second_line: str,
    history: Sequence[float | Decimal | None],
    light: Light,
    *,
    indicators: Sequence[str],
    queries: Sequence[str],
    note: str = "",
    against: str = "",
) -> None:
    """One figure of the leadership screen: value, change on last year, 24-month line, light in colour, shape and words."""
    basis = against or view.t("change.on_year")
    words = (
        view.t("change.words", basis=basis, change=against_year.text)
        if against_year
        else view.t("change.no_year")
    )
    arrow = {1: "↑ ", -1: "↓ "}.get(against_year.way, "→ ") if against_year else ""
    points = [float(point) for point in history if point is not None]
    with st.container(border=True, key=f"tile_{key}", height="stretch", gap="xsmall"):
        st.metric(title, value, chart_data=points or None, chart_type="line", delta_color="blue")
        st.html(
            f'<div class="mf-change">{html.escape(arrow + words)}</div>'
            f'<div class="mf-more">{html.escape(second_line)}</div>'
        )
        label = html.escape(view.t(light.reason))
        st.html(f'<span class="mf-light mf-{light.level}">{lights.SHAPES[light.level]} {label}</span>')
        explain(view, f"tile_{key}", indicators, queries, note)


def fact(label: str, value: str, more: str) -> str:
    """One fact of the status strip, as markup."""
    return (
        f'<div class="mf-fact"><div class="mf-label">{html.escape(label)}</div>'
        f'<div class="mf-value">{html.escape(value)}</div><div class="mf-more">{html.escape(more)}</div></div>'
    )


def link(view: Screen, page_key: str, label: str, **choices: str) -> None:
    """A link to another page that keeps the reader's choices and changes the ones given."""
    kept = {name: value for name, value in st.query_params.to_dict().items() if name in NAMES}
    st.page_link(page(page_key).file, label=label, query_params=kept | choices)


def notes(view: Screen) -> list[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    """The sheets that explain an exported workbook: definitions, and what it was made from."""
    definitions = [
        [
            indicator_id,
            view.name(row),
            view.name(row, "definition"),
            coded(view, "quantity", row["unit"]),
            str(row["source"] or ""),
        ]
        for indicator_id in view.used_indicators
        if (row := view.indicators.get(indicator_id)) is not None
    ]
    header = [view.t(f"notes.{name}") for name in ("id", "name", "definition", "unit", "source")]
    about = [
        [view.t("notes.release"), view.release.release_id],
        [view.t("notes.data_through"), formats.day(view.info.get("data_through"), view.lang)],
        [view.t("notes.gate"), coded(view, "gate", view.info.get("gate"))],
        [view.t("notes.waivers"), waivers_text(view)],
        [view.t("notes.book"), view.book_name],
        [view.t("notes.fund"), view.name(view.fund_row)],
        [view.t("notes.period"), formats.month(view.period, view.lang)],
    ]
    return [
        (view.t("notes.definitions"), header, definitions),
        (view.t("notes.about"), [view.t("notes.name"), view.t("notes.value")], about),
    ]


def waivers_text(view: Screen) -> str:
    """The waivers this release passed with, or that there are none."""
    waivers = view.info.get("waivers")
    return view.t("trust.no_waivers") if waivers in (None, "", "[]", 0, []) else str(waivers)


def page_export(view: Screen, key: str) -> None:
    """The whole page as one workbook: a sheet per figure, then the definitions and where it all comes from."""
    sheets = list(view.sheets)
    st.download_button(
        view.t("word.export_page"),
        lambda: export.xlsx_bytes(sheets, notes(view)),
        file_name=f"medfund_{key}_{view.release.release_id}.xlsx",
        mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        on_click="ignore",
        key=f"export_{key}",
        icon=":material/table_view:",
    )


def header(view: Screen, key: str, *, chosen: bool = False) -> None:
    """The page's title and what it answers, or whose figures it shows."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="header"):
        st.title(view.t(f"page.{key}"), anchor=False, width="content")
        if chosen and view.fund_row is not None:
            st.markdown(
                view.t(
                    "header.chosen",
                    fund=view.name(view.fund_row),
                    book=view.book_name,
                    month=formats.month(view.period, view.lang),
                ),
                width="content",
            )
        else:
            st.caption(view.t(f"answers.{key}"), width="content")
    waivers = view.info.get("waivers")
    if waivers not in (None, "", "[]", 0, []):
        st.warning(view.t("trust.waived", waivers=waivers_text(view)))


def planned(key: str) -> None:
    """A page that is not finished: what it will answer, what it needs, and what of that this release holds."""
    view = screen()
    info = page(key)
    header(view, key)
    st.info(view.t("planned.text"))
    counts = data.tables_in(view.release, info.marts)
    landed = {row["table_name"]: row["rows_landed"] for row in view.rows("landed")}
    words = [
        *((view.t("planned.mart"), name, _presence(view, counts[name])) for name in info.marts),
        *((view.t("planned.export"), name, _presence(view, landed.get(name))) for name in info.exports),
    ]
    labels = (view.t("planned.kind"), view.t("planned.name"), view.t("planned.present"))
    sheet = Sheet(key, view.t(f"page.{key}"), labels, ("text", "text", "text"), tuple(words))
    st.html(_html_table(view, sheet))


def _presence(view: Screen, rows: int | None) -> str:
    if rows is None:
        return view.t("planned.absent")
    return view.t("planned.rows", rows=formats.count(rows)) if rows else view.t("planned.empty")
