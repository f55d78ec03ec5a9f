"""What differs between two releases: rows and amounts by table and month, and the batches behind it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from medfund.contract import load_contract
from medfund.release.causes import batch_months, because
from medfund.release.store import release_info
from medfund.settings import Home

# These describe a release; they differ by nature. New batches are listed apart.
_ABOUT_THE_RELEASE = {
    "release_info",
    "load_batch",
    "quality_check",
    "quality_failure",
    "fund_balance_version",
    "fund_balance_revision",
    "fund_ledger_batch",
}


@dataclass(frozen=True)
class Change:
    """One measure (`rows`, or a DECIMAL column's sum) of one table in one period that differs.

    `period` is a month's first day, a year, or None where the table has neither. A side is None when the
    period, the column or the table is not there. `because` names the batches behind it.
    """

    table_name: str
    period: date | str | None
    measure: str
    before: Decimal | None
    after: Decimal | None
    because: tuple[str, ...] = ()

    @property
    def difference(self) -> Decimal:
        return (self.after or Decimal(0)) - (self.before or Decimal(0))


@dataclass(frozen=True)
class BatchAdded:
    """A batch that one release was made from and the other was not.

    `months`: what its rows concern, sorted; None where they may concern any month or are not there any more.
    """

    batch_id: str
    table_name: str
    source_file: str
    rows_landed: int
    rows_superseded: int
    months: tuple[date, ...] | None = None


@dataclass(frozen=True)
class ReleaseDiff:
    """`changes` by table, period and measure, and why: batches, other code, other settings."""

    before: str
    after: str
    changes: list[Change] = field(default_factory=list)
    batches_added: list[BatchAdded] = field(default_factory=list)
    batches_withdrawn: list[BatchAdded] = field(default_factory=list)
    code_changed: bool = False
    settings_changed: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain values for `--json`: amounts as decimal text."""

        def text(value: Any) -> str | None:
            return None if value is None else str(value)

        return {
            "before": self.before,
            "after": self.after,
            "code_changed": self.code_changed,
            "settings_changed": self.settings_changed,
            "batches_added": [_batch_json(b) for b in self.batches_added],
            "batches_withdrawn": [_batch_json(b) for b in self.batches_withdrawn],
            "changes": [
                {
                    "table_name": c.table_name,
                    "period": text(c.period),
                    "measure": c.measure,
                    "before": text(c.before),
                    "after": text(c.after),
                    "difference": text(c.difference),
                    "because": list(c.because),
                }
                for c in self.changes
            ],
        }


def _batch_json(batch: BatchAdded) -> dict[str, Any]:
    months = None if batch.months is None else [str(month) for month in batch.months]
    return vars(batch) | {"months": months}


def diff_releases(home: Home, a: str, b: str) -> ReleaseDiff:
    """Compare release `a` (before) with `b` (after): one aggregation per mart table and side.

    Why: the batches that only one of them holds, as far as their rows reach a table and a period.
    """
    before, after = release_info(home, a), release_info(home, b)
    with duckdb.connect() as connection:
        for alias, release in (("a", before), ("b", after)):
            connection.execute(f"attach '{_quoted(str(release.database))}' as {alias} (read_only)")
        tables = connection.execute(
            """
            select distinct table_name from information_schema.tables
            where table_schema = 'marts' and table_catalog in ('a', 'b') order by all
            """
        ).fetchall()
        changes: list[Change] = []
        for (table,) in tables:
            if table not in _ABOUT_THE_RELEASE:
                changes += _table_changes(connection, table)
        added = _with_months(home, _batches_only_in(connection, "b", "a"))
        withdrawn = _with_months(home, _batches_only_in(connection, "a", "b"))
        return ReleaseDiff(
            before=before.release_id,
            after=after.release_id,
            changes=_explained(changes, [*added, *withdrawn], after.manifest.get("made_from", {})),
            batches_added=added,
            batches_withdrawn=withdrawn,
            code_changed=before.manifest.get("code_sha256") != after.manifest.get("code_sha256"),
            settings_changed=before.manifest.get("settings_sha256") != after.manifest.get("settings_sha256"),
        )


def _with_months(home: Home, batches: list[BatchAdded]) -> list[BatchAdded]:
    contract = load_contract(home.contract_file)

    def months(batch: BatchAdded) -> tuple[date, ...] | None:
        if batch.rows_landed == 0:
            return ()
        found = batch_months(home.landing, contract, batch.table_name, batch.batch_id)
        return None if found is None else tuple(sorted(found))

    return [replace(batch, months=months(batch)) for batch in batches]


def _explained(
    changes: list[Change], batches: list[BatchAdded], made_from: dict[str, list[str]]
) -> list[Change]:
    reach = {b.batch_id: (b.table_name, None if b.months is None else frozenset(b.months)) for b in batches}
    return [replace(c, because=because(c.table_name, c.period, reach, made_from)) for c in changes]


def _table_changes(connection: duckdb.DuckDBPyConnection, table: str) -> list[Change]:
    sides = {side: _summary_sql(connection, side, table) for side in ("a", "b")}
    empty = (
        "select null::varchar as period, null::varchar as measure, null::decimal(38, 6) as amount where false"
    )
    rows = connection.execute(
        f"""
        with a as ({sides["a"] or empty}), b as ({sides["b"] or empty})
        select
            coalesce(a.period, b.period) as period,
            coalesce(a.measure, b.measure) as measure,
            a.amount as before,
            b.amount as after
        from a full join b on a.period is not distinct from b.period and a.measure = b.measure
        where a.amount is distinct from b.amount
        order by 1 nulls first, coalesce(a.measure, b.measure) <> 'rows', 2
        """
    ).fetchall()
    return [
        Change(table, _period(period), measure, _plain(measure, before), _plain(measure, after))
        for period, measure, before, after in rows
    ]


def _summary_sql(connection: duckdb.DuckDBPyConnection, side: str, table: str) -> str | None:
    """SQL giving (period, measure, amount) of one side's table, or None when the table is not there."""
    columns = connection.execute(
        """
        select column_name, data_type from information_schema.columns
        where table_catalog = ? and table_schema = 'marts' and table_name = ? order by ordinal_position
        """,
        [side, table],
    ).fetchall()
    if not columns:
        return None
    names = [name for name, _ in columns]
    period = next((name for name in ("month", "year") if name in names), None)
    decimals = [name for name, kind in columns if kind.startswith("DECIMAL")]
    # Sums widen to 38 digits; six decimals hold every scale a mart uses.
    measures = ['count(*)::decimal(38, 6) as "rows"'] + [
        f'sum("{name}"::decimal(38, 6)) as "{name}"' for name in decimals
    ]
    by = f'"{period}"::varchar' if period else "null::varchar"
    return f"""
        unpivot (
            select {by} as period, {", ".join(measures)} from {side}.marts."{table}" group by 1
        ) on columns(* exclude (period)) into name measure value amount
    """


def _batches_only_in(connection: duckdb.DuckDBPyConnection, side: str, other: str) -> list[BatchAdded]:
    rows = connection.execute(
        f"""
        select batch_id, table_name, source_file, rows_landed, rows_superseded
        from {side}.marts.load_batch where batch_id not in (select batch_id from {other}.marts.load_batch)
        order by batch_id
        """
    ).fetchall()
    return [BatchAdded(*row) for row in rows]


def _period(text: str | None) -> date | str | None:
    if text is None:
        return None
    return date.fromisoformat(text[:10]) if len(text) >= 10 else text


def _plain(measure: str, amount: Decimal | None) -> Decimal | None:
    """Rows are whole; amounts of money keep two decimals, and more only where the value has them."""
    if amount is None:
        return None
    if measure == "rows":
        return Decimal(int(amount))
    cents = amount.quantize(Decimal("0.01"))
    return cents if cents == amount else amount


def _quoted(text: str) -> str:
    return text.replace("'", "''")
