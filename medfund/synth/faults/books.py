"""Faults of the books: money booked late, in the wrong unit, without claims, or not at all.

Each answer says under `reconciliation` where the difference must turn up: leg, cause, month and amount (left side less right).
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from medfund.synth.chart import FUNDS
from medfund.synth.city import ORGS
from medfund.synth.clearing import Booked
from medfund.synth.flows import Calendar, Flows
from medfund.synth.scene import Window

Con = duckdb.DuckDBPyConnection
Answer = dict[str, Any]


def _one(con: Con, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


def _yuan(fen: int) -> str:
    return f"{fen / 100:.2f}"


def _place(leg: str, cause: str, month: int, fen: int) -> dict[str, str]:
    return {"leg": leg, "cause": cause, "month": Window.text(month), "amount": _yuan(fen)}


def voucher_without_claim(flows: dict[str, Flows], calendar: Calendar, window: Window) -> Answer:
    """One county pays 8,765.43 yuan of inpatient benefits that no notice asks for; books and bank agree on it."""
    month = max(window.first, window.last - 3)
    amount = calendar.zero()
    amount[2, month - int(calendar.months[0])] = 876_543
    flows["390"].payments.append(
        Booked("improper", 26, "拨付医疗费", {"500101": amount}, amount, np.zeros_like(amount))
    )
    return {
        "table": "fund_vchr_d", "fund_code": "390", "org_code": ORGS[2], "month": Window.text(month),
        "expect": "spending that no notice asks for", "amount": "8765.43",
        "reconciliation": [_place("clearing_to_ledger", "unexplained", month, -876_543)],
    }  # fmt: skip


def wrong_unit(con: Con, window: Window) -> Answer:
    """One county's payment voucher comes ten thousand times too large, written in 元 under the heading 万元."""
    month = max(window.first, window.last - 4)
    fund = FUNDS.index("310_pool")
    where = f"org = 4 AND fund = {fund} AND month = {month} AND tag = 'minor_out'"
    fen = int(_one(con, f"SELECT sum(debit_amt) * 100 FROM voucher WHERE {where}"))
    con.execute(
        f"UPDATE voucher SET debit_amt = debit_amt * 10000, credit_amt = credit_amt * 10000 WHERE {where}"
    )
    return {
        "table": "fund_vchr_d", "fund_code": "310_pool", "org_code": ORGS[4], "month": Window.text(month),
        "expect": "a voucher ten thousand times too large", "amount": _yuan(fen * 9999),
        "reconciliation": [_place("voucher_to_balance", "unit", month, -fen * 9999)],
    }  # fmt: skip


def late_transfer(con: Con, window: Window) -> Answer:
    """The treasury passes one county's premiums on two months after the sweep was booked."""
    # A small county has months without premiums to pass on: the last month early enough that has some.
    month = int(
        _one(
            con,
            f"""SELECT coalesce(max(month) FILTER (month <= {max(window.first, window.last - 5)}), min(month))
            FROM voucher_number WHERE org = 3 AND fund = {FUNDS.index("310_pool")} AND tag = 'treasury_sweep'
                AND month BETWEEN {window.first} AND {window.last}""",
        )
    )
    sent = window.text(month)
    where = f"""book_org = '{ORGS[3]}' AND fund_code = '310_pool' AND account_kind = '财政专户' AND vchr_no = (
        SELECT '{sent}-' || vchr_no FROM voucher_number
        WHERE org = 3 AND fund = {FUNDS.index("310_pool")} AND month = {month} AND tag = 'treasury_sweep')"""
    fen = int(_one(con, f"SELECT sum(amount) FROM bank_line WHERE {where}"))
    con.execute(
        f"UPDATE bank_line SET txn_date = make_date({(month + 2) // 12}, {(month + 2) % 12 + 1}, 9) WHERE {where}"
    )
    return {
        "table": "fund_bank_stmt_d", "fund_code": "310_pool", "org_code": ORGS[3], "month": sent,
        "expect": "the sweep in transit for two months", "amount": _yuan(fen),
        "reconciliation": [_place("bank_to_ledger", "in_transit", month, -fen)],
    }  # fmt: skip


