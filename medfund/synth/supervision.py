"""Supervision cases: who was inspected, what was found, and the money that came back."""

from __future__ import annotations

import duckdb
import numpy as np
from numpy.typing import NDArray

from medfund.synth.chart import FUNDS
from medfund.synth.clearing import chance, date_of, grid, yuan
from medfund.synth.flows import Calendar
from medfund.synth.visits import WAY_LOCAL

Con = duckdb.DuckDBPyConnection
Ints = NDArray[np.int64]

# Institutions inspected in half a year: hospitals and clinics, pharmacies (assumed); 60 % confirmed (published).
INSPECTED = (0.16, 0.06)
CONFIRMED = 0.6
# Rules that special campaigns screen claims with, by what they look for; other findings need a reader (assumed).
RULES = {"重复收费": "SR19", "超标准收费": "SR23", "串换项目": "SR25"}
# Recovered over a year's fund money of the institution: set so that all recoveries come near the published 1.1 % of
# expenditure.
RECOVERED = (0.01, 0.15)


def make_cases(con: Con, first: int, seed: int) -> None:
    """Make the table `audit_case` from `claim_cell` and the inspections among `cleared`, for months from `first` on.

    Money of an inspection comes back in cash, to the fund that paid most to the institution; what automated review found
    is deducted from the next clearing.
    """
    keys = ("payee", "half")
    con.execute(f"""CREATE TABLE audit_case AS
    WITH paid AS (
        SELECT payee, month // 6 AS half, org, fund, sum(amount)::BIGINT AS amount FROM claim_cell
        WHERE way = {WAY_LOCAL} AND fund IN (0, 2) AND month >= {first - 6} GROUP BY ALL
    ), seen AS (
        SELECT payee, half + 1 AS half, 2 * sum(amount)::BIGINT AS year_amount, max_by(org, (amount, -org, -fund)) AS org,
            max_by(fund, (amount, -org, -fund)) AS fund
        FROM paid GROUP BY ALL HAVING sum(amount) > 0
    ), opened AS (
        SELECT *, half * 6 + floor(6 * {chance(seed, "opened", *keys)})::BIGINT AS month,
            {chance(seed, "confirmed", *keys)} < {CONFIRMED} AS is_confirmed, {chance(seed, "money", *keys)} AS u_money,
            {chance(seed, "kind", *keys)} AS u_kind
        FROM seen WHERE {chance(seed, "case", *keys)}
            < CASE WHEN payee LIKE 'P%' THEN {INSPECTED[1]} ELSE {INSPECTED[0]} END
    ), inspection AS (
        SELECT payee, org, fund, month, month + 2 + (u_kind * 3)::BIGINT AS closed, is_confirmed,
            CASE WHEN is_confirmed
                THEN round(year_amount * ({RECOVERED[0]} + {RECOVERED[1] - RECOVERED[0]} * u_money)) ELSE 0 END::BIGINT
                AS amount,
            ['日常', '专项', '举报', '飞检'][1 + floor(4 * u_kind)::INT] AS source,
            ['串换项目', '重复收费', '超标准收费', '过度诊疗', '超限定支付范围'][1 + floor(5 * u_money)::INT] AS finding,
            true AS in_cash, u_money
        FROM opened
    ), reviewed AS (
        SELECT payee, min(org) AS org, 0 AS fund, month, month + 1 AS closed, true AS is_confirmed,
            sum(deducted)::BIGINT AS amount, '智能审核' AS source, '超限定支付范围' AS finding, false AS in_cash, 0.0 AS u_money
        FROM cleared WHERE det_type = '20' GROUP BY ALL
    )
    SELECT 'C' || lpad((month // 12 * 100 + month % 12 + 1)::VARCHAR, 6, '0') || payee || in_cash::INT AS case_id, *
    FROM (FROM inspection UNION ALL FROM reviewed) WHERE month >= {first} AND (NOT in_cash OR amount > 0 OR NOT is_confirmed)""")


def cash_recovered(con: Con, calendar: Calendar) -> dict[str, Ints]:
    """Money that cases brought back, fen by fund, [org, month of the calendar]."""
    return {
        FUNDS[fund]: grid(
            con,
            f"SELECT org, closed, sum(amount) FROM audit_case WHERE in_cash AND fund = {fund} GROUP BY ALL",
            int(calendar.months[0]),
            len(calendar),
        )
        for fund in (0, 2)
    }


def case_query(first: int, last: int) -> str:
    """Cases opened or closed in the months asked for, as known at the end of the last one."""
    known = f"closed <= {last}"
    rule = (
        "CASE finding " + " ".join(f"WHEN '{found}' THEN '{rule}'" for found, rule in RULES.items()) + " END"
    )
    return f"""SELECT case_id, payee AS fixmedins_code, NULL AS psn_no, source,
        {date_of("month", "5")} AS open_date, CASE WHEN {known} THEN {date_of("closed", "17")} END AS close_date,
        CASE WHEN source = '专项' THEN {rule} END AS rule_id, CASE WHEN {known} AND is_confirmed THEN finding END AS finding_type,
        CASE WHEN {known} AND is_confirmed THEN '1' ELSE '0' END AS verified_flag,
        CASE WHEN {known} THEN {yuan("amount")} END AS recovered_amt,
        CASE WHEN {known} AND u_money > 0.6 THEN {yuan("amount // 2")} END AS fine_amt,
        CASE WHEN {known} AND is_confirmed THEN round(2 + 10 * u_money, 1)::DECIMAL(5, 1) END AS score_deducted,
        CASE WHEN {known} AND u_money > 0.97 THEN '1' ELSE '0' END AS transferred_flag
        FROM audit_case WHERE month <= {last} AND closed >= {first} ORDER BY case_id"""
