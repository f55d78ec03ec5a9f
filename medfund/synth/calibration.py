"""Magnitudes of the synthetic city, as shares, yuan and days.

Marks, one per constant: *published* (computed from the national bulletins of 2021-2025), *practice* (seen in one place),
*assumed* (a plausible shape nobody has published). The assumed ones, and where the city departs from the
published ones, are listed in docs/decisions/0003-synthetic-bureau.md.

Arrays are indexed [scheme] or [scheme, bucket] or [scheme, bucket, level] in the order of the tuples below.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SCHEMES = ("employee", "resident")
BUCKETS = ("outpatient", "chronic_outpatient", "inpatient", "pharmacy", "maternity")
LEVELS = ("tertiary", "secondary", "primary")
OUTPATIENT, CHRONIC, INPATIENT, PHARMACY, MATERNITY = range(5)

EMPLOYEE_SHARE = 0.292  # published, 2025
YEARLY_GROWTH = (0.0235, -0.0105)  # published: employees grow, residents shrink
COVERAGE = 0.951  # published: members of both schemes by residents, stated to stay above 95 %
# Active per retired employee at the year's end: published for 2023-2025, assumed before and after.
ACTIVE_PER_RETIRED = {2019: 2.80, 2021: 2.79, 2022: 2.76, 2023: 2.71, 2024: 2.63, 2025: 2.60, 2028: 2.55}
# Members by bookkeeping unit, [scheme][org] (assumed).
ORG_SHARE = ((0.42, 0.16, 0.13, 0.11, 0.10, 0.08), (0.14, 0.22, 0.20, 0.17, 0.15, 0.12))
# Yearly mortality a * exp(b * age): a Gompertz law with about 8 deaths per 1,000 members (assumed).
MORTALITY = (0.00004, 0.09)
DEATH_IN_HOSPITAL_SHARE = 0.008  # assumed: of discharges
CIVIL_SERVANT_SHARE = 0.179  # published
FLEXIBLE_SHARE = 0.174  # published
ASSISTED_SHARE = 0.081  # published: share of residents whose enrolment is sponsored

# Agreements that change: a county hospital rises to tertiary, another is renewed at a year's turn.
UPGRADE_MONTH = 2025 * 12
RENEWAL_YEAR = 2025

# Policy events. Before the merger the births of employees were settled by an insurance of their own.
MATERNITY_MERGED = 2020 * 12
OUTPATIENT_REFORM = 2023 * 12  # from here on the employee pool shares outpatient costs, and accounts get less

# Visits per member and year. Stays published for 2019-2025 (discharges over members at the year's end); outpatient and
# chronic care published for 2021, 2023-2025, for employees 2020 and 2022 from the published growth; pharmacy published
# for 2025 and moved with outpatient visits. 2018, other gaps and maternity are assumed; 2026 repeats 2025.
_VISIT_YEARS = (2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025)
_VISITS = {
    ("employee", "outpatient"): (5.30, 5.48, 4.36, 4.86, 4.86, 5.88, 6.94, 7.18),
    ("employee", "chronic_outpatient"): (0.66, 0.70, 0.66, 0.728, 0.73, 0.739, 0.848, 0.931),
    ("employee", "inpatient"): (0.180, 0.1828, 0.1532, 0.1665, 0.1732, 0.2159, 0.2171, 0.2126),
    ("employee", "pharmacy"): (4.60, 4.75, 4.10, 4.40, 4.50, 5.10, 5.60, 5.79),
    ("employee", "maternity"): (0.056, 0.056, 0.056, 0.055, 0.055, 0.056, 0.057, 0.057),
    ("resident", "outpatient"): (1.75, 1.83, 1.58, 1.67, 1.75, 2.16, 2.51, 2.68),
    ("resident", "chronic_outpatient"): (0.19, 0.21, 0.21, 0.242, 0.29, 0.348, 0.439, 0.523),
    ("resident", "inpatient"): (0.163, 0.1664, 0.1510, 0.1522, 0.1626, 0.2069, 0.2174, 0.2082),
    ("resident", "pharmacy"): (0.034, 0.036, 0.036, 0.040, 0.043, 0.047, 0.052, 0.053),
    ("resident", "maternity"): (0.011, 0.011, 0.010, 0.010, 0.009, 0.009, 0.009, 0.009),
}

# Mean cost of one settlement in yuan. Stays published for 2019-2025, outpatient and chronic care for 2019, 2021 and
# 2023-2025, pharmacy for 2025; the rest, 2018 and maternity are assumed.
_COST_YEARS = (2018, 2019, 2020, 2021, 2022, 2023, 2024, 2025)
_COSTS = {
    ("employee", "outpatient"): (188, 195, 212, 218, 242, 266, 252, 242),
    ("employee", "chronic_outpatient"): (490, 508, 560, 595, 640, 678, 652, 608),
    ("employee", "inpatient"): (11500, 11888, 12657, 12948, 12884, 12176, 11706, 11522),
    ("employee", "pharmacy"): (86, 88, 90, 92, 94, 95, 96, 96),
    ("employee", "maternity"): (1400, 1420, 1450, 1500, 1530, 1550, 1560, 1560),
    ("resident", "outpatient"): (78, 83, 90, 95, 105, 116, 117, 113),
    ("resident", "chronic_outpatient"): (460, 470, 482, 491, 505, 515, 494, 451),
    ("resident", "inpatient"): (6700, 7049, 7546, 8023, 8129, 7674, 7409, 7339),
    ("resident", "pharmacy"): (520, 535, 550, 560, 572, 580, 590, 593),
    ("resident", "maternity"): (2450, 2500, 2550, 2600, 2630, 2650, 2650, 2650),
}

COST_SIGMA: Floats = np.array([0.9, 0.8, 0.85, 0.7, 0.4])  # assumed: lognormal within scheme and level

# Share of visits by level. Inpatient: derived from published means of 2021; the rest assumed.
LEVEL_MIX: Floats = np.array(
    [
        [[0.35, 0.25, 0.40], [0.45, 0.35, 0.20], [0.611, 0.289, 0.100], [0, 0, 1], [0.45, 0.50, 0.05]],
        [[0.10, 0.15, 0.75], [0.25, 0.40, 0.35], [0.294, 0.456, 0.250], [0, 0, 1], [0.30, 0.55, 0.15]],
    ]
)
# Cost of a level over the mean of all levels (inpatient published for 2021, the rest assumed).
LEVEL_COST: Floats = np.array(
    [
        [[1.45, 1.05, 0.57], [1.15, 0.95, 0.75], [1.204, 0.717, 0.573], [1, 1, 1], [1.10, 0.93, 0.80]],
        [[2.20, 1.45, 0.75], [1.35, 1.00, 0.75], [1.738, 0.826, 0.4516], [1, 1, 1], [1.20, 0.95, 0.78]],
    ]
)
# Share treated outside the city. Published for all visits together (9.0 and 5.6 %); the split by bucket is assumed.
REMOTE_SHARE: Floats = np.array([[0.09, 0.06, 0.17, 0.0, 0.05], [0.045, 0.05, 0.16, 0.0, 0.06]])
# Against 2025: the published growth of remote visits, without the jump of 2023 that is one of counting.
_REMOTE_YEARS = (2018, 2021, 2023, 2025)
_REMOTE_LEVEL = (0.55, 0.68, 0.86, 1.0)
CROSS_PROVINCE_SHARE = (0.453, 0.414)  # published, of remote visits
MANUAL_SHARE: Floats = np.array([0.002, 0.002, 0.035, 0.0, 0.01])  # assumed: about 2 % of expense
REFUND_SHARE = 0.02  # assumed
INTERIM_SHARE = 0.015  # assumed: stays settled twice
INVALID_SHARE = 0.001  # assumed: rows withdrawn by vali_flag
REGROUPED_SHARE = 0.02  # assumed: stays that are paid by score only after a correction
LATE_SHARE = 0.03  # assumed: settlements that arrive after their month has closed
AGAIN_SHARE = 0.002  # assumed: rows delivered once more unchanged
DUAL_CHANNEL_SHARE = (0.01, 0.85)  # assumed: pharmacy sales of special drugs that the pool pays

# Mean length of stay in days: published for 2021 and 2023-2025, flat before.
_STAY_YEARS = (2021, 2023, 2024, 2025)
_STAY_DAYS = ((10.0, 9.8, 8.7, 8.6), (9.4, 8.8, 8.5, 8.6))
_STAY_BY_LEVEL = (0.92, 1.10, 1.02)  # shape published for all payers (7.8, 9.5, 9.6 days)
STAY_SIGMA = 0.6  # assumed
# Few stays cost many times the usual: intensive care, transplants, blood diseases (assumed).
GRAVE_SHARE, GRAVE_COST, GRAVE_DAYS = 0.012, 7.0, 1.8
DELIVERY_DAYS = 4.5  # assumed
# Stays that begin within 30 days of a discharge of the same person; makes 14 % with those that happen by chance (assumed).
READMITTED_SHARE = 0.05
READMITTED_SAME_PLACE = 0.85
LOYAL_SHARE = 0.6  # assumed: visits to the institution of its kind that the person knows

# Parts of the cost: wholly own pay, over the price limit, paid first. All assumed.
OWN_SHARE: Floats = np.array([[0.12, 0.05, 0.06, 1.0, 0.08], [0.10, 0.06, 0.09, 1.0, 0.10]])
PRIOR_SHARE: Floats = np.array([[0.06, 0.06, 0.08, 0.0, 0.05], [0.05, 0.06, 0.09, 0.0, 0.06]])
OVER_LIMIT_SHARE = 0.005

DEDUCTIBLE_YUAN: Floats = np.array([900, 500, 200])  # assumed, by level
VISIT_DEDUCTIBLE_YUAN = (300, 150)  # assumed: of employees' outpatient care in a year, active and retired
RESIDENT_VISIT_CAP_YUAN = 150  # assumed: what the pool pays of a resident's ordinary visit
POOL_CEILING_YUAN = (300_000, 150_000)  # assumed: of a year
# Second cover: threshold of a year in yuan, and share of what the patient bears in scope above it (assumed).
LARGE_AMOUNT = (4_000, 0.7)
CRITICAL_ILLNESS = (12_000, 0.8)
ASSISTANCE_RATIO = 0.7
CIVIL_SERVANT_RATIO = 0.5
# Relatives' accounts help out since the reform of accounts; how often is set by the published sums.
MUTUAL_AID_FROM = np.datetime64("2021-05-01", "s")
MUTUAL_AID_SHARE = 0.9
REMOTE_COST = 1.06  # assumed: what care costs away over the same level at home
# What the pool pays of the in-scope cost above the deductible, by level: set so that funds over in-scope cost of stays
# come out near the published 84.1 % and 66.0 % (83.1 % and 61.7 % at tertiary hospitals).
POOL_RATIO_STAY: Floats = np.array([[0.83, 0.87, 0.90], [0.605, 0.735, 0.83]])
POOL_RATIO_VISIT: Floats = np.array(
    [[0.70, 0.75, 0.82], [0.30, 0.45, 0.60]]
)  # assumed, from the published start of 50 %
POOLED_BEFORE_REFORM = 0.6  # assumed: the outpatient pooling that some had before, as a part of today's
POOL_RATIO_CHRONIC = (0.82, 0.66)  # assumed
POOL_RATIO_MATERNITY = (0.92, 0.65)  # assumed
POOL_RATIO_DUAL = (0.70, 0.58)  # assumed
RETIRED_BONUS = 0.03  # assumed

# Seasonality: index of visits with mean 1, January to December. Assumed shapes.
_INPATIENT_INDEX = (0.92, 0.82, 1.08, 1.03, 1.03, 1.02, 1.04, 1.04, 1.00, 0.96, 1.03, 1.03)
_OUTPATIENT_INDEX = (0.96, 0.84, 1.04, 1.01, 1.01, 1.01, 1.01, 1.00, 0.99, 0.98, 1.05, 1.10)
_VISIT_INDEX: Floats = np.array(
    [_OUTPATIENT_INDEX, _OUTPATIENT_INDEX, _INPATIENT_INDEX, _OUTPATIENT_INDEX, [1.0] * 12]
)
# The pandemic: the year's fall is in the yearly rates, these are the months that bore it (assumed).
_PANDEMIC = {
    2020: (1.20, 0.45, 0.62, 0.85, 1.00, 1.06, 1.10, 1.12, 1.14, 1.14, 1.14, 1.15),
    2022: (1.02, 1.02, 1.02, 1.02, 1.02, 1.02, 1.02, 1.02, 1.02, 1.02, 0.97, 0.83),
    2023: (0.92, 1.00, 1.02, 1.01, 1.01, 1.01, 1.01, 1.01, 1.01, 1.00, 1.00, 1.00),
}
WEEKDAY_OUTPATIENT: Floats = np.array([1.25, 1.15, 1.08, 1.05, 1.05, 0.78, 0.64])  # assumed, Monday first
SPRING_FESTIVAL = (
    "2017-01-28", "2018-02-16", "2019-02-05", "2020-01-25", "2021-02-12", "2022-02-01", "2023-01-22", "2024-02-10", "2025-01-29",
    "2026-02-17", "2027-02-06", "2028-01-26", "2029-02-13", "2030-02-03", "2031-01-23",
)  # fmt: skip

# Share of the year's money by month. Published for 2023 (January-February, September-October and November-December as
# pairs; the split within a pair is assumed).
EMPLOYEE_INCOME: Floats = np.array([8.2, 7.7, 8.8, 7.8, 7.8, 7.9, 8.0, 8.1, 8.2, 8.3, 8.7, 10.4])
RESIDENT_INCOME: Floats = np.array([12.6, 9.5, 10.8, 5.0, 4.9, 7.9, 4.1, 4.3, 6.0, 8.3, 13.6, 13.0])
MATERNITY_EXPENSE: Floats = np.array([6.9, 6.6, 9.6, 9.1, 8.1, 8.8, 8.5, 8.7, 8.2, 8.1, 8.5, 8.8])
# Resident premiums: September to December for the next year, a tail to February (assumed).
RESIDENT_PREMIUM: Floats = np.array([17, 9, 0, 0, 0, 0, 0, 0, 10, 19, 24, 21.0])

# Own surplus over own income by year; published for 2023-2025 (employee pool, resident), assumed otherwise.
SURPLUS_RATE: dict[str, dict[int, float]] = {
    "310_pool": {2022: 0.28, 2023: 0.297, 2024: 0.238, 2025: 0.257, 2026: 0.16},
    "310_acct": {2022: 0.10, 2023: 0.095, 2024: 0.095, 2025: 0.094, 2026: 0.09},
    "390": {2022: 0.077, 2023: 0.011, 2024: 0.046, 2025: 0.050, 2026: 0.045},
    "610": {2022: 0.02, 2023: 0.02, 2024: 0.02, 2025: 0.02, 2026: 0.02},
}
# Months of expenditure that the pool area's balance covers in the December of the middle year: near the published
# 27.6 and 9.2 of 2024; accounts published 2025; assistance assumed.
PAYABLE_MONTHS = {"310_pool": 27.2, "310_acct": 31.0, "390": 9.4, "610": 6.0}

MATERNITY_OF_POOL = 0.103  # published: maternity share of the employee pool's expenditure
CRITICAL_ILLNESS_OF_RESIDENT = 0.093  # practice: premium paid over, share of the resident fund's expenditure


def members(count: int, year: int) -> Floats:
    """Members at the end of a year by scheme, of a city that has `count` at the end of 2025."""
    share = np.array([EMPLOYEE_SHARE, 1 - EMPLOYEE_SHARE])
    return count * share * (1 + np.array(YEARLY_GROWTH)) ** (year - 2025)


def retired_share(year: int) -> float:
    """Retired employees over all employees at the end of a year."""
    years = sorted(ACTIVE_PER_RETIRED)
    ratio = float(np.interp(year, years, [ACTIVE_PER_RETIRED[y] for y in years]))
    return 1 / (1 + ratio)


def visits_per_member(year: int) -> Floats:
    """Visits per member and year, [scheme, bucket]; the ends of the series are carried on flat."""
    return _by_cell(_VISITS, _VISIT_YEARS, year)


def visit_index(year: int) -> Floats:
    """Visits of each month against the year's mean, [bucket, month]."""
    index = _VISIT_INDEX.copy()
    if year in _PANDEMIC:
        index[:MATERNITY] *= np.array(_PANDEMIC[year])
        index *= 12 / index.sum(axis=1, keepdims=True)
    return index


