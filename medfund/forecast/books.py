"""Sets of books: read from a candidate, and forecast."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import numpy as np

from medfund.forecast.balance import closing_balances, roll_forward
from medfund.forecast.memory import Fits
from medfund.forecast.models import MONTHLY, Z_80, Z_95, Floats
from medfund.forecast.scoring import MONTHS, Ints, Series, Trial, run_trials, scores
from medfund.forecast.tables import Rows

# Two years to learn a season from and one to be tried on.
SHORTEST = 36
# Books this many months behind the newest are closed or not delivered: no month ahead of them is forecast.
STALE_AFTER = 3
MEASURES = ("income", "expenditure", "balance")

# Every set of books with its last months in a row; the whole pool area stands under its city's code, unless the
# city keeps books of its own.
_BOOKS = """
with city as (
    select min(org_code) as org_code from marts.dim_org where level = 'city'
),
book as (
    select org_code, fund_code, false as is_consolidated, month, income, expenditure, closing_balance
    from marts.fund_balance_monthly
    union all
    select city.org_code, whole.fund_code, true, whole.month, whole.income, whole.expenditure, whole.closing_balance
    from marts.fund_balance_consolidated_monthly as whole, city
    where city.org_code is not null and city.org_code not in (select org_code from marts.fund_balance_monthly)
),
run as (
    select
        *,
        date_diff('month', month, max(month) over ()) as behind,
        date_diff('month', month, max(month) over books) as before_last,
        row_number() over (partition by org_code, fund_code order by month desc) - 1 as rows_after
    from book
    window books as (partition by org_code, fund_code)
)
select
    org_code,
    fund_code,
    is_consolidated,
    min(behind) as behind,
    list(month order by month) as months,
    list(cast(income * 100 as bigint) order by month) as income,
    list(cast(expenditure * 100 as bigint) order by month) as expenditure,
    cast(arg_max(closing_balance, month) * 100 as bigint) as closing
from run
where before_last = rows_after
group by org_code, fund_code, is_consolidated
order by org_code, fund_code
"""


@dataclass(frozen=True)
class Book:
    """One fund of one org: flows in fen over `months` in a row, and the balance they end with."""

    org_code: str
    fund_code: str
    is_consolidated: bool
    behind: int
    months: tuple[date, ...]
    income: Ints
    expenditure: Ints
    closing: int

    @property
    def state(self) -> str:
        """`ready`, or why there is no forecast: `too_short`, `stale`."""
        if self.behind >= STALE_AFTER:
            return "stale"
        return "ready" if len(self.months) >= SHORTEST else "too_short"

    def balances(self) -> Ints:
        """The balance after each month as its flows alone give it, ending with `closing`."""
        net = np.cumsum(self.income - self.expenditure)
        return self.closing - net[-1] + net


def read_books(connection: duckdb.DuckDBPyConnection) -> list[Book]:
    """Every set of books of a candidate, ordered by org and fund."""
    return [
        Book(org, fund, whole, behind, tuple(months), np.array(income), np.array(expenditure), closing)
        for org, fund, whole, behind, months, income, expenditure, closing in connection.execute(
            _BOOKS
        ).fetchall()
    ]


def describe(book: Book, state: str, **models: str) -> dict[str, Any]:
    """The book's row of `forecast_series`."""
    return {
        "org_code": book.org_code,
        "fund_code": book.fund_code,
        "is_consolidated": book.is_consolidated,
        "state": state,
        "first_month": book.months[0],
        "origin_month": book.months[-1],
        "months": len(book.months),
        "opening_balance": book.closing,
        **models,
    }


