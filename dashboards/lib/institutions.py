"""The parts of the institutions page: a ranking among fair peers, and one institution beside them and its own past."""

from __future__ import annotations

import streamlit as st

from dashboards.lib import blocks, export, figures, formats, payment, people, state
from dashboards.lib.data import Table
from dashboards.lib.formats import Kind
from dashboards.lib.state import Screen

_FRACTION = "fraction"
_GRAVE = ("red", "orange", "amber")
_FIRST_INDICATOR = "I01"
_DOCTOR_INDICATORS = ("D01", "D02", "D03")


def _kind(stored_unit: str | None) -> Kind:
    return "ratio" if stored_unit == _FRACTION else "number"


def _chosen(view: Screen) -> dict[str, str] | None:
    """Indicator, kind of care and group of peers that are ranked; None where nothing can be."""
    rows = view.rows("institution_choices")
    if not len(rows):
        return None
    ids = list(dict.fromkeys(rows.column("indicator_id")))
    indicator = state.choice("indicator", ids, _FIRST_INDICATOR if _FIRST_INDICATOR in ids else ids[0])
    mine = rows.where(indicator_id=indicator)
    buckets = list(dict.fromkeys(mine.column("visit_bucket")))
    bucket = state.choice("bucket", buckets, buckets[0])
    groups = list(dict.fromkeys(mine.where(visit_bucket=bucket).column("peer_group")))
    return {"indicator": indicator, "bucket": bucket, "group": state.choice("peers", groups, groups[0])}


def _in_words(view: Screen, rows: Table) -> Table:
    """The rows with the words for the ways of comparing that a value stands out by."""
    at = rows.columns.index("specifications_survived")
    return Table(
        rows.columns,
        tuple(
            (
                *row[:at],
                view.t("word.comma").join(blocks.coded(view, "spec", code) for code in row[at].split(","))
                if row[at]
                else None,
                *row[at + 1 :],
            )
            for row in rows.rows
        ),
    )


def _group_name(view: Screen, group: str) -> str:
    return view.t("word.dot").join(blocks.coded(view, "peer", part) for part in group.split("/"))


def _choose(view: Screen, chosen: dict[str, str]) -> None:
    rows = view.rows("institution_choices")
    ids = list(dict.fromkeys(rows.column("indicator_id")))
    mine = rows.where(indicator_id=chosen["indicator"])
    buckets = list(dict.fromkeys(mine.column("visit_bucket")))
    groups = list(dict.fromkeys(mine.where(visit_bucket=chosen["bucket"]).column("peer_group")))
    first = _FIRST_INDICATOR if _FIRST_INDICATOR in ids else ids[0]
    left, middle, right = st.columns([2, 1, 1])
    with left:
        state.select(
            "indicator",
            view.t("filter.indicator"),
            ids,
            first,
            view.lang,
            lambda code: f"{code} {view.name(view.indicators.get(code))}",
        )
    with middle:
        state.select(
            "bucket",
            view.t("filter.bucket"),
            buckets,
            buckets[0],
            view.lang,
            lambda code: view.t(f"bucket.{code}"),
        )
    with right:
        state.select(
            "peers",
            view.t("filter.peers"),
            groups,
            groups[0],
            view.lang,
            lambda code: _group_name(view, code),
        )


def ranking(view: Screen) -> None:
    """Institutions of one group of peers by one indicator, with the funnel; the small ones are not ranked."""
    chosen = _chosen(view)
    if chosen is None:
        blocks.figure(
            view,
            "ranking",
            view.t("title.ranking"),
            None,
            "",
            view.rows("institution_choices"),
            layout="institution_ranking_number",
            queries=("institution_choices",),
        )
        return
    rows = view.rows(
        "institution_ranking",
        indicator=chosen["indicator"],
        bucket=chosen["bucket"],
        peers=chosen["group"],
    )
    rows = _in_words(view, rows)
    kind = _kind(rows.column("stored_unit")[0])
    ranked = [row for row in rows if row["is_ranked"]]
    flagged = [row for row in ranked if row["flag"] in _GRAVE]
    blocks.figure(
        view,
        "ranking",
        view.t("title.ranking"),
        figures.funnel(view, rows.where(is_ranked=True), kind),
        view.t(
            "institution.ranking",
            indicator=view.name(view.indicators.get(chosen["indicator"])),
            peers=_group_name(view, chosen["group"]),
            ranked=formats.count(len(ranked)),
            small=formats.count(len(rows) - len(ranked)),
            median=formats.shown(ranked[0]["peer_median"], kind, view.lang),
            highest=ranked[0]["name"],
            value=formats.shown(ranked[0]["value"], kind, view.lang),
            flagged=formats.count(len(flagged)),
        ),
        rows,
        layout=f"institution_ranking_{kind}",
        queries=("institution_ranking",),
        indicators=(chosen["indicator"],),
        note=view.t("note.funnel"),
        controls=lambda: _choose(view, chosen),
    )


