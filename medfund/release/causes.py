"""Why a figure differs: the batches whose rows reach its table and its month."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

import duckdb

from medfund.contract import Contract, Table

# Rows that name a settlement or a visit count in the month it was settled, whenever they arose.
_VIA_SETTLEMENT = ("setl_id", "mdtrt_id")
_SETTLEMENTS = "setl_d"


def batch_months(landing: Path, contract: Contract, table_name: str, batch_id: str) -> frozenset[date] | None:
    """Months that the rows of a landed batch concern, and the versions of them that were there before.

    None where rows have no month, so that they may concern any, or where the batch is not there any more.
    """
    table = contract.tables.get(table_name)
    if table is None or not (landing / table_name / f"batch={batch_id}" / "rows.parquet").is_file():
        return None
    queries = list(_month_queries(landing, contract, table, batch_id))
    if not queries:
        return None
    with duckdb.connect() as connection:
        rows = connection.execute(" union ".join(queries)).fetchall()
    return frozenset(month for (month,) in rows if month is not None)


def _month_queries(landing: Path, contract: Contract, table: Table, batch_id: str) -> Iterable[str]:
    own = f"select * from {_rows(landing, table.name)} where batch = '{batch_id}'"
    own_month = table.event_time or ("_as_of" if table.snapshot else None)
    if own_month:
        key = [name for name in table.key if table.columns[name].required] or list(table.alt_key)
        versions = (
            f"select * from {_rows(landing, table.name)} semi join ({own}) as fresh using ({', '.join(key)})"
            if key
            else own
        )
        yield f"select {_month(own_month)} as month from ({versions})"
    via = next((name for name in _VIA_SETTLEMENT if name in table.columns), None)
    if via and table.name not in (_SETTLEMENTS, f"outmed_{_SETTLEMENTS}"):
        settlements = contract.tables[_SETTLEMENTS]
        assert settlements.event_time is not None
        yield (
            f"select {_month(settlements.event_time)} as month from {_rows(landing, _SETTLEMENTS)} "
            f"semi join ({own}) as fresh using ({via})"
        )
    elif table.event_time_via and not via:
        parent_name, column = table.event_time_via.split(".")
        of_parent = ", ".join(contract.tables[parent_name].key)
        yield (
            f"select {_month(column)} as month from {_rows(landing, parent_name)} "
            f"semi join ({own}) as fresh using ({of_parent})"
        )


def _rows(landing: Path, table: str) -> str:
    pattern = str(landing / table / "batch=*" / "rows.parquet").replace("'", "''")
    return (
        f"read_parquet('{pattern}', hive_partitioning = true, hive_types = {{'batch': 'varchar'}}, "
        "union_by_name = true)"
    )


def _month(column: str) -> str:
    return f"cast(date_trunc('month', {column}) as date)"


def because(
    table: str,
    period: date | str | None,
    batches: Mapping[str, tuple[str, frozenset[date] | None]],
    made_from: Mapping[str, Iterable[str]],
) -> tuple[str, ...]:
    """The batches that explain a change of one public table in one period.

    `batches`: batch id -> (raw table, its months or None for any); `made_from`: public table -> raw tables it is
    made from. Batches of the period come first; where there are none, those of earlier months, whose effect is
    carried on in balances and sums to date.
    """
    raw = set(made_from[table]) if table in made_from else None
    reaching = {
        batch: months
        for batch, (name, months) in sorted(batches.items())
        if (raw is None or name in raw) and months != frozenset()
    }
    if period is None:
        return tuple(reaching)
    first, last = _span(period)
    here = tuple(
        b for b, months in reaching.items() if months is None or any(first <= m <= last for m in months)
    )
    return here or tuple(b for b, months in reaching.items() if months is None or min(months) < first)


def _span(period: date | str) -> tuple[date, date]:
    if isinstance(period, date):
        return period, period
    year = int(period)
    return date(year, 1, 1), date(year, 12, 1)
