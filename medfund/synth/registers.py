"""Registers of money from and for the insured: contribution lines, credits to personal accounts and what is spent from them.

Each is a view of the one history (contributions, claims), with what was known at the end of the months asked for.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth.city import CITY, ORGS, PSN_TYPES, first_day, psn_no
from medfund.synth.claims import decimals
from medfund.synth.contributions import (
    COUNTED_AS_PAID,
    EMPLOYER_RATE,
    IDENTITY_TYPES,
    LINE_TYPES,
    NEVER,
    Contributions,
    Credits,
    chosen,
)
from medfund.synth.enrolment import NO_DATE, day_of, employer_no, relation_id
from medfund.synth.export import text_list
from medfund.synth.hashed import uniform
from medfund.synth.scene import Part, Scene

Columns = dict[str, NDArray]


class ContributionLines(Part):
    """psn_clct_detl_d: each line in the file of the month it was made."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.paying = Contributions(scene.people, scene.seed)
        self._by_year: dict[int, Columns] = {}
        self._later: list[Columns] = []
        self._accrued = scene.window.first - 1

    def exported(self, month: int) -> None:
        """Write the lines made in a month, as they stand at the end of the months asked for."""
        con, out = self.scene.con, self.scene.out
        con.register("lines", self._table(self._made_in(month)))
        out.month(con, "psn_clct_detl_d", _LINES_SQL, month)
        con.unregister("lines")

    def _made_in(self, month: int) -> Columns:
        # Corrections and lump sums are made after the month they accrue for, so that older months are looked through.
        first = month - self.paying.LONGEST_DELAY if not self._later else month
        self._later += [self.paying.employee_lines(accrual) for accrual in range(first, month + 1)]
        parts = [chosen(lines, lines["born"] == month) for lines in self._later]
        self._later = [chosen(lines, lines["born"] > month) for lines in self._later]
        for year in (month // 12, month // 12 + 1):
            if year not in self._by_year:
                self._by_year = {k: v for k, v in self._by_year.items() if k == month // 12}
                self._by_year[year] = self.paying.resident_lines(year)
            lines = self._by_year[year]
            parts.append(chosen(lines, lines["born"] == month))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _table(self, lines: Columns) -> pa.Table:
        people, last = self.scene.people, self.scene.window.last
        person, born, first = lines["person"], lines["born"], lines["first"]
        let_off = lines["state"] == COUNTED_AS_PAID
        paid = ~let_off & (lines["cash"] <= last)
        reversed_ = lines["reversed"] <= last
        # Everybody of an employer pays on the same day.
        payer = np.where(self.paying.employer[person] > 0, self.paying.employer[person], person + 1_000_000)
        day = np.floor(4 + 18 * uniform(self.scene.seed, "day of payment", payer, lines["cash"])).astype(
            np.int64
        )
        paid_on = day_of(np.where(paid, lines["cash"], NEVER)) + day
        changed = np.where(paid, paid_on, day_of(born) + 1)
        changed = np.where(reversed_, np.maximum(day_of(lines["reversed"]) + day, changed), changed)
        kinds = np.empty(len(person), dtype=np.int64)
        for month in np.unique(first):
            mine = first == month
            kinds[mine] = people.psn_type(int(month))[person[mine]]
        scheme = people.scheme[person]
        employed = (scheme == 0) & ~people.is_flexible[person]
        own_rate = np.round(lines["psn"] / np.maximum(lines["base"] * lines["months"], 1), 6)
        money = {
            name: decimals(lines[name])
            for name in ("base", "emp", "psn", "oth", "sub", "emp_into", "psn_into")
        }
        return pa.table(
            money
            | {
                "rid": lines["first"] // 12 * 100 + lines["first"] % 12 + 1,
                "part": lines["part"],
                "person": person,
                "identity": people.identity[person],
                "scheme": scheme,
                "org": people.org[person],
                "psn_type": np.array(PSN_TYPES)[kinds],
                "employer": self.paying.employer[person],
                "identity_type": np.array(IDENTITY_TYPES)[self.paying.identity_kind[person]],
                "cash": day_of(np.where(paid, lines["cash"], born)),
                "first": day_of(first),
                "last": day_of(lines["last"]),
                "months": lines["months"],
                "emp_rate": np.where(employed, EMPLOYER_RATE, 0.0),
                "own_rate": np.where(scheme == 0, np.abs(own_rate), 0.0),
                "flag": np.select([let_off, paid], ["4", "1"], "0"),
                "type": np.array(LINE_TYPES)[lines["type"]],
                "mark": np.select([lines["reverses"], reversed_], ["-", "+"], "Z"),
                "paid_on": np.where(paid, paid_on, NO_DATE),
                "retired": people.retired_from[person] <= first,
                "born": np.where(paid, np.minimum(day_of(born) + 1, paid_on), day_of(born) + 1),
                "changed": changed,
            }
        )


_LINE_ID = "rid::VARCHAR || lpad((person + 1)::VARCHAR, 9, '0')"
_LINES_SQL = f"""
SELECT 'C' || {_LINE_ID} || part AS rid,
    {psn_no("identity")} AS psn_no,
    {employer_no("org", "employer")} AS emp_no,
    {relation_id("person")} AS psn_insu_rlts_id,
    CASE scheme WHEN 0 THEN '310' ELSE '390' END AS insutype,
    psn_type,
    nullif(identity_type, '') AS psn_idet_type,
    strftime(cash, '%Y%m') AS cashym,
    strftime("first", '%Y%m') AS accrym_begn,
    strftime("last", '%Y%m') AS accrym_end,
    CASE WHEN scheme = 0 THEN base END AS emp_clctstd,
    CASE WHEN scheme = 0 THEN base END AS psn_clctstd,
    CASE WHEN scheme = 1 THEN '1' ELSE '0' END AS quot_clct_flag,
    CASE WHEN scheme = 0 THEN emp_rate::DECIMAL(16, 6) END AS emp_clct_paraval,
    CASE WHEN scheme = 0 THEN own_rate::DECIMAL(16, 6) END AS psn_clct_paraval,
    emp AS emp_clct_amt,
    psn AS psn_clct_amt,
    emp_into AS emp_clct_into_acct_amt,
    psn_into AS psn_clct_into_acct_amt,
    oth AS oth_clct_amt,
    sub AS finsubs_amt,
    emp + psn + oth + sub AS clct_sumamt,
    0.00 AS inte,
    0.00 AS latefee,
    flag AS clct_flag,
    type AS clct_type,
    paid_on::TIMESTAMP + INTERVAL 10 HOUR AS clct_time,
    mark AS revs_flag,
    CASE WHEN flag = '1' THEN 'B' || strftime(paid_on, '%Y%m%d') || {text_list(ORGS)}[org + 1] END AS arvl_bchno,
    paid_on::TIMESTAMP + INTERVAL 34 HOUR AS traf_time,
    paid_on::TIMESTAMP + INTERVAL 58 HOUR AS intsury_time,
    strftime(born, '%Y%m') AS dcla_prd,
    months AS insu_clct_mons,
    CASE WHEN retired THEN '1' ELSE '0' END AS insutype_retr_flag,
    CASE WHEN scheme = 1 AND mark = '-' THEN 'C' || {_LINE_ID} || '0' END AS init_rsdt_clct_detl_id,
    CASE WHEN scheme = 1 THEN '1' END AS send_flag,
    '{CITY}' AS poolarea_no,
    '1' AS vali_flag,
    born::TIMESTAMP + INTERVAL 9 HOUR AS crte_time,
    changed::TIMESTAMP + INTERVAL 60 HOUR AS updt_time
FROM lines ORDER BY rid, part, person
"""


class Accounts(Part):
    """acct_inc_detl_d and acct_pay_detl_d: what came into the personal accounts, and what was spent from them."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.paying = Contributions(scene.people, scene.seed)
        self.credits = Credits(self.paying)

    def exported(self, month: int) -> None:
        """Write the credits booked and the money spent in a month."""
        con, out = self.scene.con, self.scene.out
        con.register("credits", self._table(month))
        out.month(con, "acct_inc_detl_d", _CREDITS_SQL, month)
        con.unregister("credits")
        out.month(con, "acct_pay_detl_d", _DEBITS_SQL, month)

    def _table(self, month: int) -> pa.Table:
        credit = self.credits.booked(month)
        person = credit["person"]
        day = np.floor(24 + 4 * uniform(self.scene.seed, "credit", person, month)).astype(np.int64)
        return pa.table(
            {
                "person": person,
                "identity": self.scene.people.identity[person],
                "amount": decimals(credit["amount"]),
                "code": credit["code"],
                "booked": np.full(len(person), first_day(month)) + day,
            }
        )


# A credit taken back is a row of its own kind with a negative amount.
_CREDITS_SQL = f"""
SELECT 'J' || code || lpad((person + 1)::VARCHAR, 9, '0') AS rid,
    {psn_no("identity")} AS psn_no,
    {relation_id("person")} AS psn_insu_rlts_id,
    '310' AS insutype,
    strftime(booked, '%Y') AS year,
    CASE WHEN amount < 0 THEN '104' ELSE '101' END AS acct_incexpd_type,
    amount AS inc_sumamt,
    amount AS cury_inc_amt,
    0.00 AS lasty_inc_amt,
    0.00 AS bfy_inc_amt,
    booked::TIMESTAMP + INTERVAL 20 HOUR AS opt_time,
    '{CITY}' AS poolarea_no,
    '1' AS vali_flag,
    booked::TIMESTAMP + INTERVAL 20 HOUR AS crte_time,
    booked::TIMESTAMP + INTERVAL 20 HOUR AS updt_time
FROM credits ORDER BY code, person
"""

# A settlement spends from the person's own account and, where relatives help out, from one of theirs. This year's money
# goes last.
_DEBITS_SQL = f"""
WITH spent AS (
    SELECT setl_id, 0 AS part, person, identity, acct - mulaid AS amount, setl_time, updated, valid FROM month_rows
    UNION ALL
    SELECT r.setl_id, 1, r.kin, p.identity, r.mulaid, r.setl_time, r.updated, r.valid
    FROM month_rows r JOIN person p ON p.person = r.kin
)
SELECT 'Q' || setl_id || part AS rid,
    {psn_no("identity")} AS psn_no,
    {relation_id("person")} AS psn_insu_rlts_id,
    '310' AS insutype,
    strftime(setl_time, '%Y') AS year,
    '201' AS acct_incexpd_type,
    amount AS pay_sumamt,
    0.00 AS cury_pay_amt,
    CASE WHEN setl_id % 10 < 3 THEN 0.00 ELSE amount END AS lasty_pay_amt,
    CASE WHEN setl_id % 10 < 3 THEN amount ELSE 0.00 END AS bfy_pay_amt,
    '97' || setl_id AS setl_id,
    setl_time::TIMESTAMP AS opt_time,
    '{CITY}' AS poolarea_no,
    CASE WHEN valid THEN '1' ELSE '0' END AS vali_flag,
    setl_time::TIMESTAMP AS crte_time,
    updated::TIMESTAMP AS updt_time
FROM spent WHERE amount <> 0 ORDER BY setl_time, spent.setl_id, part
"""