def _names(view: Screen) -> dict[str, str]:
    """Institutions to choose from, by code; whoever stands out most comes first."""
    return {
        row["institution_code"]: f"{row['name'] or row['institution_code']} {row['institution_code']}"
        for row in view.rows("institutions")
    }


def _institution(view: Screen) -> str | None:
    """The chosen institution; None where there is none to choose."""
    codes = list(_names(view))
    return state.choice("institution", codes, codes[0]) if codes else None


def one(view: Screen) -> None:
    """All indicators of one institution against its peers and its own past, and its report for print."""
    code = _institution(view)
    if code is None:
        return
    names = _names(view)
    codes = list(names)
    profile = view.rows("institution_profile", institution=code)
    profile = _in_words(view, profile) if len(profile) else profile
    ratios = _of_kind(profile, "ratio")
    numbers = _of_kind(profile, "number")
    standing_out = [row for row in profile if row["flag"] in _GRAVE]
    sentence = _standing(view, names[code], profile, standing_out)
    with st.container(border=True, key="figure_institution"):
        with blocks.heading("institution", view.t("title.institution", name=names[code])):
            blocks.explain(view, "institution", (), ("institution_profile",), view.t("note.profile"))
        state.select(
            "institution", view.t("filter.institution"), codes, codes[0], view.lang, names.__getitem__
        )
        st.markdown(sentence)
        tables = [
            (key, view.t(f"title.{key}"), f"institution_profile_{kind}", table)
            for key, kind, table in (
                ("profile_ratio", "ratio", ratios),
                ("profile_number", "number", numbers),
            )
            if len(table)
        ]
        for key, title, layout, table in tables:
            st.markdown(f"**{title}**")
            blocks.table(view, key, layout, title, table, place="open")
        _print_button(view, code, names[code], sentence, len(tables))
    chosen = _chosen(view)
    if chosen is not None:
        _history(view, code, names[code], chosen)


def inside(view: Screen) -> None:
    """Doctors, departments and drugs of the chosen institution."""
    code = _institution(view)
    if code is None:
        return
    _doctors(view, code)
    payment.departments(view, code, "title.departments")
    _items(view, code)


def _doctors(view: Screen, code: str) -> None:
    """The institution's doctors by one indicator; those with few patients stand at the end and have no rank."""
    indicator = state.choice("doctor", _DOCTOR_INDICATORS, _DOCTOR_INDICATORS[0])
    rows = view.rows("institution_doctors", institution=code, doctor_indicator=indicator)
    kind = _kind(rows.column("stored_unit")[0]) if len(rows) else "number"
    ranked = [row for row in rows if row["is_ranked"]]
    small = formats.count(len(rows) - len(ranked))
    name = view.name(view.indicators.get(indicator))
    blocks.figure(
        view,
        "doctors",
        view.t("title.doctors"),
        None,
        view.t(
            "institution.doctors",
            indicator=name,
            ranked=formats.count(len(ranked)),
            small=small,
            highest=ranked[0]["doctor_code"],
            value=formats.shown(ranked[0]["value"], kind, view.lang),
            median=formats.shown(ranked[0]["peer_median"], kind, view.lang),
        )
        if ranked
        else view.t("institution.no_doctor_ranked", indicator=name, small=small),
        rows,
        layout=f"institution_doctors_{kind}",
        queries=("institution_doctors",),
        indicators=(*_DOCTOR_INDICATORS, "D04"),
        note=view.t("note.doctors"),
        controls=lambda: state.select(
            "doctor",
            view.t("filter.doctor_indicator"),
            _DOCTOR_INDICATORS,
            _DOCTOR_INDICATORS[0],
            view.lang,
            lambda each: f"{each} {view.name(view.indicators.get(each))}",
        ),
    )


