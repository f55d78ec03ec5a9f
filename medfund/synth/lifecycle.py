"""Who is insured where and when, from 2017 to 2031: births, joins, moves, retirement, lapses and deaths.

A row is one membership: a person in one scheme and one bookkeeping unit over a span of months. Who moves has a second row
with the same `identity`. The history is drawn once for the whole horizon, so that a month is the same whichever months are
exported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Columns = dict[str, NDArray]

# Months are counted since year 0 (year * 12 + month - 1).
HORIZON_FIRST = 2017 * 12
EXPORTS_FIRST = 2018 * 12  # the year before lets stays, accounts and books begin in the middle of things
HORIZON_END = 2032 * 12  # the first month after the horizon; the end of a membership that has none
NEVER = 9999 * 12

ACTIVE, RETIRED, RESIDENT = range(3)
JOIN_KINDS = ("initial", "birth", "join", "move")
LEAVE_KINDS = ("", "death", "lapse", "move")

# First age, last age, share of the status in per cent. Sums over the published bands; the split inside them is assumed.
_BANDS: tuple[tuple[tuple[int, int, float], ...], ...] = (
    (
        (18, 24, 6.0), (25, 29, 14.0), (30, 34, 16.0), (35, 39, 15.0), (40, 44, 14.0),
        (45, 49, 15.0), (50, 54, 13.0), (55, 59, 7.0),
    ),
    ((50, 54, 6.0), (55, 59, 14.0), (60, 64, 23.0), (65, 69, 19.0), (70, 74, 15.0), (75, 79, 11.0), (80, 95, 12.0)),
    (
        (0, 4, 6.0), (5, 9, 7.4), (10, 14, 7.0), (15, 17, 4.0), (18, 24, 5.0), (25, 34, 9.0), (35, 44, 11.6),
        (45, 54, 15.5), (55, 59, 10.5), (60, 64, 7.3), (65, 69, 5.7), (70, 74, 4.7), (75, 79, 3.3), (80, 95, 3.0),
    ),
)  # fmt: skip
_CELL_BASE = np.cumsum([0] + [len(b) for b in _BANDS])
_NEWBORN_CELL = int(_CELL_BASE[RESIDENT])

_ORG_MOVE = 0.006  # assumed: changes of bookkeeping unit a year
_TO_EMPLOYEE = 0.02  # assumed: residents of working age who find insured work in a year
_TO_RESIDENT = 0.012  # assumed: employees who lose it


def simulate(count: int, rng: np.random.Generator) -> Columns:
    """Memberships of a city that has `count` members at the end of 2025.

    Returns arrays of one length: identity, scheme, org, birth (days since 1970), is_male, enrolled_from, enrolled_to
    (months, half-open), retired_from (month or NEVER), died_on (days since 1970, -1 for nobody), joined_by, left_by.
    """
    want = _targets(count, HORIZON_FIRST // 12 - 1)
    cell = np.repeat(np.arange(len(want)), want)
    rows = _newcomers(cell, HORIZON_FIRST // 12 - 1, 0, rng)
    rows["enrolled_from"] = HORIZON_FIRST - rng.integers(0, 120, len(cell))
    lived = (HORIZON_FIRST - _month_of_day(rows["birth"])) - 1
    rows["enrolled_from"] = np.maximum(rows["enrolled_from"], HORIZON_FIRST - lived)
    rows["joined_by"][:] = JOIN_KINDS.index("initial")
    for year in range(HORIZON_FIRST // 12, HORIZON_END // 12):
        rows = _one_year(rows, year, count, rng)
    # Those born in the last month would join after the horizon.
    inside = rows["enrolled_from"] < rows["enrolled_to"]
    return {name: values[inside] for name, values in rows.items()}


def _one_year(rows: Columns, year: int, count: int, rng: np.random.Generator) -> Columns:
    first = year * 12
    new_year = _day(year)
    size = len(rows["identity"])

    # Deaths, by age.
    open_ended = rows["enrolled_to"] == HORIZON_END
    age = (new_year - rows["birth"]) / 365.25
    dies = open_ended & (
        rng.random(size) < np.clip(cal.MORTALITY[0] * np.exp(cal.MORTALITY[1] * age), 0, 0.6)
    )
    day = new_year + rng.integers(0, _day(year + 1) - new_year, size)
    rows["died_on"][dies] = day[dies]
    rows["enrolled_to"][dies] = _month_of_day(day[dies]) + 1
    rows["left_by"][dies] = LEAVE_KINDS.index("death")
    open_ended &= ~dies

    # Moves between schemes and bookkeeping units: the old membership ends where the new one begins.
    u, scheme = rng.random(size), rows["scheme"]
    changes_scheme = open_ended & np.where(
        scheme == 1,
        (u < _TO_EMPLOYEE) & (age >= 18) & (age < 45),
        (u < _TO_RESIDENT) & (age >= 18) & (age < 57) & (rows["retired_from"] >= first + 12),
    )
    changes_org = open_ended & ~changes_scheme & (rng.random(size) < _ORG_MOVE)
    moves = np.flatnonzero(changes_scheme | changes_org)
    moved = {name: values[moves].copy() for name, values in rows.items()}
    month = first + rng.integers(1, 12, len(moves))
    rows["enrolled_to"][moves] = month
    rows["left_by"][moves] = LEAVE_KINDS.index("move")
    open_ended[moves] = False
    moved["enrolled_from"] = month
    moved["joined_by"][:] = JOIN_KINDS.index("move")
    turned = changes_scheme[moves]
    moved["scheme"] = np.where(turned, 1 - moved["scheme"], moved["scheme"])
    orgs = len(cal.ORG_SHARE[0])
    elsewhere = (moved["org"] + rng.integers(1, orgs, len(moves))) % orgs
    moved["org"] = np.where(turned, moved["org"], elsewhere)
    entry_age = (new_year - moved["birth"]) / 365.25
    retire_age = _retire_age(
        np.where(turned, ACTIVE, -1), entry_age + 1, moved["is_male"], rng.random(len(moves))
    )
    fresh = _month_of_day(moved["birth"]) + retire_age * 12 + 1
    moved["retired_from"] = np.where(
        turned, np.where(moved["scheme"] == 0, fresh, NEVER), moved["retired_from"]
    )
    rows = _append(rows, moved)
    open_ended = np.concatenate([open_ended, np.ones(len(moves), dtype=bool)])

    # What is left of each cell of status and age is brought to the year's target: some lapse, others join.
    cell = _cell(rows, year)
    want = _targets(count, year)
    have = np.bincount(cell[open_ended], minlength=len(want))
    surplus = np.maximum(have - want, 0)
    settled = np.flatnonzero(open_ended & (rows["enrolled_from"] < first))
    order = settled[np.lexsort((rng.random(len(settled)), cell[settled]))]
    rank = np.arange(len(order)) - np.searchsorted(cell[order], cell[order], side="left")
    leaves = order[rank < surplus[cell[order]]]
    # Residents don't renew at the year's turn; employees leave in any month.
    spread = np.where(rows["scheme"][leaves] == 1, 0, rng.integers(0, 12, len(leaves)))
    rows["enrolled_to"][leaves] = first + spread
    rows["left_by"][leaves] = LEAVE_KINDS.index("lapse")
    open_ended[leaves] = False
    have = np.bincount(cell[open_ended], minlength=len(want))
    deficit = np.maximum(want - have, 0)
    newcomers = _newcomers(
        np.repeat(np.arange(len(want)), deficit), year, int(rows["identity"].max()) + 1, rng
    )
    return _append(rows, newcomers)


def _newcomers(cell: Ints, year: int, identity: int, rng: np.random.Generator) -> Columns:
    """People who stand in `cell` at the end of `year` and were not insured here before."""
    n = len(cell)
    status = np.searchsorted(_CELL_BASE, cell, side="right") - 1
    bands = np.array([band for kind in _BANDS for band in kind])
    u = rng.random((6, n))
    age = bands[cell, 0] + u[0] * (bands[cell, 1] + 1 - bands[cell, 0])
    born_here = (cell == _NEWBORN_CELL) & (year >= HORIZON_FIRST // 12)
    age = np.where(born_here, u[0], age)
    birth = _day(year + 1) - 1 - np.floor(age * 365.2425).astype(np.int64)
    is_male = u[1] < _male_share(status, age)
    retire_age = _retire_age(status, age, is_male, u[2])
    birth_month = _month_of_day(birth)
    # Residents join for a calendar year, some in its course, newborns in the month after their birth.
    any_month = year * 12 + np.floor(u[3] * 12).astype(np.int64)
    joined = np.where((status == RESIDENT) & (u[4] < 0.6), year * 12, any_month)
    joined = np.where(born_here, birth_month + 1, joined)
    org = np.zeros(n, dtype=np.int64)
    for scheme, shares in enumerate(cal.ORG_SHARE):
        mine = (status == RESIDENT) == (scheme == 1)
        org[mine] = np.searchsorted(np.cumsum(shares)[:-1], u[5][mine], side="right")
    return {
        "identity": identity + np.arange(n),
        "scheme": (status == RESIDENT).astype(np.int64),
        "org": org,
        "birth": birth,
        "is_male": is_male,
        "enrolled_from": joined,
        "enrolled_to": np.full(n, HORIZON_END),
        "retired_from": np.where(status == RESIDENT, NEVER, birth_month + retire_age * 12 + 1),
        "died_on": np.full(n, -1),
        "joined_by": np.where(born_here, JOIN_KINDS.index("birth"), JOIN_KINDS.index("join")),
        "left_by": np.zeros(n, dtype=np.int64),
    }


def _male_share(status: Ints, age: Floats) -> Floats:
    """Women retire earlier, so that older employees are mostly men and young retirees women."""
    active = np.select([age < 50, age < 55], [0.51, 0.72], 0.97)
    retired = np.select([age < 55, age < 60], [0.02, 0.05], 0.53)
    resident = np.where(age < 60, 0.52, 0.47)
    return np.choose(status, [active, retired, resident])


def _retire_age(status: Ints, age: Floats, is_male: NDArray[np.bool_], u: Floats) -> Ints:
    """Men at 60, women at 50 or 55, moved by a step where the status says that it was earlier or later."""
    usual = np.where(is_male, 60, np.where(u < 0.3, 50, 55))
    later = np.where(age < 50, usual, np.where(age < 55, np.maximum(usual, 55), np.maximum(usual, 60)))
    earlier = np.where(age < 55, 50, np.where(age < 60, np.minimum(usual, 55), usual))
    return np.select([status == ACTIVE, status == RETIRED], [later, earlier], usual).astype(np.int64)


def _cell(rows: Columns, year: int) -> Ints:
    """The cell of status and age in which each membership stands at the end of `year`."""
    retired = rows["retired_from"] < year * 12 + 12
    status = np.where(rows["scheme"] == 1, RESIDENT, np.where(retired, RETIRED, ACTIVE))
    age = (_day(year + 1) - rows["birth"]) / 365.25
    out = np.zeros(len(age), dtype=np.int64)
    for kind, bands in enumerate(_BANDS):
        first = np.array([b[0] for b in bands[1:]])
        mine = status == kind
        out[mine] = _CELL_BASE[kind] + np.searchsorted(first, age[mine], side="right")
    return out


def _targets(count: int, year: int) -> Ints:
    """Members wanted at the end of `year` by cell."""
    members = cal.members(count, year)
    retired = cal.retired_share(year)
    parts = (members[0] * (1 - retired), members[0] * retired, members[1])
    share = [
        size * np.array([band[2] for band in bands]) / 100 for size, bands in zip(parts, _BANDS, strict=True)
    ]
    return np.diff(np.floor(np.cumsum(np.concatenate(share)) + 0.5), prepend=0).astype(np.int64)


def _append(rows: Columns, more: Columns) -> Columns:
    return {name: np.concatenate([values, more[name]]) for name, values in rows.items()}


def _day(year: int) -> int:
    """1 January of a year, in days since 1970."""
    return int(np.datetime64(f"{year:04d}-01-01", "D").astype(np.int64))


def _month_of_day(day: Ints) -> Ints:
    """Months since year 0 of days since 1970."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
