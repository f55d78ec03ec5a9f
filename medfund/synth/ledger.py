"""Fund books that pay the claims: vouchers first, monthly balances added up from them.

Amounts are int64 fen in arrays [org, month]. The books are simulated for whole years, so that the first exported month
opens with the year's result so far and a budget is a year's; only the months asked for are exported. Claims of a month
are paid in the next one; months outside the window are set to the usual level. Income is sized to the surplus rates,
openings to the months of expenditure the balance covers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.city import ORGS

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

FUNDS = ("310_pool", "310_acct", "390", "610")
# The county whose books are kept in 万元, and the one that books premiums for a later year as received in advance
# from 2026 on.
WAN_ORG = 5
BENEFIT_YEAR_ORG = 1
BENEFIT_YEAR_FROM = 2026

# Code and name of every subject by fund; a four-digit subject carries the lines of the longer codes below it.
_COMMON = {
    "1002": "收入户存款",
    "1003": "财政专户存款",
    "1004": "支出户存款",
    "2001": "暂收款",
    "3001": "一般基金结余",
    "4201": "利息收入",
    "4501": "其他收入",
    "5401": "其他支出",
}
SUBJECTS: dict[str, dict[str, str]] = {
    "310_pool": _COMMON
    | {
        "1005": "国库存款",
        "1101": "暂付款",
        "1202": "委托投资",
        "3101": "风险基金结余",
        "4001": "社会保险费收入",
        "400101": "单位缴费",
        "400102": "灵活就业人员缴费",
        "4101": "财政补贴收入",
        "4202": "委托投资收益",
        "4401": "上级补助收入",
        "4402": "下级上解收入",
        "5001": "社会保险待遇支出",
        "500101": "住院费用支出",
        "500102": "门诊费用支出",
        "500103": "门诊慢特病支出",
        "500104": "生育待遇支出",
        "50010401": "生育医疗费用支出",
        "50010402": "生育津贴支出",
        "5101": "大病保险支出",
        "5301": "补助下级支出",
        "5302": "上解上级支出",
    },
    "310_acct": _COMMON
    | {
        "4001": "社会保险费收入",
        "4301": "转移收入",
        "5001": "社会保险待遇支出",
        "500101": "门诊个人账户支出",
        "500102": "住院个人账户支出",
        "500103": "定点药店购药支出",
        "5201": "转移支出",
    },
    "390": _COMMON
    | {
        "1005": "国库存款",
        "1101": "暂付款",
        "4001": "社会保险费收入",
        "400101": "城乡医疗救助资助收入",
        "400102": "财政为困难人员代缴收入",
        "400103": "集体扶持收入",
        "4101": "财政补贴收入",
        "410101": "中央财政补贴",
        "410102": "省级财政补贴",
        "410103": "市级财政补贴",
        "410104": "县级财政补贴",
        "4401": "上级补助收入",
        "4402": "下级上解收入",
        "5001": "社会保险待遇支出",
        "500101": "住院费用支出",
        "500102": "门诊费用支出",
        "500103": "门诊慢特病支出",
        "5101": "大病保险支出",
        "5301": "补助下级支出",
        "5302": "上解上级支出",
    },
    "610": _COMMON
    | {
        "4101": "财政补贴收入",
        "410101": "中央财政补贴",
        "410102": "省级财政补贴",
        "410104": "县级财政补贴",
        "5001": "医疗救助待遇支出",
        "500101": "住院救助支出",
        "500102": "门诊费用救助支出",
        "500103": "资助参保支出",
    },
}
_CITY_ONLY = {"1202", "3101", "4402", "4202", "5301"}
_COUNTY_ONLY = {"4401", "5302", "410104"}

# Budget items: item key, first digits of the subjects it covers.
_BUDGET_ITEMS = (
    ("premium", "4001"), ("fiscal_subsidy", "4101"), ("interest", "4201"), ("invest", "4202"),
    ("transfer_in", "4301"), ("from_upper", "4401"), ("from_lower", "4402"), ("other_in", "4501"),
    ("benefit", "5001"), ("catastrophic", "5101"), ("transfer_out", "5201"), ("to_lower", "5301"),
    ("to_upper", "5302"), ("other_out", "5401"),
)  # fmt: skip


@dataclass(frozen=True)
class Voucher:
    """One voucher of a fund in every org and month: lines of (subject, is debit, amount [org, month])."""

    fund: str
    digest: str
    day: int
    lines: Sequence[tuple[str, bool, Ints]]


@dataclass
class Flows:
    """What happens to one fund, before it is booked. Faults may bend these arrays."""

    income: dict[str, Ints] = field(default_factory=dict)
    expense: dict[str, Ints] = field(default_factory=dict)
    to_upper: Ints | None = None
    from_lower: Ints | None = None
    to_lower: Ints | None = None
    from_upper: Ints | None = None


@dataclass
class Books:
    """Ledger and voucher lines of the window, as columns. Money in fen; `org` and `month` are indices."""

    balances: dict[str, NDArray]
    vouchers: dict[str, NDArray]
    budget: dict[str, NDArray]


class Calendar:
    """The whole years around the window `first`..`last`, in months since year 0 (year * 12 + month - 1)."""

    def __init__(self, first: int, last: int) -> None:
        start = first // 12 * 12
        self.months = np.arange(start, last // 12 * 12 + 12)
        self.years = self.months // 12
        self.month_of_year = self.months % 12
        self.lead = first - start
        self.in_window = (self.months >= first) & (self.months <= last)

    def __len__(self) -> int:
        return len(self.months)

    def spread(self, per_year: dict[int, Floats], weights: Floats) -> Ints:
        """Yearly amounts [org] over the months by `weights` (any scale), to the fen."""
        share = weights / weights.sum()
        out = np.empty((len(ORGS), len(self)), dtype=np.int64)
        for i in range(len(self)):
            out[:, i] = np.rint(per_year[int(self.years[i])] * share[self.month_of_year[i]]).astype(np.int64)
        return out

    def yearly(self, monthly: Ints) -> dict[int, Floats]:
        """Amounts of each year by org."""
        return {int(y): monthly[:, self.years == y].sum(axis=1) * 1.0 for y in np.unique(self.years)}


def plan_flows(claims: Mapping[str, Ints], calendar: Calendar, rng: np.random.Generator) -> dict[str, Flows]:
    """Income and expenditure of every fund. `claims[key]` is [org, month of the window], by month of settlement."""
    paid = {key: _paid_next_month(amount, calendar) for key, amount in claims.items()}
    flows = {fund: Flows() for fund in FUNDS}

    pool = flows["310_pool"].expense
    pool["500101"] = paid["310_pool.inpatient"]
    pool["500102"] = paid["310_pool.outpatient"]
    pool["500103"] = paid["310_pool.chronic"]
    pool["50010401"] = paid["310_pool.maternity"]
    pool["5101"] = paid["310_pool.large_amount"]
    other = sum(pool.values(), np.zeros_like(pool["5101"]))
    allowance = {
        year: np.maximum(
            cal.MATERNITY_OF_POOL * total / (1 - cal.MATERNITY_OF_POOL)
            - calendar.yearly(pool["50010401"])[year] / (1 - cal.MATERNITY_OF_POOL),
            0.02 * total,
        )
        for year, total in calendar.yearly(other).items()
    }
    pool["50010402"] = calendar.spread(_fund_level(allowance, other), cal.MATERNITY_EXPENSE)

    acct = flows["310_acct"].expense
    acct["500101"] = paid["310_acct.outpatient"]
    acct["500102"] = paid["310_acct.inpatient"]
    acct["500103"] = paid["310_acct.pharmacy"]
    acct_total = sum(acct.values(), np.zeros_like(other))
    acct["5201"] = calendar.spread(
        _times(_fund_level(calendar.yearly(acct_total), acct_total), 0.01), np.ones(12)
    )

    resident = flows["390"].expense
    resident["500101"] = paid["390.inpatient"]
    resident["500102"] = paid["390.outpatient"]
    resident["500103"] = paid["390.chronic"]
    benefits = sum(resident.values(), np.zeros_like(other))
    part = cal.CRITICAL_ILLNESS_OF_RESIDENT / (1 - cal.CRITICAL_ILLNESS_OF_RESIDENT)
    instalments = np.array([0, 0, 60, 0, 0, 0, 0, 0, 40, 0, 0, 0.0])
    premium_over = _times(_fund_level(calendar.yearly(benefits), benefits), part)
    resident["5101"] = calendar.spread(premium_over, instalments)

    assistance = flows["610"].expense
    assistance["500101"] = paid["610.inpatient"]
    assistance["500102"] = paid["610.outpatient"]
    aided = sum(assistance.values(), np.zeros_like(other))
    resident_year = _fund_level(calendar.yearly(benefits), benefits)
    sponsor_months = np.array([0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 40, 30.0])
    sponsored = calendar.spread(_times(resident_year, 0.018), sponsor_months)
    assistance["500103"] = sponsored
    aided_year = {
        year: a + resident_year[year] * 0.018
        for year, a in _fund_level(calendar.yearly(aided), aided).items()
    }

    months = len(calendar)
    for fund, base in (("310_pool", other), ("310_acct", acct_total), ("390", benefits)):
        small = np.rint(base * 0.0006 * rng.uniform(0.5, 1.5, base.shape)).astype(np.int64)
        flows[fund].expense["5401"] = np.maximum(small, 0)

    # Income: own income of a year = own expenditure / (1 - surplus rate), the counties apart from each other.
    spend: dict[str, dict[int, Floats]] = {"610": aided_year}
    for fund, once in (("310_pool", None), ("310_acct", None), ("390", "5101")):
        even = sum(
            (v for k, v in flows[fund].expense.items() if k != once), np.zeros((len(ORGS), months), np.int64)
        )
        spend[fund] = _fund_level(calendar.yearly(even), even)
        if once:
            spend[fund] = {year: a + premium_over[year] for year, a in spend[fund].items()}
    target = {fund: _income_target(fund, spend[fund]) for fund in FUNDS}

    noise = rng.uniform(0.985, 1.015, (len(FUNDS), 6, len(ORGS), months))

    def jitter(amount: Ints, fund: int, item: int) -> Ints:
        return np.rint(amount * noise[fund, item]).astype(np.int64)

    quarterly = np.array([0, 0, 1, 0, 0, 1, 0, 0, 1, 0, 0, 1.0])
    yearly_dec = np.array([0.0] * 11 + [1.0])
    t = target["310_pool"]
    pool_in = flows["310_pool"].income
    contributions = jitter(calendar.spread(_times(t, 0.945), cal.EMPLOYEE_INCOME), 0, 0)
    pool_in["400102"] = np.rint(contributions * 0.11).astype(np.int64)
    pool_in["400101"] = contributions - pool_in["400102"]
    pool_in["4101"] = _only_city(calendar.spread(_times(t, 0.01), quarterly))
    pool_in["4201"] = jitter(calendar.spread(_times(t, 0.036), quarterly), 0, 1)
    pool_in["4202"] = _only_city(calendar.spread(_times(t, 0.012), yearly_dec))
    pool_in["4501"] = jitter(calendar.spread(_times(t, 0.008), np.ones(12)), 0, 2)

    t = target["310_acct"]
    acct_in = flows["310_acct"].income
    acct_in["4001"] = jitter(calendar.spread(_times(t, 0.97), cal.EMPLOYEE_INCOME), 1, 0)
    acct_in["4201"] = calendar.spread(_times(t, 0.02), quarterly)
    acct_in["4301"] = jitter(calendar.spread(_times(t, 0.008), np.ones(12)), 1, 1)
    acct_in["4501"] = calendar.spread(_times(t, 0.002), quarterly)

    t = target["390"]
    resident_in = flows["390"].income
    premium_weight, subsidy_weight = 0.344, 0.632
    income_share = cal.RESIDENT_INCOME / cal.RESIDENT_INCOME.sum()
    premium_share = cal.RESIDENT_PREMIUM / cal.RESIDENT_PREMIUM.sum()
    subsidy_share = np.clip(income_share - premium_weight * premium_share, 0.005, None)
    premiums = jitter(calendar.spread(_times(t, premium_weight), cal.RESIDENT_PREMIUM), 2, 0)
    resident_in["400101"] = sponsored
    resident_in["400102"] = np.rint(premiums * 0.03).astype(np.int64)
    resident_in["400103"] = np.rint(premiums * 0.004).astype(np.int64)
    direct = premiums - sponsored - resident_in["400102"] - resident_in["400103"]
    resident_in["4001"] = np.maximum(direct, 0)
    _split_subsidy(resident_in, calendar.spread(_times(t, subsidy_weight), subsidy_share))
    resident_in["4201"] = calendar.spread(_times(t, 0.012), quarterly)
    resident_in["4501"] = jitter(calendar.spread(_times(t, 0.012), np.ones(12)), 2, 1)

    t = target["610"]
    assistance_in = flows["610"].income
    _split_subsidy(
        assistance_in, calendar.spread(_times(t, 0.985), np.array([8, 2, 12, 4, 4, 16, 6, 6, 18, 6, 10, 8.0]))
    )
    if "410103" in assistance_in:  # no city line in this chart: the city's part is booked with the province's
        assistance_in["410102"] = assistance_in["410102"] + assistance_in.pop("410103")
    assistance_in["4201"] = calendar.spread(_times(t, 0.015), quarterly)

    _plan_transfers(flows["310_pool"], pool_in["400101"] + pool_in["400102"], calendar)
    _plan_transfers(flows["390"], premiums, calendar)
    return flows


def make_books(flows: dict[str, Flows], calendar: Calendar, rng: np.random.Generator) -> Books:
    """Vouchers and monthly balances of all funds, cut to the window."""
    parts: list[dict[str, NDArray]] = []
    lines: list[dict[str, NDArray]] = []
    budget: list[dict[str, NDArray]] = []
    for fund_at, fund in enumerate(FUNDS):
        vouchers, opening = _book(fund, flows[fund], calendar)
        parts.append(_balances(fund_at, vouchers, opening, calendar))
        lines.append(_voucher_lines(fund_at, vouchers, calendar))
        budget.append(_budget(fund_at, flows[fund], calendar, rng))
    return Books(_stack(parts), _stack(lines), _stack(budget))


# ---- flows -----------------------------------------------------------------------------------------------


def _paid_next_month(amount: Ints, calendar: Calendar) -> Ints:
    """Claims by month of settlement -> payments by month."""
    usual = [
        np.rint(part.mean(axis=1)).astype(np.int64)[:, None] for part in (amount[:, :12], amount[:, -12:])
    ]
    before = np.repeat(usual[0], calendar.lead + 1, axis=1)
    after = np.repeat(usual[1], len(calendar), axis=1)
    return np.concatenate([before, amount, after], axis=1)[:, : len(calendar)]


def _fund_level(per_year: dict[int, Floats], basis: Ints) -> dict[int, Floats]:
    """A year's total of all orgs, shared out by the orgs' part over all years: small counties vary less."""
    share = np.maximum(basis.sum(axis=1), 1) / np.maximum(basis.sum(axis=1), 1).sum()
    return {year: amount.sum() * share for year, amount in per_year.items()}


def _times(per_year: dict[int, Floats], factor: float) -> dict[int, Floats]:
    return {year: amount * factor for year, amount in per_year.items()}


# Surplus of the orgs against the pool area's, in points: the last two counties live on the city's subsidy.
_SURPLUS_SPREAD = np.array([0.05, 0.01, 0.0, -0.02, -0.09, -0.16])
_COVER_SPREAD = np.array([1.25, 1.05, 1.0, 0.9, 0.6, 0.45])


def _income_target(fund: str, spend: dict[int, Floats]) -> dict[int, Floats]:
    scale = {"310_pool": 1.0, "390": 0.6, "310_acct": 0.3, "610": 0.2}[fund]
    out = {}
    for year, amount in spend.items():
        rate = cal.surplus_rate(fund, year)
        own = amount / (1 - rate - scale * _SURPLUS_SPREAD)
        out[year] = own * (amount.sum() / (1 - rate)) / own.sum()
    return out


def _only_city(amount: Ints) -> Ints:
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
    """Counties remit part of their premiums each month; the city subsidises the weak ones in June and December."""
    up = np.rint(np.maximum(premium, 0) * 0.05).astype(np.int64)
    up[0] = 0
    down = np.zeros_like(up)
    collected = 0
    for i, month in enumerate(calendar.month_of_year):
        collected += int(up[:, i].sum())
        if month in (5, 11):
            for org, share in ((3, 0.10), (4, 0.35), (5, 0.45)):
                down[org, i] = int(collected * share)
            collected = 0
    flows.to_upper, flows.from_upper = up, down
    flows.from_lower, flows.to_lower = _only_city(up), _only_city(down)


# ---- booking ---------------------------------------------------------------------------------------------


def _shift(amount: Ints) -> Ints:
    """The amount of the month before; 0 in the first month."""
    out = np.zeros_like(amount)
    out[:, 1:] = amount[:, :-1]
    return out


def _book(fund: str, flows: Flows, calendar: Calendar) -> tuple[list[Voucher], dict[str, Ints]]:
    """Vouchers of a fund, and the opening balances of the simulation by subject [org]."""
    zero = np.zeros((len(ORGS), len(calendar)), dtype=np.int64)
    has_treasury = "1005" in SUBJECTS[fund]
    collected_in = "1005" if has_treasury else "1003"
    vouchers: list[Voucher] = []

    def add(digest: str, day: int, *lines: tuple[str, bool, Ints]) -> None:
        vouchers.append(Voucher(fund, digest, day, [line for line in lines if line[2].any()]))

    income, expense = dict(flows.income), dict(flows.expense)
    held = zero.copy()
    recognised = zero.copy()
    if fund == "390":
        held, recognised = _held_premiums(income["4001"], calendar)
        income["4001"] = income["4001"] - held
    premium_lines = {k: v for k, v in income.items() if k.startswith("4001")}
    premium = sum(premium_lines.values(), zero)
    add("征缴保险费", 10, (collected_in, True, premium), *((k, False, v) for k, v in premium_lines.items()))
    add("预收以后年度保费", 11, (collected_in, True, held), ("2001", False, held))
    add("确认本年度保费收入", 3, ("2001", True, recognised), ("4001", False, recognised))
    received = premium + held
    opening: dict[str, Ints] = {}
    if has_treasury:
        kept = np.rint(np.maximum(received, 0) * 0.15).astype(np.int64)
        opening["1005"] = kept[:, 0].copy()
        before = _shift(kept)
        before[:, 0] = opening["1005"]
        swept = received + before - kept
        add("国库划入财政专户", 25, ("1003", True, swept), ("1005", False, swept))

    subsidy = {k: v for k, v in income.items() if k.startswith("41")}
    add(
        "收到财政补贴",
        15,
        ("1003", True, sum(subsidy.values(), zero)),
        *((k, False, v) for k, v in subsidy.items()),
    )
    for code, digest in (("4201", "存款结息"), ("4202", "委托投资收益到账"), ("4301", "收到转移资金")):
        if code in income:
            add(digest, 21, ("1003", True, income[code]), (code, False, income[code]))
    minor = income.get("4501", zero)
    unclear = np.rint(minor * 0.3).astype(np.int64)  # receipts nobody has claimed yet, returned a month later
    add("其他收入入账", 18, ("1002", True, minor), ("4501", False, minor))
    add("待查款项入账", 19, ("1002", True, unclear), ("2001", False, unclear))
    add("退回待查款项", 20, ("2001", True, _shift(unclear)), ("1002", False, _shift(unclear)))
    add("收入户划入财政专户", 26, ("1003", True, _shift(minor)), ("1002", False, _shift(minor)))

    if flows.to_upper is not None:
        assert flows.from_lower is not None and flows.to_lower is not None and flows.from_upper is not None
        add("上解调剂金", 22, ("5302", True, flows.to_upper), ("1003", False, flows.to_upper))
        add("收到下级上解", 22, ("1003", True, flows.from_lower), ("4402", False, flows.from_lower))
        add("补助下级", 24, ("5301", True, flows.to_lower), ("1003", False, flows.to_lower))
        add("收到上级补助", 24, ("1003", True, flows.from_upper), ("4401", False, flows.from_upper))
        expense["5302"], expense["5301"] = flows.to_upper, flows.to_lower
        income["4402"], income["4401"] = flows.from_lower, flows.from_upper

    # Benefits are paid from the expenditure account, which is filled from the fiscal account.
    benefits = {k: v for k, v in expense.items() if k.startswith("5001")}
    benefit = sum(benefits.values(), zero)
    lent = zero.copy()
    if "1101" in SUBJECTS[fund]:
        for year in np.unique(calendar.years):
            mine = calendar.years == year
            usual = np.maximum(benefit[:, mine].mean(axis=1), 0)
            lent[:, mine & (calendar.month_of_year == 0)] = np.rint(usual * 0.5).astype(np.int64)[:, None]
    returned = zero.copy()
    returned[:, 11:] = np.where(calendar.month_of_year[11:] == 11, lent[:, :-11], 0)
    minor_out = expense.get("5401", zero)
    paid = benefit + minor_out + lent - returned
    float_target = np.rint(np.maximum(benefit, 0) * 0.3).astype(np.int64)
    opening["1004"] = float_target[:, 0].copy()
    before = _shift(float_target)
    before[:, 0] = opening["1004"]
    filled = paid + float_target - before
    add("财政专户拨入支出户", 5, ("1004", True, filled), ("1003", False, filled))
    add("预付医药机构周转金", 8, ("1101", True, lent), ("1004", False, lent))
    add("收回周转金", 28, ("1004", True, returned), ("1101", False, returned))
    add("拨付待遇", 12, *((k, True, v) for k, v in benefits.items()), ("1004", False, benefit))
    add("其他支出", 27, ("5401", True, minor_out), ("1004", False, minor_out))
    for code, digest in (("5101", "大病保险支出"), ("5201", "转出个人账户资金")):
        if code in expense:
            add(digest, 16, (code, True, expense[code]), ("1003", False, expense[code]))

    # Year-end: income and expenditure are emptied into the general fund balance.
    income["4001"] = income.get("4001", zero) + recognised
    december = calendar.month_of_year == 11
    year_income = {k: _year_to_date(v, calendar) * december for k, v in income.items()}
    year_expense = {k: _year_to_date(v, calendar) * december for k, v in expense.items()}
    add(
        "年末结转收入", 31,
        *((k, True, v) for k, v in year_income.items()), ("3001", False, sum(year_income.values(), zero)),
    )  # fmt: skip
    add(
        "年末结转支出", 31,
        ("3001", True, sum(year_expense.values(), zero)), *((k, False, v) for k, v in year_expense.items()),
    )  # fmt: skip

    net = _opening_balance(fund, income, expense, calendar)
    if "3101" in SUBJECTS[fund]:
        opening["3101"] = np.where(np.arange(len(ORGS)) == 0, net // 10, 0)
        opening["1202"] = np.where(np.arange(len(ORGS)) == 0, net // 5, 0)
    opening["3001"] = net - opening.get("3101", zero[:, 0])
    assets = sum((v for k, v in opening.items() if k.startswith("1")), zero[:, 0])
    opening["1003"] = net - assets
    # The fiscal account never runs dry: where a small county's would, its opening is lifted.
    path = opening["1003"][:, None] + np.cumsum(_movement(vouchers, "1003", zero), axis=1)
    lift = np.maximum(-path.min(axis=1), 0)
    opening["1003"] = opening["1003"] + lift
    opening["3001"] = opening["3001"] + lift
    return vouchers, opening


def _movement(vouchers: Sequence[Voucher], subject: str, zero: Ints) -> Ints:
    """Debit less credit of a subject."""
    out = zero.copy()
    for voucher in vouchers:
        for code, is_debit, amount in voucher.lines:
            if code == subject:
                out += amount if is_debit else -amount
    return out


def _held_premiums(premium: Ints, calendar: Calendar) -> tuple[Ints, Ints]:
    """Premiums of one county held from September to December, and recognised in the next January."""
    held = np.zeros_like(premium)
    mine = (calendar.years >= BENEFIT_YEAR_FROM) & (calendar.month_of_year >= 8)
    held[BENEFIT_YEAR_ORG, mine] = premium[BENEFIT_YEAR_ORG, mine]
    recognised = np.zeros_like(premium)
    for i in np.flatnonzero((calendar.month_of_year == 0) & (calendar.years > BENEFIT_YEAR_FROM)):
        recognised[:, i] = held[:, i - 4 : i].sum(axis=1)
    return held, recognised


def _year_to_date(amount: Ints, calendar: Calendar) -> Ints:
    running = np.concatenate([np.zeros((len(ORGS), 1), dtype=np.int64), np.cumsum(amount, axis=1)], axis=1)
    return running[:, 1:] - running[:, np.arange(len(calendar)) - calendar.month_of_year]


def _opening_balance(
    fund: str, income: Mapping[str, Ints], expense: Mapping[str, Ints], calendar: Calendar
) -> Ints:
    """Net assets at the simulation's start, such that the December of the middle year covers the months wanted."""
    transfers = ("4401", "4402", "5301", "5302")
    own_out = sum(
        (v for k, v in expense.items() if k not in transfers), np.zeros_like(next(iter(expense.values())))
    )
    result = sum(income.values(), np.zeros_like(own_out)) - sum(expense.values(), np.zeros_like(own_out))
    decembers = np.flatnonzero(calendar.month_of_year == 11)
    anchor = int(decembers[len(decembers) // 2])
    wanted = cal.PAYABLE_MONTHS[fund] * own_out[:, anchor - 11 : anchor + 1].sum() / 12
    opening = wanted - result[:, : anchor + 1].sum()
    weight = np.maximum(own_out.sum(axis=1), 1) * _COVER_SPREAD
    return np.rint(opening * weight / weight.sum()).astype(np.int64)


def _balances(
    fund_at: int, vouchers: list[Voucher], opening: dict[str, Ints], calendar: Calendar
) -> dict[str, NDArray]:
    """Monthly balances of every subject: own lines and those of the subjects below it, carried forward."""
    names = SUBJECTS[FUNDS[fund_at]]
    shape = (len(ORGS), len(calendar))
    debit = {code: np.zeros(shape, dtype=np.int64) for code in names}
    credit = {code: np.zeros(shape, dtype=np.int64) for code in names}
    for voucher in vouchers:
        for code, is_debit, amount in voucher.lines:
            for above in (code[:n] for n in range(4, len(code) + 1, 2)):
                (debit if is_debit else credit)[above] += amount

    rows: list[dict[str, NDArray]] = []
    for code, name in names.items():
        debit_side = code[0] in "15"
        change = debit[code] - credit[code] if debit_side else credit[code] - debit[code]
        close = opening.get(code, np.zeros(len(ORGS), dtype=np.int64))[:, None] + np.cumsum(change, axis=1)
        org, month = np.meshgrid(np.arange(len(ORGS)), np.arange(len(calendar)), indexing="ij")
        keep = calendar.in_window[month]
        if code in _CITY_ONLY:
            keep &= org == 0
        if code in _COUNTY_ONLY:
            keep &= org != 0
        size = int(keep.sum())
        rows.append(
            {
                "org": org[keep],
                "fund": np.full(size, fund_at),
                "month": calendar.months[month[keep]],
                "subj_code": np.full(size, code, dtype="U8"),
                "subj_name": np.full(size, name, dtype="U16"),
                "bal_dir": np.full(size, "借" if debit_side else "贷"),
                "open_bal": (close - change)[keep],
                "debit_amt": debit[code][keep],
                "credit_amt": credit[code][keep],
                "close_bal": close[keep],
            }
        )
    return _stack(rows)


def _voucher_lines(fund_at: int, vouchers: list[Voucher], calendar: Calendar) -> dict[str, NDArray]:
    """Non-zero lines, numbered within org and month."""
    org, month = np.meshgrid(np.arange(len(ORGS)), np.arange(len(calendar)), indexing="ij")
    rows: list[dict[str, NDArray]] = []
    for number, voucher in enumerate(vouchers):
        for line, (code, is_debit, amount) in enumerate(voucher.lines):
            keep = (amount != 0) & calendar.in_window[month]
            size = int(keep.sum())
            value = amount[keep]
            rows.append(
                {
                    "org": org[keep],
                    "fund": np.full(size, fund_at),
                    "month": calendar.months[month[keep]],
                    "kind": np.full(size, number),
                    "line": np.full(size, line),
                    "day": np.full(size, voucher.day),
                    "subj_code": np.full(size, code, dtype="U8"),
                    "digest": np.full(size, voucher.digest, dtype="U12"),
                    "debit_amt": value if is_debit else np.zeros_like(value),
                    "credit_amt": np.zeros_like(value) if is_debit else value,
                }
            )
    return _stack(rows)


def _budget(fund_at: int, flows: Flows, calendar: Calendar, rng: np.random.Generator) -> dict[str, NDArray]:
    """Yearly budget by item, set in January and adjusted in July: hundreds of yuan, a few per cent off."""
    actual: dict[str, Ints] = flows.income | flows.expense
    if flows.to_upper is not None:
        assert flows.from_lower is not None and flows.to_lower is not None and flows.from_upper is not None
        actual |= {
            "4401": flows.from_upper,
            "4402": flows.from_lower,
            "5301": flows.to_lower,
            "5302": flows.to_upper,
        }
    rows: list[dict[str, NDArray]] = []
    orgs = np.arange(len(ORGS))
    for item, prefix in _BUDGET_ITEMS:
        parts = [v for k, v in actual.items() if k.startswith(prefix)]
        if not parts:
            continue
        total = sum(parts[1:], parts[0])
        for year, amount in calendar.yearly(total).items():
            first = amount * rng.uniform(0.94, 1.06, len(ORGS))
            second = amount * rng.uniform(0.97, 1.03, len(ORGS))
            for version, (value, eff_month) in enumerate(((first, 0), (second, 6))):
                keep = amount > 0
                rows.append(
                    {
                        "org": orgs[keep],
                        "fund": np.full(int(keep.sum()), fund_at),
                        "year": np.full(int(keep.sum()), year),
                        "item_key": np.full(int(keep.sum()), item, dtype="U16"),
                        "budg_amt": np.rint(value[keep] / 10_000).astype(np.int64) * 10_000,
                        "version": np.full(int(keep.sum()), version),
                        "eff_month": np.full(int(keep.sum()), year * 12 + eff_month),
                    }
                )
    return _stack(rows)


def _stack(parts: Sequence[dict[str, NDArray]]) -> dict[str, NDArray]:
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
