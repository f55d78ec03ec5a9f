"""The parts of the page on enrolment and financing: heads, comings and goings, duplicates, money due and received."""

from __future__ import annotations

from typing import Any

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_SCHEMES = ("employee", "resident", "other")
_KINDS = ("other_scheme", "other_place")


def facts(view: Screen) -> None:
    """Heads, arrears, collection and financing per head of the chosen scheme."""
    scheme = people.scheme(view)
    heads = view.rows("enrolment_history").where(month=view.period)
    head = heads.where(scheme=scheme).first or {}
    paid = view.rows("contributions", scheme=scheme).where(month=view.period).first or {}
    rate = view.rows("indicator", indicator="F11", kind="month").where(month=view.period).first or {}
    per_head = view.rows("indicator", indicator="F16", kind="ytd").where(month=view.period).first or {}
    people.strip(
        view,
        [
            (
                view.t("people.enrolled", scheme=people.scheme_name(view)),
                view.t("people.persons", count=formats.count(head.get("enrolled"))),
                people.on_year(view, head.get("enrolled"), head.get("enrolled_prior_year"), "count"),
            ),
            (
                view.t("people.came_and_went"),
                view.t(
                    "people.plus_minus",
                    came=formats.count(head.get("newly_enrolled")),
                    left=formats.count(head.get("lapsed")),
                ),
                view.t("people.in_month", month=formats.month(view.period, view.lang)),
            ),
            (
                view.t("col.arrears"),
                formats.money(paid.get("arrears"), view.lang),
                view.t("people.collection", rate=formats.ratio(rate.get("value"))),
            ),
            (
                view.t("col.per_head"),
                formats.money(per_head.get("value"), view.lang, formats.YUAN),
                people.on_year(view, per_head.get("value"), per_head.get("value_prior_year"), "money"),
            ),
        ],
        view.t("note.headcount"),
    )


def heads(view: Screen) -> None:
    """Insured persons by scheme, month by month."""
    rows = view.rows("enrolment_history")
    names = {code: view.t(f"scheme.{code}") for code in _SCHEMES if len(rows.where(scheme=code))}
    now = rows.where(month=view.period)
    parts = [
        view.t("people.part", name=view.t(f"scheme.{row['scheme']}"), count=formats.count(row["enrolled"]))
        for row in now
    ]
    blocks.figure(
        view,
        "heads",
        view.t("title.heads"),
        figures.split_bars(view, rows, "scheme", names, "enrolled", "count", of=view.t("unit.persons")),
        view.t(
            "people.heads",
            month=formats.month(view.period, view.lang),
            parts=view.t("word.comma").join(parts) or formats.MISSING,
        ),
        rows,
        layout="enrolment_history",
        queries=("enrolment_history",),
        indicators=("E04",),
        note=view.t("note.headcount"),
    )


def ages(view: Screen) -> None:
    """The chosen scheme by age and sex."""
    rows = view.rows("enrolment_by_age", scheme=people.scheme(view))
    bands = list(dict.fromkeys(rows.column("age_band")))
    sexes = [sex for sex in ("male", "female", "unknown") if len(rows.where(sex=sex))]
    counts = {(row["age_band"], row["sex"]): row["enrolled"] for row in rows}
    largest = max(rows, key=lambda row: row["enrolled"], default=None)
    blocks.figure(
        view,
        "ages",
        view.t("title.ages", scheme=people.scheme_name(view)),
        figures.named_bars(
            view,
            [blocks.coded(view, "age", band) for band in bands],
            [(view.t(f"sex.{sex}"), [counts.get((band, sex)) for band in bands]) for sex in sexes],
            "count",
            stacked=True,
            of=view.t("unit.persons"),
        ),
        ""
        if largest is None
        else view.t(
            "people.ages",
            band=blocks.coded(view, "age", largest["age_band"]),
            sex=view.t(f"sex.{largest['sex']}"),
            count=formats.count(largest["enrolled"]),
        ),
        rows,
        layout="enrolment_by_age",
        queries=("enrolment_by_age",),
    )


