"""Registers of insured people: who is enrolled, what was paid in, what came into and left the personal accounts.

Each is a view of the one history (lifecycle, contributions, claims), with what was known at the end of the months asked for.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import lifecycle
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
)
from medfund.synth.export import text_list
from medfund.synth.hashed import uniform
from medfund.synth.scene import Part, Scene

Ints = NDArray[np.int64]
Columns = dict[str, NDArray]

_NO_DATE = np.datetime64("NaT", "D")
# Where a month's snapshots are not all kept: every third or twelfth, and all of the last thirteen.
_SNAPSHOTS_KEPT = 13
# Ended relations stay in the exports for two years.
_ENDED_KEPT = 24
_OVERLAP_SHARE = 0.3  # residents whose relation is closed late after they found insured work (assumed)
_TWICE_SHARE = 0.0015  # residents enrolled in a second place by mistake, for some months (assumed)
_VETERANS = 0.0005  # veteran cadres over members; another scheme pays for their care (assumed)
_FOUND_AFTER = 5  # months


def relation_id(person: str) -> str:
    """SQL for the enrolment relation (psn_insu_rlts_id) of a membership, given as a SQL expression."""
    return f"'9701' || lpad((({person}) + 1)::VARCHAR, 10, '0')"


def _day_of(month: Ints) -> NDArray:
    """The first day of counted months; NaT for those beyond the horizon."""
    days = (np.where(month < NEVER, month, 0) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return np.where((month < NEVER) & (month != lifecycle.HORIZON_END), days, _NO_DATE)


def _ym(column: str) -> str:
    return f"strftime({column}, '%Y%m')"


class Enrolment(Part):
    """psn_insu_d: snapshots of all relations at the end of months; the date is in the file's name."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.paying = Contributions(scene.people, scene.seed)
        self.relations = self._relations()

    def _relations(self) -> Columns:
        """Every relation there ever is: one for a membership, and a few that should not be."""
        people, seed = self.scene.people, self.scene.seed
        n = len(people)
        first = np.full(people.identities, NEVER)
        np.minimum.at(first, people.identity, people.enrolled_from)
        # Residents who found insured work: some of the old relations are closed at the year's end only.
        to_work = np.zeros(n, dtype=bool)
        moved = np.flatnonzero(
            (people.joined_by == lifecycle.JOIN_KINDS.index("move")) & (people.scheme == 0)
        )
        to_work[self.paying.before[moved]] = True
        to_work &= people.scheme == 1
        late = to_work & (uniform(seed, "closed late", people.identity) < _OVERLAP_SHARE)
        closes = np.where(late, (people.enrolled_to // 12 + 1) * 12, people.enrolled_to)
        clct_way = np.select(
            [self.paying.identity_kind == 4, (people.scheme == 1) & people.is_student, people.scheme == 1],
            [6, 4, 5],
            2,
        )
        rows = {
            "relation": np.arange(n), "person": np.arange(n), "identity": people.identity, "scheme": people.scheme,
            "org": people.org, "birth": people.birth, "is_male": people.is_male, "since": people.enrolled_from,
            "closes": closes, "retired_from": people.retired_from, "died_on": people.died_on,
            "born_here": people.joined_by == lifecycle.JOIN_KINDS.index("birth"), "left_by": people.left_by,
            "first": first[people.identity], "employer": self.paying.employer, "kind": self.paying.identity_kind,
            "clct_way": clct_way, "is_pool_only": self.paying.is_pool_only, "is_veteran": np.zeros(n, dtype=bool),
        }  # fmt: skip
        # Enrolled in a second place by mistake: found and ended after some months.
        twice = np.flatnonzero(
            (people.scheme == 1)
            & (uniform(seed, "twice", people.identity) < _TWICE_SHARE)
            & (rows["kind"] == 0)
        )
        again = {name: values[twice] for name, values in rows.items()}
        when = people.enrolled_from[twice] + (uniform(seed, "twice when", twice) * 60).astype(np.int64)
        moved_on = lifecycle.LEAVE_KINDS.index("move")
        again |= {
            "relation": n + np.arange(len(twice)), "org": (again["org"] + 1) % len(ORGS), "since": when,
            "closes": np.minimum(when + _FOUND_AFTER, again["closes"]), "left_by": np.full(len(twice), moved_on),
            "born_here": np.zeros(len(twice), dtype=bool),
        }  # fmt: skip
        again = {name: values[again["since"] < again["closes"]] for name, values in again.items()}
        # Veteran cadres: retired, very old, in a scheme of their own.
        count = max(2, round(n * _VETERANS))
        serial = np.arange(count)
        u = uniform(seed, "veteran", serial)
        veterans = {name: np.zeros(count, dtype=values.dtype) for name, values in rows.items()}
        veterans |= {
            "relation": n + len(twice) + serial, "person": np.full(count, -1), "identity": people.identities + serial,
            "org": serial % len(ORGS), "is_male": u * 7 % 1 < 0.8, "since": np.full(count, 2001 * 12),
            "birth": np.datetime64("1926-01-01", "D") + (u * 3000).astype(np.int64),
            "closes": np.full(count, lifecycle.HORIZON_END), "retired_from": np.full(count, 1992 * 12),
            "died_on": np.full(count, _NO_DATE), "first": np.full(count, 2001 * 12), "employer": np.full(count, -1),
            "clct_way": np.full(count, 6), "is_veteran": np.ones(count, dtype=bool),
        }  # fmt: skip
        parts = (rows, again, veterans)
        return {name: np.concatenate([part[name] for part in parts]) for name in rows}

    def exported(self, month: int) -> None:
        """Write the snapshot of the month's last day, if this month's are kept."""
        step = max(3, self.scene.out.months_per_file)
        if (month + 1) % step == 0 or month > self.scene.window.last - _SNAPSHOTS_KEPT:
            con = self.scene.con
            con.register("relations", self._snapshot(month))
            last_day = first_day(month + 1) - np.timedelta64(1, "D")
            stem = f"psn_insu_d_{str(last_day).replace('-', '')}"
            self.scene.out.table(con, "psn_insu_d", _enrolment_query(last_day), stem)
            con.unregister("relations")

    def _snapshot(self, month: int) -> pa.Table:
        """The relations as they stand at the end of a month."""
        every = self.relations
        shown = (every["since"] <= month) & (every["closes"] > month - _ENDED_KEPT)
        rows = {name: values[shown] for name, values in every.items()}
        kinds = self.scene.people.psn_type(month)
        psn_type = np.where(rows["is_veteran"], "1300", np.array(PSN_TYPES)[kinds[rows["person"]]])
        retired = rows["retired_from"] <= month
        dead = rows["died_on"] < first_day(month + 1)
        open_now = (rows["closes"] > month) & ~dead
        at_death = dead & (rows["died_on"] < _day_of(rows["closes"]))
        paused_on = np.where(at_death, rows["died_on"], _day_of(rows["closes"]))
        # Who stops paying is suspended; the dead, those who moved and retirees who left are closed.
        stopped = (rows["left_by"] == lifecycle.LEAVE_KINDS.index("lapse")) & ~retired & ~dead
        status = np.select([open_now, stopped], ["1", "2"], "4")
        since = np.where(rows["born_here"], rows["birth"], _day_of(rows["since"]))
        changed = np.maximum(rows["since"], np.where(retired, rows["retired_from"], 0))
        changed = np.where(open_now, changed, np.minimum(rows["closes"], month + 1))
        return pa.table(
            {
                "relation": rows["relation"],
                "identity": rows["identity"],
                "insutype": np.select([rows["is_veteran"], rows["scheme"] == 0], ["340", "310"], "390"),
                "psn_type": psn_type,
                "org": rows["org"],
                "status": status,
                "retired": np.select([rows["is_veteran"], retired], ["2", "1"], "0"),
                "since": since,
                "paused_on": np.where(open_now, _NO_DATE, paused_on),
                "first": np.minimum(_day_of(rows["first"]), since),
                "has_account": (rows["scheme"] == 0) & ~rows["is_pool_only"] & ~rows["is_veteran"],
                "is_pool_only": rows["is_pool_only"],
                "employer": rows["employer"],
                "clct_way": rows["clct_way"],
                "retired_from": np.where(retired, _day_of(rows["retired_from"]), _NO_DATE),
                "gend": np.where(rows["is_male"], "1", "2"),
                "birth": rows["birth"],
                "dead": dead,
                "identity_type": np.array(IDENTITY_TYPES)[rows["kind"]],
                "changed": _day_of(changed),
            }
        )


def employer_no(org: str, serial: str) -> str:
    """SQL for an employer's number (emp_no) from its unit and serial number; null where there is none."""
    return f"CASE WHEN {serial} > 0 THEN 'E' || {text_list(ORGS)}[{org} + 1] || lpad({serial}::VARCHAR, 6, '0') END"


def _enrolment_query(day: np.datetime64) -> str:
    return f"""
    SELECT {relation_id("relation")} AS psn_insu_rlts_id,
        {psn_no("identity")} AS psn_no,
        {employer_no("org", "employer")} AS emp_no,
        insutype,
        psn_type,
        status AS psn_insu_stas,
        retired AS insutype_retr_flag,
        since AS crt_insu_date,
        paused_on AS paus_insu_date,
        "first" AS psn_insu_date,
        strftime("first", '%Y%m') AS fst_insu_ym,
        CASE WHEN has_account THEN strftime(since, '%Y%m') END AS acct_crtn_ym,
        strftime(coalesce(paused_on - 1, DATE '{day}'), '%Y%m') AS max_acctprd,
        CASE WHEN is_pool_only THEN '2' WHEN has_account THEN '1' END AS hi_type,
        lpad(clct_way::VARCHAR, 2, '0') AS clct_way,
        {text_list(ORGS)}[org + 1] AS insu_admdvs,
        '{CITY}' AS poolarea_no,
        retired_from AS retr_trt_begn_date,
        CASE WHEN retired <> '0' THEN '1' ELSE '0' END AS retr_trt_enjymnt_flag,
        gend,
        birth AS brdy,
        CASE WHEN dead THEN '2' ELSE '1' END AS surv_stas,
        nullif(identity_type, '') AS psn_idet_type,
        '1' AS vali_flag,
        'I' || {relation_id("relation")} AS rid,
        since::TIMESTAMP + INTERVAL 9 HOUR AS crte_time,
        greatest(since, least(changed, DATE '{day}'))::TIMESTAMP + INTERVAL 10 HOUR AS updt_time
    FROM relations ORDER BY relation
    """


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
        paid_on = _day_of(np.where(paid, lines["cash"], NEVER)) + day
        changed = np.where(paid, paid_on, _day_of(born) + 1)
        changed = np.where(reversed_, np.maximum(_day_of(lines["reversed"]) + day, changed), changed)
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
                "cash": _day_of(np.where(paid, lines["cash"], born)),
                "first": _day_of(first),
                "last": _day_of(lines["last"]),
                "months": lines["months"],
                "emp_rate": np.where(employed, EMPLOYER_RATE, 0.0),
                "own_rate": np.where(scheme == 0, np.abs(own_rate), 0.0),
                "flag": np.select([let_off, paid], ["4", "1"], "0"),
                "type": np.array(LINE_TYPES)[lines["type"]],
                "mark": np.select([lines["reverses"], reversed_], ["-", "+"], "Z"),
                "paid_on": np.where(paid, paid_on, _NO_DATE),
                "retired": people.retired_from[person] <= first,
                "born": np.where(paid, np.minimum(_day_of(born) + 1, paid_on), _day_of(born) + 1),
                "changed": changed,
            }
        )


def chosen(rows: Columns, keep: NDArray[np.bool_]) -> Columns:
    """The rows where `keep` holds."""
    return {name: values[keep] for name, values in rows.items()}


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
