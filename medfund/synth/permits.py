"""What people are allowed beforehand: treatment outside the city (out_appy_d), and outpatient cover of a chronic or special
disease (opsp_reg_d). Both follow from the care that people get, since a bureau would not have paid otherwise.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.city import CITY, ORGS, People, first_day, psn_no
from medfund.synth.claims import MED_TYPES, WAY_CROSS_PROVINCE, WAY_IN_PROVINCE, WAY_MANUAL
from medfund.synth.contributions import chosen
from medfund.synth.enrolment import relation_id
from medfund.synth.export import text_list
from medfund.synth.groups import CONDITIONS
from medfund.synth.hashed import uniform
from medfund.synth.scene import Part, Scene

Ints = NDArray[np.int64]
Columns = dict[str, NDArray]

_DAY = np.timedelta64(1, "D")
_LONG_AGO = np.datetime64("1900-01-01", "D")

# Remote care without a filing (assumed): emergencies, and people who didn't know.
UNFILED = 0.08
# Filings for people who live elsewhere, by status, and those for a stay of some months away; the rest are referrals.
_RELOCATED = (0.25, 0.45, 0.20)  # active, retired, resident
_TEMPORARY = 0.30
# Validity in days of the three kinds.
_RELOCATION, _ABSENCE, _REFERRAL = range(3)
_VALID_DAYS = (1095, 180, 365)
UNUSED = 0.0004  # members a month who file and then stay at home (assumed)

REGISTERED_DAYS = 730  # a registration is reviewed every two years (assumed)
CHRONIC_KINDS = "cs"  # chronic, special: letters of groups.Condition.kinds


class _Ledger:
    """The last period granted to each of a fixed number of holders: days, both ends included."""

    def __init__(self, holders: int) -> None:
        self.since = np.full(holders, _LONG_AGO)
        self.until = np.full(holders, _LONG_AGO)

    def uncovered(self, holder: Ints, day: NDArray) -> Ints:
        """Rows that begin outside the holder's period: for each holder the earliest one, as row numbers."""
        out = np.flatnonzero((day < self.since[holder]) | (day > self.until[holder]))
        out = out[np.lexsort((day[out], holder[out]))]
        return out[np.append(True, holder[out][1:] != holder[out][:-1])] if len(out) else out

    def grant(self, holder: Ints, since: NDArray, days: Ints) -> tuple[NDArray, NDArray]:
        """New periods of `days` days from `since`, or from the day after the last period. Returns both ends."""
        since = np.maximum(since, self.until[holder] + _DAY)
        until = since + days.astype("timedelta64[D]") - _DAY
        self.since[holder], self.until[holder] = since, until
        return since, until


def _care(rows: Columns, keep: NDArray[np.bool_]) -> Columns:
    """First settlements of care at an institution, without refunds and withdrawn rows."""
    good = keep & (rows["sign"] > 0) & rows["valid"] & (rows["way"] != WAY_MANUAL)
    names = ("person", "identity", "way", "place", "med", "mdtrt_id", "begin", "end")
    return {name: rows[name][good] for name in names}


class _Grants(Part):
    """A register of things granted for a time, filled month by month since the beginning."""

    table: str

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._granted: dict[int, Columns] = {}

    def _keep(self, month: int, granted: Columns) -> None:
        self._granted[month] = granted

    def exported(self, month: int) -> None:
        """Write what was granted in a month; with the first one, all that was in force when it began."""
        window = self.scene.window
        parts = [self._granted[month]]
        if month == window.first:
            start = first_day(month)
            parts = [chosen(rows, rows["until"] >= start) for _, rows in sorted(self._granted.items())]
        rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        if not len(rows["serial"]):  # a file without rows is no delivery
            return
        con = self.scene.con
        con.register("granted", pa.table(rows))
        self.scene.out.month(con, self.table, self._query(), month)
        con.unregister("granted")

    def _query(self) -> str:
        raise NotImplementedError


