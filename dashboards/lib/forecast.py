"""The parts of the forecast page: facts, the fan with a scenario, comparison, levers, floors, scorecard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from dashboards.lib import blocks, figures, formats, state
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_MEASURES = ("balance", "income", "expenditure")
_BASELINE = "baseline"


def state_of_series(view: Screen) -> dict[str, Any] | None:
    """The chosen book's row of forecast states; None where the release knows nothing of it."""
    return view.rows("forecast_state").first


def why_none(view: Screen, series: dict[str, Any] | None) -> str:
    """Why there is no forecast for the chosen book, and what to do."""
    if series is None:
        return blocks.empty_words(view, ("forecast_state", "forecast_path"))
    return view.t(
        f"noforecast.{series['state']}",
        months=formats.count(series["months"]),
        last=formats.month(series["origin_month"], view.lang),
    )


def none(view: Screen, series: dict[str, Any] | None) -> None:
    """In place of the page, why there is no forecast."""
    st.info(why_none(view, series))


def model_name(view: Screen, model: str | None) -> str:
    """The words for a model; a balance's are those of its two flows."""
    parts = [blocks.coded(view, "model", part) for part in (model or "").split("/")]
    if len(parts) == 1:
        return parts[0]
    return view.t("forecast.two_models", income=parts[0], expenditure=parts[1])


def _with_models(view: Screen, table: Table) -> Table:
    """The table with the models' words in place of their codes, and again as `label` for charts."""
    at = table.columns.index("model")
    words = [model_name(view, row[at]) for row in table.rows]
    return Table(
        (*table.columns, "label"),
        tuple((*row[:at], word, *row[at + 1 :], word) for row, word in zip(table.rows, words, strict=True)),
    )


def _scenarios(view: Screen) -> dict[str, str]:
    """Scenarios that touch the chosen fund, by key, with their names; the baseline first."""
    return {row["scenario"]: view.name(row) for row in view.rows("forecast_outlook")}


def has_scenarios(view: Screen) -> bool:
    """Whether any scenario moves the chosen fund; none moves personal accounts."""
    return len(_scenarios(view)) > 1


def has_floor(view: Screen) -> bool:
    """Whether a limit on the months covered is set for the chosen fund."""
    return len(view.rows("forecast_floors")) > 0


def _default_scenario(view: Screen) -> str:
    """One that turns several levers says most; without one the first on the list."""
    others = [row for row in view.rows("forecast_outlook") if row["scenario"] != _BASELINE]
    several = [row for row in others if row["lever"] is None]
    return str([*several, *others][0]["scenario"]) if others else _BASELINE


def scenario(view: Screen) -> str:
    """The scenario that the reader compares with the baseline; the baseline itself where there is no other."""
    options = [key for key in _scenarios(view) if key != _BASELINE]
    return state.choice("scenario", options, _default_scenario(view)) if options else _BASELINE


def facts(view: Screen, series: dict[str, Any]) -> None:
    """Where the forecast starts, where it leads in a year, what is left by then, and when a floor is reached."""
    year = view.rows("forecast_outlook").where(scenario=_BASELINE, horizon=12).first
    path = view.rows("forecast_path", measure="balance", scenario=_BASELINE)
    if year is None:
        return
    band = path.where(horizon=12).first or {}
    items = [
        (
            view.t("forecast.in_a_year", month=formats.month(year["month"], view.lang)),
            formats.money(year["closing_balance"], view.lang),
            view.t(
                "forecast.band_80",
                low=formats.money(band.get("lower_80"), view.lang),
                high=formats.money(band.get("upper_80"), view.lang),
            ),
        ),
        (
            view.t("forecast.next_year"),
            formats.money(year["current_balance"], view.lang, sign=True),
            view.t(
                "forecast.flows",
                income=formats.money(year["income"], view.lang),
                expenditure=formats.money(year["expenditure"], view.lang),
            ),
        ),
        (
            view.t("forecast.payable"),
            formats.months(year["payable_months"], view.lang),
            _floor_words(view, _BASELINE),
        ),
        (
            view.t("forecast.models"),
            model_name(view, path.column("model")[0]),
            view.t(
                "forecast.learned",
                first=formats.month(series["first_month"], view.lang),
                last=formats.month(series["origin_month"], view.lang),
                months=formats.count(series["months"]),
            ),
        ),
    ]
    with st.container(border=True, key="facts"):
        for column, (label, value, more) in zip(st.columns(4), items, strict=True):
            with column:
                st.html(blocks.fact(label, value, more))
        st.caption(" ".join(guards(view)))