def forecast_book(book: Book, fits: Fits, into: Rows) -> None:
    """Try the candidates on both flows, choose a pair of models, and add what they expect and how they were scored."""
    last = book.months[-1].year * 12 + book.months[-1].month
    series = {
        measure: Series(amounts.astype(np.float64), last)
        for measure, amounts in (
            ("income", book.income),
            ("expenditure", book.expenditure),
            ("balance", book.balances()),
        )
    }
    income, unfit_in = run_trials(series["income"], MONTHLY, MONTHS, fits)
    expenditure, unfit_out = run_trials(series["expenditure"], MONTHLY, MONTHS, fits)
    flows = {"income": income, "expenditure": expenditure}
    came = {measure: one.came(MONTHS) for measure, one in series.items()}
    units = {measure: one.scale(MONTHS) for measure, one in series.items()}
    balances = {
        (one, other): roll_forward(income[one], expenditure[other], float(book.closing))
        for one, other in itertools.product(income, expenditure)
    }
    chosen = choose_pair(income, expenditure, balances, units)
    shown = {"income": chosen[0], "expenditure": chosen[1], "balance": pair_name(*chosen)}
    trials = flows | {
        "balance": {
            pair_name(*pair): trial
            for pair, trial in balances.items()
            if pair == chosen or pair[0] == pair[1]
        }
    }
    key = {"org_code": book.org_code, "fund_code": book.fund_code}
    for measure in MEASURES:
        for model, trial in trials[measure].items():
            into["forecast_score"] += [
                {**key, "measure": measure, "model": model, **score, "is_shown": model == shown[measure]}
                for score in scores(trial, came[measure], units[measure], MONTHS)
            ]

    months = _months_after(book.months[-1], MONTHS.ahead)
    points = {measure: _fen(flows[measure][shown[measure]].outlook.point) for measure in flows}
    points["balance"] = closing_balances(book.closing, points["income"], points["expenditure"])
    for measure in MEASURES:
        is_flow = measure in flows
        never_negative = is_flow and bool(series[measure].amounts.min() >= 0)
        for month, band in zip(
            months, bands(trials[measure][shown[measure]], points[measure], never_negative), strict=True
        ):
            into["forecast"].append(
                {**key, "measure": measure, "month": month, "model": shown[measure], **band}
            )
    into["forecast_series"].append(
        describe(
            book,
            "forecast",
            income_model=chosen[0],
            expenditure_model=chosen[1],
            unfit_models="; ".join(sorted({*unfit_in, *unfit_out})),
        )
    )


def pair_name(income: str, expenditure: str) -> str:
    """Name of a balance's model: that of its flows, `income/expenditure` where they differ."""
    return income if income == expenditure else f"{income}/{expenditure}"


def choose_pair(
    income: Mapping[str, Trial],
    expenditure: Mapping[str, Trial],
    balances: Mapping[tuple[str, str], Trial],
    units: Mapping[str, float],
) -> tuple[str, str]:
    """The pair of models with the smallest sum of the three MASE among the pairs that lose in none of them.

    Flows and balance are chosen together, since the balance shown is that of the flows shown. The benchmark
    never loses to itself, so there is always a pair.
    """
    name = MONTHLY[0]
    benchmark = (income[name], expenditure[name], balances[name, name])
    divisors = [units[measure] or 1.0 for measure in MEASURES]
    best, least = (name, name), float("inf")
    for pair, balance in balances.items():
        trials = (income[pair[0]], expenditure[pair[1]], balance)
        if any(trial.loses_to(other, MONTHS) for trial, other in zip(trials, benchmark, strict=True)):
            continue
        total = sum(
            trial.mean_errors(MONTHS)[-1] / divisor for trial, divisor in zip(trials, divisors, strict=True)
        )
        if total < least:
            best, least = pair, total
    return best


def bands(trial: Trial, point: Ints, never_negative: bool) -> Iterable[dict[str, int]]:
    """Point and intervals of each period ahead in fen; widened by what the backtest found missing."""
    wide = trial.widening() * trial.outlook.sd
    floor = 0 if never_negative else np.iinfo(np.int64).min
    columns = {"point": point}
    for level, z in ((80, Z_80), (95, Z_95)):
        half = _fen(z * wide)
        columns[f"lower_{level}"] = np.maximum(point - half, np.minimum(floor, point))
        columns[f"upper_{level}"] = point + half
    return [{name: int(values[step]) for name, values in columns.items()} for step in range(len(point))]


def _fen(amount: Floats) -> Ints:
    return np.rint(amount).astype(np.int64)


def _months_after(month: date, count: int) -> list[date]:
    start = month.year * 12 + month.month
    return [date((start + step) // 12, (start + step) % 12 + 1, 1) for step in range(count)]
