"""Plausibility bands of rule K15 and the reserve light. Wide: they catch slips of unit, not policy."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

Band = tuple[Decimal, Decimal]


def _band(low: str, high: str) -> Band:
    return Decimal(low), Decimal(high)


@dataclass(frozen=True)
class Bands:
    """What counts as plausible; every band is (lowest, highest), both still allowed.

    per_head: yuan of income, and of expenditure, per enrolled person and full year, by fund.
    period_ratio: a yearly flow against the same flow of the year before.
    pooled_months: months of spending the pooled employee fund holds; outside it is information, not an error.
    """

    per_head: dict[str, Band] = field(
        default_factory=lambda: {
            "310": _band("200", "60000"),
            "390": _band("30", "10000"),
            "all": _band("30", "60000"),
        }
    )
    period_ratio: Band = (Decimal("0.1"), Decimal(10))
    pooled_months: Band = (Decimal(3), Decimal(15))


DEFAULT_BANDS = Bands()