def guards(view: Screen) -> list[str]:
    """What a reader must know of the chosen book before reading its forecast."""
    kind = (view.fund_row or {}).get("account_kind")
    notes = [view.t("note.own" if view.basis == "own" else "note.consolidated")]
    if kind == "personal":
        notes.append(view.t("forecast.personal"))
    if view.is_resident:
        notes.append(view.t("note.premium_season"))
    return notes


def _floor_words(view: Screen, key: str) -> str:
    """The gravest limit that the reserve falls under, and when; or that it stays above all."""
    rows = list(view.rows("forecast_floors").where(scenario=key))
    if not rows:
        return view.t("floor.unasked")
    broken = [row for row in rows if row["first_month"] is not None]
    if not broken:
        return view.t("floor.never")
    gravest = min(broken, key=lambda row: row["threshold"])
    return view.t(
        "floor.first",
        months=formats.months(gravest["threshold"], view.lang),
        month=formats.month(gravest["first_month"], view.lang),
    )


def _choose(view: Screen) -> Callable[[], None]:
    names = _scenarios(view)
    options = [key for key in names if key != _BASELINE]

    def draw() -> None:
        left, right = st.columns([2, 3])
        with left:
            state.select(
                "measure",
                view.t("filter.measure"),
                _MEASURES,
                _MEASURES[0],
                view.lang,
                lambda code: view.t(f"measure.{code}"),
                buttons=True,
            )
        with right:
            if options:
                state.select(
                    "scenario",
                    view.t("filter.scenario"),
                    options,
                    _default_scenario(view),
                    view.lang,
                    names.__getitem__,
                )

    return draw


def fan(view: Screen) -> None:
    """History, the baseline's fan and the chosen scenario, with the choices above it."""
    measure, chosen = state.choice("measure", _MEASURES, _MEASURES[0]), scenario(view)
    history = view.rows("forecast_history", measure=measure)
    baseline = view.rows("forecast_path", measure=measure, scenario=_BASELINE)
    other = view.rows("forecast_path", measure=measure, scenario=chosen)
    if chosen == _BASELINE:
        other = Table(other.columns, ())
    name = _scenarios(view).get(chosen, "")
    title = view.t(
        "title.forecast",
        book=view.book_name,
        fund=view.name(view.fund_row),
        measure=view.t(f"measure.{measure}"),
    )
    blocks.figure(
        view,
        "fan",
        title,
        figures.forecast_fan(view, measure, history, baseline, other, name),
        fan_sentence(view, measure, baseline, chosen, name),
        baseline,
        layout="forecast",
        queries=("forecast_path", "forecast_history"),
        indicators=("F06", "F25") if measure == "balance" else ("F01", "F02"),
        note=view.t("note.fan"),
        controls=_choose(view),
    )


def fan_sentence(view: Screen, measure: str, baseline: Table, chosen: str, name: str) -> str:
    """Where the baseline leads in two years, and what the chosen scenario (called `name`) does to that."""
    outlook = view.rows("forecast_outlook")
    year, last = (outlook.where(scenario=_BASELINE, horizon=horizon).first for horizon in (12, 24))
    if year is None or last is None:
        return ""
    if measure == "balance":
        band = baseline.where(horizon=24).first or {}
        words = view.t(
            "story.fan_balance",
            month=formats.month(last["month"], view.lang),
            value=formats.money(last["closing_balance"], view.lang),
            low=formats.money(band.get("lower_80"), view.lang),
            high=formats.money(band.get("upper_80"), view.lang),
        )
    else:
        words = view.t(
            "story.fan_flow",
            measure=view.t(f"measure.{measure}"),
            year=formats.money(year[measure], view.lang),
            both=formats.money(last[measure], view.lang),
        )
    moved = outlook.where(scenario=chosen, horizon=24).first
    if chosen != _BASELINE and moved is not None:
        words += view.t(
            "story.fan_scenario",
            name=name,
            change=formats.money(moved["closing_change"], view.lang, sign=True),
            months=formats.months(moved["payable_change"], view.lang, sign=True),
        )
    return f"{words} {view.t('note.premium_season')}" if view.is_resident else words


def compare(view: Screen) -> None:
    """All scenarios of the fund side by side, a year and two years ahead."""
    outlook = view.rows("forecast_outlook")
    ends = [row for row in outlook if row["horizon"] == 24]
    worst = min(ends, key=lambda row: row["closing_balance"], default=None)
    best = max(ends, key=lambda row: row["closing_balance"], default=None)
    sentence = (
        ""
        if worst is None or best is None
        else view.t(
            "story.compare",
            count=formats.count(len(ends)),
            month=formats.month(worst["month"], view.lang),
            worst=view.name(worst),
            low=formats.money(worst["closing_balance"], view.lang),
            best=view.name(best),
            high=formats.money(best["closing_balance"], view.lang),
        )
    )
    blocks.figure(
        view,
        "compare",
        view.t("title.compare"),
        None,
        sentence,
        outlook,
        layout="forecast_outlook",
        queries=("forecast_outlook",),
        indicators=("F25", "F06", "F07"),
        note=view.t("note.scenario"),
    )


