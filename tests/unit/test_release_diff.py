"""What changed between two releases, and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from medfund.release import diff_releases
from medfund.settings import Home
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
