"""Behaviours planted into a month's settlements before anything is added up: the money flows on from there by itself.

What is added is a copy of a settlement of the same month and scheme, for another person, place or day, whose account pays
nothing (accounts stay as they were). Cases are dealt evenly over the candidates from the first simulated month on, so that
a month holds the same whichever months are exported.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth import groups
from medfund.synth.city import Institutions, People, first_day
from medfund.synth.claims import MED_TYPES, UNCHANGED, WAY_LOCAL
from medfund.synth.hashed import uniform
from medfund.synth.lifecycle import HORIZON_FIRST
from medfund.synth.scene import Columns

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_DAY = np.timedelta64(1, "D")
_NEVER = np.datetime64("1900-01-01", "D")
_GENERAL_VISIT = MED_TYPES.index("11")
_SPECIAL_CHRONIC = MED_TYPES.index("140201")
_FREQUENT_PER_MONTH, _DIALYSIS_PER_MONTH = 11, 13
_CLUSTER, _BULK, _BATCH_LEAST = 12, 14, 6
_BIG = 10_000_000  # separates months in a number of an incident
KEPT = ("kind", "incident", "role", "shift", "alike", "disease", "condition")


def _disease(code: str) -> int:
    return next(i for i, g in enumerate(groups.GROUPS) if any(d.code.startswith(code) for d in g.diagnoses))


def _condition(code: str) -> int:
    return next(i for i, c in enumerate(groups.CONDITIONS) if c.diagnosis.code.startswith(code))


@dataclass
class Memory:
    """What lasts between months."""

    rates: dict[str, float]
    number: dict[str, int]  # kind to its number
    seed: int
    people: People
    places: Institutions
    seen: dict[str, int] = field(default_factory=dict)
    size: dict[int, int] = field(default_factory=dict)  # rows of an incident
    waiting: list[Columns] = field(default_factory=list)
    noted_dead: list[tuple[Ints, NDArray[np.datetime64], Ints]] = field(
        default_factory=list
    )  # identity, day, incident
    last_care: NDArray[np.datetime64] = field(default_factory=lambda: np.empty(0, dtype="datetime64[D]"))
    incidents: int = 0

    def __post_init__(self) -> None:
        self.last_care = np.full(self.people.identities, _NEVER)
        self.book = groups.make_casebook()
        # Another membership of the same person in the other scheme, or -1.
        identity, scheme = self.people.identity, self.people.scheme
        latest = np.full((2, self.people.identities), -1)
        latest[scheme, identity] = np.arange(len(identity))
        self.other = latest[1 - scheme, identity]


class Draft:
    """A month while faults are planted into it."""

    def __init__(self, memory: Memory, month: int, rows: Columns) -> None:
        self.memory, self.month, self.rows = memory, month, rows
        self.people, self.places = memory.people, memory.places
        self.first, self.after = first_day(month), first_day(month + 1)
        self.days = (rows["end"] - rows["begin"]).astype(np.int64)
        self.level = np.where(rows["place"] < 0, -1, self.places.level[rows["place"]])
        plain = (rows["sign"] > 0) & rows["valid"] & ~rows["refunded"] & ~rows["interim"] & ~rows["continued"]
        self.plain = plain & (rows["way"] == WAY_LOCAL) & ~rows["regrouped"]
        self.alive = self.plain & ~rows["died"]
        self.stay = self.alive & (rows["bucket"] == cal.INPATIENT) & (self.days >= 2)
        self.visit = self.alive & (rows["bucket"] == cal.OUTPATIENT) & (rows["med"] == _GENERAL_VISIT)
        self.paid = rows["pool"] > 0
        self.age = self.people.age(month)[rows["person"]]
        self.busy = np.zeros(self.people.identities, dtype=bool)
        self.marks: list[Columns] = []

    # ---- choosing ----

    def deal(self, kind: str, n: int) -> Ints:
        """Which of the next n candidates of a kind are taken."""
        rate, before = self.memory.rates[kind], self.memory.seen.get(kind, 0)
        self.memory.seen[kind] = before + n
        offset = float(uniform(self.memory.seed, kind, [0])[0])
        steps = np.floor((before + np.arange(n + 1)) * rate + offset)
        return np.flatnonzero(steps[1:] > steps[:-1])

    def choose(self, kind: str, able: Bools) -> Ints:
        """Rows taken for a kind: a row each of persons that no other kind of the month has taken."""
        at = np.flatnonzero(able)
        at = at[self.deal(kind, len(at))]
        identity = self.rows["identity"][at]
        first = np.sort(np.unique(identity, return_index=True)[1])
        at = at[first][~self.busy[identity[first]]]
        self.busy[self.rows["identity"][at]] = True
        return at

    def number(self, n: int) -> Ints:
        """Numbers of n new incidents."""
        first = self.memory.incidents
        self.memory.incidents += n
        return first + np.arange(n)

    def u(self, purpose: str, keys: Ints) -> NDArray[np.float64]:
        """Numbers in [0, 1) for incidents."""
        return uniform(self.memory.seed, purpose, keys)

    def between(self, purpose: str, keys: Ints, low: int, high: int | Ints) -> Ints:
        """Whole numbers from low to high, both included."""
        return low + np.floor(self.u(purpose, keys) * (np.asarray(high) - low + 1)).astype(np.int64)

    def source(self, able: Bools, scheme: Ints, keys: Ints) -> Ints:
        """For each key a row of the scheme among those able, or -1."""
        out = np.full(len(keys), -1)
        for s in range(2):
            at, mine = np.flatnonzero(able & (self.rows["scheme"] == s)), np.flatnonzero(scheme == s)
            if len(at):
                out[mine] = at[np.floor(self.u("source", keys[mine]) * len(at)).astype(np.int64)]
        return out

    def elsewhere(self, place: Ints, keys: Ints, other_district: bool = False, turn: int = 0) -> Ints:
        """Another local place of the same level, or -1."""
        local, level = self.places.is_local, self.places.level
        district = np.unique(np.array(self.places.admdvs), return_inverse=True)[1]
        out = np.full(len(place), -1)
        for here in np.unique(place):
            fit = local & (level == level[here]) & (np.arange(len(level)) != here)
            if other_district:
                fit &= district != district[here]
            able, mine = np.flatnonzero(fit), np.flatnonzero(place == here)
            if len(able):
                pick = np.floor(self.u("elsewhere", keys[mine]) * len(able)).astype(np.int64) + turn
                out[mine] = able[pick % len(able)]
        return out

    def strangers(self, purpose: str, scheme: int, org: int, count: int, adult: bool = True) -> Ints:
        """Members of a scheme and unit without care this month and without a stay around it."""
        people = self.people
        idle = people.enrolled(self.month) & (people.enrolled_to > self.month + 1) & (people.scheme == scheme)
        idle &= (people.org == org) if org >= 0 else True
        idle &= ~(people.died_on < first_day(self.month + 2))
        idle &= (people.age(self.month) >= 20) if adult else True
        taken = self.busy.copy()
        taken[self.rows["identity"]] = True
        at = np.flatnonzero(idle & ~taken[people.identity])
        at = at[np.argsort(self.u(purpose, at * 4096 + self.month % 4096), kind="stable")][:count]
        self.busy[people.identity[at]] = True
        return at

    # ---- planting ----

    def mark(
        self,
        kind: str,
        at: Ints,
        incident: Ints,
        role: int,
        *,
        shift: Ints | int = 0,
        disease: Ints | int = -1,
    ) -> None:
        """Note rows of the month: role 0 is evidence, 1 and more what is wrong (or looks so)."""
        n = len(at)
        self._count(incident)
        self.marks.append(
            {
                "kind": np.full(n, self.memory.number[kind]), "incident": incident, "role": np.full(n, role),
                "shift": np.broadcast_to(shift, n), "alike": np.full(n, -1), "disease": np.broadcast_to(disease, n),
                "condition": np.full(n, -1), "setl_id": self.rows["setl_id"][at], "mdtrt_id": self.rows["mdtrt_id"][at],
                "medfee": self.rows["medfee"][at], "fund": self.rows["fund"][at],
            }
        )  # fmt: skip

    def copy(
        self,
        kind: str,
        at: Ints,
        incident: Ints,
        role: int,
        *,
        person: Ints | None = None,
        place: Ints | None = None,
        begin: NDArray | None = None,
        end: NDArray | None = None,
        settled: NDArray | None = None,
        shift: Ints | int = 0,
        alike: Ints | int = -1,
        disease: int = -1,
        condition: int = -1,
        valid: bool = True,
        vary: bool = True,
    ) -> None:
        """Add copies of rows. `settled` are moments; without them a copy is settled on its last day at the old hour.

        `shift` moves the care so many days before what the settlement suggests.
        """
        rows = {name: values[at].copy() for name, values in self.rows.items()}
        n = len(at)
        for name, values in (("person", person), ("place", place), ("begin", begin), ("end", end)):
            if values is not None:
                rows[name] = values.astype(rows[name].dtype)
        hour = rows["setl_time"] - rows["setl_time"].astype("datetime64[D]")
        moment = rows["end"].astype("datetime64[s]") + hour if settled is None else settled
        rows["setl_time"] = moment.astype(rows["setl_time"].dtype)
        rows["identity"] = self.people.identity[rows["person"]]
        rows["scheme"] = self.people.scheme[rows["person"]]
        if vary:  # what the patient pays wholly differs from bill to bill and touches nothing else
            less = np.floor(rows["own"] * self.u(f"{kind} own", incident) * 0.6).astype(np.int64)
            less = np.minimum(less, np.maximum(rows["person_pay"] - 1, 0))
            for name in ("medfee", "own", "person_pay"):
                rows[name] -= less
        rows["acct"][:] = 0
        rows["mulaid"][:] = 0
        rows["cash"] = rows["person_pay"].copy()
        rows["changed"] = (
            np.full(n, UNCHANGED) if valid else rows["setl_time"] + np.timedelta64(2 * 86400, "s")
        )
        rows["valid"] = np.full(n, valid)
        for name in ("mdtrt_id", "init_setl_id"):
            rows[name] = np.zeros(n, dtype=np.int64)
        given = {"shift": shift, "alike": alike, "disease": disease, "condition": condition, "role": role}
        rows |= {f"_{name}": np.broadcast_to(value, n).astype(np.int64) for name, value in given.items()}
        rows["_kind"], rows["_incident"] = np.full(n, self.memory.number[kind]), incident
        self._count(incident)
        self.memory.waiting.append(rows)

    def _count(self, incident: Ints) -> None:
        for number, count in zip(*(a.tolist() for a in np.unique(incident, return_counts=True)), strict=True):
            self.memory.size[number] = self.memory.size.get(number, 0) + count

    def finish(self) -> tuple[Columns, Columns]:
        """The month with what falls into it, and the marks of its rows."""
        rows, memory = self.rows, self.memory
        if memory.waiting:
            every = {k: np.concatenate([w[k] for w in memory.waiting]) for k in memory.waiting[0]}
            now = every["setl_time"] < self.after
            memory.waiting = [{k: v[~now] for k, v in every.items()}] if not now.all() else []
            new = {k: v[now] for k, v in every.items()}
            n = len(new["sign"])
            place, person = new["place"], new["person"]
            level = np.minimum(self.places.level[place], 2)
            risen = (place == self.places.upgraded) & (self.month >= cal.UPGRADE_MONTH)
            ids = int(rows["setl_id"].max(initial=0)) + 1 + np.arange(n)
            new |= {
                "setl_id": ids, "mdtrt_id": ids, "upgraded": risen, "base_level": level,
                "level": np.where(risen, 0, level),
                "by_score": (new["bucket"] == cal.INPATIENT) & (self.places.dip_from[place] <= self.month),
                "retired": self.people.retired_from[person] <= self.month,
                "psn_type": self.people.psn_type(self.month)[person],
            }  # fmt: skip
            self.marks.append(
                {name: new[f"_{name}"] for name in KEPT}
                | {k: new[k] for k in ("setl_id", "mdtrt_id", "medfee", "fund")}
            )
            rows = {k: np.concatenate([v, new[k].astype(v.dtype)]) for k, v in rows.items()}
        np.maximum.at(memory.last_care, self.rows["identity"], self.rows["end"])
        names = (*KEPT, "setl_id", "mdtrt_id", "medfee", "fund")
        marks = {
            k: np.concatenate([m[k] for m in self.marks]) if self.marks else np.zeros(0, np.int64)
            for k in names
        }
        return rows, marks


def _at_noon(day: NDArray, seconds: Ints | int = 0) -> NDArray:
    """A moment of a day in office hours."""
    return day.astype("datetime64[s]") + (np.asarray(seconds) + 9 * 3600 + 600).astype("timedelta64[s]")


# ---- the behaviours ----------------------------------------------------------------------------------------------


def _visits_of_the_dead(d: Draft, kind: str, after: bool) -> None:
    died = d.plain & d.rows["died"] & (d.days >= 1)
    at = d.choose(kind, died)
    incident = d.number(len(at))
    seen = d.source(d.visit & d.paid, d.rows["scheme"][at], incident)
    at, incident, seen = (a[seen >= 0] for a in (at, incident, seen))
    day = d.rows["end"][at] + d.between("after death", incident, 3, 9) * _DAY
    person = d.rows["person"][at]
    d.mark(kind, at, incident, 0)
    if after:
        d.copy(kind, seen, incident, 1, person=person, begin=day, end=day)
    else:
        care = d.rows["begin"][at] - 2 * _DAY
        shift = (day - care).astype(np.int64)
        d.copy(
            kind, seen, incident, 1, person=person, begin=care, end=care, settled=_at_noon(day), shift=shift
        )


def _care_after_death(d: Draft) -> None:
    _visits_of_the_dead(d, "care_after_death", after=True)


def _bill_posted_after_death(d: Draft) -> None:
    _visits_of_the_dead(d, "bill_posted_after_death", after=False)


def _wrong_death_date(d: Draft) -> None:
    """All later care of these people looks like care after death."""
    kind, rows = "wrong_death_date", d.rows
    at = d.choose(kind, d.stay & ~(d.people.died_on[rows["person"]] < first_day(d.month + 6)))
    at = at[np.argsort(rows["identity"][at])]
    incident = d.number(len(at))
    d.mark(kind, at, incident, 1)
    if len(at):
        d.memory.noted_dead.append((rows["identity"][at], rows["end"][at], incident))
    for identity, day, incident in d.memory.noted_dead:
        near = np.searchsorted(identity, rows["identity"]).clip(max=len(identity) - 1)
        later = np.flatnonzero(
            (identity[near] == rows["identity"]) & (rows["begin"] > day[near]) & (rows["sign"] > 0)
        )
        d.mark(kind, later, incident[near[later]], 2)


def _just_mark(kind: str, able: Callable[[Draft], Bools]) -> Callable[[Draft], None]:
    """Rows that only have their exports rewritten."""

    def act(d: Draft) -> None:
        at = d.choose(kind, able(d))
        d.mark(kind, at, d.number(len(at)), 1)

    return act


def _ended(d: Draft, kind: str, months_ago: int) -> tuple[Ints, Ints, Ints]:
    """Members whose cover ended, and a visit of the scheme for each."""
    people = d.people
    covered = np.zeros(people.identities, dtype=bool)
    covered[people.identity[people.enrolled_to > d.month - months_ago]] = True
    able = (people.enrolled_to == d.month - months_ago) & np.isnat(people.died_on) & ~covered[people.identity]
    able &= people.enrolled_from < d.month - months_ago - 1
    person = np.flatnonzero(able)
    person = person[d.deal(kind, len(person))]
    incident = d.number(len(person))
    seen = d.source(d.visit & d.paid, people.scheme[person], incident)
    return person[seen >= 0], incident[seen >= 0], seen[seen >= 0]


def _settlement_without_coverage(d: Draft) -> None:
    person, incident, seen = _ended(d, "settlement_without_coverage", 2)
    d.copy("settlement_without_coverage", seen, incident, 1, person=person)


def _bill_posted_after_leaving(d: Draft) -> None:
    person, incident, seen = _ended(d, "bill_posted_after_leaving", 0)
    care = np.full(len(person), d.first - 5 * _DAY)
    shift = (d.rows["end"][seen] - care).astype(np.int64)
    d.copy(
        "bill_posted_after_leaving", seen, incident, 1, person=person, begin=care, end=care,
        settled=d.rows["setl_time"][seen], shift=shift,
    )  # fmt: skip


def _double_coverage_benefit(d: Draft) -> None:
    kind, rows = "double_coverage_benefit", d.rows
    other = d.memory.other[rows["person"]]
    plain = (rows["hifob"] == 0) & (rows["maf"] == 0) & (rows["cvlserv"] == 0)
    at = d.choose(kind, d.visit & d.paid & (other >= 0) & plain)
    incident = d.number(len(at))
    d.mark(kind, at, incident, 0)
    again = rows["setl_time"][at] + np.timedelta64(420, "s")
    d.copy(kind, at, incident, 1, person=other[at], settled=again, vary=False)


def _siblings_same_visit(d: Draft) -> None:
    kind, rows, people = "siblings_same_visit", d.rows, d.people
    at = d.choose(kind, d.visit & (d.age < 14) & (rows["scheme"] == 1))
    incident = d.number(len(at))
    able = (
        people.enrolled(d.month)
        & (people.scheme == 1)
        & (people.age(d.month) < 14)
        & (people.age(d.month) > 1)
    )
    able &= ~d.busy[people.identity] & np.isnat(people.died_on)
    child = np.flatnonzero(able)
    n = min(len(at), len(child))
    child = child[np.argsort(d.u(kind, child * 4096 + d.month % 4096), kind="stable")][:n]
    at, incident = at[:n], incident[:n]
    d.mark(kind, at, incident, 0)
    d.copy(
        kind,
        at,
        incident,
        1,
        person=child,
        settled=rows["setl_time"][at] + np.timedelta64(300, "s"),
        vary=False,
    )


def _all_year(d: Draft, kind: str, per_month: int) -> tuple[Ints, Ints, Ints, Ints]:
    """Adults dealt for the year: membership, incident and turn of each visit, and the day of the month."""
    people, year = d.people, d.month // 12
    age = people.age(year * 12)
    able = (
        (people.enrolled_from < year * 12) & (people.enrolled_to > year * 12 + 12) & (age > 40) & (age < 85)
    )
    able &= ~(people.died_on < first_day(year * 12 + 24))
    person = np.flatnonzero(able)
    chosen = uniform(d.memory.seed, f"{kind} order", people.identity[person], year)
    count = max(1, round(len(person) * d.memory.rates[kind]))
    person = person[np.argsort(chosen, kind="stable")[:count]]
    incident = -1 - (
        d.memory.number[kind] * _BIG * 100 + (year - HORIZON_FIRST // 12) * _BIG + people.identity[person]
    )
    d.busy[people.identity[person]] = True
    turn = np.tile(np.arange(per_month), len(person))
    every, incidents = np.repeat(person, per_month), np.repeat(incident, per_month)
    return every, incidents, turn, turn * 28 // per_month


def _frequent_outpatient(d: Draft) -> None:
    kind = "frequent_outpatient"
    person, incident, turn, day = _all_year(d, kind, _FREQUENT_PER_MONTH)
    seen = d.source(d.visit & d.paid, d.people.scheme[person], incident * 32 - turn)
    small = np.flatnonzero(d.places.is_local & d.places.is_private & (d.places.level == 2))
    small = small if len(small) else np.flatnonzero(d.places.is_local & (d.places.level == 2))
    place = small[np.abs(incident) % len(small)]
    ok = seen >= 0
    when = (d.first + day * _DAY)[ok]
    d.copy(kind, seen[ok], incident[ok], 1, person=person[ok], place=place[ok], begin=when, end=when)


def _dialysis(d: Draft) -> None:
    kind = "dialysis"
    person, incident, turn, day = _all_year(d, kind, _DIALYSIS_PER_MONTH)
    chronic = d.alive & (d.rows["bucket"] == cal.CHRONIC) & d.paid
    seen = d.source(
        chronic & (d.rows["med"] == _SPECIAL_CHRONIC), d.people.scheme[person], incident * 32 - turn
    )
    seen = np.where(seen < 0, d.source(chronic, d.people.scheme[person], incident * 32 - turn), seen)
    large = np.flatnonzero(d.places.is_local & (d.places.level <= 1) & ~d.places.is_private)
    place = large[np.abs(incident) % len(large)]
    ok = seen >= 0
    when = (d.first + day * _DAY)[ok]
    d.copy(
        kind, seen[ok], incident[ok], 1, person=person[ok], place=place[ok], begin=when, end=when,
        condition=_condition("N18"),
    )  # fmt: skip


def _admit(
    d: Draft, kind: str, person: Ints, place: Ints, incident: Ints, week: int, disease: int = -1
) -> None:
    """Stays of some days in one week, at the cost of stays of the month."""
    key = incident * 64 + np.arange(len(person))
    seen = d.source(d.stay, d.people.scheme[person], key)
    ok = seen >= 0
    person, place, incident, key, seen = (a[ok] for a in (person, place, incident, key, seen))
    monday = d.first + ((4 - d.first.astype(np.int64)) % 7 + 7 * week) * _DAY
    begin = monday + d.between("weekday", key, 0, 4) * _DAY
    end = begin + d.between("length", key, 4, 7) * _DAY
    d.copy(kind, seen, incident, 1, person=person, place=place, begin=begin, end=end, disease=disease)


def _clustered_admission(d: Draft) -> None:
    kind, places = "clustered_admission", d.places
    private = np.flatnonzero(places.is_local & places.is_private & (places.level < 3))
    for place in private[d.deal(kind, len(private))]:  # a few in a whole city
        org = int(np.bincount(d.people.org[d.rows["person"][d.rows["place"] == place]], minlength=1).argmax())
        person = d.strangers(kind, 1, org, _CLUSTER)
        if len(person) == _CLUSTER and d.stay[d.rows["scheme"] == 1].any():
            incident = np.repeat(d.number(1), _CLUSTER)
            _admit(d, kind, person, np.full(_CLUSTER, place), incident, 1)


def _epidemic_wave(d: Draft) -> None:
    kind, places = "epidemic_wave", d.places
    if d.month % 12 not in (0, 11) or not len(d.deal(kind, 1)):
        return
    hospitals = np.flatnonzero(places.is_local & (places.level <= 1))
    place = np.repeat(hospitals, 3)
    person = d.strangers(kind, 1, -1, len(place), adult=False)
    place = place[: len(person)]
    _admit(d, kind, person, place, np.repeat(d.number(1), len(person)), 1, _disease("J1"))


def _bulk_card_use(d: Draft) -> None:
    kind, places = "bulk_card_use", d.places
    private = np.flatnonzero(places.is_local & places.is_private & (places.level < 3))
    for place in private[d.deal(kind, len(private))]:
        person = d.strangers(kind, 1, -1, _BULK)
        incident = np.repeat(d.number(1), len(person))
        seen = d.source(
            d.visit & d.paid, np.ones(len(person), dtype=np.int64), incident * 64 + np.arange(len(person))
        )
        if len(person) < _BULK or (seen < 0).any():
            continue
        day = np.repeat(d.first + d.between(kind, incident[:1], 1, 26) * _DAY, _BULK)
        second = np.cumsum(d.between("pace", incident * 64 + np.arange(_BULK), 15, 35))
        d.copy(
            kind, seen, incident, 1, person=person, place=np.full(_BULK, place), begin=day, end=day,
            settled=_at_noon(day, second),
        )  # fmt: skip


def _batch_upload(d: Draft) -> None:
    kind, rows = "batch_upload", d.rows
    hospitals = np.flatnonzero(d.places.is_local & (d.places.level < 3))
    for place in hospitals[d.deal(kind, len(hospitals))]:
        at = np.flatnonzero(
            d.visit & (rows["place"] == place) & (rows["acct"] == 0) & ~d.busy[rows["identity"]]
        )
        at = at[np.sort(np.unique(rows["identity"][at], return_index=True)[1])]
        if len(at) < _BATCH_LEAST:
            continue
        moment = rows["setl_time"][at].max()
        rows["setl_time"][at] = moment
        shift = (moment.astype("datetime64[D]") - rows["end"][at]).astype(np.int64)
        d.busy[rows["identity"][at]] = True
        d.mark(kind, at, np.repeat(d.number(1), len(at)), 1, shift=shift)


def _lengthened(d: Draft, kind: str, disease: int) -> None:
    rows = d.rows
    begin = rows["end"] - (65 + (rows["setl_id"] % 31)) * _DAY
    once = np.bincount(rows["identity"], minlength=d.people.identities)[rows["identity"]] == 1
    joined = (
        (d.people.enrolled_from[rows["person"]] - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    )
    idle = (d.memory.last_care[rows["identity"]] < begin) & (joined < begin) & once & (d.age >= 20)
    at = d.choose(kind, d.stay & idle & (rows["medfee"] > 500_000))
    rows["begin"][at] = begin[at]
    d.mark(kind, at, d.number(len(at)), 1, disease=disease)


def _overlong_stay(d: Draft) -> None:
    _lengthened(d, "overlong_stay", -1)


def _psychiatric_stay(d: Draft) -> None:
    _lengthened(d, "psychiatric_stay", _disease("F20"))


def _second_bed(d: Draft, kind: str, begin: int, valid: bool = True) -> None:
    """A stay elsewhere that begins some days after the first one did, or on its last day (`begin` -1)."""
    rows = d.rows
    at = d.choose(kind, d.stay & (d.days >= 5) & (d.level >= 0))
    incident = d.number(len(at))
    place = d.elsewhere(rows["place"][at], incident)
    at, incident, place = (a[place >= 0] for a in (at, incident, place))
    d.mark(kind, at, incident, 0)
    since = rows["end"][at] if begin < 0 else rows["begin"][at] + begin * _DAY
    until = since + np.minimum(d.days[at], 12) * _DAY if begin < 0 else rows["end"][at]
    settled = until.astype("datetime64[s]") + np.timedelta64(15 * 3600, "s")
    d.copy(kind, at, incident, 1, place=place, begin=since, end=until, settled=settled, valid=valid)


def _overlapping_stays(d: Draft) -> None:
    _second_bed(d, "overlapping_stays", 1)


def _transfer_same_day(d: Draft) -> None:
    _second_bed(d, "transfer_same_day", -1)


def _withdrawn_overlap(d: Draft) -> None:
    _second_bed(d, "withdrawn_overlap", 1, valid=False)


def _visit_beside_stay(d: Draft, kind: str, during: bool) -> None:
    rows = d.rows
    at = d.choose(kind, d.stay & (d.days >= 5) & (rows["begin"] + 2 * _DAY >= d.first))
    incident = d.number(len(at))
    seen = d.source(d.visit & d.paid, rows["scheme"][at], incident)
    at, incident, seen = (a[seen >= 0] for a in (at, incident, seen))
    day = rows["begin"][at] + d.between(kind, incident, 2, d.days[at] - 2) * _DAY
    care = day if during else rows["begin"][at] - 4 * _DAY
    d.mark(kind, at, incident, 0)
    d.copy(
        kind, seen, incident, 1, person=rows["person"][at], begin=care, end=care, settled=_at_noon(day),
        shift=(day - care).astype(np.int64),
    )  # fmt: skip


def _outpatient_during_stay(d: Draft) -> None:
    _visit_beside_stay(d, "outpatient_during_stay", True)


def _earlier_visit_posted_during_stay(d: Draft) -> None:
    _visit_beside_stay(d, "earlier_visit_posted_during_stay", False)


def _again(d: Draft, kind: str, able: Bools, disease: int) -> None:
    rows = d.rows
    at = d.choose(kind, d.stay & (d.days >= 4) & able)
    incident = d.number(len(at))
    begin = rows["end"][at] + d.between(kind, incident, 1, 6) * _DAY
    end = begin + d.between(f"{kind} days", incident, 3, d.days[at]) * _DAY
    alike = rows["mdtrt_id"][at]
    d.mark(kind, at, incident, 0, disease=disease)
    # The bill keeps its size, since what a stay costs takes part in what it is for.
    d.copy(kind, at, incident, 1, begin=begin, end=end, alike=alike, disease=disease, vary=False)


def _split_stay(d: Draft) -> None:
    _again(d, "split_stay", d.age >= 1, -1)


def _planned_chemotherapy(d: Draft) -> None:
    _again(d, "planned_chemotherapy", d.age > 40, _disease("Z51.1"))


def _impossible_card_use(d: Draft) -> None:
    kind, rows = "impossible_card_use", d.rows
    at = d.choose(kind, d.visit & d.paid)
    incident = d.number(len(at))
    place = d.elsewhere(rows["place"][at], incident, other_district=True)
    at, incident, place = (a[place >= 0] for a in (at, incident, place))
    d.mark(kind, at, incident, 0)
    later = rows["setl_time"][at] + d.between(kind, incident, 180, 1200).astype("timedelta64[s]")
    d.copy(kind, at, incident, 1, place=place, settled=later)


def _same_drug(d: Draft, kind: str, copies: int) -> None:
    """The same visit at other places some days later; the lines are given one drug when they are written."""
    rows = d.rows
    at = d.choose(kind, d.visit & d.paid & (rows["in_scope"] > 3_000) & (rows["medfee"] < 80_000))
    incident = d.number(len(at))
    place = d.elsewhere(rows["place"][at], incident)
    at, incident, place = (a[place >= 0] for a in (at, incident, place))
    d.mark(kind, at, incident, 1)
    for turn in range(1, copies + 1):
        day = rows["end"][at] + 6 * turn * _DAY
        where = d.elsewhere(rows["place"][at], incident, turn=turn)
        d.copy(kind, at, incident, 1, place=where, begin=day, end=day)


def _multi_institution_drug(d: Draft) -> None:
    _same_drug(d, "multi_institution_drug", 3)


def _two_institution_drug(d: Draft) -> None:
    _same_drug(d, "two_institution_drug", 1)


def _per_diem_stay(d: Draft) -> None:
    at = d.choose("per_diem_stay", d.stay & (d.days >= 6) & (d.age >= 20))
    d.mark("per_diem_stay", at, d.number(len(at)), 1, disease=_disease("F20"))


def _upcoding(d: Draft) -> None:
    """Coded as the disease whose lightest group is worth about 2.2 times what the stay costs."""
    kind, rows = "upcoding", d.rows
    at = d.choose(kind, d.stay & rows["by_score"] & (d.age >= 25) & (d.age < 80))
    cost = rows["medfee"][at] / 100 / groups.area_mean(d.month // 12)
    worth = np.array([row[0] for row in d.memory.book.worth])
    able = np.array([not g.sex and g.first_age <= 30 and g.last_age >= 80 for g in groups.GROUPS])
    gap = np.where(able, np.abs(np.log(worth)[None, :] - np.log(2.2 * cost)[:, None]), np.inf)
    d.mark(kind, at, d.number(len(at)), 1, disease=gap.argmin(axis=1))


def _grown(d: Draft) -> Bools:
    return d.stay & (d.age >= 20) & (d.days >= 3)


def _male(d: Draft) -> Bools:
    return d.stay & d.people.is_male[d.rows["person"]] & (d.age >= 20)


ACTS: dict[str, Callable[[Draft], None]] = {
    act.__name__.removeprefix("_"): act
    for act in (
        _care_after_death, _bill_posted_after_death, _wrong_death_date, _settlement_without_coverage, _bill_posted_after_leaving,
        _double_coverage_benefit, _siblings_same_visit, _frequent_outpatient, _dialysis, _clustered_admission,
        _epidemic_wave, _bulk_card_use, _batch_upload, _psychiatric_stay, _overlong_stay, _overlapping_stays,
        _transfer_same_day, _withdrawn_overlap, _outpatient_during_stay, _earlier_visit_posted_during_stay, _split_stay,
        _planned_chemotherapy, _impossible_card_use, _multi_institution_drug, _two_institution_drug, _per_diem_stay,
        _upcoding,
    )
} | {
    name: _just_mark(name, able)
    for name, able in {
        "hanging_bed": lambda d: _grown(d) & (d.days >= 6),
        "checkup_stay": _grown,
        "bed_days_over_stay": _grown,
        "contained_item_charged": _grown,
        "over_daily_frequency": _grown,
        "price_over_ceiling": lambda d: d.visit & (d.rows["in_scope"] > 3_000),
        "excess_paid_by_patient": lambda d: d.stay & (d.rows["over"] > 0),
        "overrecorded_hours": _grown,
        "sex_conflict": _male,
        "age_conflict": _grown,
        "line_missing": lambda d: d.visit,
        "line_sent_twice": lambda d: d.visit,
        "unmapped_item": lambda d: d.visit,
        "default_doctor": lambda d: d.visit,
        "unknown_institution": lambda d: d.visit,
        "fund_detail_short": lambda d: d.visit & d.paid & (d.rows["pool"] > 1_000),
        "orphan_refund": lambda d: (d.rows["sign"] < 0) & d.rows["valid"],
        "certificate_as_float": lambda d: d.visit,
        "sex_misrecorded": lambda d: d.stay & (d.rows["bucket"] == cal.INPATIENT),
        "discharge_before_admission": lambda d: d.stay,
    }.items()
}  # fmt: skip


def plant(memory: Memory, month: int, rows: Columns) -> tuple[Columns, Columns]:
    """The month with what is planted into it, and marks: kind, incident, role, setl_id, mdtrt_id, medfee, fund and more."""
    draft = Draft(memory, month, rows)
    for name in memory.number:
        if name in memory.rates and month > HORIZON_FIRST:
            ACTS[name](draft)
    return draft.finish()
