"""The parts of the trust page: facts of the release, the list of checks, findings that do not tie."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboards.lib import blocks, figures, formats
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_NAMED = 5


def facts(view: Screen) -> None:
    """Data through, gate, waivers, and checks by how they stand against the release before."""
    counts = view.rows("check_counts").first or {}
    totals = view.rows("batch_totals").first or {}
    rows = [
        (
            view.t("status.through"),
            formats.day(view.info.get("data_through"), view.lang),
            view.t("trust.loaded", moment=formats.moment(totals.get("loaded_at"), view.lang)),
        ),
        (
            view.t("trust.gate"),
            blocks.coded(view, "gate", view.info.get("gate")),
            view.t("trust.waivers", waivers=blocks.waivers_text(view)),
        ),
        (
            view.t("trust.checks"),
            view.t(
                "trust.passed_of",
                passed=formats.count(counts.get("passed")),
                checks=formats.count(counts.get("checks")),
            ),
            view.t(
                "trust.failed_by",
                critical=formats.count(counts.get("critical")),
                major=formats.count(counts.get("major")),
                minor=formats.count(counts.get("minor")),
            ),
        ),
        (
            view.t("trust.moved"),
            view.t(
                "trust.states",
                new=formats.count(counts.get("new")),
                persisting=formats.count(counts.get("persisting")),
                resolved=formats.count(counts.get("resolved")),
            ),
            view.t("trust.not_evaluated", count=formats.count(counts.get("not_evaluated"))),
        ),
    ]
    with st.container(border=True, key="facts"):
        for column, (label, value, more) in zip(st.columns(4), rows, strict=True):
            with column:
                st.html(blocks.fact(label, value, more))
        st.caption(
            view.t(
                "trust.made",
                release=view.release.release_id,
                version=view.info.get("code_version") or formats.MISSING,
                inputs=view.info.get("inputs_sha256") or formats.MISSING,
            )
        )


def matrix_sentence(view: Screen) -> str:
    """How many tables have a failing check."""
    rows = view.rows("checks_by_table")
    tables = set(rows.column("table_name"))
    failing = list(dict.fromkeys(row["table_name"] for row in rows if row["failed"]))
    if not failing:
        return view.t("trust.matrix_clean", tables=formats.count(len(tables)))
    return view.t(
        "trust.matrix_failing",
        tables=formats.count(len(tables)),
        failing=formats.count(len(failing)),
        names=view.t("word.comma").join(failing[:_NAMED]),
        more=view.t("trust.and_more") if len(failing) > _NAMED else "",
    )


def checks(view: Screen) -> None:
    """Every check, the failed and gravest first."""
    rows = view.rows("checks")
    counts = view.rows("check_counts").first or {}
    blocks.figure(
        view,
        "checks",
        view.t("title.checks"),
        None,
        view.t(
            "trust.checks_sentence",
            new=formats.count(counts.get("new")),
            resolved=formats.count(counts.get("resolved")),
        ),
        rows,
        layout="checks",
        queries=("checks",),
        note=view.t("note.checks"),
    )


def batch_sentence(view: Screen) -> str:
    """Rows read, landed and rejected over all batches."""
    totals = view.rows("batch_totals").first or {}
    return view.t(
        "trust.batches",
        batches=formats.count(totals.get("batches")),
        read=formats.count(totals.get("rows_read")),
        landed=formats.count(totals.get("rows_landed")),
        identical=formats.count(totals.get("rows_identical")),
        rejected=formats.count(totals.get("rows_rejected")),
    )


def finding(view: Screen, key: str, query: str, indicators: Sequence[str]) -> None:
    """A list of things that do not tie; an empty list is good news and says so."""
    rows = view.rows(query)
    title = view.t(f"title.{key}")
    if not len(rows):
        with st.container(border=True, key=f"figure_{key}"):
            st.markdown(f"##### {title}")
            st.markdown(view.t(f"trust.no_{key}"))
        return
    blocks.figure(
        view,
        key,
        title,
        None,
        view.t(f"trust.some_{key}", count=formats.count(len(rows))),
        rows,
        layout=query,
        queries=(query,),
        indicators=indicators,
    )


def comparisons(view: Screen) -> None:
    """Figures that two editions print differently; nothing is shown where no figure stands in two."""
    rows = view.rows("published_comparisons")
    counts = view.rows("published_verdicts").first
    if counts is None or not counts["pairs"]:
        return
    blocks.figure(
        view,
        "published_comparisons",
        view.t("title.published_comparisons"),
        None,
        view.t(
            "trust.comparisons",
            pairs=formats.count(counts["pairs"]),
            agrees=formats.count(counts["agrees"]),
            rounding=formats.count(counts["rounding"]),
            differs=formats.count(counts["differs"]),
            recomputed=formats.count(counts["recomputed"]),
        ),
        rows,
        layout="published_comparisons",
        queries=("published_comparisons",),
    )


def reconciliation(view: Screen) -> None:
    """Both sides of each leg of the chosen book and span, then their differences by cause."""
    legs, causes = view.rows("reconciliation_legs"), view.rows("reconciliation")
    whose = {
        "fund": view.name(view.fund_row),
        "book": view.book_name,
        "span": view.t(f"span.{view.span}"),
    }
    blocks.figure(
        view,
        "reconciliation",
        view.t("title.reconciliation", **whose),
        figures.reconciliation_heat(view, causes) if len(causes) else None,
        reconciled(view, causes) if len(causes) else "",
        causes,
        layout="reconciliation",
        queries=("reconciliation",),
        note=view.t("note.reconciliation"),
    )
    blocks.figure(
        view,
        "reconciliation_legs",
        view.t("title.reconciliation_legs", **whose),
        None,
        " ".join(
            view.t(
                "trust.sides",
                leg=view.t(f"leg.{row['leg']}"),
                left=formats.money(row["left_amount"], view.lang),
                right=formats.money(row["right_amount"], view.lang),
                difference=formats.money(row["difference"], view.lang, sign=True),
            )
            for row in legs
        ),
        legs,
        layout="reconciliation_legs",
        queries=("reconciliation_legs",),
        note=view.t("note.reconciliation"),
    )


def reconciled(view: Screen, causes: Table) -> str:
    """Whether every difference has a cause, and which legs' have not."""
    left_open = [row for row in causes.where(cause="unexplained") if row["amount"]]
    legs = formats.count(len(set(causes.column("leg"))))
    if not left_open:
        return view.t("trust.reconciled", legs=legs)
    return view.t(
        "trust.unreconciled",
        legs=legs,
        open=formats.count(len(left_open)),
        parts=view.t("word.comma").join(
            view.t(
                "trust.leg_open",
                leg=view.t(f"leg.{row['leg']}"),
                amount=formats.money(row["amount"], view.lang, sign=True),
            )
            for row in left_open
        ),
    )


