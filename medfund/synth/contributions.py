"""What people and employers pay in: contribution lines, credits to personal accounts, and what of it reaches each fund.

One function makes the lines of one month of accrual (employees) or one benefit year (residents) from the people alone, so
that a line is the same however many months are written. The books take their premium income from `premiums_received`,
the exports write the very lines it adds up. Money is int64 fen; months count from year 0 (year * 12 + month - 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from medfund.synth import lifecycle
from medfund.synth.city import ORGS, People
from medfund.synth.hashed import uniform

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Columns = dict[str, NDArray]

# Which fund and which payer money counts for. The account's part is what is credited to persons, out of their own and
# their employers' money; the pool keeps the rest.
PREMIUM_KEYS = (
    "310_pool.employer", "310_pool.flexible", "310_acct.credited",
    "390.individual", "390.sponsored", "390.fiscal_paid", "390.collective",
)  # fmt: skip
(
    POOL_EMPLOYER, POOL_FLEXIBLE, ACCT_CREDITED,
    RESIDENT_OWN, RESIDENT_SPONSORED, RESIDENT_FISCAL, RESIDENT_COLLECTIVE,
) = range(7)  # fmt: skip

# Why somebody else pays: extreme hardship (in full), subsistence allowance and low income (in part), by a public budget.
IDENTITY_TYPES = ("", "2304", "2303", "2305", "2308")
# Kinds of line, as written to clct_type.
LINE_TYPES = ("10", "33", "34", "991")
NORMAL, RETIREMENT, BASE_DIFFERENCE, RESIDENT_REFUND = range(4)
UNPAID, PAID, COUNTED_AS_PAID = 0, 1, 4
NEVER = lifecycle.NEVER

# Rates of the contribution base: within the ranges remembered by practice (employers 6-9 %, persons 2 %).
EMPLOYER_RATE = 0.08
PERSON_RATE = 0.02
FLEXIBLE_RATE = 0.10  # paid by the person alone
POOL_ONLY_RATE = 0.07  # without an account
POOL_ONLY_OF_FLEXIBLE = 0.37  # 6.5 % of employees (published) are 37 % of the 17.4 % who work flexibly

# Monthly contribution bases: lognormal, cut at 60 and 300 % of the mean as the rule has it; spread and ratios assumed.
MEAN_BASE_YUAN = 6990  # in 2025
BASE_SIGMA = 0.35
FLEXIBLE_BASE = 0.65  # most choose a low base
CIVIL_BASE = 1.10
# The mean base over that of 2025, set so that contributions come near the published income per member.
_BASE_YEARS = (2018, 2019, 2021, 2022, 2023, 2024, 2025, 2026)
_BASE_INDEX = (0.72, 0.76, 0.845, 0.90, 0.972, 0.984, 1.0, 1.02)

# Monthly credit to accounts beside the person's own 2 %. Up to 2022 a part of the employer's money followed (share of the
# base, younger and older than 45) and retirees got a share of their pension; the reform of 2023 stopped the one and
# fixed the other. Amounts in yuan, below and from 70 years. The rule is official, the amounts are assumed.
ACCOUNT_REFORM = 2023 * 12
EMPLOYER_INTO = (0.008, 0.014)
RETIREE_CREDIT_BEFORE = (175, 205)
RETIREE_CREDIT_AFTER = (145, 170)

# Residents' own premium and the fiscal subsidy per head by benefit year in yuan: the national floors (2026 second hand,
# earlier years remembered).
_RESIDENT_YEARS = (2018, 2019, 2020, 2021, 2022, 2023, 2024, 2026)
_RESIDENT_PREMIUM = (220, 250, 280, 320, 350, 380, 400, 400)
_RESIDENT_SUBSIDY = (490, 520, 550, 580, 610, 640, 670, 724)

# When residents pay for a year, September to February (assumed), and when offices pay for those they sponsor.
_SEASON = np.cumsum([10, 19, 24, 21, 17, 9]) / 100
_SPONSOR_SEASON = np.cumsum([10, 20, 40, 30]) / 100
SPONSORED_IN_FULL = 0.2  # of those sponsored (assumed); the others pay the rest themselves
SPONSORED_PART = 0.6  # of the premium
FISCAL_PAID = 0.03  # residents whose premium a public budget pays (assumed)
COLLECTIVE = (0.02, 0.2)  # residents whose village helps, and with what part of the premium (assumed)

# Employers were let off half their premium in these months (official); public bodies were not.
RELIEF_MONTHS = range(2020 * 12 + 1, 2020 * 12 + 6)
# Share of employers who pay one to three months late; more over the New Year's pay run (assumed).
_LATE, _LATE_FEBRUARY, _LATE_FLEXIBLE = 0.02, 0.09, 0.05
CORRECTED = 0.002  # lines reversed and booked anew with another base (assumed)
LAST_UNPAID = 0.15  # of those who drop out (assumed)
_BASE_REVIEW = (0.75, 0.036)  # employers who settle a base difference in December, and its size (assumed)
_LUMP_SUM = 0.35  # of new retirees, who make up missing years (assumed)


@dataclass(frozen=True)
class Premiums:
    """Contributions added up for the books, fen.

    `received[key]` is [org, month] by the month the money reached the treasury, for the months asked for; `accrued[key]`
    the same by the first month the money is due for, whether paid or not. Refunds are negative. `subsidy[year]` is
    [org]: the fiscal subsidy of all who paid for that benefit year.
    """

    received: dict[str, Ints]
    accrued: dict[str, Ints]
    subsidy: dict[int, Ints]


def resident_premium(year: int) -> int:
    """A resident's own premium for a benefit year, fen."""
    return round(float(np.interp(year, _RESIDENT_YEARS, _RESIDENT_PREMIUM))) * 100


