"""The exact figures behind a form, read from the public marts of one release. No arithmetic happens here."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from medfund.errors import MedfundError, UsageError

_QUERIES = Path(__file__).with_name("figures.sql")


@dataclass(frozen=True)
class Period:
    """January to the last month of the period: `2026-09` is January to September, `2025` the whole year."""

    year: int
    last_month: int

    @classmethod
    def parse(cls, text: str) -> Period:
        """Read `2026-09` or `2025`. Raises UsageError for anything else."""
        match = re.fullmatch(r"((?:19|20)\d\d)(?:-(0[1-9]|1[0-2]))?", text)
        if not match:
            raise UsageError(f"--period: expected a month like 2026-09 or a year like 2025, seen {text!r}")
        return cls(int(match[1]), int(match[2] or 12))

    @property
    def last(self) -> date:
        return date(self.year, self.last_month, 1)

    @property
    def whole_year(self) -> bool:
        return self.last_month == 12

    @property
    def text(self) -> str:
        return f"{self.year}" if self.whole_year else f"{self.year}-{self.last_month:02d}"


@dataclass(frozen=True)
class Balance:
    """Roll-forward of one fund from January to the end of the period, in yuan; None where the mart is empty."""

    months: int
    opening_balance: Decimal | None
    opening_adjustment: Decimal | None
    closing_balance: Decimal | None
    current_balance: Decimal | None
    income_ytd: Decimal | None
    expenditure_ytd: Decimal | None
    unexplained_gap: Decimal | None
    transfer_imbalance: Decimal | None


@dataclass(frozen=True)
class Place:
    """Whose figures these are. `code` None: the whole pool area, consolidated."""

    code: str | None
    name_zh: str
    name_en: str
    level: str
    parent: str | None


@dataclass(frozen=True)
class ReleaseFacts:
    """What the release says about itself."""

    release_id: str
    built_at: datetime
    data_through: date | None
    code_version: str
    inputs_sha256: str
    gate: str
    waivers: list[dict[str, Any]]


@dataclass(frozen=True)
class Figures:
    """Everything a form may print, in yuan. `lines` by version (actual, prior, budget), fund and item."""

    period: Period
    org: str | None
    release: ReleaseFacts
    orgs: dict[str, Place]
    funds: dict[str, tuple[str, str]]
    lines: dict[tuple[str, str], dict[str, Decimal]]
    balances: dict[str, Balance]
    pooled_total: dict[str, Decimal | None]
    budget_gaps: dict[str, int]
    heads: dict[str, int] | None


@cache
def _statements() -> dict[str, str]:
    parts = re.split(r"^-- name: (\w+)$", _QUERIES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def read_figures(connection: duckdb.DuckDBPyConnection, period: Period, org: str | None) -> Figures:
    """Read one period of one place from an open release.

    Raises UsageError for an org or a period that the release has no books for.
    """
    orgs = {
        row["org_code"]: Place(
            row["org_code"], row["name_zh"], row["name_en"], row["level"], row["parent_org_code"]
        )
        for row in _rows(connection, "org", {})
    }
    if org is not None and org not in orgs:
        raise UsageError(f"--org: {org!r} is not a division of this release; there are {', '.join(orgs)}")
    where = {"org": org, "last": period.last}
    when = where | {"year": period.year}
    balances = {row.pop("fund_code"): Balance(**row) for row in _rows(connection, "balances", when)}
    if not balances:
        raise UsageError(_no_books(connection, period, org))
    lines: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in _rows(connection, "lines", when):
        lines.setdefault((row["version"], row["fund_code"]), {})[row["item_key"]] = row["amount"]
    return Figures(
        period=period,
        org=org,
        release=_release(connection),
        orgs=orgs,
        funds={r["fund_code"]: (r["name_zh"], r["name_en"]) for r in _rows(connection, "funds", {})},
        lines=lines,
        balances=balances,
        pooled_total=_rows(connection, "pooled_total", where)[0],
        budget_gaps={
            r["fund_code"]: r["books_without_budget"] for r in _rows(connection, "budget_gaps", when)
        },
        heads=_heads(connection, where),
    )


def _no_books(connection: duckdb.DuckDBPyConnection, period: Period, org: str | None) -> str:
    span = _rows(connection, "months", {"org": org})[0]
    whose = f"of {org}" if org else "of the pool area"
    if span["first_month"] is None:
        return f"--org: the release holds no books {whose}; leave --org out for the whole area"
    return (
        f"--period: the release has no books {whose} for {period.last:%Y-%m}; "
        f"they run from {span['first_month']:%Y-%m} to {span['last_month']:%Y-%m}"
    )


def _release(connection: duckdb.DuckDBPyConnection) -> ReleaseFacts:
    rows = _rows(connection, "release", {})
    if len(rows) != 1:
        raise MedfundError(f"release_info: expected one row, seen {len(rows)}")
    row = rows[0]
    return ReleaseFacts(**{**row, "waivers": json.loads(row["waivers"] or "[]")})


def _heads(connection: duckdb.DuckDBPyConnection, where: Mapping[str, Any]) -> dict[str, int] | None:
    """Enrolled persons by scheme, or None where the release has no enrolment for the month."""
    known = connection.execute(
        "select count(*) from information_schema.tables "
        "where table_schema = 'marts' and table_name = 'enrolment_monthly'"
    ).fetchone()
    if not known or not known[0]:
        return None
    return {row["scheme"]: int(row["enrolled"]) for row in _rows(connection, "heads", where)} or None


def _rows(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, Any]
) -> list[dict[str, Any]]:
    try:
        cursor = connection.execute(_statements()[name], dict(parameters))
    except duckdb.Error as error:
        raise MedfundError(f"release: {name}: {str(error).strip().splitlines()[0]}") from error
    columns = [column[0] for column in cursor.description or []]
    return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