def unbooked_receipt(con: Con, window: Window) -> Answer:
    """The bank credits 4,321.09 yuan to the city's income account that no voucher records."""
    month = max(window.first, window.last - 1)
    con.execute(f"""INSERT INTO bank_line SELECT '{ORGS[0]}', '310_acct', '收入户',
        make_date({month // 12}, {month % 12 + 1}, 11), 'T{window.text(month)}11X', 432109, NULL, NULL""")
    return {
        "table": "fund_bank_stmt_d", "fund_code": "310_acct", "org_code": ORGS[0], "month": Window.text(month),
        "expect": "a receipt without a voucher", "amount": "4321.09",
        "reconciliation": [_place("bank_to_ledger", "unexplained", month, 432_109)],
    }  # fmt: skip


def transfer_imbalance(flows: dict[str, Flows], calendar: Calendar, window: Window) -> Answer:
    """One county books a remittance of 12,345.67 yuan that the city doesn't receive."""
    month = max(window.first, window.last - 2)
    up = flows["310_pool"].to_upper
    assert up is not None
    up[2, month - int(calendar.months[0])] += 1_234_567
    return {
        "table": "fund_acct_bal", "fund_code": "310_pool", "org_code": ORGS[2], "month": Window.text(month),
        "expect": "consolidated transfer_imbalance (received - paid) in this month", "amount": "-12345.67",
    }  # fmt: skip


def unmapped_subject(con: Con, window: Window) -> Answer:
    """One county books its other expenditure under a subject that no rule knows."""
    where = f"book_org = '{ORGS[3]}' AND fund_code = '390' AND subj_code = '5401'"
    total = _one(con, f"SELECT sum(debit_amt) FROM ledger WHERE {where}")
    con.execute(f"UPDATE ledger SET subj_code = '5901', subj_name = '待核款项' WHERE {where}")
    con.execute(f"UPDATE voucher SET subj_code = '5901' WHERE {where}")
    return {
        "table": "fund_acct_bal", "fund_code": "390", "org_code": ORGS[3], "subj_code": "5901",
        "expect": "a critical finding; the money stands under item_key unmapped, totals still foot",
        "amount": str(total),
    }  # fmt: skip


def opening_break(con: Con, window: Window) -> Answer:
    """From one month on, one county's balance is restated: its opening isn't the closing of the month before."""
    month = Window.text((window.first + window.last) // 2 + 1)
    where = f"book_org = '{ORGS[4]}' AND fund_code = '310_pool' AND subj_code IN ('3001', '1003')"
    con.execute(f"""UPDATE ledger SET open_bal = open_bal + CASE WHEN ym >= '{month}' THEN 8000.08 ELSE 0 END,
        close_bal = close_bal + CASE WHEN ym >= '{month}' THEN 8000.08 ELSE 0 END WHERE {where}""")
    return {
        "table": "fund_acct_bal", "fund_code": "310_pool", "org_code": ORGS[4], "month": month,
        "expect": "opening_adjustment of this month", "amount": "8000.08",
        "reconciliation": [
            {"leg": leg, "cause": "unexplained", "month": month, "amount": "-8000.08"}
            for leg in ("voucher_to_balance", "bank_to_ledger")
        ],
    }  # fmt: skip


def unexplained_gap(con: Con, window: Window) -> Answer:
    """In the last month one county's printed closing is more than opening and flows give."""
    month = Window.text(window.last)
    con.execute(f"""UPDATE ledger SET close_bal = close_bal + 543.21 WHERE book_org = '{ORGS[1]}'
        AND fund_code = '390' AND ym = '{month}' AND subj_code IN ('3001', '1003')""")
    return {
        "table": "fund_acct_bal", "fund_code": "390", "org_code": ORGS[1], "month": month,
        "expect": "unexplained_gap of this month", "amount": "543.21",
        "reconciliation": [
            {"leg": leg, "cause": "unexplained", "month": month, "amount": "-543.21"}
            for leg in ("voucher_to_balance", "bank_to_ledger")
        ],
    }  # fmt: skip


def unknown_fund(con: Con, window: Window) -> Answer:
    """One county's assistance books of the last month come a second time under a fund code nobody knows."""
    month = Window.text(window.last)
    con.execute(f"""INSERT INTO ledger SELECT * REPLACE ('888' AS fund_code) FROM ledger
        WHERE book_org = '{ORGS[1]}' AND fund_code = '610' AND ym = '{month}'""")
    rows = _one(con, "SELECT count(*) FROM ledger WHERE fund_code = '888'")
    return {
        "table": "fund_acct_bal", "fund_code": "888", "org_code": ORGS[1], "month": month,
        "expect": "a critical finding that names the code", "rows": rows,
    }  # fmt: skip
