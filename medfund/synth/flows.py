"""What happens to each fund in a month, before it is booked: payments, premiums, subsidies, interest, transfers.

Amounts are int64 fen in arrays [org, month]. The books begin in January 2018 whatever is exported and every year is
simulated whole, so that a month's books are the same in every export: they depend on nothing after their own year.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth import lifecycle
from medfund.synth.chart import FUNDS
from medfund.synth.city import ORGS
from medfund.synth.clearing import ADVANCES, Booked
from medfund.synth.contributions import Premiums
from medfund.synth.hashed import uniform

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_Jitter = Callable[[Ints, int], Ints]

# The first month of the books: a year after the first settlements, from which advances and arrears come.
BOOKS_FIRST = lifecycle.EXPORTS_FIRST

# Other income over contributions, by fund: near the published 5.5 % for interest and other together.
POOL_SUBSIDY, POOL_INTEREST, POOL_INVESTED, POOL_OTHER = 0.0105, 0.038, 0.0127, 0.0085
ACCT_INTEREST, ACCT_TRANSFERRED, ACCT_OTHER = 0.0206, 0.0082, 0.0021
RESIDENT_INTEREST, RESIDENT_OTHER = 0.012, 0.012  # of all income
ACCT_TRANSFER_OUT = 0.01  # of spending
MINOR_SPENDING = 0.0006
REMITTED = 0.05  # of premiums, to the city each month
# Part of what was remitted that the city gives back to its weakest counties in June and December.
_SUPPORTED = {3: 0.10, 4: 0.35, 5: 0.45}

_QUARTERLY = np.array([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1.0])
_DECEMBER = np.array([0.0] * 11 + [1.0])
# Instalments of the premium paid over to the critical illness insurer (assumed).
_INSURER = np.array([0, 0, 0, 20, 0, 10, 0, 0, 25, 0, 0, 45.0])
_ASSISTANCE_SUBSIDY = np.array([8, 2, 12, 4, 4, 16, 6, 6, 18, 6, 10, 8.0])


@dataclass
class Flows:
    """One fund. `payments` come from notices, `income` and `expense` by subject from all else. Faults may bend these."""

    payments: list[Booked] = field(default_factory=list)
    income: dict[str, Ints] = field(default_factory=dict)
    expense: dict[str, Ints] = field(default_factory=dict)
    recovered: Ints | None = None
    to_upper: Ints | None = None
    from_lower: Ints | None = None
    to_lower: Ints | None = None
    from_upper: Ints | None = None

    def spent(self) -> dict[str, Ints]:
        """Expenditure by subject, payments included, without transfers."""
        out = {code: amount.copy() for code, amount in self.expense.items()}
        for payment in self.payments:
            if payment.tag not in ADVANCES:
                for code, amount in payment.expense.items():
                    out[code] = out.get(code, 0) + amount
        return out


class Calendar:
    """Whole years from BOOKS_FIRST to the year of `last`, in months since year 0 (year * 12 + month - 1)."""

    def __init__(self, first: int, last: int) -> None:
        self.months = np.arange(BOOKS_FIRST, last // 12 * 12 + 12)
        self.years = self.months // 12
        self.month_of_year = self.months % 12
        self.in_window = (self.months >= first) & (self.months <= last)

    def __len__(self) -> int:
        return len(self.months)

    def zero(self) -> Ints:
        """Nothing, [org, month]."""
        return np.zeros((len(ORGS), len(self)), dtype=np.int64)

    def spread(self, per_year: Mapping[int, Floats], weights: Floats) -> Ints:
        """Yearly amounts [org] over the months by `weights` (any scale), to the fen."""
        share = weights / weights.sum()
        out = self.zero()
        for i in range(len(self)):
            out[:, i] = np.rint(per_year[int(self.years[i])] * share[self.month_of_year[i]]).astype(np.int64)
        return out

    def yearly(self, monthly: Ints, factor: float = 1.0) -> dict[int, Floats]:
        """Amounts of each year by org, times a factor."""
        return {int(y): monthly[:, self.years == y].sum(axis=1) * factor for y in np.unique(self.years)}


def maternity_allowance(owed: Mapping[str, Ints], calendar: Calendar) -> Ints:
    """Allowances that bring maternity to its published share of the employee pool, [org, month].

    `owed` are the pool's claims by kind of care (claims.CLAIM_KEYS) over the calendar's months.
    """
    claims = {key: amount for key, amount in owed.items() if key.startswith("310_pool.")}
    pool = calendar.yearly(_sum(claims.values(), calendar))
    medical = calendar.yearly(claims["310_pool.maternity"])
    share = np.array(cal.ORG_SHARE[0])
    wanted = {
        year: np.maximum(
            (cal.MATERNITY_OF_POOL * total.sum() - medical[year].sum()) / (1 - cal.MATERNITY_OF_POOL),
            0.02 * total.sum(),
        )
        * share
        for year, total in pool.items()
    }
    return calendar.spread(wanted, cal.MATERNITY_EXPENSE)


def plan_flows(
    paid: Mapping[int, list[Booked]],
    premiums: Premiums,
    recovered: Mapping[str, Ints],
    calendar: Calendar,
    seed: int,
) -> dict[str, Flows]:
    """Income and expenditure of every fund.

    `paid` are the payment notices as they are booked, by index of the fund; `premiums` what people and employers paid in
    the calendar's months; `recovered` money of supervision cases by fund.
    """
    flows = {fund: Flows(payments=paid[i]) for i, fund in enumerate(FUNDS)}

    def jitter(amount: Ints, item: int) -> Ints:
        org, month = np.meshgrid(np.arange(len(ORGS)), calendar.months, indexing="ij")
        return np.rint(amount * (0.985 + 0.03 * uniform(seed, "income", org, month, item))).astype(np.int64)

    got = premiums.received
    resident, assistance = flows["390"], flows["610"]
    resident.income |= {
        "4001": got["390.individual"], "400101": got["390.sponsored"], "400102": got["390.fiscal_paid"],
        "400103": got["390.collective"],
    }  # fmt: skip
    assistance.expense["500103"] = got["390.sponsored"]
    part = cal.CRITICAL_ILLNESS_OF_RESIDENT / (1 - cal.CRITICAL_ILLNESS_OF_RESIDENT)
    benefits = _sum(resident.spent().values(), calendar)
    resident.expense["5101"] = calendar.spread(calendar.yearly(benefits, part), _INSURER)
    flows["310_acct"].expense["5201"] = calendar.spread(
        calendar.yearly(_sum(flows["310_acct"].spent().values(), calendar), ACCT_TRANSFER_OUT), np.ones(12)
    )
    for item, fund in enumerate(("310_pool", "310_acct", "390")):
        spent = np.maximum(_sum(flows[fund].spent().values(), calendar), 0)
        flows[fund].expense["5401"] = jitter(np.rint(spent * MINOR_SPENDING).astype(np.int64), item)

    pool_in, acct_in = flows["310_pool"].income, flows["310_acct"].income
    pool_in["400101"], pool_in["400102"] = got["310_pool.employer"], got["310_pool.flexible"]
    paid_in = pool_in["400101"] + pool_in["400102"]
    pool_in["4101"] = only_city(calendar.spread(calendar.yearly(paid_in, POOL_SUBSIDY), _QUARTERLY))
    pool_in["4201"] = jitter(calendar.spread(calendar.yearly(paid_in, POOL_INTEREST), _QUARTERLY), 10)
    pool_in["4202"] = only_city(calendar.spread(calendar.yearly(paid_in, POOL_INVESTED), _DECEMBER))
    pool_in["4501"] = jitter(calendar.spread(calendar.yearly(paid_in, POOL_OTHER), np.ones(12)), 11)
    credited = acct_in["4001"] = got["310_acct.credited"]
    acct_in["4201"] = calendar.spread(calendar.yearly(credited, ACCT_INTEREST), _QUARTERLY)
    acct_in["4301"] = jitter(calendar.spread(calendar.yearly(credited, ACCT_TRANSFERRED), np.ones(12)), 12)
    acct_in["4501"] = calendar.spread(calendar.yearly(credited, ACCT_OTHER), _QUARTERLY)

    premium = _sum(resident.income.values(), calendar)
    _resident_income(resident, premium, premiums.subsidy, calendar, jitter)
    _assistance_income(assistance, calendar)

    for fund in FUNDS:
        flows[fund].recovered = recovered.get(fund)
    _plan_transfers(flows["310_pool"], paid_in, calendar)
    _plan_transfers(resident, premium, calendar)
    return flows


def _sum(amounts: Iterable[Ints], calendar: Calendar) -> Ints:
    out = calendar.zero()
    for amount in amounts:
        out = out + amount
    return out


def _resident_income(
    resident: Flows, premium: Ints, subsidy: Mapping[int, Ints], calendar: Calendar, jitter: _Jitter
) -> None:
    """Subsidies for the heads that paid, shared out by need; where they leave a year short of its target, city and
    counties add in December.

    Premiums come around the year's turn, so that subsidies of the months between make the published season of the whole.
    """
    spent = calendar.yearly(_sum(resident.spent().values(), calendar))
    paid_in = calendar.yearly(premium)
    heads: dict[int, Floats] = {}
    for year, amount in spent.items():
        need = np.maximum(amount - paid_in[year], 0.1 * amount) + 1
        heads[year] = subsidy[year].sum() * need / need.sum()
    share = cal.RESIDENT_INCOME / cal.RESIDENT_INCOME.sum()
    own = cal.RESIDENT_PREMIUM / cal.RESIDENT_PREMIUM.sum()
    season = np.clip(share - 0.344 * own, 0.005, None)
    planned = calendar.spread(heads, season)
    received = premium + planned
    resident.income["4201"] = calendar.spread(calendar.yearly(received, RESIDENT_INTEREST), _QUARTERLY)
    resident.income["4501"] = jitter(
        calendar.spread(calendar.yearly(received, RESIDENT_OTHER), np.ones(12)), 13
    )
    income = received + resident.income["4201"] + resident.income["4501"]
    got = calendar.yearly(income)
    short: dict[int, Floats] = {}
    for year, amount in spent.items():
        lack = max(amount.sum() / (1 - cal.surplus_rate("390", year)) - got[year].sum(), 0.0)
        weight = np.maximum(amount - got[year], 0) + 1
        short[year] = lack * weight / weight.sum()
    _split_subsidy(resident.income, planned)
    # What the year lacks comes with the other subsidies, a part of it at the year's end.
    added = calendar.spread(short, 0.65 * season / season.sum() + 0.35 * _DECEMBER / _DECEMBER.sum())
    resident.income["410103"] = resident.income["410103"] + np.where(_is_city(), added, added // 2)
    resident.income["410104"] = resident.income["410104"] + np.where(_is_city(), 0, added - added // 2)


def _assistance_income(assistance: Flows, calendar: Calendar) -> None:
    """Assistance lives on public money, a little more than it spends."""
    spent = calendar.yearly(_sum(assistance.spent().values(), calendar))
    target = {year: amount / (1 - cal.surplus_rate("610", year)) for year, amount in spent.items()}
    _split_subsidy(assistance.income, calendar.spread(_times(target, 0.985), _ASSISTANCE_SUBSIDY))
    # No city line in this chart: the city's part is booked with the province's.
    assistance.income["410102"] = assistance.income["410102"] + assistance.income.pop("410103")
    assistance.income["4201"] = calendar.spread(_times(target, 0.015), _QUARTERLY)


def _times(per_year: Mapping[int, Floats], factor: float) -> dict[int, Floats]:
    return {year: np.asarray(amount * factor, dtype=np.float64) for year, amount in per_year.items()}


def _is_city() -> NDArray[np.bool_]:
    return (np.arange(len(ORGS)) == 0)[:, None]


def only_city(amount: Ints) -> Ints:
    """All of it in the city's own books."""
    out = np.zeros_like(amount)
    out[0] = amount.sum(axis=0)
    return out


def _split_subsidy(income: dict[str, Ints], total: Ints) -> None:
    central = np.rint(total * 0.52).astype(np.int64)
    city = np.rint(total * 0.10).astype(np.int64)
    county = np.rint(total * 0.16).astype(np.int64)
    county[0] = 0
    income["410101"], income["410103"], income["410104"] = central, city, county
    income["410102"] = total - central - city - county


def _plan_transfers(flows: Flows, premium: Ints, calendar: Calendar) -> None:
    """Counties remit part of their premiums each month; the city supports the weak ones in June and December."""
    up = np.rint(np.maximum(premium, 0) * REMITTED).astype(np.int64)
    up[0] = 0
    down = np.zeros_like(up)
    collected = 0
    for i, month in enumerate(calendar.month_of_year):
        collected += int(up[:, i].sum())
        if month in (5, 11):
            for org, share in _SUPPORTED.items():
                down[org, i] = int(collected * share)
            collected = 0
    flows.to_upper, flows.from_upper = up, down
    flows.from_lower, flows.to_lower = only_city(up), only_city(down)
