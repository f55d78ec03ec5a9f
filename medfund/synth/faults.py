"""Faults planted on request, each with an entry in the answer key that says what a good check must find.

A fault acts at one stage: on the flows before they are booked, on the finished books (tables `ledger` and `voucher`),
on a staged month of settlements (table `settlement`), or as an extra file (table
`extra`) beside the last month. It changes as little as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import duckdb

from medfund.errors import UsageError
from medfund.synth import accounting_faults as accounting
from medfund.synth.city import ORGS
from medfund.synth.flows import Calendar, Flows
from medfund.synth.scene import Window

Con = duckdb.DuckDBPyConnection
Answer = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """`act` plants the fault and returns what to find."""

    stage: str  # flows | books | month | extra
    act: Callable[..., Answer]


def _one(con: Con, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


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


def payer_mismatch(con: Con, month: int, window: Window) -> Answer:
    """In every 150th settlement the funds' total is 1.23 yuan more than the funds."""
    con.execute("""UPDATE settlement SET fund_pay_sumamt = fund_pay_sumamt + 1.23 WHERE setl_id IN (
        SELECT setl_id FROM (SELECT setl_id, row_number() OVER (ORDER BY setl_time, setl_id) AS pos
            FROM settlement WHERE refd_setl_flag = '0' AND vali_flag = '1') WHERE pos % 150 = 11)""")
    # I4 holds to the fen everywhere else, so what breaks it is what was planted.
    ids = con.execute("""SELECT setl_id FROM settlement WHERE fund_pay_sumamt <> hifp_pay + cvlserv_pay + hifes_pay
        + hifmi_pay + hifob_pay + maf_pay + othfund_pay ORDER BY 1""").fetchall()
    return {
        "table": "setl_d", "rows": len(ids), "rows_by_month": {Window.text(month): len(ids)},
        "setl_ids": [i[0] for i in ids[:20]], "expect": "identities I3 and I4 fail by 1.23 on these rows",
    }  # fmt: skip


def add_up(answers: list[Answer]) -> list[Answer]:
    """One answer per fault: those of a fault planted month by month are added together."""
    merged: dict[str, Answer] = {}
    for answer in answers:
        seen = merged.setdefault(answer["fault"], answer)
        if seen is not answer:
            seen["rows"] += answer["rows"]
            seen["rows_by_month"] |= answer["rows_by_month"]
            seen["setl_ids"] = (seen["setl_ids"] + answer["setl_ids"])[:20]
    return list(merged.values())


def duplicate_keys(con: Con, month: int, window: Window) -> Answer:
    """A re-synchronised file repeats keys of the last month: half unchanged, half with a newer row."""
    con.execute("""CREATE OR REPLACE TEMP TABLE extra AS
        SELECT * EXCLUDE (pos, n) REPLACE (
            CASE WHEN pos % 2 = 0 THEN updt_time + INTERVAL 1 DAY ELSE updt_time END AS updt_time,
            CASE WHEN pos % 2 = 0 THEN '99' ELSE clr_way END AS clr_way)
        FROM (SELECT *, row_number() OVER (ORDER BY setl_time, setl_id) AS pos, count(*) OVER () AS n
            FROM settlement)
        WHERE pos <= least(40, n - 2) ORDER BY pos""")
    changed = _one(con, "SELECT count(*) FROM extra WHERE clr_way = '99'")
    same = _one(con, "SELECT count(*) FROM extra WHERE clr_way <> '99'")
    return {
        "table": "setl_d", "file": f"setl_d_{Window.text(month)}_resync.csv", "rows_identical": same,
        "rows_superseded": changed, "expect": "each key once in the marts, the newer row with clr_way 99",
    }  # fmt: skip