def sensitivity(view: Screen) -> None:
    """The tornado: how far each lever moves the balance in two years."""
    rows = view.rows("forecast_sensitivity")
    first = rows.first
    blocks.figure(
        view,
        "sensitivity",
        view.t("title.sensitivity"),
        None if first is None else figures.sensitivity_bars(view, rows),
        ""
        if first is None
        else view.t(
            "story.sensitivity",
            month=formats.month(first["month"], view.lang),
            lever=view.name(first, "lever"),
            name=view.name(first),
            change=formats.money(first["closing_change"], view.lang, sign=True),
        ),
        rows,
        layout="forecast_sensitivity",
        queries=("forecast_sensitivity",),
        note=view.t("note.sensitivity"),
    )


def effects(view: Screen) -> None:
    """The worked effect of the chosen scenario: item, factor and amount of every month."""
    chosen = scenario(view)
    rows = view.rows("forecast_effects", scenario=chosen)
    first = rows.first
    blocks.figure(
        view,
        "effects",
        view.t("title.effects", name=_scenarios(view).get(chosen, "")),
        None if first is None else figures.effect_bars(view, rows),
        ""
        if first is None
        else view.t(
            "story.effects",
            month=formats.month(first["month"], view.lang),
            item=view.name(first, "item"),
            base=formats.money(first["base_amount"], view.lang),
            factor=formats.ratio(first["factor"], places=2, sign=True),
            effect=formats.money(first["effect"], view.lang, sign=True),
            formula=view.name(first, "formula"),
        ),
        rows,
        layout="forecast_effects",
        queries=("forecast_effects",),
        note=view.t("note.scenario"),
    )


def floors(view: Screen) -> None:
    """When the reserve falls under a limit, by scenario."""
    rows = view.rows("forecast_floors")
    chosen = scenario(view)
    names = _scenarios(view)
    shown = [_BASELINE] + ([chosen] if chosen != _BASELINE else [])
    paths = [
        (names.get(key, key), view.rows("forecast_path", measure="balance", scenario=key)) for key in shown
    ]
    sentence = view.t("word.semicolon").join(
        view.t("story.floor", name=names.get(key, key), words=_floor_words(view, key)) for key in shown
    )
    blocks.figure(
        view,
        "floors",
        view.t("title.floors"),
        figures.reserve_lines(view, view.rows("forecast_history", measure="balance"), paths, rows),
        sentence,
        rows,
        layout="forecast_floors",
        queries=("forecast_floors",),
        indicators=("F07",),
        note=view.t("note.floors"),
    )


def scores(view: Screen) -> None:
    """How each model would have done, and which one is shown."""
    rows = view.rows("forecast_scores")
    named = _with_models(view, rows) if len(rows) else rows
    shown = [row for row in named if row["measure"] == "balance" and row["is_shown"]] if len(rows) else []
    last = shown[-1] if shown else None
    rival = (
        next(
            (
                row
                for row in rows
                if row["measure"] == "balance"
                and row["model"] == "seasonal_naive"
                and row["horizon"] == last["horizon"]
            ),
            None,
        )
        if last
        else None
    )
    blocks.figure(
        view,
        "scores",
        view.t("title.scores"),
        None if last is None else figures.score_bars(view, named),
        ""
        if last is None or rival is None
        else view.t(
            "story.scores",
            model=last["label"],
            horizon=formats.count(last["horizon"]),
            mase=formats.shown(last["mase"], "number", view.lang),
            rival=formats.shown(rival["mase"], "number", view.lang),
            wape=formats.ratio(last["wape"]),
            covered=formats.ratio(last["coverage_80"], places=0),
        ),
        named,
        layout="forecast_scores",
        queries=("forecast_scores",),
        note=view.t("note.scores"),
    )


def national(view: Screen) -> None:
    """The same method on the published national series."""
    rows = view.rows("forecast_national")
    named = _with_models(view, rows) if len(rows) else rows
    first = named.first
    income = named.where(item="income").first if len(rows) else None
    expenditure = named.where(item="expenditure").first if len(rows) else None
    blocks.figure(
        view,
        "national_backtest",
        view.t("title.national_backtest"),
        None if first is None else figures.national_backtest(view, named),
        ""
        if income is None or expenditure is None
        else view.t(
            "story.national_backtest",
            since=income["year"],
            income=formats.ratio(income["wape"]),
            expenditure=formats.ratio(expenditure["wape"]),
        ),
        named,
        layout="forecast_national",
        queries=("forecast_national",),
        note=view.t("note.national_backtest"),
    )
