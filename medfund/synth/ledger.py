"""Fund books: vouchers first, monthly balances added up from them, and the budget.

Amounts are int64 fen in arrays [org, month of the calendar]. Books are kept on a cash basis: a notice is booked when it is
paid, whenever the claims were settled. Balances add up to the vouchers, so every row rolls and every sheet balances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medfund.synth.chart import (
    BENEFIT_YEAR_FROM,
    BENEFIT_YEAR_ORG,
    BUDGET_ITEMS,
    CITY_ONLY,
    COUNTY_ONLY,
    FUNDS,
    SUBJECTS,
)
from medfund.synth.city import ORGS
from medfund.synth.clearing import ADVANCES
from medfund.synth.flows import Calendar, Flows, only_city
from medfund.synth.hashed import uniform

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Months of the first year's spending that the balances of January 2018 cover, such that the published cover of 2023 to
# 2025 is reached by the surpluses in between (assumed).
OPENING_MONTHS = {"310_pool": 14.0, "310_acct": 5.0, "390": 5.5, "610": 6.0}
# Cover of the orgs against the whole area's.
_COVER_SPREAD = np.array([1.10, 1.05, 0.95, 0.85, 0.80, 0.85])
# A county is helped by the city before its account holds less than this part of a month's payments.
_FLOOR_MONTHS = 0.5


@dataclass(frozen=True)
class Voucher:
    """One voucher of a fund in every org and month: lines of (subject, is debit, amount [org, month])."""

    fund: str
    tag: str
    digest: str
    day: int
    lines: Sequence[tuple[str, bool, Ints]]


@dataclass
class Books:
    """Ledger and voucher lines of the window, as columns. Money in fen; `org` and `month` are indices."""

    balances: dict[str, NDArray]
    vouchers: dict[str, NDArray]
    budget: dict[str, NDArray]


def make_books(flows: dict[str, Flows], calendar: Calendar, seed: int) -> Books:
    """Vouchers and monthly balances of all funds, cut to the window."""
    parts: list[dict[str, NDArray]] = []
    lines: list[dict[str, NDArray]] = []
    budget: list[dict[str, NDArray]] = []
    for fund_at, fund in enumerate(FUNDS):
        vouchers, opening = _book(fund, flows[fund], calendar)
        lacking = _lacking(vouchers, opening, calendar, flows[fund].to_lower is not None)
        if lacking.any():
            _support(flows[fund], lacking)
            vouchers, opening = _book(fund, flows[fund], calendar)
        parts.append(_balances(fund_at, vouchers, opening, calendar))
        lines.append(_voucher_lines(fund_at, vouchers, calendar))
        budget.append(_budget(fund_at, flows[fund], calendar, seed))
    return Books(_stack(parts), _stack(lines), _stack(budget))


def _lacking(
    vouchers: Sequence[Voucher], opening: Mapping[str, Ints], calendar: Calendar, from_city: bool
) -> Ints:
    """What each org lacks in a month to keep its fiscal account above the floor, [org, month].

    `from_city` says that the counties' part comes out of the city's own account.
    """
    path = opening["1003"][:, None] + np.cumsum(_movement(vouchers, "1003", calendar.zero()), axis=1)
    paid = np.maximum(_movement(vouchers, "5001", calendar.zero(), below=True), 0)
    lacking = calendar.zero()
    given = np.zeros(len(ORGS), dtype=np.int64)
    for i in range(len(calendar)):
        floor = np.rint(paid[:, max(0, i - 11) : i + 1].mean(axis=1) * _FLOOR_MONTHS).astype(np.int64)

        def help_for(have: Ints, least: Ints) -> Ints:
            # More than what is needed, so that help comes rarely.
            return np.where(have < least, 2 * least - have, 0)

        lacking[1:, i] = help_for(path[1:, i] + given[1:], floor[1:])
        given[1:] += lacking[1:, i]
        passed_on = given[1:].sum() if from_city else 0
        lacking[:1, i] = help_for(path[:1, i] + given[:1] - passed_on, floor[:1])
        given[:1] += lacking[:1, i]
    return lacking


def _support(flows: Flows, lacking: Ints) -> None:
    """The city helps its counties out of its own fund; the province helps the city, and whom the city cannot."""
    public = lacking.copy()
    if flows.to_lower is not None and flows.from_upper is not None:
        from_city = np.where(np.arange(len(ORGS))[:, None] > 0, lacking, 0)
        flows.from_upper = flows.from_upper + from_city
        flows.to_lower = flows.to_lower + only_city(from_city)
        public = public - from_city
    if "410102" in flows.income:
        flows.income["410102"] = flows.income["410102"] + public


# ---- booking ---------------------------------------------------------------------------------------------


def _shift(amount: Ints) -> Ints:
    """The amount of the month before; 0 in the first month."""
    out = np.zeros_like(amount)
    out[:, 1:] = amount[:, :-1]
    return out


def _book(fund: str, flows: Flows, calendar: Calendar) -> tuple[list[Voucher], dict[str, Ints]]:
    """Vouchers of a fund, and the opening balances of January 2018 by subject [org]."""
    zero = calendar.zero()
    has_treasury = "1005" in SUBJECTS[fund]
    collected_in = "1005" if has_treasury else "1003"
    vouchers: list[Voucher] = []

    def add(tag: str, digest: str, day: int, *lines: tuple[str, bool, Ints]) -> None:
        vouchers.append(Voucher(fund, tag, digest, day, [line for line in lines if line[2].any()]))

    def total(amounts: Mapping[str, Ints]) -> Ints:
        return sum(amounts.values(), zero)

    income, expense = dict(flows.income), dict(flows.expense)
    held = recognised = zero
    if fund == "390":
        held, recognised = _held_premiums(income["4001"], calendar)
        income["4001"] = income["4001"] - held
    premium_lines = {k: v for k, v in income.items() if k.startswith("4001")}
    premium = total(premium_lines)
    add(
        "premium",
        "征缴保险费",
        10,
        (collected_in, True, premium),
        *((k, False, v) for k, v in premium_lines.items()),
    )
    add("premium_held", "预收以后年度保费", 11, (collected_in, True, held), ("2001", False, held))
    add("recognised", "确认本年度保费收入", 3, ("2001", True, recognised), ("4001", False, recognised))
    received = premium + held
    opening: dict[str, Ints] = {}
    if has_treasury:
        kept = np.rint(np.maximum(received, 0) * 0.15).astype(np.int64)
        opening["1005"] = kept[:, 0].copy()
        before = _shift(kept)
        before[:, 0] = opening["1005"]
        swept = received + before - kept
        add("treasury_sweep", "国库划入财政专户", 25, ("1003", True, swept), ("1005", False, swept))

    subsidy = {k: v for k, v in income.items() if k.startswith("41")}
    add(
        "subsidy",
        "收到财政补贴",
        15,
        ("1003", True, total(subsidy)),
        *((k, False, v) for k, v in subsidy.items()),
    )
    for tag, code, digest in (
        ("interest", "4201", "存款结息"), ("invested", "4202", "委托投资收益到账"), ("moved_in", "4301", "收到转移资金"),
    ):  # fmt: skip
        if code in income:
            add(tag, digest, 21, ("1003", True, income[code]), (code, False, income[code]))
    minor = income.get("4501", zero)
    unclear = np.rint(minor * 0.3).astype(np.int64)  # receipts nobody has claimed yet, returned a month later
    recovered = zero if flows.recovered is None else flows.recovered
    add("minor", "其他收入入账", 18, ("1002", True, minor), ("4501", False, minor))
    add("recovered", "追回违规医保基金", 17, ("1002", True, recovered), ("4501", False, recovered))
    income["4501"] = minor + recovered
    add("unclear", "待查款项入账", 19, ("1002", True, unclear), ("2001", False, unclear))
    add("unclear_back", "退回待查款项", 20, ("2001", True, _shift(unclear)), ("1002", False, _shift(unclear)))
    moved = _shift(income["4501"])
    add("income_sweep", "收入户划入财政专户", 26, ("1003", True, moved), ("1002", False, moved))

    if flows.to_upper is not None:
        assert flows.from_lower is not None and flows.to_lower is not None and flows.from_upper is not None
        add("to_upper", "上解调剂金", 22, ("5302", True, flows.to_upper), ("1003", False, flows.to_upper))
        add(
            "from_lower",
            "收到下级上解",
            22,
            ("1003", True, flows.from_lower),
            ("4402", False, flows.from_lower),
        )
        add("to_lower", "补助下级", 24, ("5301", True, flows.to_lower), ("1003", False, flows.to_lower))
        add(
            "from_upper",
            "收到上级补助",
            24,
            ("1003", True, flows.from_upper),
            ("4401", False, flows.from_upper),
        )
        expense["5302"], expense["5301"] = flows.to_upper, flows.to_lower
        income["4402"], income["4401"] = flows.from_lower, flows.from_upper

    # Benefits are paid from the expenditure account, which is filled from the fiscal account.
    paid = benefit = zero
    for payment in flows.payments:
        debits = ((code, True, amount) for code, amount in payment.expense.items())
        add(
            payment.tag, payment.digest, payment.day, *debits,
            ("1101", False, payment.offset), ("1004", False, payment.net),
        )  # fmt: skip
        paid = paid + payment.net
        if payment.tag not in ADVANCES:
            benefit = benefit + payment.net
            for code, amount in payment.expense.items():
                expense[code] = expense.get(code, zero) + amount
    if "500103" in flows.expense:
        sponsored = flows.expense["500103"]
        add("sponsored", "资助参保支出", 13, ("500103", True, sponsored), ("1004", False, sponsored))
        paid = paid + sponsored
    minor_out = flows.expense.get("5401", zero)
    add("minor_out", "其他支出", 27, ("5401", True, minor_out), ("1004", False, minor_out))
    paid = paid + minor_out
    float_target = np.rint(np.maximum(benefit, 0) * 0.3).astype(np.int64)
    opening["1004"] = float_target[:, 0].copy()
    before = _shift(float_target)
    before[:, 0] = opening["1004"]
    filled = paid + float_target - before
    add("filled", "财政专户拨入支出户", 5, ("1004", True, filled), ("1003", False, filled))
    for tag, code, digest in (
        ("insurer", "5101", "缴纳大病保险保费"),
        ("moved_out", "5201", "转出个人账户资金"),
    ):
        if code in flows.expense:
            add(tag, digest, 23, (code, True, flows.expense[code]), ("1003", False, flows.expense[code]))

    # Year-end: income and expenditure are emptied into the general fund balance.
    income["4001"] = income.get("4001", zero) + recognised
    december = calendar.month_of_year == 11
    year_income = {k: _year_to_date(v, calendar) * december for k, v in income.items()}
    year_expense = {k: _year_to_date(v, calendar) * december for k, v in expense.items()}
    add(
        "close_income", "年末结转收入", 31,
        *((k, True, v) for k, v in year_income.items()), ("3001", False, total(year_income)),
    )  # fmt: skip
    add(
        "close_expense", "年末结转支出", 31,
        ("3001", True, total(year_expense)), *((k, False, v) for k, v in year_expense.items()),
    )  # fmt: skip

    net = _opening_balance(fund, expense, calendar)
    is_city = np.arange(len(ORGS)) == 0
    if "3101" in SUBJECTS[fund]:
        opening["3101"] = np.where(is_city, net // 10, 0)
        opening["1202"] = np.where(is_city, net // 5, 0)
    opening["3001"] = net - opening.get("3101", zero[:, 0])
    assets = sum((v for k, v in opening.items() if k.startswith("1")), zero[:, 0])
    opening["1003"] = net - assets
    return vouchers, opening


def _movement(vouchers: Sequence[Voucher], subject: str, zero: Ints, below: bool = False) -> Ints:
    """Debit less credit of a subject, with those below it on request."""
    out = zero.copy()
    for voucher in vouchers:
        for code, is_debit, amount in voucher.lines:
            if code == subject or (below and code.startswith(subject)):
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


def _opening_balance(fund: str, expense: Mapping[str, Ints], calendar: Calendar) -> Ints:
    """Net assets of January 2018: what covers the months wanted of the first year's own spending."""
    first_year = sum(
        (v[:, :12].sum(axis=1) for k, v in expense.items() if k not in ("5301", "5302")), np.zeros(len(ORGS))
    )
    weight = np.maximum(first_year, 1) * _COVER_SPREAD
    return np.rint(OPENING_MONTHS[fund] * first_year.sum() / 12 * weight / weight.sum()).astype(np.int64)


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
        if code in CITY_ONLY:
            keep &= org == 0
        if code in COUNTY_ONLY:
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
                    "tag": np.full(size, voucher.tag, dtype="U16"),
                    "line": np.full(size, line),
                    "day": np.full(size, voucher.day),
                    "subj_code": np.full(size, code, dtype="U8"),
                    "digest": np.full(size, voucher.digest, dtype="U12"),
                    "debit_amt": value if is_debit else np.zeros_like(value),
                    "credit_amt": np.zeros_like(value) if is_debit else value,
                }
            )
    return _stack(rows)


