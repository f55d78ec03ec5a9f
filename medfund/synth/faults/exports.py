"""Faults of whole files of settlements: totals that don't add up, keys sent twice, spellings, values that aren't any."""

from __future__ import annotations

from typing import Any

import duckdb

from medfund.synth.scene import Window

Con = duckdb.DuckDBPyConnection
Answer = dict[str, Any]


def _one(con: Con, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


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
        "setl_ids": [i[0] for i in ids[:20]],
        "all_setl_ids": [i[0] for i in ids], "expect": "identities I3 and I4 fail by 1.23 on these rows",
    }  # fmt: skip


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