def resident_subsidy(year: int) -> int:
    """What public budgets add for a resident and benefit year, fen."""
    return round(float(np.interp(year, _RESIDENT_YEARS, _RESIDENT_SUBSIDY))) * 100


def premiums_received(people: People, months: Ints, seed: int) -> Premiums:
    """What reaches the funds in each of the consecutive `months`: the lines and credits of `Contributions`, added up."""
    return Contributions(people, seed).premiums(months)


class Contributions:
    """The contribution lines of a city. Everything is a function of the people and the seed."""

    # Months from a line's accrual to the last thing that can happen to it: late (3), corrected (2); a lump sum is made
    # up in the December of the year.
    LONGEST_DELAY = 11

    def __init__(self, people: People, seed: int) -> None:
        self.people, self.seed = people, seed

    # ---- who ----

    def _draw(self, purpose: str, *keys: ArrayLike) -> Floats:
        return uniform(self.seed, "contribution " + purpose, *keys)

    @cached_property
    def is_pool_only(self) -> Bools:
        """Flexibly employed people who chose insurance without an account."""
        return self.people.is_flexible & (
            self._draw("pool only", self.people.identity) < POOL_ONLY_OF_FLEXIBLE
        )

    @cached_property
    def identity_kind(self) -> Ints:
        """Why somebody else pays for a resident: index into IDENTITY_TYPES; 0 for nobody."""
        u = self._draw("identity", self.people.identity)
        sponsored = np.select([u < SPONSORED_IN_FULL, u < 0.75], [1, 2], 3)
        resident = self.people.scheme == 1
        return np.where(
            resident & self.people.is_assisted, sponsored, np.where(resident & (u < FISCAL_PAID), 4, 0)
        )

    @cached_property
    def employer(self) -> Ints:
        """Serial number of each employee's employer within the unit, sizes skewed; -1 where there is none.

        Public bodies are numbered from 1, the others from 1001.
        """
        people = self.people
        u = self._draw("employer", people.identity, people.org)
        out = np.full(len(people), -1)
        working = (people.scheme == 0) & ~people.is_flexible
        for org in range(len(ORGS)):
            for public in (False, True):
                mine = np.flatnonzero(working & (people.org == org) & (people.is_civil_servant == public))
                count = max(2, len(mine) // 60)
                serial = np.floor(count * u[mine] ** 2.2).astype(np.int64)
                out[mine] = serial + (1 if public else 1001)
        return out

    @cached_property
    def before(self) -> Ints:
        """Index of the membership that each one follows; -1 for the first of a person."""
        people = self.people
        order = np.lexsort((people.enrolled_from, people.identity))
        same = people.identity[order][1:] == people.identity[order][:-1]
        out = np.full(len(people), -1)
        out[order[1:][same]] = order[:-1][same]
        return out

    @cached_property
    def wage(self) -> Ints:
        """Monthly base in 2025, fen; 0 for residents."""
        people = self.people
        u, v = (self._draw(f"wage {i}", people.identity) for i in (1, 2))
        z = np.sqrt(-2 * np.log(1 - u)) * np.cos(2 * np.pi * v)
        factor = np.clip(np.exp(BASE_SIGMA * z - BASE_SIGMA**2 / 2), 0.6, 3)
        factor *= np.select([people.is_flexible, people.is_civil_servant], [FLEXIBLE_BASE, CIVIL_BASE], 1.0)
        return np.where(people.scheme == 0, np.rint(factor * MEAN_BASE_YUAN).astype(np.int64) * 100, 0)

    def base(self, person: Ints, year: int) -> Ints:
        """Monthly contribution base in a year: whole yuan, in fen."""
        index = float(np.interp(year, _BASE_YEARS, _BASE_INDEX))
        return np.rint(self.wage[person] * index / 100).astype(np.int64) * 100

    # ---- lines ----

    def employee_lines(self, month: int) -> Columns:
        """All lines that accrue in a month, with what happens to them later.

        `born` is the month a line was made, `cash` the month it was paid (NEVER: not yet), `reversed` the month its
        mark turned to "+" (NEVER: not). `reverses` says that the line takes back another. Amounts: emp, psn, oth, sub;
        emp_into and psn_into are the parts credited to the account.
        """
        people = self.people
        person = np.flatnonzero(people.enrolled(month) & ~people.retired(month) & (people.scheme == 0))
        base = self.base(person, month // 12)
        flexible, public = people.is_flexible[person], people.is_civil_servant[person]
        paid_in = self._paid_in(person, month)
        last = (people.enrolled_to[person] == month + 1) & (
            people.left_by[person] == lifecycle.LEAVE_KINDS.index("lapse")
        )
        u = self._draw("line", people.identity[person], month)
        cash = np.where(last & (u < LAST_UNPAID), NEVER, paid_in)

        relieved = np.zeros(len(person), dtype=bool)
        if month in RELIEF_MONTHS:
            relieved = ~flexible & ~public
        lines = self._line(person, month, base, cash)
        lines["emp"] = np.where(relieved, lines["emp"] // 2, lines["emp"])

        # A wrong base: the line is taken back and booked anew one or two months after its payment.
        wrong = np.flatnonzero((cash < NEVER) & ~relieved & (u > 1 - CORRECTED))
        when = cash[wrong] + 1 + (u[wrong] * 1e6).astype(np.int64) % 2
        lines["reversed"][wrong] = when
        back = {name: values[wrong].copy() for name, values in lines.items()}
        for name in _AMOUNTS:
            back[name] = -back[name]
        back |= {"born": when, "cash": when, "reversed": np.full(len(wrong), NEVER)}
        back["reverses"][:] = True
        back["part"][:] = 1
        new_base = np.rint(base[wrong] * (1.08 + 0.2 * self._draw("new base", person[wrong])) / 100) * 100
        anew = self._line(person[wrong], month, new_base.astype(np.int64), when)
        anew |= {"born": when, "part": np.full(len(wrong), 2)}

        # The half that employers were let off counts as paid and brings no money.
        let_off = np.flatnonzero(relieved)
        relief = self._line(person[let_off], month, base[let_off], np.full(len(let_off), NEVER))
        relief["emp"] -= lines["emp"][let_off]
        for name in ("psn", "emp_into", "psn_into"):
            relief[name][:] = 0
        relief |= {"state": np.full(len(let_off), COUNTED_AS_PAID), "part": np.full(len(let_off), 3)}

        parts = [lines, back, anew, relief, self._lump_sums(month)]
        if month % 12 == 11:
            parts.append(self._base_differences(person, base, month))
        return _stack(parts)

    def _line(self, person: Ints, month: int, base: Ints, cash: Ints, months: int = 1) -> Columns:
        """Ordinary lines over `months` months' bases."""
        people = self.people
        flexible, pool_only = people.is_flexible[person], self.is_pool_only[person]
        total = base * months
        own = np.select([pool_only, flexible], [POOL_ONLY_RATE, FLEXIBLE_RATE], PERSON_RATE)
        into = np.where(pool_only, 0.0, PERSON_RATE)
        older = people.age(month)[person] >= 45
        extra = np.where(older, EMPLOYER_INTO[1], EMPLOYER_INTO[0]) if month < ACCOUNT_REFORM else 0.0
        n = len(person)
        zero = np.zeros(n, dtype=np.int64)
        return {
            "person": person, "first": np.full(n, month), "last": np.full(n, month), "base": base, "months": zero + months,
            "emp": np.where(flexible, 0, _share(total, EMPLOYER_RATE)), "psn": _share(total, own), "oth": zero.copy(),
            "sub": zero.copy(), "emp_into": np.where(flexible, 0, _share(total, extra)), "psn_into": _share(total, into),
            "type": zero + NORMAL, "state": zero + PAID, "part": zero.copy(), "born": zero + month, "cash": cash,
            "reversed": zero + NEVER, "reverses": np.zeros(n, dtype=bool),
        }  # fmt: skip

    def _paid_in(self, person: Ints, month: int) -> Ints:
        """The month in which each one's contribution for `month` arrives: employers pay for all their people at once."""
        people = self.people
        flexible = people.is_flexible[person]
        payer = np.where(flexible, people.identity[person] + 1_000_000, self.employer[person])
        u = self._draw("late", payer, people.org[person], month)
        late = np.where(flexible, _LATE_FLEXIBLE, _LATE_FEBRUARY if month % 12 == 1 else _LATE)
        # Most of those late are one month late.
        return month + np.select([u < late * 0.1, u < late * 0.25, u < late], [3, 2, 1], 0)

    def _base_differences(self, person: Ints, base: Ints, month: int) -> Columns:
        """December: some employers settle the year's difference between the base declared and the wages paid."""
        people = self.people
        u = self._draw("review", self.employer[person], people.org[person], month)
        mine = np.flatnonzero((self.employer[person] > 1000) & (u < _BASE_REVIEW[0]))
        u_size = self._draw("difference", people.identity[person[mine]], month)
        difference = np.rint(base[mine] * _BASE_REVIEW[1] * 2 * u_size / 100).astype(np.int64) * 100
        first = np.maximum(people.enrolled_from[person[mine]], month - 11)
        lines = self._line(person[mine], month, difference, np.full(len(mine), month))
        months = month + 1 - first
        for name in ("emp", "psn", "emp_into", "psn_into"):
            lines[name] = lines[name] * months
        lines |= {"first": first, "months": months, "type": np.full(len(mine), BASE_DIFFERENCE)}
        lines["part"][:] = 4
        return chosen(lines, difference > 0)

    def _lump_sums(self, month: int) -> Columns:
        """Those who retire with too few years make up for them: at once, or in the December that follows."""
        people = self.people
        person = np.flatnonzero(
            (people.retired_from == month) & people.enrolled(month) & (people.scheme == 0)
        )
        u = self._draw("lump sum", people.identity[person])
        person, u = person[u < _LUMP_SUM], u[u < _LUMP_SUM] / _LUMP_SUM
        months = 6 + np.floor(u * 48).astype(np.int64)
        base = self.base(person, month // 12)
        december = month // 12 * 12 + 11
        lines = self._line(person, month, base, np.where(u * 7 % 1 < 0.4, december, month))
        rate = np.where(people.is_flexible[person], POOL_ONLY_RATE, EMPLOYER_RATE)
        lines |= {"emp": np.zeros_like(base), "psn": _share(base * months, rate), "months": months}
        lines |= {"emp_into": np.zeros_like(base), "psn_into": np.zeros_like(base)}
        lines |= {
            "type": np.full(len(person), RETIREMENT),
            "born": lines["cash"].copy(),
            "part": np.full(len(person), 5),
        }
        return lines

    def resident_lines(self, year: int) -> Columns:
        """All lines of a benefit year: paid from the September before it, by newcomers when they join."""
        people = self.people
        first, end = year * 12, year * 12 + 12
        start, stop = people.enrolled_from, people.enrolled_to
        resident = people.scheme == 1
        kind = self.identity_kind
        u = self._draw("season", people.identity, year)
        own_way = np.searchsorted(_SEASON[:-1], u, side="right")
        by_office = np.searchsorted(_SPONSOR_SEASON[:-1], u, side="right")
        season = first - 4 + np.where(kind > 0, by_office, own_way)

        moved_in = people.joined_by == lifecycle.JOIN_KINDS.index("move")
        from_resident = moved_in & (people.scheme[self.before] == 1)
        # Who was here before pays in season, who comes later on joining; newcomers of January enrol in the autumn before.
        at_once = moved_in | (people.joined_by == lifecycle.JOIN_KINDS.index("birth"))
        pays = np.where((start < first) | ((start == first) & at_once), np.maximum(season, start), season)
        pays = np.where(start > first, start, pays)
        # Who moves between units here has paid in the old one, if the season's turn came before.
        owes = resident & ~(from_resident & (start > season))
        covers = owes & (start < end) & (stop > first)
        lapses = resident & (stop == first) & (people.left_by == lifecycle.LEAVE_KINDS.index("lapse"))
        # Paid, and gone before the year began: given back, unless a new unit here takes the person over.
        gone = owes & ~lapses & (stop <= first) & (pays < stop)
        onward = np.zeros(len(people), dtype=bool)
        onward[self.before[from_resident]] = True
        given_back = gone & ~onward
        person = np.flatnonzero(covers | gone | lapses)
        cash = np.where(covers, np.minimum(pays, stop - 1), pays)

        n = len(person)
        zero = np.zeros(n, dtype=np.int64)
        unpaid = lapses[person]
        cash = np.where(unpaid, NEVER, cash[person])
        premium = resident_premium(year)
        kind = kind[person]
        village = (self._draw("village", people.identity[person]) < COLLECTIVE[0]) & (kind == 0)
        oth = np.select(
            [kind == 1, (kind == 2) | (kind == 3), kind == 4, village],
            [premium, round(premium * SPONSORED_PART), premium, round(premium * COLLECTIVE[1])],
            0,
        )
        lines = {
            "person": person, "first": np.maximum(start[person], first), "last": zero + end - 1, "base": zero.copy(),
            "months": zero + 12, "emp": zero.copy(), "psn": premium - oth, "oth": oth,
            "sub": np.where(unpaid, 0, resident_subsidy(year)), "emp_into": zero.copy(), "psn_into": zero.copy(),
            "type": zero + NORMAL, "state": zero + PAID, "part": zero.copy(),
            "born": np.where(unpaid, first - 1, cash), "cash": cash,
            "reversed": np.where(given_back[person], np.maximum(stop[person], cash + 1), NEVER),
            "reverses": np.zeros(n, dtype=bool),
        }  # fmt: skip
        refund = chosen(lines, given_back[person])
        for name in _AMOUNTS:
            refund[name] = -refund[name]
        refund |= {"born": refund["reversed"], "cash": refund["reversed"]}
        refund["reversed"] = np.full(len(refund["born"]), NEVER)
        refund["type"][:], refund["part"][:], refund["reverses"][:] = RESIDENT_REFUND, 1, True
        return _stack([lines, refund])

    # ---- accounts ----

    def retiree_credits(self, month: int) -> tuple[Ints, Ints]:
        """Retirees with an account in a month, and what each is credited out of the pool's premiums (fen)."""
        people = self.people
        person = np.flatnonzero(
            people.enrolled(month) & people.retired(month) & (people.scheme == 0) & ~self.is_pool_only
        )
        younger, older = RETIREE_CREDIT_BEFORE if month < ACCOUNT_REFORM else RETIREE_CREDIT_AFTER
        return person, np.where(people.age(month)[person] < 70, younger, older).astype(np.int64) * 100

    # ---- totals ----

    def premiums(self, months: Ints) -> Premiums:
        """See `premiums_received`."""
        shape = (len(PREMIUM_KEYS), len(ORGS), len(months))
        received, accrued = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        first, last = int(months[0]), int(months[-1])
        org = self.people.org

        def add(to: Ints, key: int, person: Ints, month: Ints, amount: Ints) -> None:
            inside = (month >= first) & (month <= last)
            np.add.at(to[key], (org[person[inside]], month[inside] - first), amount[inside])

        # A line made before the first month may be paid, or taken back, in it.
        for month in range(first - self.LONGEST_DELAY, last + 1):
            lines = self.employee_lines(month)
            self._count(lines, add, received, accrued)
            person, credit = self.retiree_credits(month)
            when = np.full(len(person), month)
            for to in (received, accrued):
                add(to, ACCT_CREDITED, person, when, credit)
                add(to, POOL_EMPLOYER, person, when, -credit)
        subsidy: dict[int, Ints] = {}
        for year in range(first // 12, last // 12 + 2):
            lines = self.resident_lines(year)
            self._count(lines, add, received, accrued)
            paid = lines["cash"] < NEVER
            subsidy[year] = np.bincount(
                org[lines["person"][paid]], weights=lines["sub"][paid], minlength=len(ORGS)
            ).astype(np.int64)
        return Premiums(
            dict(zip(PREMIUM_KEYS, received, strict=True)),
            dict(zip(PREMIUM_KEYS, accrued, strict=True)),
            subsidy,
        )

    def _count(self, lines: Columns, add: Callable[..., None], received: Ints, accrued: Ints) -> None:
        person = lines["person"]
        into = lines["emp_into"] + lines["psn_into"]
        kept = lines["emp"] + lines["psn"] - into
        resident, flexible = self.people.scheme[person] == 1, self.people.is_flexible[person]
        kind = self.identity_kind[person]
        for key, mine, amount in (
            (POOL_EMPLOYER, ~resident & ~flexible, kept),
            (POOL_FLEXIBLE, ~resident & flexible, kept),
            (ACCT_CREDITED, ~resident, into),
            (RESIDENT_OWN, resident, lines["psn"]),
            (RESIDENT_SPONSORED, resident & (kind >= 1) & (kind <= 3), lines["oth"]),
            (RESIDENT_FISCAL, resident & (kind == 4), lines["oth"]),
            (RESIDENT_COLLECTIVE, resident & (kind == 0), lines["oth"]),
        ):
            got = mine & (lines["state"] == PAID)
            add(received, key, person[got], lines["cash"][got], amount[got])
            add(accrued, key, person[mine], lines["first"][mine], amount[mine])


class Credits:
    """What is credited to personal accounts, month by month in order."""

    def __init__(self, paying: Contributions) -> None:
        self.paying = paying
        self._accrued: int | None = None
        self._waiting: dict[int, list[Columns]] = {}

    def booked(self, month: int) -> Columns:
        """Credits of the contributions that arrived in a month, and those of its retirees: person, amount (fen), code.

        `code` tells a person's credits apart. Credits taken back are negative.
        """
        paying = self.paying
        first = month - paying.LONGEST_DELAY if self._accrued is None else self._accrued + 1
        for accrual in range(first, month + 1):
            lines = paying.employee_lines(accrual)
            lines = chosen(lines, (lines["cash"] < NEVER) & (lines["emp_into"] + lines["psn_into"] != 0))
            for cash in np.unique(lines["cash"]):
                part = chosen(lines, lines["cash"] == cash)
                credit = {
                    "person": part["person"],
                    "amount": part["emp_into"] + part["psn_into"],
                    "code": part["first"] * 10 + part["part"],
                }
                self._waiting.setdefault(int(cash), []).append(credit)
        self._accrued = month
        retiree, fixed = paying.retiree_credits(month)
        retirees = {"person": retiree, "amount": fixed, "code": np.full(len(retiree), month * 10 + 9)}
        return _stack([*self._waiting.pop(month, []), retirees])

    def holders(self, month: int) -> Ints:
        """Memberships with a personal account in a month."""
        people = self.paying.people
        return np.flatnonzero(people.enrolled(month) & (people.scheme == 0) & ~self.paying.is_pool_only)


_AMOUNTS = ("emp", "psn", "oth", "sub", "emp_into", "psn_into")


def _share(amount: Ints, rate: Floats | float) -> Ints:
    return np.rint(amount * rate).astype(np.int64)


def chosen(lines: Columns, keep: Bools) -> Columns:
    """The rows where `keep` holds."""
    return {name: values[keep] for name, values in lines.items()}


def _stack(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
