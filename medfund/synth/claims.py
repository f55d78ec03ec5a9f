"""Settlements month by month, and what each fund owes for them. Money is int64 fen throughout."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.benefits import MONEY, Claimed, settle
from medfund.synth.city import ORGS, Institutions, People, first_day
from medfund.synth.contributions import Contributions, Credits
from medfund.synth.hashed import uniform
from medfund.synth.lifecycle import HORIZON_FIRST
from medfund.synth.visits import (
    MED_TYPES,
    WAY_CROSS_PROVINCE,
    WAY_IN_PROVINCE,
    WAY_LOCAL,
    WAY_MANUAL,
    Whereabouts,
    make_visits,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Columns = dict[str, NDArray]

__all__ = [
    "CLAIM_KEYS", "MED_TYPES", "MONEY", "WAY_CROSS_PROVINCE", "WAY_IN_PROVINCE", "WAY_LOCAL", "WAY_MANUAL", "Columns",
    "History", "as_arrow", "as_of", "decimals", "members_for", "owed",
]  # fmt: skip

# What the books owe for claims: ledger fund and kind of care.
CLAIM_KEYS = (
    "310_pool.inpatient", "310_pool.outpatient", "310_pool.chronic", "310_pool.maternity", "310_pool.large_amount",
    "310_acct.inpatient", "310_acct.outpatient", "310_acct.pharmacy",
    "390.inpatient", "390.outpatient", "390.chronic",
    "610.inpatient", "610.outpatient",
)  # fmt: skip


# The months in which the size of a city is counted.
SIZED_MONTHS = range(2022 * 12 + 10, 2026 * 12 + 10)
# Moment of change of a row that never changes.
UNCHANGED = np.datetime64("9999-12-31T00:00:00", "s")


class History:
    """The settlements of every month from 2017 on, in order. What a month holds depends on size and seed alone."""

    def __init__(self, people: People, places: Institutions, seed: int) -> None:
        self.month = HORIZON_FIRST - 1
        self._people, self._places, self._seed = people, places, seed
        self._credits = Credits(Contributions(people, seed))
        self._where, self._claimed = Whereabouts.of(people), Claimed.of(people)
        self._refunds: Columns = {}
        self._rounding = np.random.default_rng([seed, 2]).random(10)
        self._expected = np.zeros(10)

    def next(self) -> Columns:
        """All settlements of the following month; `month` says which one that is.

        Refunds and withdrawals are given as they end; see `as_of` for what was known at a moment.
        """
        self.month += 1
        month, people = self.month, self._people
        roster = people.roster(month)
        rng = np.random.default_rng([self._seed, 1, month])
        # Rounded along time and not drawn one by one, so that a small city shows the seasons of a large one.
        before = np.floor(self._expected + self._rounding).astype(np.int64)
        noise = rng.normal(1, 0.025, 10)
        self._expected += visits_expected(month, roster.size) * noise
        counts = np.floor(self._expected + self._rounding).astype(np.int64) - before
        rows = make_visits(month, counts, before, people, roster, self._places, self._where, rng)

        credit = self._credits.booked(month)
        holder = people.identity[credit["person"]]
        if month == HORIZON_FIRST:
            years = 0.5 + 3 * uniform(self._seed, "saved", holder)
            self._claimed.begin(month, holder, np.rint(credit["amount"] * 12 * years).astype(np.int64))
        self._claimed.begin(month, holder, credit["amount"])
        settle(month, rows, people, self._claimed, self._credits.holders(month), rng)
        rows = self._number(rows, rng)
        self._claimed.undo({name: values[rows["sign"] < 0] for name, values in rows.items()}, people)
        return rows

    def _number(self, rows: Columns, rng: np.random.Generator) -> Columns:
        """Numbers of settlements and visits, what becomes of them, and the refunds of this month."""
        month = self.month
        n = len(rows["medfee"])
        serial = month_serial(month)
        rows["setl_id"] = serial + np.arange(n)
        fresh = rows["mdtrt_id"] == 0
        rows["mdtrt_id"] = np.where(fresh, rows["setl_id"], rows["mdtrt_id"])
        rows["init_setl_id"] = np.zeros(n, dtype=np.int64)
        rows["sign"] = np.ones(n, dtype=np.int64)
        interim = rows["interim"]
        self._where.unfinished = {
            k: rows[k][interim] for k in ("person", "place", "way", "med", "begin", "mdtrt_id")
        }
        self._where.unfinished["begin"] = self._where.unfinished["begin"].astype(np.int64)

        # Refunds: the mirror is settled some days later, this month or the next; both rows carry the flag.
        refundable = ~interim & ~rows["died"] & fresh & (rows["way"] != WAY_MANUAL)
        delay = np.minimum((rng.exponential(4 * 86400, n)).astype(np.int64) + 600, 20 * 86400)
        refund_time = rows["setl_time"] + delay.astype("timedelta64[s]")
        refunded = refundable & (rng.random(n) < cal.REFUND_SHARE * 1.02)
        invalid = ~refunded & ~interim & fresh & (rng.random(n) < cal.INVALID_SHARE)
        rows["refunded"] = refunded
        rows["valid"] = ~invalid
        # Withdrawn rows: the bureau finds out some weeks later, before the month's claims are paid.
        noticed = rows["setl_time"] + rng.integers(1, 25, n).astype("timedelta64[D]")
        rows["regrouped"] = (
            rows["by_score"] & ~refunded & ~invalid & fresh & (rng.random(n) < cal.REGROUPED_SHARE)
        )
        rows["changed"] = np.where(
            refunded, refund_time, np.where(invalid | rows["regrouped"], noticed, UNCHANGED)
        )

        mirror = {k: v[refunded].copy() for k, v in rows.items()}
        for name in MONEY:
            mirror[name] = -mirror[name]
        mirror["init_setl_id"] = mirror["setl_id"]
        mirror["setl_time"] = refund_time[refunded]
        mirror["changed"][:] = UNCHANGED
        mirror["sign"] = -mirror["sign"]
        later = mirror["setl_time"] >= first_day(month + 1)
        here = {k: v[~later] for k, v in mirror.items()}
        parts = [rows, here] + ([self._refunds] if self._refunds else [])
        self._refunds = {k: v[later] for k, v in mirror.items()}
        month_rows = {k: np.concatenate([p[k] for p in parts]) for k in rows}
        month_rows["setl_id"][n:] = serial + n + np.arange(len(month_rows["sign"]) - n)
        return month_rows


def visits_expected(month: int, members: Ints | Floats) -> Floats:
    """Expected settlements of a month by scheme * 5 + bucket, for `members` by scheme."""
    year, index = divmod(month, 12)
    per_year = cal.visits_per_member(year) * cal.visit_index(year)[:, index]
    if month < cal.MATERNITY_MERGED:  # births of employees were another insurance's until then
        per_year[0, cal.MATERNITY] = 0.0
    return np.asarray((per_year * np.asarray(members)[:, None] / 12).ravel(), dtype=np.float64)


def members_for(settlements: int) -> int:
    """How many members a city has at the end of 2025 that settles so often, refunds included, in SIZED_MONTHS."""
    one = sum(visits_expected(month, cal.members(1, month // 12)).sum() for month in SIZED_MONTHS)
    return max(60, round(settlements / (1 + cal.REFUND_SHARE + 0.001) / one))


def month_serial(month: int) -> int:
    """First settlement number of a month: yyyymm followed by eight digits."""
    return (month // 12 * 100 + month % 12 + 1) * 100_000_000


def owed(rows: Columns, people: People) -> Ints:
    """What valid settlements of a month put on each book, fen, [claim key, org]."""
    ok = rows["valid"]
    scheme, bucket = rows["scheme"][ok], rows["bucket"][ok]
    org = people.org[rows["person"][ok]]
    employee, resident = scheme == 0, scheme == 1
    stay = bucket == cal.INPATIENT
    visit = (bucket == cal.OUTPATIENT) | (bucket == cal.PHARMACY)
    chronic, maternity = bucket == cal.CHRONIC, bucket == cal.MATERNITY
    pharmacy = bucket == cal.PHARMACY
    pool, acct, maf, hifob = (rows[k][ok] for k in ("pool", "acct", "maf", "hifob"))
    every = np.ones(len(org), dtype=bool)
    cells = (
        (pool, employee & stay), (pool, employee & visit), (pool, employee & chronic), (pool, employee & maternity),
        (hifob, every),
        (acct, stay | maternity), (acct, ~stay & ~maternity & ~pharmacy), (acct, pharmacy),
        (pool, resident & (stay | maternity)), (pool, resident & visit), (pool, resident & chronic),
        (maf, stay | maternity), (maf, ~stay & ~maternity),
    )  # fmt: skip
    out = np.zeros((len(CLAIM_KEYS), len(ORGS)), dtype=np.int64)
    for i, (amount, mask) in enumerate(cells):
        np.add.at(out[i], org[mask], amount[mask])
    return out


def decimals(fen: Ints, scale: int = 2) -> pa.Array:
    """Integers as exact decimals: scale 2 reads them as fen in yuan, scale 6 as fen in 万元."""
    wide = np.column_stack([fen, fen >> 63]).astype("<i8")
    buffer = pa.py_buffer(np.ascontiguousarray(wide).tobytes())
    return pa.Array.from_buffers(pa.decimal128(24, scale), len(fen), [None, buffer])


_FEN_COLUMNS = (*MONEY, "dedc_std", "crt_dedc", "balc")
_PLAIN_COLUMNS = (
    "person", "identity", "psn_type", "scheme", "retired", "place", "way", "med", "begin", "end", "setl_time", "setl_id",
    "mdtrt_id", "init_setl_id", "sign", "updated", "refunded", "valid", "level", "upgraded", "ratio", "draw", "bucket",
    "by_score", "died", "continued", "kin",
)  # fmt: skip


def as_of(rows: Columns, moment: np.datetime64) -> Columns:
    """The rows as they stood at a moment: refunds, withdrawals and regroupings that came later haven't happened yet."""
    changed = rows["changed"] < moment
    created = rows["setl_time"] + np.timedelta64(1800, "s")
    return rows | {
        "refunded": rows["refunded"] & (changed | (rows["sign"] < 0)),
        "valid": rows["valid"] | ~changed,
        "by_score": rows["by_score"] & (changed | ~rows["regrouped"]),
        "updated": np.where(changed, rows["changed"], created),
    }


def as_arrow(rows: Columns) -> pa.Table:
    """The month as of a moment, for the exporting SQL: money as DECIMAL yuan, the rest as it is."""
    data: dict[str, pa.Array | NDArray] = {name: rows[name] for name in _PLAIN_COLUMNS}
    data |= {name: decimals(rows[name]) for name in _FEN_COLUMNS}
    return pa.table(data)
