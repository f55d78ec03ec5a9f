"""The register of enrolment (psn_insu_d): every relation of a person to an insurance, as snapshots at the end of months."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import lifecycle
from medfund.synth.city import CITY, ORGS, PSN_TYPES, first_day, psn_no
from medfund.synth.contributions import IDENTITY_TYPES, NEVER, Contributions
from medfund.synth.export import text_list
from medfund.synth.hashed import uniform
from medfund.synth.scene import Part, Scene

Ints = NDArray[np.int64]
Columns = dict[str, NDArray]

NO_DATE = np.datetime64("NaT", "D")
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


def day_of(month: Ints) -> NDArray:
    """The first day of counted months; NaT for those beyond the horizon."""
    days = (np.where(month < NEVER, month, 0) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return np.where((month < NEVER) & (month != lifecycle.HORIZON_END), days, NO_DATE)


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
            "died_on": np.full(count, NO_DATE), "first": np.full(count, 2001 * 12), "employer": np.full(count, -1),
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
        at_death = dead & (rows["died_on"] < day_of(rows["closes"]))
        paused_on = np.where(at_death, rows["died_on"], day_of(rows["closes"]))
        # Who stops paying is suspended; the dead, those who moved and retirees who left are closed.
        stopped = (rows["left_by"] == lifecycle.LEAVE_KINDS.index("lapse")) & ~retired & ~dead
        status = np.select([open_now, stopped], ["1", "2"], "4")
        since = np.where(rows["born_here"], rows["birth"], day_of(rows["since"]))
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
                "paused_on": np.where(open_now, NO_DATE, paused_on),
                "first": np.minimum(day_of(rows["first"]), since),
                "has_account": (rows["scheme"] == 0) & ~rows["is_pool_only"] & ~rows["is_veteran"],
                "is_pool_only": rows["is_pool_only"],
                "employer": rows["employer"],
                "clct_way": rows["clct_way"],
                "retired_from": np.where(retired, day_of(rows["retired_from"]), NO_DATE),
                "gend": np.where(rows["is_male"], "1", "2"),
                "birth": rows["birth"],
                "dead": dead,
                "identity_type": np.array(IDENTITY_TYPES)[rows["kind"]],
                "changed": day_of(changed),
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
