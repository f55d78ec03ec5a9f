"""How a value is written: units by size, exact decimals, one sign for missing and one for suppressed.

Amounts stay `Decimal` from the release to the text; nothing here rounds through a float. Units are
元, 万元 and 亿元 (yuan, ×10⁴ yuan, ×10⁸ yuan), never k, M or G.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from dashboards.lib.i18n import Lang, t

MISSING = "—"
SUPPRESSED = "*"

Kind = Literal[
    "money",
    "ratio",
    "points",
    "months",
    "count",
    "date",
    "month",
    "year",
    "text",
    "code",
    "timestamp",
    "flag",
    "number",
    "index",
    "change",
]


@dataclass(frozen=True)
class Unit:
    """A unit of money: its key in the dictionary and how many yuan it is."""

    key: str
    yuan: Decimal


YUAN = Unit("unit.yuan", Decimal(1))
WAN = Unit("unit.wan", Decimal(10_000))
YI = Unit("unit.yi", Decimal(100_000_000))


def unit_for(amounts: Iterable[Decimal | None]) -> Unit:
    """The unit that suits the largest of the amounts: 亿元 from 1 亿, 万元 from 1 万, else 元."""
    largest = max((abs(amount) for amount in amounts if amount is not None), default=Decimal(0))
    return YI if largest >= YI.yuan else WAN if largest >= WAN.yuan else YUAN


def _fixed(value: Decimal, places: int, *, sign: bool = False) -> str:
    """`value` rounded half up with thousands separators; a true minus sign, and a plus when asked."""
    rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    if rounded == 0:
        rounded = abs(rounded)  # never "−0.00"
    text = f"{abs(rounded):,.{places}f}"
    return f"−{text}" if rounded < 0 else f"+{text}" if sign and rounded > 0 else text


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def scaled(value: Decimal | None, unit: Unit) -> float | None:
    """Where a mark stands on an axis printed in `unit`; for drawing only, never for text."""
    return None if value is None else float(value / unit.yuan)


def number(value: Decimal | None, unit: Unit, *, sign: bool = False) -> str:
    """An amount in `unit` without the unit's name, two decimals."""
    return MISSING if value is None else _fixed(_decimal(value) / unit.yuan, 2, sign=sign)


def money(value: Decimal | None, lang: Lang, unit: Unit | None = None, *, sign: bool = False) -> str:
    """An amount with its unit: `money(Decimal("123456.7"), "zh")` is `12.35 万元`."""
    if value is None:
        return MISSING
    chosen = unit or unit_for([_decimal(value)])
    return f"{number(value, chosen, sign=sign)} {t(chosen.key, lang)}"


def money_exact(value: Decimal | None, lang: Lang) -> str:
    """An amount to the fen, in yuan."""
    return money(value, lang, YUAN)


def ratio(value: float | None, *, places: int = 1, sign: bool = False) -> str:
    """A fraction as a percentage: 0.238 is `23.8%`."""
    return MISSING if value is None else f"{_fixed(_decimal(value) * 100, places, sign=sign)}%"


def points(value: float | None, lang: Lang, *, sign: bool = True) -> str:
    """A difference of two fractions in percentage points: 0.012 is `+1.2 个百分点`."""
    return (
        MISSING
        if value is None
        else f"{_fixed(_decimal(value) * 100, 1, sign=sign)} {t('unit.points', lang)}"
    )


def months(value: float | None, lang: Lang, *, sign: bool = False) -> str:
    """A number of months with one decimal."""
    return MISSING if value is None else f"{_fixed(_decimal(value), 1, sign=sign)} {t('unit.months', lang)}"


def count(value: int | None) -> str:
    """A whole number with thousands separators."""
    return MISSING if value is None else _fixed(_decimal(value), 0)


def month(value: date | None, lang: Lang) -> str:
    """`2026年10月` or `2026-10`."""
    if value is None:
        return MISSING
    return f"{value.year}年{value.month}月" if lang == "zh" else f"{value:%Y-%m}"


def day(value: date | datetime | None, lang: Lang) -> str:
    """`2026年10月31日` or `2026-10-31`."""
    if value is None:
        return MISSING
    return f"{value.year}年{value.month}月{value.day}日" if lang == "zh" else f"{value:%Y-%m-%d}"


def moment(value: datetime | None, lang: Lang) -> str:
    """A day and a time to the minute."""
    return MISSING if value is None else f"{day(value, lang)} {value:%H:%M}"


def share_of_year(value: date, lang: Lang) -> str:
    """The span from January to this month: `2026年1—10月` or `Jan–Oct 2026` as `2026-01 to 2026-10`."""
    if lang == "zh":
        return f"{value.year}年1月" if value.month == 1 else f"{value.year}年1—{value.month}月"
    return f"{value.year}-01" if value.month == 1 else f"{value.year}-01 to {value:%Y-%m}"


def shown(value: Any, kind: Kind, lang: Lang, unit: Unit | None = None) -> str:
    """Any cell of a table as text. Missing is `—`, suppressed is `*`; zero is a figure and is printed."""
    if value is None:
        return MISSING
    if value == SUPPRESSED:
        return SUPPRESSED
    match kind:
        case "money":
            return number(value, unit or YUAN)
        case "ratio":
            return ratio(value)
        case "points":
            return points(value, lang)
        case "months":
            return _fixed(_decimal(value), 1)
        case "count":
            return count(value)
        case "number":
            return _fixed(_decimal(value), 2)
        case "index":  # below one as a rule, or a weight that is stated to four places
            return _fixed(_decimal(value), 4)
        case "date":
            return day(value, lang)
        case "month":
            return month(value, lang)
        case "timestamp":
            return moment(value, lang)
        case "flag":
            return t("word.yes" if value else "word.no", lang)
        case _:
            return str(value)


def width(text: str) -> int:
    """How wide a text is, in halves of a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@dataclass(frozen=True)
class Change:
    """How a figure differs from an earlier one: the text, and whether it rose (+1), fell (−1) or neither."""

    text: str
    way: int


def change(now: Any, before: Any, kind: Kind, lang: Lang, unit: Unit | None = None) -> Change | None:
    """The change from `before` to `now`, with the growth where neither end is below zero; money in the figure's own unit
    unless another is given.

    None where either is missing: a change from nothing is not a change. A ratio changes by percentage points.
    """
    if now is None or before is None:
        return None
    new, old = _decimal(now), _decimal(before)
    difference = new - old
    way = (difference > 0) - (difference < 0)
    if kind in ("ratio", "points"):
        return Change(points(float(difference), lang), way)
    if kind == "months":
        return Change(months(float(difference), lang, sign=True), way)
    if kind == "count":
        return Change(_fixed(difference, 0, sign=True), way)
    text = money(
        difference, lang, unit or unit_for([new, old]), sign=True
    )  # the unit the figure itself is printed in
    if old > 0 and new >= 0:  # a growth rate across zero says nothing
        growth = f"{_fixed(difference / old * 100, 1, sign=True)}%"
        text += f"\uff08{growth}\uff09" if lang == "zh" else f" ({growth})"
    return Change(text, way)
