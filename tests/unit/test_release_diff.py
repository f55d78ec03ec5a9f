"""What changed between two releases, and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from medfund.contract import load_contract
from medfund.release import diff_releases
from medfund.release.causes import batch_months, because
from medfund.settings import Home
from tests.unit.ingest_files import LEDGER, SETTLEMENT, land, rows, write
from tests.unit.release_kit import BALANCES, ID_1, ID_2, make_release


def test_changes_are_named_by_table_month_and_amount_with_their_batch(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_release(home, ID_1)
    corrected = [BALANCES[0], ("530101", "390", date(2026, 10, 1), "250.20", "1250.30")]
    added = ("530102", "390", date(2026, 11, 1), "7.00", "7.00")
    make_release(home, ID_2, [*corrected, added], batches=2)

    found = diff_releases(home, ID_1, ID_2)

    october, november = date(2026, 10, 1), date(2026, 11, 1)
    assert [(c.table_name, c.period, c.measure, c.before, c.after, c.difference) for c in found.changes] == [
        ("fund_balance_monthly", october, "closing_balance", *map(Decimal, ("1200.30", "1250.30", "50.00"))),
        ("fund_balance_monthly", october, "income", *map(Decimal, ("200.20", "250.20", "50.00"))),
        ("fund_balance_monthly", november, "rows", None, Decimal(1), Decimal(1)),
        ("fund_balance_monthly", november, "closing_balance", None, Decimal(7), Decimal(7)),
        ("fund_balance_monthly", november, "income", None, Decimal(7), Decimal(7)),
    ]
    assert [(b.batch_id, b.source_file, b.rows_superseded) for b in found.batches_added] == [
        ("000002", "ledger_2.csv", 1)
    ]
    assert found.batches_withdrawn == []
    assert not found.code_changed and not found.settings_changed


def test_equal_releases_differ_in_nothing_and_a_missing_table_counts_as_none(tmp_path: Path) -> None:
    home = Home(tmp_path)
    make_release(home, ID_1)
    make_release(home, ID_2, code_sha256="other")
    found = diff_releases(home, ID_1, ID_2)
    assert found.changes == [] and found.batches_added == []
    assert found.code_changed


def test_a_small_change_in_a_long_sum_is_seen(tmp_path: Path) -> None:
    home = Home(tmp_path)
    month = date(2026, 1, 1)
    many = [("530101", str(i), month, "9999999999999999.99", "0.00") for i in range(50)]
    make_release(home, ID_1, many)
    make_release(home, ID_2, [*many[:-1], ("530101", "49", month, "9999999999999999.98", "0.00")])
    (change,) = diff_releases(home, ID_1, ID_2).changes
    assert (change.measure, change.difference) == ("income", Decimal("-0.01"))


def test_each_change_says_which_batches_reach_its_table_and_month(tmp_path: Path) -> None:
    """The second delivery holds October alone: it explains October and, in what is carried on, November."""
    home = Home(tmp_path / "home")
    october, november = date(2026, 10, 1), date(2026, 11, 1)
    for amount in ("1.00", "1.50"):
        row = rows(LEDGER, {"ym": "202610", "credit_amt": amount, "close_bal": amount})
        land(home, write(tmp_path / amount / "fund_acct_bal.csv", row))
    made_from = {"fund_balance_monthly": ["fund_acct_bal"], "dim_org": ["fund_acct_bal", "setl_d"]}
    before = [("530101", "390", october, "1.00", "1.00"), ("530101", "390", november, "1.00", "2.00")]
    after = [("530101", "390", october, "1.50", "1.50"), ("530101", "390", november, "1.00", "2.50")]
    make_release(home, ID_1, before, batches=1, made_from=made_from)
    make_release(home, ID_2, after, batches=2, made_from=made_from)

    found = diff_releases(home, ID_1, ID_2)

    [batch] = found.batches_added
    assert (batch.batch_id, batch.months) == ("000002", (october,))
    assert {(c.period, c.measure): c.because for c in found.changes} == {
        (october, "closing_balance"): ("000002",),
        (october, "income"): ("000002",),
        (november, "closing_balance"): ("000002",),
    }
    assert found.as_json()["changes"][0]["because"] == ["000002"]


@pytest.mark.parametrize(
    ("table", "period", "expected"),
    [
        ("settlement", date(2026, 10, 1), ("1", "4")),  # its own month, and institutions, which are of any
        ("settlement", date(2026, 11, 1), ("4",)),  # no batch of November; October's is an earlier month
        ("settlement", date(2026, 9, 1), ("4",)),  # and explains nothing before it
        ("fund_balance_monthly", date(2026, 10, 1), ("2",)),
        ("fund_balance_monthly", date(2026, 12, 1), ("2",)),
        ("fund_budget_execution", "2026", ("2", "3")),
        ("table_of_unknown_origin", None, ("1", "2", "3", "4")),
    ],
)
def test_batches_explain_their_month_and_what_is_carried_on_from_it(
    table: str, period: date | str | None, expected: tuple[str, ...]
) -> None:
    october = frozenset({date(2026, 10, 1)})
    batches = {
        "1": ("setl_d", october),
        "2": ("fund_acct_bal", october),
        "3": ("fund_budg_a", None),
        "4": ("fixmedins_b", None),
        "5": ("setl_d", frozenset[date]()),  # every row was there before
    }
    made_from = {
        "settlement": ["setl_d", "fixmedins_b"],
        "fund_balance_monthly": ["fund_acct_bal"],
        "fund_budget_execution": ["fund_acct_bal", "fund_budg_a"],
    }
    assert because(table, period, batches, made_from) == expected


def test_a_part_concerns_the_month_of_its_settlement_and_a_moved_row_both_months(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    line = {
        "bkkp_sn": "B1",
        "feedetl_sn": "1",
        "setl_id": "S1",
        "mdtrt_id": "M1",
        "psn_no": "99010000000000000001",
        "fixmedins_code": "H99010100001",
        "med_type": "21",
        "fee_ocur_time": "2023-12-30 08:00:00",
        "med_chrgitm_type": "09",
        "cnt": "1",
        "pric": "1",
        "det_item_fee_sumamt": "1",
        "vali_flag": "1",
        "updt_time": "2024-01-05 10:00:00",
    }
    later = {"setl_time": "2024-03-01 09:00:00", "updt_time": "2024-03-02 00:00:00"}
    land(home, write(tmp_path / "1" / "setl_d.csv", rows(SETTLEMENT, {})))
    land(home, write(tmp_path / "2" / "fee_list_d.csv", [line]))
    land(home, write(tmp_path / "3" / "setl_d.csv", rows(SETTLEMENT, later)))
    contract = load_contract()

    def months(table: str, batch: str) -> set[str]:
        found = batch_months(home.landing, contract, table, batch)
        assert found is not None
        return {f"{month:%Y-%m}" for month in found}

    assert months("setl_d", "000003") == {"2024-01", "2024-03"}
    assert months("fee_list_d", "000002") == {"2023-12", "2024-01", "2024-03"}
    assert batch_months(home.landing, contract, "setl_d", "000009") is None
