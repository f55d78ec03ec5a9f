"""The parts of the workbench: typed SQL and its result, saved questions, what tables hold, what indicators mean."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboards.lib import blocks, data, figures, formats, state
from dashboards.lib.data import Table
from dashboards.lib.formats import Kind
from dashboards.lib.i18n import TEXT
from dashboards.lib.queries import INDICATOR_MARTS
from dashboards.lib.state import Screen, Sheet
from medfund.errors import MedfundError
from medfund.release import Answer, Bounds, run_bounded
from medfund.settings import PROJECT_ROOT

_BOUNDS = Bounds()
_SHOWN_ROWS = 500
_OWN = "own"
_START = "select *\nfrom {table}\nlimit 100"
_ANSWER = "medfund.answer"


def _saved() -> dict[str, Path]:
    return {path.stem: path for path in sorted((PROJECT_ROOT / "analyses").glob("*.sql"))}


def _question(view: Screen, path: Path) -> str:
    """What a saved query answers: the words for it, or the first line of the file."""
    key = f"analysis.{path.stem}"
    return (
        view.t(key) if key in TEXT else path.read_text(encoding="utf-8").splitlines()[0].removeprefix("-- ")
    )


def sql(view: Screen) -> None:
    """A saved or own query, run within bounds; its result as table, chart and files."""
    saved = _saved()
    tables = list(dict.fromkeys(view.rows("schema").column("table_name")))
    with st.container(border=True, key="figure_sql"):
        with blocks.heading("sql", view.t("title.sql")):
            pass
        chosen = state.select(
            "analysis",
            view.t("filter.analysis"),
            (_OWN, *saved),
            _OWN,
            view.lang,
            lambda stem: view.t("workbench.own") if stem == _OWN else _question(view, saved[stem]),
        )
        start = (
            saved[chosen].read_text(encoding="utf-8")
            if chosen in saved
            else _START.format(table=state.choice("table", tables, tables[0]))
        )
        text = st.text_area(
            view.t("workbench.sql"), start, height=260, key=f"sql_{chosen}_{start[:80]}", max_chars=20_000
        )
        st.caption(
            view.t(
                "workbench.bounds",
                seconds=formats.count(int(_BOUNDS.seconds)),
                memory=formats.count(_BOUNDS.memory_mb),
                rows=formats.count(_BOUNDS.rows),
            )
        )
        if st.button(view.t("workbench.run"), type="primary", icon=":material/play_arrow:", key="run_sql"):
            st.session_state[_ANSWER] = text
    asked = st.session_state.get(_ANSWER)
    if asked is not None:
        _result(view, asked)


@st.cache_data(max_entries=16, show_spinner=False)
def _run(path: str, text: str) -> Answer:
    return run_bounded(Path(path), text, _BOUNDS)


def _result(view: Screen, text: str) -> None:
    try:
        with st.spinner(view.t("workbench.running")):
            answer = _run(str(view.release.path), text)
    except MedfundError as error:
        st.error(view.t("workbench.refused", reason=str(error)))
        return
    kinds = tuple(_kind(name) for name in answer.types)
    title = view.t("title.result")
    whole = Sheet("result", title, answer.columns, kinds, answer.rows)
    view.sheets.append(whole)
    with st.container(border=True, key="figure_result"):
        with blocks.heading("result", title):
            pass
        st.markdown(
            view.t(
                "workbench.cut" if answer.is_cut else "workbench.rows",
                rows=formats.count(len(answer.rows)),
                seconds=f"{answer.seconds:.1f}",
                release=view.release.release_id,
            )
        )
        _chart(view, answer)
        first = Sheet("result", title, answer.columns, kinds, answer.rows[:_SHOWN_ROWS])
        if len(answer.rows) > _SHOWN_ROWS:
            st.caption(view.t("workbench.first_rows", shown=formats.count(_SHOWN_ROWS)))
        blocks.sheet_table(view, first)
        blocks.downloads(view, "result", whole)


def _kind(type_name: str) -> Kind:
    """Amounts to the fen are printed as money; all else as it is, so that a year or a code keeps its digits."""
    if type_name.startswith("decimal") and type_name.endswith(", 2)"):
        return "money"
    return "flag" if type_name == "bool" else "text" if type_name in ("string", "large_string") else "code"


def _chart(view: Screen, answer: Answer) -> None:
    """One measure over one column, where the result has both."""
    numeric = [
        name
        for name, kind in zip(answer.columns, answer.types, strict=True)
        if kind.startswith(("decimal", "double", "float", "int", "uint"))
    ]
    days = [
        name
        for name, kind in zip(answer.columns, answer.types, strict=True)
        if kind.startswith(("date", "timestamp"))
    ]
    others = [name for name in answer.columns if name not in numeric]
    if not numeric or not others or not answer.rows:
        return
    left, right = st.columns(2)
    with left:
        across = st.selectbox(view.t("workbench.across"), others, key="result_x", filter_mode=None)
    with right:
        measure = st.selectbox(view.t("workbench.measure"), numeric, key="result_y", filter_mode=None)
    table = Table(answer.columns, answer.rows)
    st.plotly_chart(
        figures.result_chart(
            view, table.column(across), table.column(measure), measure, dated=across in days
        ),
        theme=None,
        key="chart_result",
        config={"displayModeBar": False},
        alt=f"{measure} / {across}",
    )


def schema(view: Screen) -> None:
    """The tables of the release: columns with types and meaning, and the exports a table is made from."""
    rows = view.rows("schema")
    names = list(dict.fromkeys(rows.column("table_name")))
    table = state.choice("table", names, names[0])
    mine = rows.where(table_name=table)
    made_from = data.made_from(view.release).get(table, ())
    blocks.figure(
        view,
        "schema",
        view.t("title.schema"),
        None,
        view.t(
            "workbench.table",
            table=table,
            columns=formats.count(len(mine)),
            exports=view.t("word.comma").join(made_from) or formats.MISSING,
        ),
        mine,
        layout="schema",
        queries=("schema",),
        controls=lambda: state.select(
            "table", view.t("filter.table"), names, names[0], view.lang, lambda name: name
        ),
    )


def dictionary(view: Screen) -> None:
    """One indicator: definition, formula, where its values stand, how to ask for them, what they are made from."""
    ids = list(view.indicators)
    if not ids:
        blocks.empty(view, ("indicator_entry",))
        return
    chosen = state.choice("indicator", ids, ids[0])
    entry = view.one("indicator_entry", indicator=chosen)
    with st.container(border=True, key="figure_dictionary"):
        with blocks.heading("dictionary", view.t("title.dictionary")):
            pass
        state.select(
            "indicator",
            view.t("filter.indicator"),
            ids,
            ids[0],
            view.lang,
            lambda code: f"{code} {view.name(view.indicators[code])}",
        )
        st.markdown(
            view.t(
                "origin.definition",
                id=chosen,
                name=view.name(view.indicators[chosen]),
                text=view.name(view.indicators[chosen], "definition"),
            )
        )
        st.caption(view.t("origin.source", source=entry["source"] or formats.MISSING))
        facts = [
            ("workbench.numerator", entry["numerator"]),
            ("workbench.denominator", entry["denominator"]),
            ("notes.unit", blocks.coded(view, "measured", entry["unit"])),
            ("workbench.required", entry["required_tables"]),
        ]
        st.html(
            "".join(blocks.fact(view.t(label), str(value or formats.MISSING), "") for label, value in facts)
        )
        made_from = data.made_from(view.release)
        every = {mart: view.one(f"held_{mart}", indicator=chosen) for mart in INDICATOR_MARTS}
        if not any(held["rows"] for held in every.values()):
            st.info(view.t("workbench.not_held", needs=view.name(entry, "needs")))
        for mart, held in every.items():
            if held["rows"]:
                st.markdown(
                    view.t(
                        "workbench.held",
                        mart=mart,
                        rows=formats.count(held["rows"]),
                        first=formats.month(held["first_month"], view.lang),
                        last=formats.month(held["last_month"], view.lang),
                        exports=view.t("word.comma").join(made_from.get(mart, ())) or formats.MISSING,
                    )
                )
                st.code(
                    f"select *\nfrom {mart}\nwhere indicator_id = '{chosen}'\norder by month", language="sql"
                )
    blocks.definition(view, chosen)