def _items(view: Screen, code: str) -> None:
    """The drugs of the institution's largest expense, and how far it lies in few of them."""
    rows = view.rows("institution_items", institution=code)
    first = rows.first
    spread = view.rows("institution_concentration", institution=code).first
    sentences = []
    if first is not None:
        sentences.append(
            view.t(
                "institution.items",
                span=people.span_words(view),
                item=first["item_name"] or first["item_code"],
                amount=formats.money(first["amount"], view.lang),
            )
        )
    if spread is not None:
        sentences.append(
            view.t(
                "institution.concentration",
                month=formats.month(view.period, view.lang),
                drugs=formats.count(spread["drugs"]),
                top_10=formats.ratio(spread["top_10_share"]),
                gini=formats.shown(spread["gini"], "index", view.lang),
            )
        )
    blocks.figure(
        view,
        "institution_items",
        view.t("title.institution_items"),
        None,
        " ".join(sentences),
        rows,
        layout="institution_items",
        queries=("institution_items", "institution_concentration"),
        indicators=("G04",),
        note=view.t("note.drugs"),
    )


def _of_kind(profile: Table, kind: Kind) -> Table:
    at = profile.columns.index("stored_unit")
    return Table(profile.columns, tuple(row for row in profile.rows if _kind(row[at]) == kind))


def _standing(view: Screen, name: str, profile: Table, standing_out: list[dict[str, object]]) -> str:
    """Which indicators stand out among peers, or that none does."""
    ranked = formats.count(sum(1 for row in profile if row["is_ranked"]))
    if not standing_out:
        return view.t("institution.quiet", name=name, ranked=ranked)
    return view.t(
        "institution.standing",
        name=name,
        ranked=ranked,
        count=formats.count(len(standing_out)),
        parts=view.t("word.comma").join(
            dict.fromkeys(f"{row['indicator_id']} {view.name(row)}" for row in standing_out)
        ),
    )


def _print_button(view: Screen, code: str, name: str, sentence: str, tables: int) -> None:
    """The report of one institution as a page that prints: what the screen says, its tables, where they come from."""
    sheets = list(view.sheets[len(view.sheets) - tables :])
    title = view.t("title.institution", name=name)
    facts = [
        (view.t("notes.release"), view.release.release_id),
        (view.t("notes.data_through"), formats.day(view.info.get("data_through"), view.lang)),
        (view.t("notes.period"), f"{formats.month(view.period, view.lang)} {view.t(f'span.{view.span}')}"),
        (view.t("notes.gate"), blocks.coded(view, "gate", view.info.get("gate"))),
    ]
    st.download_button(
        view.t("institution.print"),
        lambda: export.report_html(title, sentence, facts, sheets, view.t("note.profile"), view.lang),
        file_name=f"medfund_{code}_{view.release.release_id}.html",
        mime="text/html",
        on_click="ignore",
        key="print_institution",
        icon=":material/print:",
    )


def _history(view: Screen, code: str, name: str, chosen: dict[str, str]) -> None:
    rows = view.rows(
        "institution_history", institution=code, indicator=chosen["indicator"], bucket=chosen["bucket"]
    )
    kind = _kind(rows.column("stored_unit")[0]) if len(rows) else "number"
    last = rows.last
    blocks.figure(
        view,
        "history",
        view.t(
            "title.institution_history",
            indicator=view.name(view.indicators.get(chosen["indicator"])),
            name=name,
        ),
        figures.month_lines(
            view,
            [(name, rows, "value"), (view.t("col.peer_median"), rows, "peer_median")],
            kind,
        )
        if last
        else None,
        view.t(
            "institution.history",
            month=formats.month(last["month"], view.lang),
            value=formats.shown(last["value"], kind, view.lang),
            median=formats.shown(last["peer_median"], kind, view.lang),
            before=formats.shown(last["value_prior_year"], kind, view.lang),
        )
        if last
        else "",
        rows,
        layout=f"institution_history_{kind}",
        queries=("institution_history",),
        indicators=(chosen["indicator"],),
    )
