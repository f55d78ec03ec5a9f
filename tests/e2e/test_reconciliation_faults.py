"""Faults planted in the books turn up in the reconciliation, on their leg, under their cause, with their amount."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.ingest import ensure_tables, ingest, read_batches
from medfund.pipeline.inputs import write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.settings import Bureau, Home
from medfund.synth import write

pytestmark = pytest.mark.build

PLANTED = (
    "voucher_without_claim", "wrong_unit", "late_transfer", "unbooked_receipt", "opening_break", "unexplained_gap",
    "unmapped_subject",
)  # fmt: skip


def reconcile(home: Home, raw: Path) -> None:
    """Only what the reconciliation is made from, which is a fraction of a build."""
    bureau = Bureau.load(raw / "bureau.toml")
    ensure_tables(home)
    wanted = (
        "setl_d",
        "fixmedins_b",
        "fund_acct_bal",
        "fund_vchr_d",
        "fund_bank_stmt_d",
        "med_dfr_d",
        "med_dfr_detl_d",
    )
    files = [path for path in sorted(raw.glob("*.csv*")) if path.name.startswith(wanted)]
    ingest(home, bureau, files, say=lambda _: None)
    batches = read_batches(home)
    home.candidate.mkdir(parents=True)
    write_build_inputs(home, bureau, batches, [(b["table_name"], b["batch_id"]) for b in batches])
    write_previous(home)
    before = os.environ.get("MEDFUND_HOME")
    os.environ["MEDFUND_HOME"] = str(home.root)
    try:
        transform = Transform(home)
        transform.run("seed")
        transform.run("run", "--select", "+fund_reconciliation_monthly")
    finally:
        if before is None:
            del os.environ["MEDFUND_HOME"]
        else:
            os.environ["MEDFUND_HOME"] = before


@pytest.fixture(scope="module")
def faulty(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Any]]]:
    root = tmp_path_factory.mktemp("reconciled")
    write(
        root / "raw",
        settlements=3_000,
        months=("2024-11", "2025-10"),
        faults=PLANTED,
        form="csv",
        say=lambda _: None,
    )
    home = Home(root / "home")
    reconcile(home, root / "raw")
    key = json.loads((root / "raw" / "answer_key.json").read_text(encoding="utf-8"))
    with duckdb.connect(str(home.candidate / "medfund.duckdb"), read_only=True) as connection:
        connection.execute("set search_path = 'marts'")
        yield connection, {answer["fault"]: answer for answer in key["planted"]}


@pytest.mark.parametrize("fault", [name for name in PLANTED if name != "unmapped_subject"])
def test_fault_stands_under_its_cause(faulty: Any, fault: str) -> None:
    connection, key = faulty
    answer = key[fault]
    assert answer["reconciliation"]
    for place in answer["reconciliation"]:
        amounts = connection.execute(
            """select amount from fund_reconciliation_document where org_code = ? and fund_code = ? and leg = ? and cause = ?
                and strftime(month, '%Y%m') = ?""",
            [answer["org_code"], answer["fund_code"], place["leg"], place["cause"], place["month"]],
        ).fetchall()
        assert (Decimal(place["amount"]),) in amounts, place


def test_unmapped_money_stands_under_its_cause(faulty: Any) -> None:
    """What vouchers booked on the subject, month by month; December's closing takes it out again."""
    connection, key = faulty
    found = connection.execute(
        """select sum(amount) from fund_reconciliation_monthly
        where org_code = ? and fund_code = '390' and leg = 'voucher_to_balance' and cause = 'unmapped_subject'
            and extract(month from month) <> 12""",
        [key["unmapped_subject"]["org_code"]],
    ).fetchall()[0][0]
    december = connection.execute(
        """select sum(amount) from fund_reconciliation_document
        where org_code = ? and fund_code = '390' and leg = 'voucher_to_balance' and cause = 'unmapped_subject'
            and extract(month from month) = 12 and amount > 0""",
        [key["unmapped_subject"]["org_code"]],
    ).fetchall()[0][0]
    assert found + december == Decimal(key["unmapped_subject"]["amount"])


def test_nothing_else_is_unexplained(faulty: Any) -> None:
    connection, key = faulty
    expected = {
        (answer["org_code"], answer["fund_code"], place["month"], place["leg"])
        for answer in key.values()
        for place in answer.get("reconciliation", [])
        if place["cause"] == "unexplained"
    }
    found = connection.execute(
        """select org_code, fund_code, strftime(month, '%Y%m'), leg from fund_reconciliation_monthly
        where cause = 'unexplained' and row_count > 0"""
    ).fetchall()
    assert set(found) == expected
    broken = connection.execute(
        """select 1 from fund_reconciliation_total_monthly as total
        left join (select org_code, fund_code, month, leg, sum(amount) as amount from fund_reconciliation_monthly group by all)
            as explained using (org_code, fund_code, month, leg)
        where total.difference is distinct from explained.amount"""
    ).fetchall()
    assert broken == []
