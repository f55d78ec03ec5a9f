"""Statements of the fund accounts: what banks and the treasury carried out for each voucher, and when."""

from __future__ import annotations

import duckdb

from medfund.synth.chart import FUNDS
from medfund.synth.city import ORGS
from medfund.synth.clearing import VOUCHERS, chance, date_of, text_list, yuan

Con = duckdb.DuckDBPyConnection

# Subjects that are money, and the kind of account each stands for.
ACCOUNTS = {"1002": "收入户", "1003": "财政专户", "1004": "支出户", "1005": "国库"}
# Vouchers of the end of a month whose money may arrive in the next one, and how often it does (assumed). The account
# that gives is debited at once; payments leave when the bank has worked through the list.
LATE_SHARE = {"clear": 0.10, "treasury_sweep": 0.15, "income_sweep": 0.15}
# Part of the fiscal account placed for a term in March and September.
TERM_DEPOSIT = 0.2


def make_statement(con: Con, last: int, seed: int) -> None:
    """Make the table `bank_line` from `voucher` (with org, fund, month, tag), `ledger` and `notice`, to the month `last`.

    One line per payee of a payment voucher and one per money subject of the others, plus the terms on which deposits
    are placed: those leave the account and come back to it as another deposit, so they have no voucher.
    """
    paying = text_list(list(VOUCHERS))
    kinds = "MAP {" + ", ".join(f"'{code}': '{kind}'" for code, kind in ACCOUNTS.items()) + "}"
    late = " ".join(
        f"WHEN tag = '{tag}' AND ({arrives}) THEN {share}"
        for (tag, share), arrives in zip(
            LATE_SHARE.items(),
            ("subj_code = '1004'", "subj_code = '1003'", "subj_code = '1003'"),
            strict=True,
        )
    )
    con.execute(f"""CREATE TABLE bank_line AS
    WITH line AS (
        SELECT org, fund, month, tag, vchr_no, vchr_date, subj_code,
            ((debit_amt - credit_amt) * 100)::BIGINT AS amount
        FROM voucher
    ), money AS (
        SELECT org, fund, month, tag, vchr_no, vchr_date, subj_code, sum(amount)::BIGINT AS amount
        FROM line WHERE subj_code IN {tuple(ACCOUNTS)} GROUP BY ALL
    ), other_side AS (
        SELECT org, fund, month, vchr_no, subj_code AS own, max(other) AS counter_subj FROM (
            SELECT m.org, m.fund, m.month, m.vchr_no, m.subj_code, l.subj_code AS other
            FROM money m JOIN line l USING (org, fund, month, vchr_no)
            WHERE l.subj_code <> m.subj_code
        ) GROUP BY ALL
    ), moved AS (
        SELECT org, fund, month, tag, vchr_no, vchr_date, subj_code, amount, '' AS payee FROM money
        WHERE NOT (tag IN {paying} AND subj_code = '1004')
        UNION ALL
        SELECT m.org, m.fund, m.month, m.tag, m.vchr_no, m.vchr_date, m.subj_code, -n.net, n.dfr_id
        FROM money m JOIN notice n ON n.org = m.org AND n.fund = m.fund AND n.booked = m.month AND n.tag = m.tag
        WHERE m.tag IN {paying} AND m.subj_code = '1004'
    ), dated AS (
        SELECT moved.*, other_side.counter_subj,
            CASE WHEN {chance(seed, "bank", "org", "fund", "month", "tag", "subj_code", "payee")}
                    < CASE {late} ELSE 0 END
                THEN {date_of("(month + 1)", "2")}
                ELSE least(vchr_date + ({chance(seed, "day", "org", "fund", "month", "tag", "payee")} * 3)::INT,
                    last_day(vchr_date)) END AS txn_date
        FROM moved LEFT JOIN other_side USING (org, fund, month, vchr_no)
        WHERE other_side.own IS NULL OR other_side.own = moved.subj_code
    ), term AS (
        SELECT list_position({text_list(ORGS)}, book_org) - 1 AS org, list_position({text_list(FUNDS)}, fund_code) - 1 AS fund,
            ym, (floor(open_bal * {TERM_DEPOSIT} / 10000) * 1000000)::BIGINT AS amount
        FROM ledger WHERE subj_code = '1003' AND right(ym, 2) IN ('03', '09') AND fund_code <> '610'
    ), statement AS (
        SELECT org, fund, subj_code, txn_date, amount, counter_subj,
            printf('%04d%02d-', month // 12, month % 12 + 1) || vchr_no AS vchr_no, tag || payee AS source
        FROM dated WHERE amount <> 0 AND txn_date <= last_day({date_of(str(last), "1")})
        UNION ALL
        SELECT org, fund, '1003', strptime(ym || '06', '%Y%m%d')::DATE, unnest([-amount, amount]), '1003', NULL, 'term'
        FROM term WHERE amount > 0
    )
    SELECT {text_list(ORGS)}[org + 1] AS book_org, {text_list(FUNDS)}[fund + 1] AS fund_code,
        ({kinds})[subj_code] AS account_kind, txn_date,
        'T' || strftime(txn_date, '%Y%m%d') || lpad((row_number() OVER (PARTITION BY org, fund, subj_code, txn_date
            ORDER BY source, vchr_no, amount))::VARCHAR, 7, '0') AS txn_id,
        amount, counter_subj, vchr_no
    FROM statement""")


def statement_query(year: int) -> str:
    """Transactions of a year."""
    return f"""SELECT book_org, fund_code, account_kind, txn_date, txn_id,
        CASE WHEN amount < 0 THEN '付' ELSE '收' END AS direction, {yuan("abs(amount)")} AS amt, counter_subj, vchr_no
        FROM bank_line WHERE year(txn_date) = {year} ORDER BY book_org, fund_code, account_kind, txn_id"""