def groups(view: Screen) -> None:
    """Persons by what they are."""
    rows = view.rows("enrolment_by_group")
    names = [
        view.t(
            "people.of_scheme",
            group=blocks.coded(view, "group_of", row["person_group"]),
            scheme=view.t(f"scheme.{row['scheme']}"),
        )
        for row in rows
    ]
    largest = max(rows, key=lambda row: row["enrolled"], default=None)
    blocks.figure(
        view,
        "groups",
        view.t("title.groups"),
        figures.named_bars(
            view,
            names,
            [(view.t("col.enrolled"), rows.column("enrolled"))],
            "count",
            of=view.t("unit.persons"),
        ),
        ""
        if largest is None
        else view.t(
            "people.largest_group",
            group=blocks.coded(view, "group_of", largest["person_group"]),
            count=formats.count(largest["enrolled"]),
            change=people.on_year(view, largest["enrolled"], largest["enrolled_prior_year"], "count"),
        ),
        rows,
        layout="enrolment_by_group",
        queries=("enrolment_by_group",),
        indicators=("E05", "F18"),
    )


def moves(view: Screen) -> None:
    """Who came and who left the chosen scheme, month by month."""
    rows = view.rows("enrolment_history").where(scheme=people.scheme(view))
    now = rows.where(month=view.period).first
    blocks.figure(
        view,
        "moves",
        view.t("title.moves", scheme=people.scheme_name(view)),
        figures.month_bars(
            view,
            rows,
            [
                ("newly_enrolled", view.t("col.newly_enrolled")),
                ("lapsed", view.t("col.lapsed")),
            ],
            "count",
            stacked=False,
            of=view.t("unit.persons"),
        ),
        ""
        if now is None
        else view.t(
            "people.moves",
            month=formats.month(view.period, view.lang),
            came=formats.count(now["newly_enrolled"]),
            left=formats.count(now["lapsed"]),
        ),
        rows,
        layout="enrolment_history",
        queries=("enrolment_history",),
        indicators=("E03",),
        note=view.t("note.moves"),
    )


def coverage(view: Screen) -> None:
    """Members of both schemes by the population that the bureau states, each basis apart."""
    rows = view.rows("coverage")
    now = [row for row in rows if row["month"] == view.period]
    lines = [
        (view.t(f"population.{basis}"), rows.where(basis=basis), "share")
        for basis in dict.fromkeys(rows.column("basis"))
    ]
    blocks.figure(
        view,
        "coverage",
        view.t("title.coverage"),
        figures.month_lines(view, lines, "ratio"),
        " ".join(_coverage_sentence(view, row) for row in now),
        rows,
        layout="coverage",
        queries=("coverage",),
        indicators=("E01", "E01.registered"),
        note=view.t("note.coverage"),
        missing=view.t("people.no_population"),
    )


def _coverage_sentence(view: Screen, row: dict[str, Any]) -> str:
    month = formats.month(view.period, view.lang)
    if row["share"] is None:
        return view.t("people.no_coverage", month=month)
    return view.t(
        "people.coverage",
        month=month,
        basis=view.t(f"population.{row['basis']}"),
        share=formats.ratio(row["share"]),
        enrolled=formats.count(row["enrolled"]),
        persons=formats.count(row["persons"]),
        year=row["population_year"],
        source=row["source"],
    )


def duplicates(view: Screen) -> None:
    """Who is insured twice, and the subsidy that is paid for it."""
    scheme = people.scheme(view)
    # Persons in two schemes stand in both, so one is shown; the subsidy is the residents'.
    scheme = "resident" if scheme == "all" else scheme
    rows = view.rows("duplicates").where(scheme=scheme)
    now = rows.where(month=view.period)
    names = {kind: view.t(f"duplicate.{kind}") for kind in _KINDS if len(rows.where(duplicate_kind=kind))}
    parts = [
        view.t(
            "people.duplicate_part",
            scheme=view.t(f"scheme.{row['scheme']}"),
            kind=view.t(f"duplicate.{row['duplicate_kind']}"),
            count=formats.count(row["persons"]),
            subsidy=formats.money(row["subsidy"], view.lang),
        )
        for row in now
    ]
    blocks.figure(
        view,
        "duplicates",
        view.t("title.duplicates", scheme=view.t(f"scheme.{scheme}")),
        figures.split_bars(
            view, rows, "duplicate_kind", names, "persons", "count", of=view.t("unit.persons")
        ),
        view.t(
            "people.duplicates",
            month=formats.month(view.period, view.lang),
            parts=view.t("word.semicolon").join(parts) or view.t("people.no_duplicates"),
        ),
        rows,
        layout="duplicates",
        queries=("duplicates",),
        indicators=("E02",),
        note=view.t("note.duplicates"),
    )


