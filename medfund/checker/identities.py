"""Identities between printed cells: what each says, whether it holds, and what would make it hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Literal

from medfund.checker.document import Cell

Uid = tuple[int, str, str]
Values = Mapping[Uid, Decimal]
Relation = Literal["=", "<="]
CheckVerdict = Literal["pass", "pass_rounding", "fail"]

ZERO = Decimal(0)


def plain(value: Decimal) -> str:
    """A decimal as text, never in exponent form."""
    return format(value, "f")


def trimmed(value: Decimal) -> str:
    """A decimal as text without trailing zeros."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


@dataclass(frozen=True)
class Term:
    """One signed cell of a sum."""

    cell: Cell
    sign: int = 1


@dataclass(frozen=True)
class Identity:
    """One footing check on printed cells; the subclasses say how left and right come about.

    `note_zh`/`note_en` say in words what an uncommon check means; `listing` marks lists of parts.
    """

    rule: str
    relation: Relation
    documents: tuple[str, ...] = field(kw_only=True, default=())
    listing: bool = field(kw_only=True, default=False)
    note_zh: str = field(kw_only=True, default="")
    note_en: str = field(kw_only=True, default="")

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell the identity speaks of, the target last."""
        raise NotImplementedError

    @property
    def expr(self) -> str:
        """The left side as text."""
        raise NotImplementedError

    @property
    def target_ref(self) -> str:
        """The right side as text."""
        raise NotImplementedError

    def sides(self, values: Values) -> tuple[Decimal, Decimal]:
        """Left and right side, unrounded, in the unit of the target."""
        raise NotImplementedError

    def implied(self, uid: Uid, offset: Decimal, values: Values) -> Decimal | None:
        """Value of one cell that makes left − right equal `offset`; None where there is none."""
        raise NotImplementedError

    @property
    def tolerance(self) -> Decimal:
        """How far left and right may be apart, in the unit of the target."""
        raise NotImplementedError

    @cached_property
    def values(self) -> dict[Uid, Decimal]:
        """The printed values of the cells."""
        return {cell.uid: cell.number for cell in self.cells}

    @cached_property
    def shown(self) -> tuple[Decimal, Decimal, Decimal]:
        """Left, right and left − right as reported."""
        left, right = self.sides(self.values)
        return left, right, left - right

    @property
    def left(self) -> Decimal:
        return self.shown[0]

    @property
    def right(self) -> Decimal:
        return self.shown[1]

    @property
    def diff(self) -> Decimal:
        return self.shown[2]

    @cached_property
    def verdict(self) -> CheckVerdict:
        """Whether it holds, only by rounding, or not."""
        if self.relation == "<=":
            return "pass" if self.diff <= 0 else "fail"
        if self.diff == 0:
            return "pass"
        return "pass_rounding" if abs(self.diff) <= self.tolerance else "fail"

    def excess(self, values: Values) -> Decimal:
        """How far outside tolerance the identity is with these values; 0 when it holds."""
        left, right = self.sides(values)
        gap = left - right if self.relation == "<=" else abs(left - right)
        return max(ZERO, gap - self.tolerance)

    def ref(self, cell: Cell) -> str:
        """How a cell is named: with its document where the identity spans several."""
        return f"{self.documents[cell.document]}/{cell.ref}" if self.documents else cell.ref


@dataclass(frozen=True)
class Linear(Identity):
    """± cells = (or <=) a cell, the sum of further cells (`others`), or zero."""

    terms: tuple[Term, ...]
    target: Cell | None = None
    others: tuple[Term, ...] = ()

    @property
    def _right(self) -> tuple[Term, ...]:
        return self.others if self.target is None else (Term(self.target),)

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(term.cell for term in (*self.terms, *self._right))

    @property
    def expr(self) -> str:
        return self._sum_text(self.terms)

    @property
    def target_ref(self) -> str:
        return self._sum_text(self._right) or "0"

    def _sum_text(self, terms: tuple[Term, ...]) -> str:
        text = ""
        for term in terms:
            sign = " - " if term.sign < 0 else " + "
            text += (sign if text else sign.strip(" +")) + self.ref(term.cell)
        return text

    @property
    def _unit_factor(self) -> Decimal:
        return (self.target or self.terms[0].cell).factor

    def _scaled(self, cell: Cell, value: Decimal) -> Decimal:
        # One unit throughout keeps the printed decimals; converting would only add zeros.
        return value if cell.factor == self._unit_factor else value * cell.factor / self._unit_factor

    def _add(self, terms: tuple[Term, ...], values: Values) -> Decimal:
        parts = [term.sign * self._scaled(term.cell, values[term.cell.uid]) for term in terms]
        return sum(parts[1:], start=parts[0]) if parts else ZERO

    def sides(self, values: Values) -> tuple[Decimal, Decimal]:
        return self._add(self.terms, values), self._add(self._right, values)

    def implied(self, uid: Uid, offset: Decimal, values: Values) -> Decimal | None:
        left, right = self.sides(values)
        gap = right + offset - left
        for side, terms in ((1, self.terms), (-1, self._right)):
            for term in terms:
                if term.cell.uid == uid:
                    return values[uid] + side * term.sign * gap * self._unit_factor / term.cell.factor
        return None

    @cached_property
    def tolerance(self) -> Decimal:
        if self.relation == "<=":
            return ZERO
        return sum((self._scaled(cell, cell.half) for cell in self.cells), start=ZERO)


@dataclass(frozen=True)
class Months(Identity):
    """K14: closing ÷ (twelve months' expenditure ÷ 12) = printed payable months."""

    closing: Cell
    expenditure: Cell
    target: Cell
    basis: str = ""

    @property
    def cells(self) -> tuple[Cell, ...]:
        return (self.closing, self.expenditure, self.target)

    @property
    def expr(self) -> str:
        return f"{self.ref(self.closing)} / ({self.ref(self.expenditure)} / 12)"

    @property
    def target_ref(self) -> str:
        return self.ref(self.target)

    @property
    def _scale(self) -> Decimal:
        return self.closing.factor / self.expenditure.factor

    def sides(self, values: Values) -> tuple[Decimal, Decimal]:
        spent = values[self.expenditure.uid]
        months = values[self.closing.uid] * self._scale * 12 / spent if spent else Decimal("1e18")
        return months, values[self.target.uid]

    @cached_property
    def shown(self) -> tuple[Decimal, Decimal, Decimal]:
        left, right = self.sides(self.values)
        place = Decimal(1).scaleb(self.target.half.adjusted() + 1)
        left = left.quantize(place, rounding=ROUND_HALF_UP)
        return left, right, left - right

    def implied(self, uid: Uid, offset: Decimal, values: Values) -> Decimal | None:
        months = values[self.target.uid] + offset
        if uid == self.target.uid:
            return self.sides(values)[0] - offset
        if uid == self.closing.uid:
            return months * values[self.expenditure.uid] / 12 / self._scale
        return values[self.closing.uid] * self._scale * 12 / months if months > 0 else None

    @cached_property
    def tolerance(self) -> Decimal:
        return Decimal("0.01")

    def excess(self, values: Values) -> Decimal:
        # The reported left side is rounded to the printed place, so half of that place is slack here.
        left, right = self.sides(values)
        return max(ZERO, abs(left - right) - self.tolerance - self.target.half)


@dataclass(frozen=True)
class Growth(Identity):
    """K13: a printed percentage recomputed from printed levels.

    With `change`: change ÷ (level − change); with `base`: (level − base) ÷ base, or level ÷ base for a
    rate of execution (`share`).
    """

    level: Cell
    target: Cell
    change: Cell | None = None
    base: Cell | None = None
    share: bool = False

    @property
    def cells(self) -> tuple[Cell, ...]:
        other = self.change or self.base
        assert other is not None
        return (self.level, other, self.target)

    @property
    def expr(self) -> str:
        level = self.ref(self.level)
        if self.change is not None:
            change = self.ref(self.change)
            return f"{change} / ({level} - {change}) * 100"
        assert self.base is not None
        base = self.ref(self.base)
        return f"{level} / {base} * 100" if self.share else f"({level} - {base}) / {base} * 100"

    @property
    def target_ref(self) -> str:
        return self.ref(self.target)

    def _levels(self, values: Values) -> tuple[Decimal, Decimal]:
        """Level and base in one unit."""
        level = values[self.level.uid] * self.level.factor
        if self.change is not None:
            return level, level - values[self.change.uid] * self.change.factor
        assert self.base is not None
        return level, values[self.base.uid] * self.base.factor

    def sides(self, values: Values) -> tuple[Decimal, Decimal]:
        level, base = self._levels(values)
        if not base:
            return Decimal("1e18"), values[self.target.uid]
        rate = level / base * 100 if self.share else (level - base) / base * 100
        return rate, values[self.target.uid]

    @cached_property
    def shown(self) -> tuple[Decimal, Decimal, Decimal]:
        left, right = self.sides(self.values)
        left = left.quantize(self.target.half / 50, rounding=ROUND_HALF_UP)
        return left, right, left - right

    @cached_property
    def verdict(self) -> CheckVerdict:
        # A growth rate is printed rounded: agreeing with the printed digits is agreeing.
        if abs(self.diff) <= self.target.half:
            return "pass"
        return "pass_rounding" if abs(self.diff) <= self.tolerance else "fail"

    def implied(self, uid: Uid, offset: Decimal, values: Values) -> Decimal | None:
        rate, printed = self.sides(values)
        if uid == self.target.uid:
            return rate - offset
        ratio = (printed + offset) / 100 + (0 if self.share else 1)  # level ÷ base
        level, base = self._levels(values)
        if self.change is not None:
            if uid == self.change.uid:
                return (level - level / ratio) / self.change.factor if ratio else None
            change = level - base
            return change * ratio / (ratio - 1) / self.level.factor if ratio != 1 else None
        assert self.base is not None
        if uid == self.level.uid:
            return base * ratio / self.level.factor
        return level / ratio / self.base.factor if ratio else None

    @cached_property
    def tolerance(self) -> Decimal:
        """Half a unit of the rate's last place plus what rounding of the levels can do, rounded up."""
        level, base = (abs(value) for value in self._levels(self.values))
        half_level = self.level.half * self.level.factor
        if not base:
            return self.target.half
        if self.change is not None:
            half_change = self.change.half * self.change.factor
            spread = half_change / base + abs(level - base) * (half_level + half_change) / base**2
        else:
            assert self.base is not None
            spread = half_level / base + level * self.base.half * self.base.factor / base**2
        step = self.target.half / 5
        return (self.target.half + spread * 100).quantize(step, rounding=ROUND_CEILING)