def _budget(fund_at: int, flows: Flows, calendar: Calendar, seed: int) -> dict[str, NDArray]:
    """Yearly budget by item, set in January and adjusted in July: hundreds of yuan, a few per cent off."""
    actual: dict[str, Ints] = flows.income | flows.spent()
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
    for item_at, (item, prefix) in enumerate(BUDGET_ITEMS):
        parts = [v for k, v in actual.items() if k.startswith(prefix)]
        if not parts:
            continue
        for year, amount in calendar.yearly(sum(parts[1:], parts[0])).items():
            if not calendar.in_window[calendar.years == year].any():
                continue
            for version, (spread, eff_month) in enumerate(((0.06, 0), (0.03, 6))):
                off = 2 * uniform(seed, "budget", fund_at, item_at, year, version, orgs) - 1
                keep = amount > 0
                value = np.rint(amount * (1 + spread * off) / 10_000).astype(np.int64) * 10_000
                size = int(keep.sum())
                rows.append(
                    {
                        "org": orgs[keep],
                        "fund": np.full(size, fund_at),
                        "year": np.full(size, year),
                        "item_key": np.full(size, item, dtype="U16"),
                        "budg_amt": value[keep],
                        "version": np.full(size, version),
                        "eff_month": np.full(size, year * 12 + eff_month),
                    }
                )
    return _stack(rows)


def _stack(parts: Sequence[dict[str, NDArray]]) -> dict[str, NDArray]:
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
