"""What the synthetic city is held against: published and assumed magnitudes, and the measure of each.

A target is one figure: its value, where it comes from, how far the city may be from it, and a query that reads it from
the city's claims. `measure` simulates a city without writing files; `python -m bench.calibration` prints the table.

Tables the queries read, money in yuan: `visit` (settlements that were neither refunded nor withdrawn), `settled` (all of
them), `member` (memberships at the ends of years).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from medfund.synth import calibration as cal
from medfund.synth import city, claims
from medfund.synth.lifecycle import HORIZON_FIRST

LAST_YEAR = 2026

# Whose figure it is: `published` and `derived` (arithmetic on published ones), `assumed` (remembered or plausible).
BULLETIN = "national bulletins of health security, 2020-2025"
SERIES = "national series of benefit visits and costs, 2012-2025"
HEALTH = "national bulletin of health services, 2024"
JOURNAL = "hospitalisation by age, shape remembered"
PRACTICE = "remembered shape"


@dataclass(frozen=True)
class Target:
    """One figure to reach: `value` give or take `tolerance`, a share of the value unless `absolute`."""

    group: str
    name: str
    value: float
    tolerance: float
    source: str
    mark: str
    query: str
    absolute: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Reached:
    """What the city comes to; None where it has nothing to measure."""

    target: Target
    value: float | None

    @property
    def holds(self) -> bool:
        """Whether the value lies within the tolerance."""
        if self.value is None:
            return False
        allowed = self.target.tolerance * (1 if self.target.absolute else abs(self.target.value))
        return abs(self.value - self.target.value) <= allowed


# ---- the table -------------------------------------------------------------------------------------------

_CODE = {"employee": 0, "resident": 1}
_STAY = "bucket = 2 AND NOT interim"


def _members(year: int, scheme: str, more: str = "") -> str:
    return f"(SELECT sum(n) FROM member WHERE year = {year} AND scheme = {_CODE[scheme]} {more})"


def _count(year: int, scheme: str, what: str, more: str = "") -> str:
    return f"(SELECT count(*) FROM visit WHERE year = {year} AND scheme = {_CODE[scheme]} AND {what} {more})"


def _of(year: int, scheme: str, what: str, figure: str) -> str:
    return f"SELECT {figure} FROM visit WHERE year = {year} AND scheme = {_CODE[scheme]} AND {what}"


def _enrolment() -> Iterator[Target]:
    for year, value in ((2023, 2.71), (2024, 2.63), (2025, 2.60)):
        query = f"SELECT {_members(year, 'employee', 'AND status = 0')} / {_members(year, 'employee', 'AND status = 1')}"
        yield Target("enrolment", f"active per retired {year}", value, 0.04, BULLETIN, "published", query)
    employee, resident = _members(2025, "employee"), _members(2025, "resident")
    yield Target(
        "enrolment", "employees of all members 2025", 0.292, 0.01, BULLETIN, "derived",
        f"SELECT {employee} / ({employee} + {resident})", absolute=True,
    )  # fmt: skip
    for scheme, value in (("employee", 0.0235), ("resident", -0.0105)):
        query = f"SELECT ({_members(2025, scheme)} / {_members(2019, scheme)}) ** (1 / 6) - 1"
        yield Target(
            "enrolment", f"{scheme}s, growth a year", value, 0.004, BULLETIN, "derived", query, absolute=True
        )
    for scheme, value in (("employee", 0.53), ("resident", 0.51)):
        query = f"SELECT {_members(2025, scheme, 'AND is_male')} / {_members(2025, scheme)}"
        yield Target("enrolment", f"men of {scheme}s", value, 0.02, PRACTICE, "assumed", query, absolute=True)
    kinds = {"adults": ("age >= 18", 0.737 + 0.02), "pupils and children": ("age < 18", 0.244)}
    for name, (who, value) in kinds.items():
        query = f"SELECT {_members(2025, 'resident', 'AND ' + who)} / {_members(2025, 'resident')}"
        yield Target(
            "enrolment", f"{name} of residents", value, 0.03, BULLETIN, "derived", query, absolute=True
        )


def _stays() -> Iterator[Target]:
    rates: dict[str, dict[int, float]] = {
        "employee": {
            2019: 18.28,
            2020: 15.32,
            2021: 16.65,
            2022: 17.32,
            2023: 21.59,
            2024: 21.71,
            2025: 21.26,
        },
        "resident": {
            2019: 16.64,
            2020: 15.10,
            2021: 15.22,
            2022: 16.26,
            2023: 20.69,
            2024: 21.74,
            2025: 20.82,
        },
    }
    for scheme, years in rates.items():
        for year, value in years.items():
            query = f"SELECT 100 * {_count(year, scheme, _STAY)} / {_members(year, scheme)}"
            yield Target(
                "stays", f"{scheme} {year}, % of members", value, 0.08, SERIES, "derived", query, unit="%"
            )
    for name, status, value in (("active", 0, 11.93), ("retired", 1, 49.02)):
        query = (
            f"SELECT 100 * {_count(2023, 'employee', _STAY, f'AND status = {status}')} / "
            f"{_members(2023, 'employee', f'AND status = {status}')}"
        )
        yield Target(
            "stays", f"{name} employees 2023, %", value, 0.15, BULLETIN, "published", query, unit="%"
        )
    ages = {
        ("resident", 2): {
            (0, 5): 22.9,
            (5, 18): 6.7,
            (18, 25): 5.7,
            (25, 45): 12.4,
            (45, 60): 19.1,
            (60, 70): 34.3,
            (70, 80): 52.4,
            (80, 200): 59.1,
        },
        ("employee", 0): {(18, 30): 7.7, (30, 45): 9.9, (45, 61): 17.0},
        ("employee", 1): {(50, 60): 25.9, (60, 70): 41.5, (70, 80): 64.3, (80, 200): 80.9},
    }
    for (scheme, status), bands in ages.items():
        for (first, after), value in bands.items():
            who = f"status = {status} AND age >= {first} AND age < {after}"
            query = (
                f"SELECT 100 * (SELECT count(*) FROM visit WHERE year BETWEEN 2023 AND 2025 AND {_STAY} AND {who}) / "
                f"(SELECT sum(n) FROM member WHERE year BETWEEN 2023 AND 2025 AND {who})"
            )
            name = f"{scheme} {('active', 'retired', '')[status]} {first}-{after - 1}, %".replace("  ", " ")
            yield Target("stays", name, value, 0.25, JOURNAL, "assumed", query, unit="%")
    query = (
        f"""SELECT count(*) / count(DISTINCT (identity, year)) FROM visit WHERE {_STAY} AND year >= 2023"""
    )
    yield Target("stays", "stays per person with any", 1.35, 0.08, PRACTICE, "assumed", query)
    follow = f"""WITH stay AS (SELECT *, lead(begin) OVER w AS next_begin, lead(place) OVER w AS next_place
        FROM visit WHERE {_STAY} AND way < 3 AND year BETWEEN 2023 AND 2026 WINDOW w AS (PARTITION BY identity ORDER BY begin))
        SELECT 100 * avg((next_begin <= "end" + 30%s)::INT) FROM stay WHERE NOT died AND year < 2026"""
    yield Target("stays", "readmitted in 30 days, %", 14, 0.25, PRACTICE, "assumed", follow % "", unit="%")
    same = " AND next_place = place"
    yield Target(
        "stays", "the same to the same place, %", 9, 0.35, PRACTICE, "assumed", follow % same, unit="%"
    )
    query = f"SELECT 100 * avg(died::INT) FROM visit WHERE {_STAY} AND year >= 2020"
    yield Target("stays", "deaths, % of discharges", 0.8, 0.2, PRACTICE, "assumed", query, unit="%")
    for scheme, years_days in (
        ("employee", {2021: 10.0, 2023: 9.8, 2024: 8.7, 2025: 8.6}),
        ("resident", {2021: 9.4, 2023: 8.8, 2024: 8.5, 2025: 8.6}),
    ):
        for year, value in years_days.items():
            yield Target(
                "stays", f"{scheme} {year}, days", value, 0.06, BULLETIN, "published",
                _of(year, scheme, _STAY, "avg(greatest(1, days))"), unit="days",
            )  # fmt: skip
    for level, value in ((1, 9.5 / 7.8), (2, 9.6 / 7.8)):
        query = f"""SELECT avg(greatest(1, days)) FILTER (level = {level} AND NOT private) / avg(greatest(1, days))
            FILTER (level = 0) FROM visit WHERE {_STAY} AND way = 0 AND year >= 2023"""
        name = f"days, {cal.LEVELS[level]} over tertiary"
        yield Target("stays", name, value, 0.15, HEALTH, "published", query)
    query = f"SELECT 100 * avg(private::INT) FROM visit WHERE {_STAY} AND way = 0 AND year >= 2023"
    yield Target("stays", "private hospitals, % of stays", 14.4, 0.3, HEALTH, "derived", query, unit="%")
    for scheme, mix in (("employee", (61.1, 28.9, 10.0)), ("resident", (29.4, 45.6, 25.0))):
        for level, value in enumerate(mix):
            figure = f"100 * avg((level = {level})::INT)"
            yield Target(
                "stays", f"{scheme} {cal.LEVELS[level]} 2021, %", value, 4.0, BULLETIN, "derived",
                _of(2021, scheme, f"{_STAY} AND way < 3", figure), absolute=True, unit="%",
            )  # fmt: skip


def _costs() -> Iterator[Target]:
    means: Mapping[tuple[str, int], tuple[dict[int, float], float, str]] = {
        ("employee", cal.INPATIENT): (
            {2019: 11888, 2020: 12657, 2021: 12948, 2022: 12884, 2023: 12176, 2024: 11706, 2025: 11522},
            0.08,
            "stay",
        ),
        ("resident", cal.INPATIENT): (
            {2019: 7049, 2020: 7546, 2021: 8023, 2022: 8129, 2023: 7674, 2024: 7409, 2025: 7339},
            0.08,
            "stay",
        ),
        ("employee", cal.OUTPATIENT): (
            {2019: 195, 2021: 218, 2023: 266, 2024: 252, 2025: 242},
            0.05,
            "outpatient",
        ),
        ("resident", cal.OUTPATIENT): (
            {2019: 83, 2021: 95, 2023: 116, 2024: 117, 2025: 113},
            0.05,
            "outpatient",
        ),
        ("employee", cal.CHRONIC): (
            {2019: 508, 2021: 595, 2023: 678, 2024: 652, 2025: 608},
            0.08,
            "chronic",
        ),
        ("resident", cal.CHRONIC): (
            {2019: 470, 2021: 491, 2023: 515, 2024: 494, 2025: 451},
            0.08,
            "chronic",
        ),
        ("employee", cal.PHARMACY): ({2025: 96}, 0.08, "pharmacy"),
        ("resident", cal.PHARMACY): ({2025: 593}, 0.15, "pharmacy"),
    }
    for (scheme, bucket), (years, tolerance, name) in means.items():
        for year, value in years.items():
            yield Target(
                "cost", f"{scheme} {name} {year}", value, tolerance, SERIES, "derived",
                _of(year, scheme, f"bucket = {bucket}", "avg(medfee)"), unit="yuan",
            )  # fmt: skip
    for scheme, values in (("employee", (15588, 9284, 7415)), ("resident", (13942, 6626, 3623))):
        for level, value in enumerate(values):
            yield Target(
                "cost", f"{scheme} stay 2020-2022, {cal.LEVELS[level]}", value, 0.15, BULLETIN, "published",
                f"SELECT avg(medfee) FROM visit WHERE year BETWEEN 2020 AND 2022 AND scheme = {_CODE[scheme]} AND bucket = 2 "
                f"AND way < 3 AND level = {level}",
                unit="yuan",
            )  # fmt: skip
    for scheme, value in (("employee", 13335), ("resident", 11278)):
        yield Target(
            "cost", f"{scheme} stay 2025, tertiary", value, 0.22, BULLETIN, "published",
            _of(2025, scheme, "bucket = 2 AND way < 3 AND level = 0", "avg(medfee)"), unit="yuan",
        )  # fmt: skip
    for bucket, value, name in ((2, 0.85, "stays"), (0, 0.9, "outpatient"), (1, 0.8, "chronic")):
        kind = "AND med <> 4" if bucket == 1 else "AND NOT continued"
        query = f"""SELECT avg(s) FROM (SELECT stddev(ln(medfee)) AS s FROM visit WHERE bucket = {bucket} {kind}
            AND year >= 2022 AND way < 3 GROUP BY scheme, level, year)"""
        yield Target("cost", f"spread of {name} (sigma)", value, 0.15, PRACTICE, "assumed", query)
    for name, status, value in (("active", 0, 2881), ("retired", 1, 9614)):
        query = (
            f"SELECT (SELECT sum(medfee) FROM visit WHERE year = 2025 AND scheme = 0 AND status = {status} AND bucket <> 3)"
            f" / {_members(2025, 'employee', f'AND status = {status}')}"
        )
        yield Target(
            "cost", f"{name} employee 2025, a head", value, 0.25, BULLETIN, "derived", query, unit="yuan"
        )


def _visits() -> Iterator[Target]:
    per_head = {
        ("employee", cal.OUTPATIENT): {2021: 4.86, 2023: 5.88, 2024: 6.94, 2025: 7.18},
        ("employee", cal.CHRONIC): {2021: 0.728, 2023: 0.739, 2024: 0.848, 2025: 0.931},
        ("employee", cal.PHARMACY): {2025: 5.79},
        ("resident", cal.OUTPATIENT): {2021: 1.67, 2023: 2.16, 2024: 2.51, 2025: 2.68},
        ("resident", cal.CHRONIC): {2021: 0.242, 2023: 0.348, 2024: 0.439, 2025: 0.523},
        ("resident", cal.PHARMACY): {2025: 0.053},
    }
    for (scheme, bucket), years in per_head.items():
        for year, value in years.items():
            query = f"SELECT {_count(year, scheme, f'bucket = {bucket}')} / {_members(year, scheme)}"
            name = f"{scheme} {cal.BUCKETS[bucket]} {year}, a head"
            yield Target("visits", name, value, 0.07, SERIES, "derived", query)
    mixes = {"employee": (50.9, 6.6, 1.5, 41.0), "resident": (77.4, 15.1, 6.0, 1.5)}
    money = {"employee": (32.7, 10.7, 46.2, 10.5), "resident": (14.5, 11.2, 72.8, 1.5)}
    for scheme in cal.SCHEMES:
        for bucket in range(4):
            name = cal.BUCKETS[bucket]
            yield Target(
                "visits", f"{scheme} {name} 2025, % of visits", mixes[scheme][bucket], 1.0, SERIES, "derived",
                _of(2025, scheme, "bucket < 4", f"100 * avg((bucket = {bucket})::INT)"), absolute=True, unit="%",
            )  # fmt: skip
            figure = f"100 * sum(medfee) FILTER (bucket = {bucket}) / sum(medfee)"
            yield Target(
                "visits", f"{scheme} {name} 2025, % of cost", money[scheme][bucket], 2.5, SERIES, "derived",
                _of(2025, scheme, "bucket < 4", figure), absolute=True, unit="%",
            )  # fmt: skip
    query = f"""SELECT 100 - 100 * (SELECT count(DISTINCT identity) FROM visit WHERE year = 2025 AND scheme = 1)
        / {_members(2025, "resident")}"""
    yield Target(
        "visits",
        "residents without any 2025, %",
        27.5,
        6,
        PRACTICE,
        "assumed",
        query,
        absolute=True,
        unit="%",
    )
    growth = {
        ("employee", 2): {2020: -12.3, 2021: 11.8, 2022: 6.4, 2023: 27.6, 2024: 2.9, 2025: 0.3},
        ("resident", 2): {2020: -10.0, 2021: 0.0, 2022: 4.2, 2023: 24.6, 2024: 3.4, 2025: -4.8},
        ("employee", 0): {2020: -16.7, 2021: 14.5, 2022: 2.3, 2023: 23.7, 2024: 20.8, 2025: 6.0},
    }
    for (scheme, bucket), years in growth.items():
        for year, value in years.items():
            what = _STAY if bucket == 2 else f"bucket = {bucket}"
            query = f"SELECT 100 * ({_count(year, scheme, what)} / {_count(year - 1, scheme, what)} - 1)"
            name = f"{scheme} {'stays' if bucket == 2 else 'outpatient'} {year}, growth %"
            yield Target("growth", name, value, 6.0, SERIES, "derived", query, absolute=True, unit="%")


def _payment() -> Iterator[Target]:
    ratios: dict[str, dict[int, float]] = {
        "employee": {2022: 84.2, 2023: 84.6, 2024: 84.8, 2025: 84.1},
        "resident": {2022: 68.3, 2023: 68.1, 2024: 68.6, 2025: 66.0},
    }
    for scheme, years in ratios.items():
        for year, value in years.items():
            yield Target(
                "payment", f"{scheme} stays {year}, funds over in scope %", value, 2.5, BULLETIN, "published",
                _of(year, scheme, "bucket = 2", "100 * sum(fund) / sum(in_scope)"), absolute=True, unit="%",
            )  # fmt: skip
    for scheme, value in (("employee", 83.1), ("resident", 61.7)):
        yield Target(
            "payment", f"{scheme} stays 2025, tertiary %", value, 3.0, BULLETIN, "published",
            _of(2025, scheme, "bucket = 2 AND level = 0", "100 * sum(fund) / sum(in_scope)"), absolute=True, unit="%",
        )  # fmt: skip
    parts = {"employee": (6.0, 8.0, 85.5), "resident": (9.0, 9.0, 81.5)}
    for scheme, shares in parts.items():
        for column, value in zip(("own", "prior", "in_scope"), shares, strict=True):
            yield Target(
                "payment", f"{scheme} stays, {column} % of cost", value, 1.5, PRACTICE, "assumed",
                _of(2025, scheme, "bucket = 2", f"100 * sum({column}) / sum(medfee)"), absolute=True, unit="%",
            )  # fmt: skip
    yield Target(
        "payment", "employee pool over cost, no pharmacy, 2025 %", 66.1, 4.0, BULLETIN, "derived",
        _of(2025, "employee", "bucket < 3", "100 * sum(pool + second) / sum(medfee)"), absolute=True, unit="%",
    )  # fmt: skip
    yield Target(
        "payment", "resident pool and insurer over cost, 2025 %", 54.0, 4.0, BULLETIN, "derived",
        _of(2025, "resident", "bucket < 4", "100 * sum(pool + second) / sum(medfee)"), absolute=True, unit="%",
    )  # fmt: skip
    yield Target(
        "payment", "accounts, yuan an employee 2025", 1490, 0.12, BULLETIN, "derived",
        f"SELECT (SELECT sum(acct) FROM visit WHERE year = 2025 AND scheme = 0) / {_members(2025, 'employee')}",
        unit="yuan",
    )  # fmt: skip
    yield Target(
        "payment", "of it from relatives, yuan an employee 2025", 178, 0.5, BULLETIN, "derived",
        f"SELECT (SELECT sum(mulaid) FROM visit WHERE year = 2025) / {_members(2025, 'employee')}", unit="yuan",
    )  # fmt: skip
    query = "SELECT avg(maf) FROM visit WHERE bucket = 2 AND maf > 0 AND year >= 2023"
    yield Target("payment", "assistance of a stay", 1273, 0.3, BULLETIN, "published", query, unit="yuan")
    query = "SELECT avg(maf) FROM visit WHERE bucket < 2 AND maf > 0 AND year >= 2023"
    yield Target(
        "payment", "assistance of an outpatient visit", 86, 0.4, BULLETIN, "published", query, unit="yuan"
    )
    query = """SELECT avg(relief) FROM (SELECT sum(second) AS relief FROM visit WHERE scheme = 1 AND year = 2023
        GROUP BY identity HAVING relief > 0)"""
    yield Target(
        "payment", "critical illness, relief a person 2023", 8000, 0.4, "press, second hand", "published", query, unit="yuan",
    )  # fmt: skip


def _seasons() -> Iterator[Target]:
    stays = (0.92, 0.82, 1.08, 1.03, 1.03, 1.02, 1.04, 1.04, 1.00, 0.96, 1.03, 1.03)
    outpatient = (0.96, 0.84, 1.04, 1.01, 1.01, 1.01, 1.01, 1.00, 0.99, 0.98, 1.05, 1.10)
    for bucket, index, name in ((2, stays, "stays"), (0, outpatient, "outpatient")):
        for month, value in enumerate(index):
            query = f"""SELECT 12 * count(*) FILTER (month = {month + 1}) / count(*)
                FROM visit WHERE bucket = {bucket} AND year IN (2024, 2025)"""
            yield Target(
                "season",
                f"{name}, month {month + 1}",
                value,
                0.08,
                PRACTICE,
                "assumed",
                query,
                absolute=True,
            )
    for day, value in enumerate((1.25, 1.15, 1.08, 1.05, 1.05, 0.78, 0.64)):
        query = f"""SELECT 7 * count(*) FILTER (isodow(settled_on) = {day + 1}) / count(*)
            FROM visit WHERE bucket = 0 AND year IN (2024, 2025) AND way < 3"""
        yield Target(
            "season", f"outpatient, weekday {day + 1}", value, 0.06, PRACTICE, "assumed", query, absolute=True
        )
    query = """SELECT count(*) FILTER (settled_on BETWEEN DATE '2025-01-29' AND DATE '2025-02-04')
        / count(*) FILTER (settled_on BETWEEN DATE '2025-02-12' AND DATE '2025-02-18') FROM visit WHERE bucket = 0"""
    yield Target(
        "season", "outpatient at Spring Festival", 0.5, 0.12, PRACTICE, "assumed", query, absolute=True
    )


def _elsewhere() -> Iterator[Target]:
    away = "way IN (1, 2)"
    for scheme, visits, cost, cross_visits, cross_cost, mean in (
        ("employee", 9.0, 18.3, 45.3, 50.2, 1156), ("resident", 5.6, 24.5, 41.4, 39.2, 2655),
    ):  # fmt: skip
        for name, figure, value, tolerance in (
            ("% of visits", f"100 * avg(({away})::INT)", visits, 1.0),
            ("% of cost", f"100 * sum(medfee) FILTER ({away}) / sum(medfee)", cost, 4.0),
            (
                "other provinces, % of visits",
                f"100 * count(*) FILTER (way = 2) / count(*) FILTER ({away})",
                cross_visits,
                4.0,
            ),
            (
                "other provinces, % of cost",
                f"100 * sum(medfee) FILTER (way = 2) / sum(medfee) FILTER ({away})",
                cross_cost,
                9.0,
            ),
        ):
            yield Target(
                "away", f"{scheme} 2025, {name}", value, tolerance, SERIES, "derived",
                _of(2025, scheme, "bucket <> 3", figure), absolute=True, unit="%",
            )  # fmt: skip
        yield Target(
            "away", f"{scheme} 2025, yuan a visit", mean, 0.2, SERIES, "derived",
            _of(2025, scheme, f"bucket <> 3 AND {away}", "avg(medfee)"), unit="yuan",
        )  # fmt: skip


def _operations() -> Iterator[Target]:
    query = "SELECT 100 * avg((sign < 0)::INT) FROM settled WHERE year >= 2020"
    yield Target("operations", "refunds, % of settlements", 2.0, 0.1, PRACTICE, "assumed", query, unit="%")
    query = "SELECT 100 * sum(medfee) FILTER (way = 3) / sum(medfee) FROM visit WHERE year >= 2020"
    yield Target("operations", "claims on paper, % of cost", 2.0, 0.4, PRACTICE, "assumed", query, unit="%")


def targets() -> tuple[Target, ...]:
    """All targets that claims and memberships can be held against."""
    groups = (_enrolment, _stays, _costs, _visits, _payment, _seasons, _elsewhere, _operations)
    return tuple(target for group in groups for target in group())


# ---- what only the exports show --------------------------------------------------------------------------

_PAIRS = ((1, 2), (3,), (4,), (5,), (6,), (7,), (8,), (9, 10), (11, 12))  # as published: some months together


def _fees() -> Iterator[Target]:
    classes = {
        "drugs": "'09', '11'",
        "herbs": "'10'",
        "consumables": "'08'",
        "tests": "'03', '04'",
        "services": "'01', '02', '05', '06', '07', '12', '13', '14'",
    }
    shares = {
        ("stays", "3"): (23, 1, 20, 23, 33), ("stays", "2"): (25, 2, 13, 26, 34), ("stays", "1"): (30, 5, 5, 22, 38),
        ("visits", "3"): (40, 5, 3, 33, 19), ("visits", "2"): (38, 7, 3, 32, 20), ("visits", "1"): (58, 12, 2, 12, 16),
    }  # fmt: skip
    for (care, level), values in shares.items():
        for (name, codes), value in zip(classes.items(), values, strict=True):
            query = f"""SELECT 100 * sum(amount) FILTER (class IN ({codes})) / sum(amount) FROM fee
                WHERE care = '{care}' AND level = '{level}'"""
            title = f"{care}, {cal.LEVELS[3 - int(level)]}: {name}, % of cost"
            yield Target("fees", title, value, 6.0, PRACTICE, "assumed", query, absolute=True, unit="%")
    query = "SELECT 100 * sum(amount) FILTER (class IN ('09', '10', '11')) / sum(amount) FROM fee WHERE care = 'visits'"
    yield Target("fees", "visits, drugs and herbs, % of cost", 38, 0.4, HEALTH, "published", query, unit="%")
    for name, value in (("stays", 90), ("visits", 4), ("pharmacies", 2)):
        query = (
            f"SELECT median(n) FROM (SELECT count(*) AS n FROM fee WHERE care = '{name}' GROUP BY setl_id)"
        )
        yield Target("fees", f"{name}, lines (median)", value, 0.35, PRACTICE, "assumed", query)


def _books() -> Iterator[Target]:
    own = "subject NOT LIKE '44%' AND subject NOT LIKE '53%'"
    whole = "year BETWEEN 2023 AND 2025"
    seasons = {
        ("income", "310"): (15.9, 8.8, 7.8, 7.8, 7.9, 8.0, 8.1, 16.5, 19.1),
        ("income", "390"): (22.1, 10.8, 5.0, 4.9, 7.9, 4.1, 4.3, 14.3, 26.6),
        ("expense", "310"): (12.8, 7.4, 8.2, 8.4, 9.5, 8.7, 8.5, 16.4, 20.1),
        ("expense", "390"): (11.6, 7.6, 8.9, 8.3, 10.0, 9.0, 8.0, 17.0, 19.7),
    }
    for (side, fund), values in seasons.items():
        for months, value in zip(_PAIRS, values, strict=True):
            listed = ", ".join(map(str, months))
            query = f"""SELECT 100 * sum({side}) FILTER (month IN ({listed})) / sum({side}) FROM book
                WHERE fund LIKE '{fund}%' AND {own} AND {whole}"""
            who = "employees" if fund == "310" else "residents"
            yield Target(
                "books", f"{who}, {side} of {listed}, % of year", value, 4.0, "national monthly figures, 2023", "derived",
                query, absolute=True, unit="%",
            )  # fmt: skip
    for fund, years in (
        ("310_pool", {2023: 29.7, 2024: 23.8, 2025: 25.7}),
        ("390", {2023: 1.1, 2024: 4.6, 2025: 5.0}),
    ):
        for year, value in years.items():
            query = f"""SELECT 100 * (1 - sum(expense) / sum(income)) FROM book WHERE fund = '{fund}' AND {own}
                AND year = {year}"""
            yield Target(
                "books", f"{fund} surplus {year}, % of income", value, 6.0, BULLETIN, "derived", query, absolute=True, unit="%",
            )  # fmt: skip
    for fund, years in (
        ("310_pool", {2023: 27.1, 2024: 27.6, 2025: 31.0}),
        ("390", {2023: 8.8, 2024: 9.2, 2025: 9.8}),
    ):
        for year, value in years.items():
            query = f"""SELECT (SELECT sum(net) FROM book WHERE fund = '{fund}' AND year = {year} AND month = 12)
                / (SELECT sum(expense) / 12 FROM book WHERE fund = '{fund}' AND {own} AND year = {year})"""
            yield Target(
                "books", f"{fund} cover, end of {year}, months", value, 0.2, BULLETIN, "derived", query
            )
    query = f"""SELECT 100 * sum(income) FILTER (fund = '310_acct') / sum(income) FROM book
        WHERE fund LIKE '310%' AND {own} AND year = 2025"""
    yield Target(
        "books", "accounts, % of employees' income 2025", 25.9, 3.0, BULLETIN, "derived", query, absolute=True, unit="%",
    )  # fmt: skip
    query = """SELECT 100 * sum(expense) FILTER (code = '500104')
        / sum(expense) FILTER (length(code) = 4 AND code NOT LIKE '53%') FROM entry WHERE fund = '310_pool' AND year = 2025"""
    yield Target(
        "books", "births, % of the employee pool's spending 2025", 10.3, 3.0, BULLETIN, "derived", query, absolute=True, unit="%",
    )  # fmt: skip
    query = f"""SELECT 100 * sum(income) FILTER (month IN (9, 10, 11, 12, 1, 2)) / sum(income) FROM book
        WHERE fund = '390' AND subject = '4001' AND {whole}"""
    yield Target(
        "books", "residents' premiums, September to February, %", 96, 4, PRACTICE, "assumed", query, absolute=True, unit="%",
    )  # fmt: skip


def exported_targets() -> tuple[Target, ...]:
    """The targets that need fee lines and books: `read_exports` measures them."""
    return (*_fees(), *_books())


def read_exports(directory: Path) -> list[Reached]:
    """`exported_targets` against the exports of a bureau written to `directory` as Parquet, window 2022-11 to 2026-10."""
    with duckdb.connect() as con:
        files = str(directory).replace("'", "''")
        con.execute(f"""CREATE VIEW fee AS SELECT l.setl_id, l.det_item_fee_sumamt AS amount, l.med_chrgitm_type AS class,
            s.dedc_hosp_lv AS level, CASE WHEN s.med_type IN ('21', '24', '28') THEN 'stays'
                WHEN s.med_type LIKE '1%' THEN 'visits' WHEN s.med_type IN ('41', '9216') THEN 'pharmacies' END AS care
            FROM '{files}/fee_list_d_*.parquet' l JOIN '{files}/setl_d_*.parquet' s USING (setl_id)
            WHERE s.refd_setl_flag = '0' AND s.vali_flag = '1'""")
        yuan = "::DECIMAL(24, 6) * CASE unit WHEN '万元' THEN 10000 ELSE 1 END"
        con.execute(f"""CREATE TABLE entry AS SELECT fund_code AS fund, ym[:4]::INT AS year, ym[5:]::INT AS month,
            subj_code AS code, left(subj_code, 4) AS subject,
            CASE WHEN subj_code[1] = '4' THEN credit_amt{yuan} ELSE 0 END AS income,
            CASE WHEN subj_code[1] = '5' THEN debit_amt{yuan} ELSE 0 END AS expense,
            CASE WHEN subj_code[1] IN ('3', '4') THEN close_bal{yuan} WHEN subj_code[1] = '5' THEN -close_bal{yuan}
                ELSE 0 END AS net
            FROM '{files}/fund_acct_bal_*.parquet'""")
        con.execute("CREATE VIEW book AS FROM entry WHERE length(code) = 4")
        return [Reached(t, con.execute(t.query).fetchall()[0][0]) for t in exported_targets()]


# ---- the measure -----------------------------------------------------------------------------------------

_MONEY = ("balc", "medfee", "own", "prior", "in_scope", "pool", "fund", "acct", "mulaid", "maf")
_PLAIN = (
    "identity", "person", "scheme", "bucket", "way", "place", "med", "sign", "interim", "continued", "died", "by_score",
    "begin", "end",
)  # fmt: skip


def measure(settlements: int, seed: int = 1) -> list[Reached]:
    """What a city of so many settlements (in 48 months) comes to. 200,000 take some seconds."""
    with duckdb.connect() as con:
        load(con, settlements, seed)
        return read(con)


def read(con: duckdb.DuckDBPyConnection) -> list[Reached]:
    """Every target against the tables that `load` made."""
    return [Reached(target, con.execute(target.query).fetchall()[0][0]) for target in targets()]


def load(con: duckdb.DuckDBPyConnection, settlements: int, seed: int) -> None:
    """Simulate a city and make the tables `settled`, `visit` and `member`."""
    people = city.make_people(claims.members_for(settlements), np.random.default_rng([seed, 0]))
    places = city.make_institutions(settlements, np.random.default_rng([seed, 3]))
    history = claims.History(people, places, seed)
    parts: list[dict[str, np.ndarray]] = []
    members: list[dict[str, np.ndarray]] = []
    for month in range(HORIZON_FIRST, LAST_YEAR * 12 + 12):
        rows = history.next()
        part = {name: rows[name] for name in _PLAIN}
        part |= {name: rows[name] / 100 for name in _MONEY}
        person = rows["person"]
        part["second"] = (rows["hifmi"] + rows["hifob"]) / 100
        part["month_count"] = np.full(len(person), month)
        part["status"] = np.where(rows["scheme"] == 1, 2, rows["retired"].astype(np.int64))
        part["age"] = people.age(month)[person]
        part["level"] = rows["base_level"]
        part["kept"] = rows["valid"] & ~rows["refunded"]
        part["settled_on"] = rows["setl_time"].astype("datetime64[D]")
        part["private"] = places.is_private[rows["place"]] & (rows["place"] >= 0)
        parts.append(part)
        if month % 12 == 11:
            here = people.enrolled(month + 1)
            status = np.where(people.scheme == 1, 2, people.retired(month).astype(np.int64))
            members.append(
                {
                    "year": np.full(int(here.sum()), month // 12),
                    "scheme": people.scheme[here],
                    "status": status[here],
                    "age": people.age(month + 1)[here],
                    "is_male": people.is_male[here],
                    "n": np.ones(int(here.sum()), dtype=np.int64),
                }
            )
    for name, data in (("rows", parts), ("members", members)):
        con.register("incoming", pa.table({k: np.concatenate([p[k] for p in data]) for k in data[0]}))
        con.execute(f"CREATE TABLE {name} AS FROM incoming")
        con.unregister("incoming")
    con.execute("""CREATE TABLE settled AS SELECT *, month_count // 12 AS year, month_count % 12 + 1 AS month,
        date_diff('day', begin, "end") AS days FROM rows""")
    con.execute("CREATE VIEW visit AS FROM settled WHERE kept")
    con.execute("CREATE VIEW member AS FROM members")
