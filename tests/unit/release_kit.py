"""Small releases by hand, for the tests of the release store: one candidate database per call."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from medfund.release import Release, publish
from medfund.settings import Home

ID_1 = "20261101T010000Z-00000001"
ID_2 = "20261102T010000Z-00000002"
ID_3 = "20261103T010000Z-00000003"

# (org, fund, month, income, closing balance): two months of one fund.
BALANCES = [
    ("530101", "390", date(2026, 9, 1), "100.10", "1000.10"),
    ("530101", "390", date(2026, 10, 1), "200.20", "1200.30"),
]


def make_candidate(home: Home, balances: list[tuple[Any, ...]] | None = None, batches: int = 1) -> Path:
    """A candidate database with a balance table, load_batch, quality_check and views in `main`."""
    home.candidate.mkdir(parents=True, exist_ok=True)
    home.candidate_db.unlink(missing_ok=True)
    with duckdb.connect(str(home.candidate_db)) as db:
        db.execute("create schema marts")
        db.execute(
            "create table marts.fund_balance_monthly (org_code varchar, fund_code varchar, month date, "
            "income decimal(18,2), closing_balance decimal(18,2))"
        )
        for row in BALANCES if balances is None else balances:
            db.execute("insert into marts.fund_balance_monthly values (?, ?, ?, ?, ?)", row)
        db.execute("create table marts.dim_org as select '530101' as org_code, '=HYPERLINK(1)' as name_zh")
        db.execute(
            "create table marts.load_batch as select printf('%06d', i) as batch_id, 'fund_acct_bal' as table_name, "
            "'ledger_' || i || '.csv' as source_file, 10::bigint as rows_landed, 1::bigint as rows_superseded "
            "from range(1, ? + 1) as r(i)",
            [batches],
        )
        db.execute(
            "create table marts.quality_check as select 'marts.fund_balance_monthly.rolls_forward' as check_id, "
            "true as passed"
        )
        for table in ("fund_balance_monthly", "dim_org", "load_batch", "quality_check"):
            db.execute(f"create view main.{table} as select * from marts.{table}")
    return home.candidate_db


def make_release(
    home: Home,
    release_id: str,
    balances: list[tuple[Any, ...]] | None = None,
    batches: int = 1,
    **manifest: Any,
) -> Release:
    """Publish a candidate made by `make_candidate`."""
    make_candidate(home, balances, batches)
    return publish(
        home,
        release_id,
        {
            "built_at": "2026-11-01T09:00:00+08:00",
            "data_through": "2026-10-31",
            "gate": "passed",
            "code_sha256": "c",
            "settings_sha256": "s",
            "batches": {f"{i:06d}": "fund_acct_bal:x" for i in range(1, batches + 1)},
            **manifest,
        },
    )
