"""Charts for print, as geometry: exact rows become positions between 0 and 1, words and colours.

A typesetter draws them as vectors (`monthly_report.typ`). As in `figures`, floats are for drawing only; every text is exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from dashboards.lib import figures, formats
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

# Printed charts look two years back; a fan looks two years ahead as well.
_MONTHS = 24
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Bar:
    """One lying bar: its name, spans (from, to, tone) on the axis, the words behind it, and a mark to compare with."""

    label: str
    spans: tuple[tuple[float, float, str], ...]
    text: str
    mark: float | None = None


@dataclass(frozen=True)
class Bars:
    """Lying bars on one axis that holds zero; `legend` names the tones, `unit` what the words are in."""

    bars: tuple[Bar, ...]
    unit: str
    legend: tuple[tuple[str, str], ...] = ()

    def drawn(self) -> dict[str, Any]:
        """Positions as fractions of the width, for the typesetter."""
        ends = [end for bar in self.bars for span in bar.spans for end in span[:2]]
        ends += [bar.mark for bar in self.bars if bar.mark is not None]
        low, high = min([0.0, *ends]), max([0.0, *ends])
        width = (high - low) or 1.0
        return {
            "kind": "bars",
            "unit": self.unit,
            "legend": [{"tone": tone, "text": text, "line": None} for tone, text in self.legend],
            "zero": -low / width,
            "bars": [
                {
                    "label": bar.label,
                    "text": bar.text,
                    "mark": None if bar.mark is None else (bar.mark - low) / width,
                    "spans": [
                        {"from": (min(a, b) - low) / width, "to": (max(a, b) - low) / width, "tone": tone}
                        for a, b, tone in bar.spans
                    ],
                }
                for bar in self.bars
            ],
        }


@dataclass(frozen=True)
class Line:
    """Amounts by month; one that is missing breaks the line."""

    name: str
    tone: str
    months: tuple[date, ...]
    values: tuple[float | None, ...]
    dashed: bool = False


@dataclass(frozen=True)
class Band:
    """The room between two amounts, month by month."""

    name: str
    tone: str
    months: tuple[date, ...]
    lows: tuple[float, ...]
    highs: tuple[float, ...]


@dataclass(frozen=True)
class Lines:
    """Lines and bands over months on an axis that holds zero; `marks` are days from which figures mean something else."""

    lines: tuple[Line, ...]
    unit: str
    bands: tuple[Band, ...] = ()
    marks: tuple[tuple[date, str], ...] = ()

    def drawn(self) -> dict[str, Any]:
        """Positions as fractions of width and height, for the typesetter."""
        drawn: list[Line | Band] = [*self.lines, *self.bands]
        places = [_place(month) for part in drawn for month in part.months]
        first, last = min(places), max(places)
        width = (last - first) or 1
        heights = [value for line in self.lines for value in line.values if value is not None]
        heights += [end for band in self.bands for end in (*band.lows, *band.highs)]
        ticks = _ticks(min([0.0, *heights]), max([0.0, *heights]))
        low, height = ticks[0], (ticks[-1] - ticks[0]) or 1.0

        def point(month: date, value: float) -> list[float]:
            return [(_place(month) - first) / width, (value - low) / height]

        return {
            "kind": "lines",
            "unit": self.unit,
            "legend": [{"tone": part.tone, "text": part.name, "line": _stroke(part)} for part in drawn],
            "ticks": [{"at": (tick - low) / height, "text": f"{tick:,.10g}"} for tick in ticks],
            "months": [
                {"at": (place - first) / width, "text": f"{place // 12}-{place % 12 + 1:02d}"}
                for place in range(first, last + 1)
                if place % 6 == 0
            ],
            "marks": [
                {"at": (_place(day) - first) / width, "text": text}
                for day, text in self.marks
                if first < _place(day) <= last
            ],
            "bands": [
                {
                    "tone": band.tone,
                    "points": [
                        *(
                            point(month, low_end)
                            for month, low_end in zip(band.months, band.lows, strict=True)
                        ),
                        *reversed(
                            [point(month, top) for month, top in zip(band.months, band.highs, strict=True)]
                        ),
                    ],
                }
                for band in self.bands
            ],
            "lines": [
                {"tone": line.tone, "dashed": line.dashed, "points": points}
                for line in self.lines
                for points in _pieces(
                    [
                        None if value is None else point(month, value)
                        for month, value in zip(line.months, line.values, strict=True)
                    ]
                )
            ],
        }


def _stroke(part: Line | Band) -> str | None:
    return None if isinstance(part, Band) else "dashed" if part.dashed else "solid"


def _place(day: date) -> int:
    return day.year * 12 + day.month - 1


def _pieces(points: Sequence[list[float] | None]) -> list[list[list[float]]]:
    """Runs of points that are there."""
    runs: list[list[list[float]]] = [[]]
    for point in points:
        if point is not None:
            runs[-1].append(point)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _ticks(low: float, high: float) -> list[float]:
    """About five round numbers that hold both ends."""
    rough = (high - low) / 4 or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in _STEPS if power * factor >= rough * 0.999)
    return [number * step for number in range(math.floor(low / step), math.ceil(high / step) + 1)]


def paper_unit(amounts: Iterable[Decimal | None]) -> formats.Unit:
    """The unit of one table or chart on paper: 万元 from 1 万, else 元; 亿元 would print its small items as 0.00."""
    return formats.YUAN if formats.unit_for(amounts) == formats.YUAN else formats.WAN


def tones(view: Screen) -> dict[str, str]:
    """Colours by what they stand for: the same hues as on the screen."""
    hues = figures.palette(view)
    return {
        "subject": hues[0],
        "opposite": hues[1],
        "total": hues[6],
        "band_80": "#9CC7E5",
        "band_95": "#D3E6F4",
        "before": "#B6BDC8",
    }


def _marks(view: Screen) -> tuple[tuple[date, str], ...]:
    scheme = view.fund_row["scheme"] if view.fund_row else "total"
    events = view.rows("policy_events").where(scheme=scheme)
    return tuple((event["effective_date"], view.name(event, "short")) for event in events)


def _scaled(amounts: Iterable[Decimal | None], unit: formats.Unit) -> tuple[float | None, ...]:
    return tuple(formats.scaled(amount, unit) for amount in amounts)


def waterfall(view: Screen, steps: Sequence[tuple[str, Decimal, str]]) -> Bars:
    """Opening to closing, one bar a step; each step is (label, amount, `absolute`, `relative` or `total`)."""
    unit = paper_unit([amount for _, amount, _ in steps])
    level = Decimal(0)
    bars = []
    for label, amount, measure in steps:
        start = level if measure == "relative" else Decimal(0)
        level = start + amount
        tone = "total" if measure != "relative" else "subject" if amount >= 0 else "opposite"
        span = (float(start / unit.yuan), float(level / unit.yuan), tone)
        bars.append(Bar(label, (span,), formats.number(amount, unit, sign=measure == "relative")))
    return Bars(tuple(bars), view.t(unit.key))


def item_bars(view: Screen, rows: Table, direction: str, *, compare: bool) -> Bars:
    """Items to date, each over the same months a year before unless its scope changed (`compare` is False)."""
    unit = paper_unit(rows.column("amount"))
    tone = "subject" if direction == "income" else "opposite"
    bars = []
    for row in rows:
        spans = [(0.0, formats.scaled(row["amount"], unit) or 0.0, tone)]
        if compare and row["amount_prior_year"] is not None:
            spans.append((0.0, formats.scaled(row["amount_prior_year"], unit) or 0.0, "before"))
        bars.append(Bar(row["label"], tuple(spans), formats.number(row["amount"], unit)))
    names = [(tone, view.t("figure.amount"))]
    if compare:
        names.append(("before", view.t("figure.amount_prior_year")))
    return Bars(tuple(bars), view.t(unit.key), tuple(names))


def change_bars(view: Screen, moved: Sequence[tuple[str, Decimal]]) -> Bars:
    """What moved an amount, up or down from zero."""
    unit = paper_unit([amount for _, amount in moved])
    return Bars(
        tuple(
            Bar(
                label,
                ((0.0, formats.scaled(amount, unit) or 0.0, "subject" if amount >= 0 else "opposite"),),
                formats.number(amount, unit, sign=True),
            )
            for label, amount in moved
        ),
        view.t(unit.key),
    )


def budget_bars(view: Screen, rows: Table) -> Bars:
    """Share of each budget line executed, with a mark at the share expected by now."""
    bars = tuple(
        Bar(
            row["label"],
            ((0.0, float(row["execution_rate"]), "subject" if row["direction"] == "income" else "opposite"),),
            formats.ratio(row["execution_rate"]),
            None if row["expected_share"] is None else float(row["expected_share"]),
        )
        for row in rows
        if row["execution_rate"] is not None
    )
    legend = (
        ("subject", view.t("direction.income")),
        ("opposite", view.t("direction.expenditure")),
        ("mark", view.t("report.expected")),
    )
    return Bars(bars, "%", legend)


def flow_lines(view: Screen, history: Table) -> Lines:
    """Income and expenditure of the last two years, month by month."""
    income, expenditure = history.column("income")[-_MONTHS:], history.column("expenditure")[-_MONTHS:]
    unit = paper_unit([*income, *expenditure])
    months = tuple(history.column("month")[-_MONTHS:])
    return Lines(
        (
            Line(view.t("col.income"), "subject", months, _scaled(income, unit)),
            Line(view.t("col.expenditure"), "opposite", months, _scaled(expenditure, unit), dashed=True),
        ),
        view.t(unit.key),
        marks=_marks(view),
    )


def balance_fan(view: Screen, history: Table, path: Table) -> Lines:
    """The balance of the last two years and where the forecast sees it, from the last balance booked."""
    months = tuple(history.column("month")[-_MONTHS:])
    booked = history.column("closing_balance")[-_MONTHS:]
    unit = paper_unit([*booked, *path.column("upper_95")])
    ahead = (months[-1], *path.column("month"))

    def reach(name: str) -> tuple[float, ...]:
        amounts = [booked[-1], *path.column(name)]
        return tuple(float(amount / unit.yuan) for amount in amounts)

    return Lines(
        (
            Line(view.t("col.closing"), "subject", months, _scaled(booked, unit)),
            Line(view.t("col.forecast"), "subject", ahead, reach("point"), dashed=True),
        ),
        view.t(unit.key),
        (
            Band(view.t("figure.band_95"), "band_95", ahead, reach("lower_95"), reach("upper_95")),
            Band(view.t("figure.band_80"), "band_80", ahead, reach("lower_80"), reach("upper_80")),
        ),
        _marks(view),
    )
