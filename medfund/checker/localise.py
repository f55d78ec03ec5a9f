"""Which printed cell is the likely culprit when identities fail.

A cell explains a set of failing identities when one value of it satisfies them all and no identity that
holds now would break by more than its tolerance. Two identities that agree against one printed cell point
at that cell, not at its parts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from medfund.checker.document import Cell
from medfund.checker.identities import Identity, Uid

_INFINITY = Decimal("Infinity")
_SLIPS = tuple(Decimal(10) ** power for power in (3, 4, 6, 8))


@dataclass(frozen=True)
class Suspicion:
    """The cells that could explain a failing identity, and the reading of it.

    `implied` is the value the others give for the first suspect, where one stands out; `agreeing` is how
    many failing identities the suspects would mend.
    """

    suspects: tuple[Cell, ...]
    kind: str
    implied: Decimal | None = None
    agreeing: int = 0


@dataclass(frozen=True)
class _Explanation:
    """One value of a cell that mends these failing identities and breaks none that holds."""

    cell: Cell
    value: Decimal
    mends: frozenset[int]


def localise(identities: Sequence[Identity]) -> dict[int, Suspicion]:
    """For every failing identity (by `id()`), the suspects. `identities` hold all there is on their cells."""
    failing = [identity for identity in identities if identity.verdict == "fail"]
    by_cell: dict[Uid, list[Identity]] = defaultdict(list)
    values: dict[Uid, Decimal] = {}
    for identity in identities:
        values.update(identity.values)
        for cell in identity.cells:
            by_cell[cell.uid].append(identity)
    explanations: dict[Uid, list[_Explanation]] = {}
    for identity in failing:
        for cell in identity.cells:
            if cell.uid not in explanations:
                explanations[cell.uid] = _explain(cell, by_cell[cell.uid], values)
    return {id(identity): _suspicion(identity, explanations) for identity in failing}


def _explain(cell: Cell, identities: Sequence[Identity], values: dict[Uid, Decimal]) -> list[_Explanation]:
    """Ways to mend failing identities by this cell alone, each starting from what one of them implies."""
    holding = [identity for identity in identities if identity.verdict != "fail"]
    failing = [
        (identity, mended)
        for identity in identities
        if identity.verdict == "fail" and (mended := _mending(identity, cell, values)) is not None
    ]
    failing.sort(key=lambda entry: (entry[0].relation != "=", entry[0].tolerance))
    found = []
    for seed, (exact, low, high) in failing:
        mends = {id(seed)}
        for other, (_, other_low, other_high) in failing:
            if other is not seed and max(low, other_low) <= min(high, other_high):
                low, high = max(low, other_low), min(high, other_high)
                mends.add(id(other))
        best = min(max(exact, low), high)
        if all(_survives(identity, cell.uid, low, high, best, values) for identity in holding):
            found.append(_Explanation(cell, best, frozenset(mends)))
    return found


def _mending(
    identity: Identity, cell: Cell, values: dict[Uid, Decimal]
) -> tuple[Decimal, Decimal, Decimal] | None:
    """The value that makes the identity exact, and the range of values that keeps it inside tolerance."""
    exact = identity.implied(cell.uid, Decimal(0), values)
    ends = [identity.implied(cell.uid, side * identity.tolerance, values) for side in (-1, 1)]
    if exact is None or ends[0] is None or ends[1] is None:
        return None
    slack = cell.half / 1000  # implied values of ratios are rounded by decimal division
    low, high = min(ends[0], ends[1]) - slack, max(ends[0], ends[1]) + slack
    if identity.relation == "<=":
        return (exact, low, _INFINITY) if exact > values[cell.uid] else (exact, -_INFINITY, high)
    return exact, low, high


def _survives(
    identity: Identity, uid: Uid, low: Decimal, high: Decimal, best: Decimal, values: dict[Uid, Decimal]
) -> bool:
    """Whether some value in the range keeps an identity that holds now."""
    trials = [best, *(end for end in (low, high) if end.is_finite())]
    exact = identity.implied(uid, Decimal(0), values)
    if exact is not None:
        trials.append(min(max(exact, low), high))
    return any(identity.excess({**values, uid: trial}) == 0 for trial in trials)


def _suspicion(identity: Identity, explanations: dict[Uid, list[_Explanation]]) -> Suspicion:
    found = [
        max(covering, key=lambda explanation: len(explanation.mends))
        for cell in identity.cells
        if (covering := [one for one in explanations[cell.uid] if id(identity) in one.mends])
    ]
    if not found:
        return Suspicion(identity.cells, "cause_open")
    most = max(len(explanation.mends) for explanation in found)
    best = [explanation for explanation in found if len(explanation.mends) == most]
    slips = [explanation for explanation in best if is_unit_slip(explanation.cell.number, explanation.value)]
    if len(slips) == 1:
        best.sort(key=lambda explanation: explanation is not slips[0])
    kind = "unit_slip" if len(slips) == 1 else "misprint_suspected" if len(best) == 1 else "cause_open"
    implied = _printable(best[0]) if kind != "cause_open" else None
    return Suspicion(tuple(explanation.cell for explanation in best), kind, implied, most)


def _printable(explanation: _Explanation) -> Decimal:
    return explanation.value.quantize(Decimal(1).scaleb(explanation.cell.half.adjusted() + 1))


def is_unit_slip(printed: Decimal, implied: Decimal) -> bool:
    """Whether two values differ by a factor of 千, 万, 百万 or 亿, give or take one in a thousand."""
    if not printed or not implied:
        return False
    ratio = max(abs(printed), abs(implied)) / min(abs(printed), abs(implied))
    return any(abs(ratio / slip - 1) <= Decimal("0.001") for slip in _SLIPS)