def remote_share(year: int) -> Floats:
    """Share of visits outside the city, [scheme, bucket]."""
    return REMOTE_SHARE * float(np.interp(year, _REMOTE_YEARS, _REMOTE_LEVEL))


def stay_days(year: int) -> Floats:
    """Mean length of stay, [scheme, level]."""
    mean = np.array([np.interp(year, _STAY_YEARS, days) for days in _STAY_DAYS])
    shape = np.array(_STAY_BY_LEVEL)
    return (mean / (LEVEL_MIX[:, INPATIENT] @ shape))[:, None] * shape


def pool_ratio_visit(month: int) -> Floats:
    """What the pool pays of an ordinary visit above the deductible, [scheme, level]: of employees' less before the reform."""
    ratio = POOL_RATIO_VISIT.copy()
    if month < OUTPATIENT_REFORM:
        ratio[0] *= POOLED_BEFORE_REFORM
    return ratio


def mean_cost(year: int) -> Floats:
    """Mean cost of a settlement in yuan, [scheme, bucket]; the ends of the series are carried on flat."""
    return _by_cell(_COSTS, _COST_YEARS, year)


def surplus_rate(fund: str, year: int) -> float:
    """Own surplus over own income of a year; years outside the table take the nearest one."""
    rates = SURPLUS_RATE[fund]
    return rates[min(max(year, min(rates)), max(rates))]


def _by_cell(table: Mapping[tuple[str, str], tuple[float, ...]], years: tuple[int, ...], year: int) -> Floats:
    return np.array(
        [[np.interp(year, years, table[scheme, bucket]) for bucket in BUCKETS] for scheme in SCHEMES],
        dtype=np.float64,
    )