def revisions(view: Screen) -> None:
    """Balances that were published and then changed: both figures, the reason, the file; or that there are none."""
    rows, counts = view.rows("revisions"), view.one("revision_counts")
    title = view.t("title.revisions")
    months = formats.count(counts["months"])
    if counts["months"] and not len(rows):
        with st.container(border=True, key="figure_revisions"):
            st.markdown(f"##### {title}")
            st.markdown(view.t("trust.no_revisions", months=months))
        return
    blocks.figure(
        view,
        "revisions",
        title,
        None,
        view.t(
            "trust.some_revisions",
            months=months,
            revised=formats.count(counts["revised"]),
            first=formats.month(counts["first_month"], view.lang),
        ),
        rows,
        layout="revisions",
        queries=("revisions", "revision_counts"),
        indicators=("F06",),
        note=view.t("note.revisions"),
    )


def freshness(view: Screen) -> None:
    """When each export was last loaded, the oldest first."""
    rows = view.rows("freshness")
    oldest = rows.first
    blocks.figure(
        view,
        "freshness",
        view.t("title.freshness"),
        None,
        view.t(
            "trust.freshness",
            table=oldest["table_name"],
            moment=formats.moment(oldest["loaded_at"], view.lang),
        )
        if oldest
        else "",
        rows,
        layout="freshness",
        queries=("freshness",),
    )
