"""The light of a tile: level and direction together, said in words as well as in colour and shape.

The bands come from the release (`threshold_low`, `threshold_high` of the indicator marts); what is decided here is
only which of four words a figure deserves. A resident fund lives on premiums that come once a year, so its
deficit within a year is never alarming by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Level = Literal["good", "watch", "alarm", "none"]

SHAPES: dict[Level, str] = {"good": "●", "watch": "▲", "alarm": "■", "none": "○"}

# Deviation from the share of the year that past years had reached; practice, as the indicator dictionary says.
_BUDGET_WATCH = 0.05
_BUDGET_ALARM = 0.30


@dataclass(frozen=True)
class Light:
    """A level and the key of the words that explain it."""

    level: Level
    reason: str


UNKNOWN = Light("none", "light.unknown")


def reserve(value: float | None, before: float | None, low: float | None, high: float | None) -> Light:
    """Payable months against their band: under it and falling is an alarm, under it but rising is to be watched."""
    if value is None:
        return UNKNOWN
    if low is None and high is None:
        return Light("none", "light.no_band")
    if low is not None and value < low:
        falling = before is None or value < before
        return Light("alarm", "light.low_falling") if falling else Light("watch", "light.low_rising")
    if high is not None and value > high:
        return Light("watch", "light.above_band")
    return Light("good", "light.in_band")


def balance(value: Decimal | None, before: Decimal | None) -> Light:
    """A cumulative balance: below zero is an alarm, smaller than a year ago is to be watched."""
    if value is None:
        return UNKNOWN
    if value < 0:
        return Light("alarm", "light.negative")
    if before is not None and value < before:
        return Light("watch", "light.shrinking")
    return Light("good", "light.growing")


def year_to_date(value: Decimal | None, before: Decimal | None, *, resident: bool, month: int) -> Light:
    """Income less expenditure since January; a resident fund is judged at year end only."""
    if value is None:
        return UNKNOWN
    if value >= 0:
        return Light("good", "light.surplus")
    if resident and month < 12:
        return Light("none", "light.premium_season")
    if before is not None and value > before:
        return Light("watch", "light.deficit_shrinking")
    return Light("alarm", "light.deficit")


def budget(deviation: float | None) -> Light:
    """Executed share less the share expected by now, either way."""
    if deviation is None:
        return UNKNOWN
    size = abs(deviation)
    if size > _BUDGET_ALARM:
        return Light("alarm", "light.budget_far")
    return Light("watch", "light.budget_off") if size > _BUDGET_WATCH else Light("good", "light.budget_on")


def growth_gap(value: float | None, high: float | None, *, resident: bool, month: int) -> Light:
    """Expenditure growth less income growth; above the band is to be watched."""
    if value is None:
        return UNKNOWN
    if resident and month < 12:
        return Light("none", "light.premium_season")
    limit = 0.0 if high is None else high
    return Light("watch", "light.spending_faster") if value > limit else Light("good", "light.income_faster")
