"""The parts of the page on remote care: flows out and in, places, direct settlement, age of clearing, price difference."""

from __future__ import annotations

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_PLACES = 12


def facts(view: Screen) -> None:
    """Outflow, inflow, direct settlement and price difference of the month or span."""
    scheme = people.scheme(view)
    now = view.rows("remote_months", scheme=scheme).where(month=view.period)
    out, came = now.where(direction="outflow").first or {}, now.where(direction="inflow").first or {}
    direct = _indicator(view, "R01", "all").where(month=view.period).first or {}
    price = _indicator(view, "R04.level", "inpatient").where(month=view.period).first or {}
    month = view.t("people.in_month", month=formats.month(view.period, view.lang))
    people.strip(
        view,
        [
            (
                view.t("flow.outflow"),
                view.t("people.visits", count=formats.count(out.get("visits"))),
                view.t("remote.paid", month=month, fund_pay=formats.money(out.get("fund_pay"), view.lang)),
            ),
            (
                view.t("flow.inflow"),
                view.t("people.visits", count=formats.count(came.get("visits"))),
                view.t("remote.paid", month=month, fund_pay=formats.money(came.get("fund_pay"), view.lang)),
            ),
            (
                view.t("remote.direct"),
                formats.ratio(direct.get("value")),
                people.on_year(view, direct.get("value"), direct.get("value_prior_year"), "ratio"),
            ),
            (
                view.t("remote.price"),
                formats.shown(price.get("value"), "number", view.lang),
                view.t("remote.price_more"),
            ),
        ],
        view.t("note.remote"),
    )


def _indicator(view: Screen, indicator: str, bucket: str) -> Table:
    return view.rows(
        "org_indicator_line",
        indicator=indicator,
        bucket=bucket,
        scheme=people.scheme(view),
        kind="rolling_12",
    )


def flows(view: Screen, value: str, kind: formats.Kind) -> None:
    """Both flows month by month, side by side and never added."""
    rows = view.rows("remote_months", scheme=people.scheme(view))
    now = rows.where(month=view.period)
    out, came = now.where(direction="outflow").first or {}, now.where(direction="inflow").first or {}
    at = rows.columns.index("visits")
    # Filings go back further than visits do.
    visited = Table(rows.columns, tuple(row for row in rows.rows if row[at] is not None))

    def words(row: dict[str, object]) -> str:
        return formats.money(row.get(value), view.lang) if kind == "money" else formats.count(row.get(value))  # type: ignore[arg-type]

    blocks.figure(
        view,
        f"remote_{value}",
        view.t(f"title.remote_{value}"),
        figures.month_lines(
            view,
            [
                (view.t(f"flow.{code}"), visited.where(direction=code), value)
                for code in ("outflow", "inflow")
            ],
            kind,
            of=view.t("unit.visits"),
        ),
        view.t(
            f"remote.{value}",
            month=formats.month(view.period, view.lang),
            out=words(out),
            came=words(came),
        ),
        rows,
        layout="remote_months",
        queries=("remote_months",),
        indicators=("R03",),
        note=view.t("note.remote"),
    )


def places(view: Screen, direction: str) -> None:
    """The places with most visits of one direction."""
    rows = view.rows("remote_places", scheme=people.scheme(view)).where(direction=direction)
    visited = [row for row in rows if row["visits"]]
    top = visited[:_PLACES]
    first = top[0] if top else None
    blocks.figure(
        view,
        f"places_{direction}",
        view.t(f"title.places_{direction}"),
        figures.named_bars(
            view,
            [view.name(row, "place") for row in top],
            [(view.t("col.visits"), [row["visits"] for row in top])],
            "count",
            of=view.t("unit.visits"),
        ),
        ""
        if first is None
        else view.t(
            "remote.places",
            span=people.span_words(view),
            place=view.name(first, "place"),
            visits=formats.count(first["visits"]),
            direct=formats.count(first["direct_settled_visits"]),
            places=formats.count(len(visited)),
        ),
        rows,
        layout="remote_places",
        queries=("remote_places",),
        indicators=("R01",),
    )


def direct(view: Screen) -> None:
    """Direct settlement and filings over twelve months."""
    rows = _indicator(view, "R01", "all")
    filed = _indicator(view, "R02", "all")
    now, on_file = rows.where(month=view.period).first or {}, filed.where(month=view.period).first or {}
    blocks.figure(
        view,
        "direct",
        view.t("title.direct"),
        figures.month_lines(
            view,
            [(view.t("remote.direct"), rows, "value"), (view.t("remote.filed"), filed, "value")],
            "ratio",
        ),
        view.t(
            "remote.direct_sentence",
            month=formats.month(view.period, view.lang),
            rate=formats.ratio(now.get("value")),
            filed=formats.ratio(on_file.get("value")),
        ),
        rows,
        layout="org_indicator_line",
        queries=("org_indicator_line",),
        indicators=("R01", "R02"),
    )


def clearing(view: Screen) -> None:
    """What became of the notices by which care elsewhere is cleared, by month of care: paid in term, late, still open."""
    rows = view.rows("remote_clearing", scheme=people.scheme(view))
    in_term, wait = _indicator(view, "R05", "all"), _indicator(view, "R05.months", "all")
    # Of the newest months nothing is due yet.
    at = max((row["month"] for row in in_term if row["month"] <= view.period), default=None)
    now, waited = in_term.where(month=at).first or {}, wait.where(month=at).first or {}
    blocks.figure(
        view,
        "remote_clearing",
        view.t("title.remote_clearing"),
        figures.month_bars(
            view,
            rows,
            [
                (f"{outcome}_amount", view.t(f"col.{outcome}_amount"))
                for outcome in ("in_term", "late", "open")
            ],
            "money",
        ),
        ""
        if at is None
        else view.t(
            "remote.clearing",
            month=formats.month(at, view.lang),
            rate=formats.ratio(now.get("value")),
            months=formats.shown(waited.get("value"), "number", view.lang),
        ),
        rows,
        layout="remote_clearing",
        queries=("remote_clearing", "org_indicator_line"),
        indicators=("R05", "R05.months"),
        note=view.t("note.remote_clearing"),
    )


def kinds(view: Screen) -> None:
    """Both flows by kind of care."""
    rows = view.rows("remote_kinds", scheme=people.scheme(view))
    largest = max(rows.where(direction="outflow"), key=lambda row: row["med_fee"] or 0, default=None)
    blocks.figure(
        view,
        "remote_kinds",
        view.t("title.remote_kinds"),
        None,
        view.t(
            "remote.kinds",
            span=people.span_words(view),
            bucket=blocks.coded(view, "bucket", largest["visit_bucket"] if largest else None),
            med_fee=formats.money(largest["med_fee"] if largest else None, view.lang),
        ),
        rows,
        layout="remote_kinds",
        queries=("remote_kinds",),
    )
