"""Corrections of settlements and of what hangs on them reach every table with the next build, in their months only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb
import pytest

from medfund.pipeline import build
from medfund.release import ReleaseDiff, diff_releases, release_info
from medfund.settings import Bureau
from tests.e2e.bureau import Office, Row
from tests.unit.ingest_files import INSTITUTION, LEDGER, SETTLEMENT

pytestmark = pytest.mark.build

JANUARY, FEBRUARY, MARCH, APRIL = (date(2024, month, 1) for month in (1, 2, 3, 4))
_MONEY = [name for name in SETTLEMENT if name.endswith(("amt", "pay"))]


def settled(number: int, month: int, **change: str) -> Row:
    """Settlement S<number> of its own visit on the fifth of a month of 2024, as SETTLEMENT has the amounts."""
    at = f"2024-{month:02d}-05 09:00:00"
    ids = {"setl_id": f"S{number}", "mdtrt_id": f"M{number}", "rid": f"R{number}"}
    return SETTLEMENT | ids | {"setl_time": at, "crte_time": at, "updt_time": at} | change


def parts(number: int, pooled: str = "600.00") -> list[Row]:
    """Fund parts: 600.00 pooled and 100.00 from the account; the person's own row repeats and never counts."""
    of = {"setl_id": f"S{number}"}
    return [
        of | {"fund_pay_type": "310100", "fund_payamt": pooled},
        of | {"fund_pay_type": "310200", "fund_payamt": "100.00"},
        of | {"fund_pay_type": "999999", "fund_payamt": "400.00"},
    ]


def line(number: int, booking: int, fee: str, in_scope: str, own: str = "0.00", **change: str) -> Row:
    """One fee line of a settlement; what is neither in scope nor wholly self-paid is half over limit, half prepaid."""
    rest = (Decimal(fee) - Decimal(in_scope) - Decimal(own)) / 2
    return {
        "bkkp_sn": f"B{booking}",
        "feedetl_sn": str(booking),
        "setl_id": f"S{number}",
        "mdtrt_id": f"M{number}",
        "psn_no": SETTLEMENT["psn_no"],
        "fixmedins_code": SETTLEMENT["fixmedins_code"],
        "med_type": "21",
        "fee_ocur_time": "2024-01-03 08:00:00",
        "med_chrgitm_type": "09",
        "cnt": "1",
        "pric": fee,
        "det_item_fee_sumamt": fee,
        "fulamt_ownpay_amt": own,
        "overlmt_selfpay": str(rest),
        "preselfpay_amt": str(rest),
        "inscp_amt": in_scope,
        "vali_flag": "1",
        "rid": f"B{booking}",
        "updt_time": "2024-02-01 00:00:00",
    } | change


# 700 + 300 = 1000 = 800 in scope + 100 wholly self-paid + 50 + 50.
LINES = [
    line(1, 1, "700.00", "600.00"),
    line(1, 2, "300.00", "200.00", "100.00"),
    line(2, 3, "1000.00", "800.00", "100.00"),
]


@dataclass
class Told:
    """Both releases: before the corrections, after them, and what differs."""

    office: Office
    before: str
    after: str
    difference: ReleaseDiff

    def months(self, table: str) -> set[object]:
        return {change.period for change in self.difference.changes if change.table_name == table}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    office = Office(tmp_path_factory.mktemp("corrections"), Bureau(code="990100"))
    office.deliver(
        fixmedins_b=[INSTITUTION],
        fund_acct_bal=[LEDGER],
        setl_d=[settled(n, month) for n, month in ((1, 1), (2, 1), (3, 2), (4, 3), (5, 4))],
        setl_fund_detl=[part for n in (1, 2, 3, 4) for part in parts(n)],
        fee_list_d=LINES,
    )
    before = office.build().release.release_id
    later = {"updt_time": "2024-05-01 00:00:00"}
    mirror = {name: f"-{SETTLEMENT[name]}" for name in _MONEY} | {"psn_pay": ""}
    office.deliver(
        setl_d=[
            # S3 of February is given back in April; S4 of March turns out to be void.
            settled(3, 2, refd_setl_flag="1", **later),
            settled(6, 4, **mirror, init_setl_id="S3", mdtrt_id="M3", refd_setl_flag="1"),
            settled(4, 3, vali_flag="0", **later),
        ],
        # The parts of S1 come again, one yuan short; S2's only line goes to another settlement.
        setl_fund_detl=parts(1, pooled="599.00"),
        fee_list_d=[LINES[2] | {"setl_id": "S1"} | later],
    )
    result = office.build()
    assert result.kind == "incremental"
    after = result.release.release_id
    yield Told(office, before, after, diff_releases(office.home, before, after))