def contributions(view: Screen) -> None:
    """Contributions due and received, month by month."""
    rows = view.rows("contributions", scheme=people.scheme(view))
    now = rows.where(month=view.period).first
    blocks.figure(
        view,
        "contributions",
        view.t("title.contributions", scheme=people.scheme_name(view)),
        figures.month_bars(
            view,
            rows,
            [("due", view.t("col.due")), ("received", view.t("col.received"))],
            "money",
            stacked=False,
        ),
        _contributions_sentence(view, now),
        rows,
        layout="contributions",
        queries=("contributions",),
        indicators=("F11",),
        note=view.t("note.contributions"),
    )


def _contributions_sentence(view: Screen, now: dict[str, Any] | None) -> str:
    if now is None:
        return view.t("people.no_contributions", month=formats.month(view.period, view.lang))
    text = view.t(
        "people.contributions",
        month=formats.month(view.period, view.lang),
        due=formats.money(now["due"], view.lang),
        received=formats.money(now["received"], view.lang),
        relief=formats.money(now["relief"], view.lang),
        subsidy=formats.money(now["subsidy"], view.lang),
    )
    return f"{text} {view.t('note.premium_season')}" if view.is_resident else text


def arrears(view: Screen) -> None:
    """What stands unpaid, by how long it has been due."""
    rows = view.rows("contributions", scheme=people.scheme(view))
    now = rows.where(month=view.period).first
    bands = ("arrears_under_3_months", "arrears_3_to_12_months", "arrears_over_12_months")
    blocks.figure(
        view,
        "arrears",
        view.t("title.arrears"),
        figures.month_bars(
            view,
            rows,
            [(band, view.t(f"col.{band}")) for band in bands],
            "money",
        ),
        ""
        if now is None
        else view.t(
            "people.arrears",
            month=formats.month(view.period, view.lang),
            arrears=formats.money(now["arrears"], view.lang),
            old=formats.money(now["arrears_over_12_months"], view.lang),
        ),
        rows,
        layout="arrears",
        queries=("contributions",),
        indicators=("E08",),
        note=view.t("note.arrears"),
    )


def payers(view: Screen) -> None:
    """Who pays: employers, people themselves, sponsors."""
    rows = view.rows("contributions_by_payer")
    largest = max(rows, key=lambda row: row["received"], default=None)
    blocks.figure(
        view,
        "payers",
        view.t("title.payers"),
        None,
        ""
        if largest is None
        else view.t(
            "people.payers",
            span=people.span_words(view),
            scheme=view.t(f"scheme.{largest['scheme']}"),
            payer=blocks.coded(view, "payer", largest["payer_kind"]),
            received=formats.money(largest["received"], view.lang),
        ),
        rows,
        layout="contributions_by_payer",
        queries=("contributions_by_payer",),
        note=view.t("note.contributions"),
    )


def per_head(view: Screen) -> None:
    """Fund income per insured person, twelve months rolling."""
    found = view.rows("indicator", indicator="F16", kind="rolling_12")
    rows = Table(
        found.columns, tuple(row for row in found.rows if row[found.columns.index("value")] is not None)
    )
    now = rows.where(month=view.period).first
    blocks.figure(
        view,
        "per_head",
        view.t("title.per_head"),
        figures.month_lines(
            view, [(view.t("col.per_head"), rows, "value")], "number", of=view.t("unit.yuan_per_person")
        ),
        view.t(
            "people.per_head",
            month=formats.month(view.period, view.lang),
            value=formats.money(now["value"], view.lang, formats.YUAN) if now else formats.MISSING,
        ),
        rows,
        layout="per_head",
        queries=("indicator",),
        indicators=("F16",),
        note=view.t("note.per_head"),
    )


def orgs(view: Screen) -> None:
    """Every place of the pool area in the month shown."""
    rows = view.rows("enrolment_by_org")
    largest = max(rows, key=lambda row: row["enrolled"], default=None)
    blocks.figure(
        view,
        "orgs",
        view.t("title.enrolment_by_org"),
        None,
        ""
        if largest is None
        else view.t(
            "people.orgs",
            month=formats.month(view.period, view.lang),
            org=view.name(largest, "org"),
            scheme=view.t(f"scheme.{largest['scheme']}"),
            count=formats.count(largest["enrolled"]),
        ),
        rows,
        layout="enrolment_by_org",
        queries=("enrolment_by_org",),
        note=view.t("note.headcount"),
    )
