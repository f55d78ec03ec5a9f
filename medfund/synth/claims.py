"""Settlements of one month, and what each fund owes for them. Money is int64 fen throughout."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.city import GROUP_CROSS_PROVINCE, GROUP_IN_PROVINCE, ORGS, Institutions, People, Roster
from medfund.synth.lifecycle import HORIZON_FIRST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Columns = dict[str, NDArray]

# Care types written to med_type; index = position.
MED_TYPES = ("11", "13", "14", "140104", "140201", "21", "24", "28", "41", "9216", "51", "52")
_T = {code: i for i, code in enumerate(MED_TYPES)}

# Additive amounts: a refund repeats them with the sign turned.
MONEY = (
    "medfee", "own", "over", "prior", "in_scope", "agreed", "act_dedc", "pool", "cvlserv", "hifmi", "hifob", "maf",
    "fund", "person_pay", "acct", "mulaid", "cash", "hosp",
)  # fmt: skip

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


@dataclass
class Carry:
    """Rows that belong to the next month: refunds (whole rows) and second settlements of long stays (visits)."""

    refunds: Columns = field(default_factory=dict)
    stays: Columns = field(default_factory=dict)


class History:
    """The settlements of every month from 2018 on, in order. What a month holds depends on size and seed alone."""

    def __init__(self, people: People, places: Institutions, settlements: int, seed: int) -> None:
        self.month = HORIZON_FIRST - 1
        self._people, self._places, self._seed = people, places, seed
        self._carry = Carry()
        self._rounding = np.random.default_rng([seed, 2]).random(10)
        self._expected = np.zeros(10)

    def next(self) -> Columns:
        """All settlements of the following month; `month` says which one that is."""
        self.month += 1
        roster = self._people.roster(self.month)
        rng = np.random.default_rng([self._seed, 1, self.month])
        # Rounded along time and not drawn one by one, so that a small city shows the seasons of a large one.
        before = np.floor(self._expected + self._rounding).astype(np.int64)
        noise = rng.normal(1, 0.025, 10)
        self._expected += visits_expected(self.month, roster.size) * noise
        counts = np.floor(self._expected + self._rounding).astype(np.int64) - before
        rows, self._carry = make_month(
            self.month, counts, before, self._people, roster, self._places, self._carry, rng
        )
        return rows


def visits_expected(month: int, members: Ints | Floats) -> Floats:
    """Expected settlements of a month by scheme * 5 + bucket, for `members` by scheme."""
    year, index = divmod(month, 12)
    per_year = cal.visits_per_member(year) * cal.VISIT_INDEX[:, index]
    return np.asarray((per_year * np.asarray(members)[:, None] / 12).ravel(), dtype=np.float64)


def members_for(settlements: int) -> int:
    """How many members a city has at the end of 2025 that settles so often, refunds included, in SIZED_MONTHS."""
    one = sum(visits_expected(month, cal.members(1, month // 12)).sum() for month in SIZED_MONTHS)
    return max(60, round(settlements / (1 + cal.REFUND_SHARE + 0.001) / one))


def make_month(
    month: int,
    counts: Ints,
    before: Ints,
    people: People,
    roster: Roster,
    places: Institutions,
    carry: Carry,
    rng: np.random.Generator,
) -> tuple[Columns, Carry]:
    """All settlements whose time lies in `month`, and what they leave for the next one.

    `counts` is the number of new settlements by scheme * 5 + bucket, `before` that of all earlier months. Refunds and
    withdrawals are given as they end; see `as_of` for what was known at a moment.
    """
    first = np.datetime64(f"{month // 12:04d}-{month % 12 + 1:02d}", "M")
    rows = _visits(month, first, counts, before, people, roster, places, carry.stays, rng)
    _amounts(month // 12, rows, people, rng)
    n = len(rows["medfee"])
    serial = month_serial(month)
    rows["setl_id"] = serial + np.arange(n)
    fresh = rows["mdtrt_id"] == 0
    rows["mdtrt_id"] = np.where(fresh, rows["setl_id"], rows["mdtrt_id"])
    rows["init_setl_id"] = np.zeros(n, dtype=np.int64)
    rows["sign"] = np.ones(n, dtype=np.int64)

    next_first = (first + 1).astype("datetime64[s]")
    after = Carry()
    interim = rows["may_continue"] & (rng.random(n) < _interim_rate(rows))
    if interim.any():
        after.stays = {
            k: rows[k][interim]
            for k in ("person", "scheme", "bucket", "place", "way", "med", "begin", "mdtrt_id")
        }

    # Refunds: the mirror is settled some days later, this month or the next; both rows carry the flag.
    refundable = ~interim & fresh & (rows["way"] != WAY_MANUAL)
    delay = (rng.exponential(4 * 86400, n)).astype("timedelta64[s]") + np.timedelta64(600, "s")
    refund_time = rows["setl_time"] + np.minimum(delay, np.timedelta64(20 * 86400, "s"))
    refunded = refundable & (rng.random(n) < cal.REFUND_SHARE * 1.02)
    invalid = ~refunded & ~interim & fresh & (rng.random(n) < cal.INVALID_SHARE)
    rows["refunded"] = refunded
    rows["valid"] = ~invalid
    # Withdrawn rows: the bureau finds out some weeks later, before the month's claims are paid.
    withdrawn_at = rows["setl_time"] + rng.integers(1, 25, n).astype("timedelta64[D]")
    rows["changed"] = np.where(refunded, refund_time, np.where(invalid, withdrawn_at, UNCHANGED))

    mirror = {k: v[refunded].copy() for k, v in rows.items()}
    for name in MONEY:
        mirror[name] = -mirror[name]
    mirror["init_setl_id"] = mirror["setl_id"]
    mirror["setl_time"] = refund_time[refunded]
    mirror["changed"][:] = UNCHANGED
    mirror["sign"] = -mirror["sign"]
    later = mirror["setl_time"] >= next_first
    after.refunds = {k: v[later] for k, v in mirror.items()}
    here = {k: v[~later] for k, v in mirror.items()}

    parts = [rows, here] + ([carry.refunds] if carry.refunds else [])
    month_rows = {k: np.concatenate([p[k] for p in parts]) for k in rows}
    mirrors = len(month_rows["sign"]) - n
    month_rows["setl_id"][n:] = serial + n + np.arange(mirrors)
    return month_rows, after


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


# The normal distribution as a table: quantiles by interpolation.
_NORMAL_Z: Floats = np.linspace(-4.5, 4.5, 3601)
_NORMAL_CDF: Floats = np.array([0.5 * (1 + math.erf(z / math.sqrt(2))) for z in _NORMAL_Z])

WAY_LOCAL, WAY_IN_PROVINCE, WAY_CROSS_PROVINCE, WAY_MANUAL = range(4)


def _interim_rate(rows: Columns) -> Floats:
    long_stay = rows["begin"] <= rows["end"] - np.timedelta64(12, "D")
    share = max(float(long_stay.mean()) if len(long_stay) else 0.0, 1e-9)
    stays = float((rows["bucket"] == cal.INPATIENT).mean()) if len(long_stay) else 0.0
    return np.where(long_stay, min(cal.INTERIM_SHARE * stays / share, 0.5), 0.0)


def _visits(
    month: int,
    first: np.datetime64,
    counts: Ints,
    before: Ints,
    people: People,
    roster: Roster,
    places: Institutions,
    stays: Columns,
    rng: np.random.Generator,
) -> Columns:
    """Who was treated where and when: the new visits, then the second settlements of stays begun earlier."""
    group = np.repeat(np.arange(10), counts)
    new = len(group)
    person = roster.draw(group, rng.random(new))
    scheme, bucket = group // 5, group % 5
    u_kind, u_place, u_inst = (rng.random(new) for _ in range(3))
    # Level, place and cost run through an even sequence per kind of care, for the same reason as month_counts.
    k = np.arange(new) - (np.cumsum(counts) - counts)[group] + before[group]
    u_way, u_level, u_cost = ((0.5 + k * step) % 1 for step in (0.8191725134, 0.6710436067, 0.5497004779))

    remote = u_way < cal.REMOTE_SHARE[scheme, bucket]
    cross = u_kind < np.array(cal.CROSS_PROVINCE_SHARE)[scheme]
    way = np.where(remote, np.where(cross, WAY_CROSS_PROVINCE, WAY_IN_PROVINCE), WAY_LOCAL)
    way = np.where(u_way > 1 - cal.MANUAL_SHARE[bucket], WAY_MANUAL, way)

    # Local level mix: what is left of the overall mix once the mostly tertiary remote care is taken out.
    away = np.array([0.85, 0.12, 0.03])
    share = cal.REMOTE_SHARE[..., None]
    mix = np.clip((cal.LEVEL_MIX - share * away) / (1 - share), 0.02, None)
    mix /= mix.sum(axis=2, keepdims=True)
    edges = np.cumsum(mix, axis=2)[scheme, bucket]
    level = (u_level[:, None] > edges[:, :2]).sum(axis=1)
    home = people.org[person]
    place_org = np.where((level == 0) | ((level == 1) & (u_place > 0.82)) | (u_place > 0.97), 0, home)
    is_pharmacy = bucket == cal.PHARMACY
    place_group = place_org * 4 + np.where(is_pharmacy, 3, level)
    place_group = np.where(way == WAY_IN_PROVINCE, GROUP_IN_PROVINCE, place_group)
    place_group = np.where(way == WAY_CROSS_PROVINCE, GROUP_CROSS_PROVINCE, place_group)
    place = np.searchsorted(places.cumulative, place_group + u_inst, side="right")

    u_med = rng.random(new)
    med = np.select(
        [
            bucket == cal.OUTPATIENT,
            bucket == cal.CHRONIC,
            bucket == cal.INPATIENT,
            is_pharmacy,
        ],
        [
            np.where(u_med < 0.94, _T["11"], _T["13"]),
            np.where(u_med < 0.25, _T["14"], np.where(u_med < 0.88, _T["140104"], _T["140201"])),
            np.where(u_med < 0.88, _T["21"], np.where(u_med < 0.96, _T["24"], _T["28"])),
            np.where(u_med < np.array(cal.DUAL_CHANNEL_SHARE)[scheme], _T["9216"], _T["41"]),
        ],
        default=np.where(u_med < 0.78, _T["51"], _T["52"]),
    )

    z = np.interp(u_cost, _NORMAL_CDF, _NORMAL_Z)
    in_bed = (bucket == cal.INPATIENT) | (med == _T["52"])
    drift = rng.standard_normal(new)
    mean_days = np.where(bucket == cal.MATERNITY, 4.5, np.array(cal.STAY_MEAN_DAYS)[scheme])
    stay = np.exp(cal.STAY_SIGMA * (0.6 * z + 0.8 * drift) - cal.STAY_SIGMA**2 / 2) * (mean_days - 0.5)
    days = np.where(in_bed, np.clip(np.ceil(stay), 1, 120), 0).astype(np.int64)
    days = np.where(med == _T["28"], days % 2, days)
    date = _dates(first, bucket, rng)

    begin = date - days.astype("timedelta64[D]")
    mdtrt = np.zeros(new, dtype=np.int64)
    continued = np.zeros(new, dtype=bool)
    if stays:
        n_stays = len(stays["person"])
        next_day = first.astype("datetime64[D]") + rng.integers(0, 27, n_stays).astype("timedelta64[D]")
        person = np.concatenate([person, stays["person"]])
        scheme = np.concatenate([scheme, stays["scheme"]])
        bucket = np.concatenate([bucket, stays["bucket"]])
        way = np.concatenate([way, stays["way"]])
        place = np.concatenate([place, stays["place"]])
        med = np.concatenate([med, stays["med"]])
        begin = np.concatenate([begin, stays["begin"]])
        date = np.concatenate([date, next_day])
        mdtrt = np.concatenate([mdtrt, stays["mdtrt_id"]])
        z = np.concatenate([z, rng.standard_normal(n_stays) - 0.4])
        continued = np.concatenate([continued, np.ones(n_stays, dtype=bool)])

    n = len(person)
    seconds = np.clip(rng.normal(11.5 * 3600, 2.4 * 3600, n), 7 * 3600, 21 * 3600).astype("timedelta64[s]")
    manual = way == WAY_MANUAL
    level_now = places.level[place].copy()
    if month >= cal.UPGRADE_MONTH:
        level_now[place == places.upgraded] = 0
    # Manual claims come with papers, weeks after the care.
    late = np.where(manual, rng.integers(15, 120, n), 0).astype("timedelta64[D]")
    return {
        "person": person,
        "identity": people.identity[person],
        "retired": people.retired_from[person] <= month,
        "psn_type": people.psn_type(month)[person],
        "scheme": scheme,
        "bucket": bucket,
        "way": way,
        "place": np.where(manual, -1, place),
        "med": med,
        "begin": begin - late,
        "end": date - late,
        "setl_time": date.astype("datetime64[s]") + seconds,
        "mdtrt_id": mdtrt,
        "continued": continued,
        "may_continue": (bucket == cal.INPATIENT) & ~manual & ~continued,
        "base_level": np.minimum(places.level[place], 2),
        "level": np.minimum(level_now, 2),
        "upgraded": (place == places.upgraded) & (month >= cal.UPGRADE_MONTH) & ~manual,
        "by_score": (bucket == cal.INPATIENT) & (way == WAY_LOCAL) & (places.dip_from[place] <= month),
        "z": z,
    }


def _dates(first: np.datetime64, bucket: Ints, rng: np.random.Generator) -> NDArray:
    """A day of the month for each row: fewer visits at weekends and around Spring Festival."""
    days: NDArray = np.arange(first.astype("datetime64[D]"), (first + 1).astype("datetime64[D]"))
    weekday = (days.astype("int64") + 3) % 7
    weight = np.ones((2, len(days)))
    weight[0] = cal.WEEKDAY_OUTPATIENT[weekday]
    for festival in cal.SPRING_FESTIVAL:
        gap = days.astype("int64") - int(np.datetime64(festival, "D").astype("int64"))
        weight[:, (gap >= -1) & (gap <= 6)] *= 0.5
    edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[:, :-1]
    u = rng.random(len(bucket))
    at = np.where(
        (bucket == cal.INPATIENT) | (bucket == cal.MATERNITY),
        np.searchsorted(edges[1], u, side="right"),
        np.searchsorted(edges[0], u, side="right"),
    )
    return days[at]


def _fen(x: NDArray) -> Ints:
    return np.rint(x).astype(np.int64)


def _second_cover(burden: Ints, rule: tuple[float, float]) -> Ints:
    threshold, share = rule
    return _fen(np.maximum(burden - round(threshold * 100), 0) * share)


def _amounts(year: int, rows: Columns, people: People, rng: np.random.Generator) -> None:
    """Fill the money of `rows`: cost, its parts, who pays. Every identity holds to the fen by construction."""
    n = len(rows["person"])
    scheme, bucket, level = rows["scheme"], rows["bucket"], rows["base_level"]
    person = rows["person"]
    retired, civil = rows["retired"], people.is_civil_servant[person]
    assisted = people.is_assisted[person]
    med = rows["med"]
    u = rng.random((12, n))

    sigma = cal.COST_SIGMA[bucket]
    mean = cal.mean_cost(year)[scheme, bucket] * cal.LEVEL_COST[scheme, bucket, level]
    cost = mean * np.exp(sigma * rows["z"] - sigma**2 / 2)
    special = med == _T["140201"]  # dialysis and tumour drugs: few and dear
    cost *= np.where(bucket == cal.CHRONIC, np.where(special, 3.2, 0.70), 1.0)
    cost *= np.where(bucket == cal.MATERNITY, np.where(med == _T["52"], 3.2, 0.38), 1.0)
    dual = med == _T["9216"]
    cost *= np.where(
        dual & (scheme == 0), 8.0, np.where((bucket == cal.PHARMACY) & (scheme == 1) & ~dual, 0.2, 1.0)
    )
    cost *= np.where(
        (rows["way"] == WAY_IN_PROVINCE) | (rows["way"] == WAY_CROSS_PROVINCE), cal.REMOTE_COST, 1.0
    )
    cost *= np.where(rows["continued"], 0.7, 1.0)
    medfee = _fen(np.clip(cost, 3.0, np.where(bucket == cal.INPATIENT, 900_000.0, 60_000.0)) * 100)

    plain_pharmacy = med == _T["41"]
    own_share = np.clip(cal.OWN_SHARE[scheme, bucket] * rng.gamma(1.5, 1 / 1.5, n), 0, 0.6)
    own_share = np.where(dual, 0.03, own_share)
    prior_share = np.clip(cal.PRIOR_SHARE[scheme, bucket] * rng.gamma(3, 1 / 3, n), 0, 0.35)
    prior_share = np.where(dual, 0.12, prior_share)
    over_share = np.where(u[0] < 0.2, cal.OVER_LIMIT_SHARE / 0.2, 0.0)
    own = np.where(plain_pharmacy, medfee, _fen(medfee * own_share))
    over = np.where(plain_pharmacy, 0, _fen(medfee * over_share))
    prior = np.where(plain_pharmacy, 0, _fen(medfee * prior_share))
    in_scope = medfee - own - over - prior

    in_bed = bucket == cal.INPATIENT
    resident_birth = (bucket == cal.MATERNITY) & (scheme == 1)
    actual_level = rows["level"]
    dedc_std = _fen(cal.DEDUCTIBLE_YUAN[actual_level] * 100 * np.where(retired, 0.8, 1.0))
    dedc_std = np.where(in_bed, dedc_std, 0)
    crt_dedc = np.where(rows["continued"], 0, np.where(u[1] < 0.3, dedc_std // 2, dedc_std))
    visit_dedc = (bucket == cal.OUTPATIENT) & (scheme == 0) & (u[2] < 0.35)
    crt_dedc = np.where(visit_dedc, _fen(20_000 * u[3]), crt_dedc)
    act_dedc = np.minimum(in_scope, crt_dedc)

    bonus = np.where(retired, cal.RETIRED_BONUS, 0.0)
    ratio = np.select(
        [
            in_bed,
            bucket == cal.OUTPATIENT,
            bucket == cal.CHRONIC,
            bucket == cal.MATERNITY,
            dual,
        ],
        [
            cal.POOL_RATIO_STAY[scheme, actual_level] + bonus,
            cal.POOL_RATIO_VISIT[scheme, actual_level] + bonus,
            np.array(cal.POOL_RATIO_CHRONIC)[scheme] + bonus,
            np.array(cal.POOL_RATIO_MATERNITY)[scheme],
            np.array(cal.POOL_RATIO_DUAL)[scheme],
        ],
        default=0.0,
    )
    ratio = np.where(rows["way"] == WAY_CROSS_PROVINCE, ratio - 0.05, ratio)
    ratio = np.where(ratio > 0, np.round(np.clip(ratio + 0.02 * (u[4] - 0.5), 0, 0.98), 4), 0.0)
    pool = _fen((in_scope - act_dedc) * ratio)
    ceiling = np.where(scheme == 0, 30_000_000, 15_000_000)
    ceiling = np.where((bucket == cal.OUTPATIENT) & (scheme == 1), 12_000, ceiling)
    pool = np.minimum(pool, ceiling)

    burden = in_scope - pool
    hifob = np.where(scheme == 0, _second_cover(burden, cal.LARGE_AMOUNT), 0)
    hifmi = np.where(scheme == 1, _second_cover(burden, cal.CRITICAL_ILLNESS), 0)
    rest = burden - hifob - hifmi
    serious = in_bed | (bucket == cal.CHRONIC) | resident_birth
    cvlserv = np.where(civil & serious, _fen(rest * cal.CIVIL_SERVANT_RATIO), 0)
    maf = np.where(assisted & serious, _fen(rest * cal.ASSISTANCE_RATIO), 0)
    fund = pool + hifob + hifmi + cvlserv + maf

    hosp = np.where(in_bed & (u[5] < 0.03), np.minimum(_fen(medfee * 0.02), medfee - fund), 0)
    person_pay = medfee - fund - hosp
    share = np.select(
        [in_bed, bucket == cal.OUTPATIENT, bucket == cal.CHRONIC, plain_pharmacy],
        [0.7 * u[6], np.minimum(1.0, 0.5 + 0.8 * u[6]), 1.2 * u[6], np.where(u[6] < 0.93, 1.0, u[7])],
        default=0.6 * u[6],
    )
    acct = np.where(scheme == 0, _fen(person_pay * np.clip(share, 0, 1)), 0)
    mulaid = np.where(u[8] < 0.04, _fen(acct * (0.2 + 0.8 * u[9])), 0)

    rows.update(
        medfee=medfee, own=own, over=over, prior=prior, in_scope=in_scope, agreed=medfee - own - over,
        dedc_std=dedc_std, crt_dedc=crt_dedc, act_dedc=act_dedc, pool=pool, cvlserv=cvlserv, hifmi=hifmi,
        hifob=hifob, maf=maf, fund=fund, person_pay=person_pay, acct=acct, mulaid=mulaid, cash=person_pay - acct,
        hosp=hosp, balc=_fen(u[10] * 900_000),
    )  # fmt: skip
    rows["ratio"] = np.where(u[11] < 0.4, 0.0, ratio)
    rows["draw"] = (u[11] * 1000).astype(np.int64)


def decimals(fen: Ints, scale: int = 2) -> pa.Array:
    """Integers as exact decimals: scale 2 reads them as fen in yuan, scale 6 as fen in 万元."""
    wide = np.column_stack([fen, fen >> 63]).astype("<i8")
    buffer = pa.py_buffer(np.ascontiguousarray(wide).tobytes())
    return pa.Array.from_buffers(pa.decimal128(24, scale), len(fen), [None, buffer])


_FEN_COLUMNS = (*MONEY, "dedc_std", "crt_dedc", "balc")
_PLAIN_COLUMNS = (
    "person", "identity", "psn_type", "scheme", "retired", "place", "way", "med", "begin", "end", "setl_time", "setl_id",
    "mdtrt_id", "init_setl_id", "sign", "updated", "refunded", "valid", "level", "upgraded", "ratio", "draw", "bucket",
    "by_score",
)  # fmt: skip


def as_of(rows: Columns, moment: np.datetime64) -> Columns:
    """The rows as they stood at a moment: refunds and withdrawals that came later haven't happened yet."""
    changed = rows["changed"] < moment
    created = rows["setl_time"] + np.timedelta64(1800, "s")
    return rows | {
        "refunded": rows["refunded"] & (changed | (rows["sign"] < 0)),
        "valid": rows["valid"] | ~changed,
        "updated": np.where(changed, rows["changed"], created),
    }


def as_arrow(rows: Columns) -> pa.Table:
    """The month as of a moment, for the exporting SQL: money as DECIMAL yuan, the rest as it is."""
    data: dict[str, pa.Array | NDArray] = {name: rows[name] for name in _PLAIN_COLUMNS}
    data |= {name: decimals(rows[name]) for name in _FEN_COLUMNS}
    return pa.table(data)