def test_a_late_refund_and_a_voided_row_change_their_months_alone(told: Told) -> None:
    figures = "select month, visits, med_fee, fund_pay from institution_monthly order by month"
    january = (JANUARY, 2, Decimal("2000.00"), Decimal("1200.00"))
    february = (FEBRUARY, 1, Decimal("1000.00"), Decimal("600.00"))
    march = (MARCH, 1, Decimal("1000.00"), Decimal("600.00"))
    april = (APRIL, 1, Decimal("1000.00"), Decimal("600.00"))
    assert told.office.ask(figures, told.before) == [january, february, march, april]
    # The refund is booked in April with minus one visit; the closed month of February stays.
    assert told.office.ask(figures, told.after) == [
        january,
        february,
        (APRIL, 0, Decimal("0.00"), Decimal("0.00")),
    ]
    assert told.months("institution_monthly") == {MARCH, APRIL}
    assert told.months("utilisation_monthly") == {MARCH, APRIL}


def test_parts_and_lines_that_come_anew_are_held_against_their_settlements(told: Told) -> None:
    failing = "select identity, measure, setl_id, month, difference from quality_identity_row order by all"
    assert told.office.ask(failing, told.before) == []
    assert told.office.ask(failing, told.after) == [
        ("I5", "all_funds", "S1", JANUARY, Decimal("-1.00")),  # 599 + 100 against 600 + 100
        *(
            ("I6", measure, "S1", JANUARY, Decimal(amount))
            for measure, amount in (
                ("in_scope", "800.00"),
                ("med_fee", "1000.00"),
                ("over_limit", "50.00"),
                ("prepaid_share", "50.00"),
                ("self_funded", "100.00"),
            )
        ),
    ]
    tried = (
        "select row_count, rows_without_detail, failing_rows from quality_identity_monthly "
        "where identity = 'I6' and month = date '2024-01-01'"
    )
    assert told.office.ask(tried, told.before) == [(2, 0, 0)]
    assert told.office.ask(tried, told.after) == [(1, 1, 1)]  # S2 has lost its line


def test_the_institution_is_named_with_its_month(told: Told) -> None:
    named = told.office.ask(
        "select check_id, institution_code, month, failing_rows, difference from quality_failure_monthly "
        "where check_id like '%parts_are_the_payers'",
        told.after,
    )
    assert named == [
        (
            "staging.stg_setl_fund_detl.parts_are_the_payers",
            SETTLEMENT["fixmedins_code"],
            JANUARY,
            1,
            Decimal("1.00"),
        )
    ]


def test_the_difference_names_the_batch_behind_each_month(told: Told) -> None:
    added = {batch.table_name: batch for batch in told.difference.batches_added}
    assert set(added) == {"setl_d", "setl_fund_detl", "fee_list_d"}
    assert added["setl_d"].months == (FEBRUARY, MARCH, APRIL)
    why = {
        (change.table_name, change.period): set(change.because)
        for change in told.difference.changes
        if change.table_name in ("institution_monthly", "quality_identity_monthly")
    }
    assert why["institution_monthly", MARCH] == {added["setl_d"].batch_id}
    assert why["quality_identity_monthly", JANUARY] == {
        added["setl_fund_detl"].batch_id,
        added["fee_list_d"].batch_id,
    }


# What a table says of earlier releases or of the checks' history differs by design.
TOLD_OF_RELEASES = {"release_info", "quality_check", "quality_failure", "fund_balance_version"}


def test_building_all_anew_gives_the_same(told: Told) -> None:
    """Runs last: it adds a release."""
    onto = release_info(told.office.home, told.after).database
    anew = build(told.office.home, told.office.bureau, full_refresh=True, say=lambda _: None).release.database
    with duckdb.connect() as connection:
        connection.execute(f"attach '{onto}' as onto (read_only)")
        connection.execute(f"attach '{anew}' as anew (read_only)")
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'anew' and schema_name = 'marts'"
        ).fetchall()
        assert ("institution_indicator_monthly",) in tables
        for (table,) in tables:
            if table in TOLD_OF_RELEASES:
                continue
            for one, other in (("onto", "anew"), ("anew", "onto")):
                query = f"select * from {one}.marts.{table} except all select * from {other}.marts.{table}"
                assert connection.execute(query).fetchall() == [], f"{table}: only in {one}"