def messy_values(con: Con, month: int, window: Window) -> Answer:
    """The last month as text with every spelling seen in the field, and an extra file of rows that can't be typed."""
    con.execute("CREATE OR REPLACE TEMP TABLE settlement AS SELECT COLUMNS(*)::VARCHAR FROM settlement")
    con.execute("""CREATE OR REPLACE TEMP TABLE settlement AS
        SELECT * EXCLUDE (pos, n) REPLACE (
            CASE pos % 5 WHEN 0 THEN lpad(medfee_sumamt, 16, ' ') WHEN 1 THEN medfee_sumamt || chr(9)
                ELSE medfee_sumamt END AS medfee_sumamt,
            CASE WHEN init_setl_id IS NULL THEN ['null', '-', ' ', 'nan', ''][pos % 5 + 1]
                ELSE init_setl_id END AS init_setl_id,
            CASE pos % 3 WHEN 0 THEN begndate || ' 00:00:00' WHEN 1 THEN replace(begndate, '-', '')
                ELSE begndate END AS begndate,
            CASE pos % 4 WHEN 0 THEN replace(setl_time, ' ', 'T') || '+08:00'
                WHEN 1 THEN strftime(setl_time::TIMESTAMP, '%Y%m%d%H%M%S') || '000' ELSE setl_time END AS setl_time,
            CASE WHEN pos = n THEN '约六十' ELSE age END AS age,
            CASE WHEN pos = n - 1 THEN '2024-02-31' ELSE brdy END AS brdy,
            CASE pos % 6 WHEN 0 THEN ltrim(psn_cert_type, '0') ELSE psn_cert_type END AS psn_cert_type)
        FROM (SELECT *, row_number() OVER (ORDER BY setl_time, setl_id) AS pos, count(*) OVER () AS n
            FROM settlement) ORDER BY pos""")
    con.execute("""CREATE OR REPLACE TEMP TABLE extra AS
        SELECT * EXCLUDE (pos) REPLACE (
            CASE pos WHEN 1 THEN '' ELSE '9' || setl_id END AS setl_id,
            CASE WHEN pos = 2 THEN '一百' ELSE trim(medfee_sumamt) END AS medfee_sumamt,
            CASE WHEN pos = 3 THEN ' ' ELSE insutype END AS insutype,
            CASE WHEN pos = 4 THEN '2026-13-45' ELSE setl_time END AS setl_time,
            CASE WHEN pos = 5 THEN '1e308' ELSE hifp_pay END AS hifp_pay)
        FROM (SELECT *, row_number() OVER () AS pos FROM settlement) WHERE pos <= 5 ORDER BY pos""")
    return {
        "table": "setl_d", "file": f"setl_d_{Window.text(month)}_bad.csv", "rows_rejected": 5,
        "reject_columns": ["setl_id", "medfee_sumamt", "insutype", "setl_time", "hifp_pay"],
        "values_nulled": {"age": 1, "brdy": 1}, "nulled_in": f"setl_d_{Window.text(month)}",
        "expect": "the month lands with the same money as without the fault; the extra file lands no row",
    }  # fmt: skip


# Planted in this order whatever the caller's: messy_values turns the month into text and so comes last.
FAULTS: dict[str, Fault] = {
    "unmapped_subject": Fault("books", unmapped_subject),
    "opening_break": Fault("books", opening_break),
    "unexplained_gap": Fault("books", unexplained_gap),
    "transfer_imbalance": Fault("flows", transfer_imbalance),
    "payer_mismatch": Fault("month", payer_mismatch),
    "unknown_fund": Fault("books", unknown_fund),
    "voucher_without_claim": Fault("flows", accounting.voucher_without_claim),
    "wrong_unit": Fault("books", accounting.wrong_unit),
    "late_transfer": Fault("books", accounting.late_transfer),
    "unbooked_receipt": Fault("books", accounting.unbooked_receipt),
    "duplicate_keys": Fault("extra", duplicate_keys),
    "messy_values": Fault("extra", messy_values),
}


def check_names(names: tuple[str, ...]) -> None:
    """Raise UsageError for a fault that doesn't exist."""
    unknown = sorted(set(names) - FAULTS.keys())
    if unknown:
        raise UsageError(f"unknown fault {unknown[0]!r}; known are {', '.join(sorted(FAULTS))}")