class RemoteFilings(_Grants):
    """out_appy_d: relocations, absences and referrals. A filing names a place and covers the care there for a time."""

    table = "out_appy_d"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        places = scene.places
        away = sorted({code for code, local in zip(places.admdvs, places.is_local, strict=True) if not local})
        self._away = away
        index = {code: i for i, code in enumerate(away)}
        self._division = np.array([index.get(code, 0) for code in places.admdvs])
        self._ledger = _Ledger(scene.people.identities * len(away))
        # Referrals start from a large hospital of the city.
        self._referring = np.flatnonzero(places.is_local & (places.level == 0))

    def simulated(self, month: int, rows: Columns) -> None:
        """File for the remote care of a month that no filing covers."""
        seed, people = self.scene.seed, self.scene.people
        care = _care(rows, (rows["way"] == WAY_IN_PROVINCE) | (rows["way"] == WAY_CROSS_PROVINCE))
        division = self._division[care["place"]]
        holder = care["identity"] * len(self._away) + division
        day = care["begin"].astype("datetime64[D]")
        filed = uniform(seed, "filed", holder, month // 12) >= UNFILED
        used = chosen(care | {"holder": holder, "day": day, "division": division}, filed)
        used = chosen(
            used, np.isin(np.arange(len(used["day"])), self._ledger.uncovered(used["holder"], used["day"]))
        )
        idle = self._idle(month)
        parts = (
            (used["person"], used["holder"], used["day"], used["mdtrt_id"], used["place"]),
            (
                idle["person"],
                idle["holder"],
                idle["day"],
                np.full(len(idle["day"]), -1),
                np.full(len(idle["day"]), -1),
            ),
        )
        person, holder, day, visit, place = (np.concatenate(column) for column in zip(*parts, strict=True))
        status = np.where(people.scheme[person] == 1, 2, np.where(people.retired(month)[person], 1, 0))
        u = uniform(seed, "filing kind", holder)
        relocated = u < np.array(_RELOCATED)[status]
        v = uniform(seed, "absence", holder, month)
        kind = np.where(relocated, _RELOCATION, np.where((v < _TEMPORARY) | (visit < 0), _ABSENCE, _REFERRAL))
        lead = 1 + np.floor(np.where(kind == _REFERRAL, 6, 40) * uniform(seed, "lead", holder, month)).astype(
            np.int64
        )
        since, until = self._ledger.grant(holder, day - lead, np.array(_VALID_DAYS)[kind])
        reason = np.select(
            [kind == _ABSENCE, kind == _REFERRAL, status == 1, status == 0], ["9", "9", "4", "3"], "5"
        )
        at = np.floor(len(self._referring) * uniform(seed, "referred by", holder, month)).astype(np.int64)
        self._keep(
            month,
            {
                "serial": month_number(month) * 1_000_000 + np.arange(len(person)),
                "person": person, "identity": people.identity[person], "scheme": people.scheme[person],
                "org": people.org[person], "division": holder % len(self._away), "kind": kind, "reason": reason,
                "since": since, "until": until, "visit": visit, "place": place, "referring": self._referring[at],
            },
        )  # fmt: skip

    def _idle(self, month: int) -> Columns:
        """Members who file without ever going: only those who hold no filing for that place."""
        people, seed = self.scene.people, self.scene.seed
        person = np.flatnonzero(
            people.enrolled(month) & (uniform(seed, "idle", people.identity, month) < UNUSED)
        )
        division = np.floor(len(self._away) * uniform(seed, "idle place", person, month)).astype(np.int64)
        holder = people.identity[person] * len(self._away) + division
        day = np.full(len(person), first_day(month)) + np.floor(
            28 * uniform(seed, "idle day", person, month)
        ).astype(np.int64)
        free = self._ledger.until[holder] < day - 60
        return chosen({"person": person, "holder": holder, "day": day}, free)

    def _query(self) -> str:
        return f"""
        SELECT '97' || g.serial AS evtsn,
            CASE g.kind WHEN {_REFERRAL} THEN '转诊' ELSE '安置' END AS fil_kind,
            {psn_no("g.identity")} AS psn_no,
            {relation_id("g.person")} AS psn_insu_rlts_id,
            CASE g.scheme WHEN 0 THEN '310' ELSE '390' END AS insutype,
            {text_list(ORGS)}[g.org + 1] AS insu_admdvs,
            {text_list(self._away)}[g.division + 1] AS rloc_admdvs,
            CASE WHEN g.kind <> {_REFERRAL} THEN g.reason END AS rloc_rea,
            CASE WHEN g.kind = {_REFERRAL} THEN '1' END AS refl_type,
            CASE WHEN g.kind = {_REFERRAL} THEN g.since END AS refl_date,
            CASE WHEN g.kind = {_REFERRAL} THEN i.code END AS reflin_medins_no,
            CASE WHEN g.kind = {_REFERRAL} THEN o.code END AS trafout_fixmedins_code,
            CASE WHEN g.kind = {_REFERRAL} THEN '1' END AS hosp_agre_refl_flag,
            CASE WHEN left({text_list(self._away)}[g.division + 1], 2) = '{CITY[:2]}' THEN '0' ELSE '1' END AS out_flag,
            CASE WHEN g.kind = {_REFERRAL} THEN CASE WHEN g.visit > 0 THEN '1' ELSE '0' END END AS refl_used_flag,
            CASE WHEN g.kind = {_REFERRAL} AND g.visit > 0 THEN '98' || g.visit END AS mdtrt_id,
            g.since AS begndate,
            g.until AS enddate,
            '1' AS rchk_flag,
            '1' AS vali_flag,
            'O97' || g.serial AS rid,
            g.since::TIMESTAMP + INTERVAL 8 HOUR AS crte_time,
            g.since::TIMESTAMP + INTERVAL 9 HOUR AS updt_time
        FROM granted g LEFT JOIN place i ON i.place = g.place LEFT JOIN place o ON o.place = g.referring
        ORDER BY g.serial
        """


class ChronicRegistrations(_Grants):
    """opsp_reg_d: who has a chronic or special disease that outpatient cover is granted for."""

    table = "opsp_reg_d"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        people = scene.people
        self._condition = conditions_of(people, scene.seed)
        self._ledger = _Ledger(people.identities * len(CHRONIC_KINDS))
        self._confirming = np.flatnonzero(scene.places.is_local & (scene.places.level < 2))

    def simulated(self, month: int, rows: Columns) -> None:
        """Register everybody with chronic care in a month that no registration covers."""
        seed, people = self.scene.seed, self.scene.people
        care = _care(rows, rows["bucket"] == cal.CHRONIC)
        kind = (care["med"] == MED_TYPES.index("140201")).astype(np.int64)
        holder = care["identity"] * len(CHRONIC_KINDS) + kind
        day = care["begin"].astype("datetime64[D]")
        first = self._ledger.uncovered(holder, day)
        person, kind, holder, day = care["person"][first], kind[first], holder[first], day[first]
        lead = 1 + np.floor(50 * uniform(seed, "registered", holder, month)).astype(np.int64)
        # Nobody is registered before birth.
        since = np.maximum(day - lead, np.minimum(people.birth[person] + _DAY, day))
        since, until = self._ledger.grant(holder, since, np.full(len(person), REGISTERED_DAYS))
        at = np.floor(len(self._confirming) * uniform(seed, "confirmed by", holder, month)).astype(np.int64)
        self._keep(
            month,
            {
                "serial": month_number(month) * 1_000_000 + np.arange(len(person)),
                "person": person, "identity": people.identity[person], "scheme": people.scheme[person],
                "org": people.org[person], "kind": kind, "condition": self._condition[kind, person],
                "since": since, "until": until, "confirming": self._confirming[at], "place": care["place"][first],
            },
        )  # fmt: skip

    def _query(self) -> str:
        return f"""
        SELECT {psn_no("g.identity")} AS psn_no,
            CASE g.scheme WHEN 0 THEN '310' ELSE '390' END AS insutype,
            {text_list([c.diagnosis.code for c in CONDITIONS])}[g.condition + 1] AS opsp_dise_code,
            {text_list([c.diagnosis.name for c in CONDITIONS])}[g.condition + 1] AS opsp_dise_name,
            ['1', '2'][g.kind + 1] AS dise_type_code,
            c.code AS ide_fixmedins_no,
            g.since - 3 AS hosp_ide_date,
            g.since AS begndate,
            g.until AS enddate,
            g.since - 1 AS appy_date,
            '1' AS rchk_flag,
            '96' || g.serial AS evtsn,
            {text_list(ORGS)}[g.org + 1] AS insu_admdvs,
            1 AS fix_srt_no,
            f.code AS fixmedins_code,
            '1' AS vali_flag,
            'K97' || g.serial AS rid,
            g.since::TIMESTAMP + INTERVAL 8 HOUR AS crte_time,
            g.since::TIMESTAMP + INTERVAL 9 HOUR AS updt_time
        FROM granted g LEFT JOIN place c ON c.place = g.confirming LEFT JOIN place f ON f.place = g.place
        ORDER BY g.serial
        """


def conditions_of(people: People, seed: int) -> Ints:
    """The chronic and the special disease that each person has or would have: indices into CONDITIONS, [kind, person].

    Drawn by frequency among those that fit sex and age in 2022, and the same in all memberships of a person.
    """
    age = np.clip(people.age(2022 * 12), 5, 88)
    out = np.empty((len(CHRONIC_KINDS), len(people)), dtype=np.int64)
    for kind, letter in enumerate(CHRONIC_KINDS):
        usable = np.flatnonzero([letter in c.kinds for c in CONDITIONS])
        chance = np.empty((len(people), len(usable)))
        for i, at in enumerate(usable.tolist()):
            condition = CONDITIONS[at]
            gap = np.maximum(np.maximum(condition.first_age - age, age - condition.last_age), 0)
            chance[:, i] = condition.frequency * np.where(gap <= 0, 1.0, 0.1 / (1 + gap) ** 2)
            if condition.sex:
                chance[people.is_male != (condition.sex == "1"), i] = 0.0
        edges = np.cumsum(chance, axis=1)
        u = uniform(seed, "condition " + letter, people.identity) * edges[:, -1]
        out[kind] = usable[(u[:, None] >= edges[:, :-1]).sum(axis=1)]
    return out


def condition_table(people: People, seed: int) -> pa.Table:
    """The same as a table of person, kind (index into CHRONIC_KINDS) and condition, so that bills can name it."""
    kinds = len(CHRONIC_KINDS)
    return pa.table(
        {
            "person": np.tile(np.arange(len(people)), kinds),
            "kind": np.repeat(np.arange(kinds), len(people)),
            "condition": conditions_of(people, seed).ravel(),
        }
    )


def month_number(month: int) -> int:
    """A counted month as yyyymm."""
    return month // 12 * 100 + month % 12 + 1
