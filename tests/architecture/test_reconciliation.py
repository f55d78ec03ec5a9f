"""Claims, clearing, ledger and bank of a clean city: every difference has a cause, and documents that add up to it."""

from __future__ import annotations

import re

import pytest

from medfund.release import open_release, run_query
from medfund.settings import PROJECT_ROOT, Home

pytestmark = pytest.mark.build

LEGS = {"claims_to_clearing", "clearing_to_ledger", "voucher_to_balance", "bank_to_ledger"}


def test_nothing_is_left_unexplained_on_clean_exports(built_home: Home) -> None:
    with open_release(built_home) as connection:
        cells = connection.execute(
            """select leg, count(*), count(distinct month), sum(abs(amount)), sum(row_count)
            from fund_reconciliation_monthly where cause = 'unexplained' group by leg"""
        ).fetchall()
        # 6 sets of books of 4 funds over 48 months, each leg.
        assert {row[0]: row[1:] for row in cells} == dict.fromkeys(LEGS, (1152, 48, 0, 0))


def test_causes_lead_from_one_side_to_the_other(built_home: Home) -> None:
    with open_release(built_home) as connection:
        broken = connection.execute(
            """select org_code, fund_code, month, leg from fund_reconciliation_total_monthly as total
            left join (select org_code, fund_code, month, leg, sum(amount) as amount from fund_reconciliation_monthly group by all)
                as explained using (org_code, fund_code, month, leg)
            where total.difference is distinct from explained.amount or total.difference <> left_amount - right_amount"""
        ).fetchall()
        assert broken == []
        moved = dict(
            connection.execute(
                """select leg, count(*) from fund_reconciliation_total_monthly
                where left_amount <> 0 and right_amount <> 0 group by leg"""
            ).fetchall()
        )
        assert min(moved.get(leg, 0) for leg in LEGS) > 600


def test_from_every_cell_documents_are_found_that_sum_to_it(built_home: Home) -> None:
    """The analysis lists the cells of the last month; here it is asked for all of them."""
    text = (PROJECT_ROOT / "analyses/reconciliation_documents.sql").read_text(encoding="utf-8")
    everywhere, changed = re.subn(
        r"where month = \(select max.*?\) and amount <> 0\n", "where amount <> 0\n", text
    )
    assert changed == 1
    with run_query(built_home, everywhere) as query:
        listed = query.relation().aggregate(
            "org_code, fund_code, month, leg, cause, sum(amount) as amount, count(*) as n"
        )
        found = {tuple(row[:5]): (row[5], row[6]) for row in listed.fetchall()}
    with open_release(built_home) as connection:
        cells = connection.execute(
            "select org_code, fund_code, month, leg, cause, amount from fund_reconciliation_monthly where amount <> 0"
        ).fetchall()
    assert len(cells) > 3000
    assert [cell for cell in cells if found.get(tuple(cell[:5]), (None, 0))[0] != cell[5]] == []
    kinds = {cell[4] for cell in cells}
    assert kinds >= {
        "in_transit", "deducted_by_review", "advance_offset", "retention_deposit", "year_end_clearing", "remote_clearing",
        "manual_reimbursement", "reversal",
    }  # fmt: skip


def test_claims_in_transit_are_listed_settlement_by_settlement(built_home: Home) -> None:
    text = (PROJECT_ROOT / "analyses/reconciliation_documents.sql").read_text(encoding="utf-8")
    with run_query(built_home, text) as query:
        settlements = query.relation().filter("document_kind = 'settlement' and cause = 'in_transit'")
        assert len(settlements.fetchall()) > 100
