"""Who is treated where and when in a month. Nobody is in two beds, in a bed and at a counter, or treated after death."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.city import (
    GROUP_CROSS_PROVINCE,
    GROUP_IN_PROVINCE,
    Institutions,
    People,
    Roster,
    first_day,
)
from medfund.synth.hashed import uniform
from medfund.synth.lifecycle import HORIZON_FIRST

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Columns = dict[str, NDArray]

# Care types written to med_type; index = position.
MED_TYPES = ("11", "13", "14", "140104", "140201", "21", "24", "28", "41", "9216", "51", "52")
MED = {code: i for i, code in enumerate(MED_TYPES)}
WAY_LOCAL, WAY_IN_PROVINCE, WAY_CROSS_PROVINCE, WAY_MANUAL = range(4)

_ROUNDS = 8  # how often a person who can't have been there is replaced by another
_GAP = 2  # days between a discharge and the next admission
_FAR = 10**7  # a day after all days

# The normal distribution as a table: quantiles by interpolation.
_NORMAL_Z: Floats = np.linspace(-4.5, 4.5, 3601)
_NORMAL_CDF: Floats = np.array([0.5 * (1 + math.erf(z / math.sqrt(2))) for z in _NORMAL_Z])


def _even(k: Ints, step: float) -> Floats:
    """Numbers in [0, 1) that fill the interval evenly as k goes on."""
    out: Floats = np.empty(len(k))
    np.mod(0.5 + k * step, 1, out=out)
    return out


@dataclass
class Whereabouts:
    """What is remembered of each identity between months; days since 1970."""

    home: Floats  # which institution of a group the person knows, in [0, 1)
    free_from: Ints  # first day on which the next stay may begin
    last_visit: Ints  # last day of care outside a bed
    stay_begin: Ints
    stay_end: Ints
    delivered: Ints  # month of the last delivery
    recent: Columns  # stays that ended in the month before: person, place, way, end
    unfinished: Columns  # stays that are settled a second time in the next month

    @classmethod
    def of(cls, people: People) -> Whereabouts:
        """Nobody has been anywhere yet."""
        n = people.identities
        never = np.full(n, -1)
        delivered = np.full(n, HORIZON_FIRST - 12)
        home = uniform(0, "home", np.arange(n))
        return cls(home, never.copy(), never.copy(), never.copy(), never.copy(), delivered, {}, {})


def make_visits(
    month: int,
    counts: Ints,
    before: Ints,
    people: People,
    roster: Roster,
    places: Institutions,
    where: Whereabouts,
    rng: np.random.Generator,
) -> Columns:
    """The visits settled in a month: the new ones, then the second settlements of stays begun earlier.

    `counts` is the number of new visits by scheme * 5 + bucket, `before` that of all earlier months. Brings `where` up to
    date. `interim` rows are stays that go on; `died` rows end with the patient's death.
    """
    draft = _Draft(month, counts, before, people, roster, places, where, rng)
    draft.place_last_stays()
    draft.place_readmissions()
    draft.settle_beds()
    draft.continue_stays()
    draft.settle_counters()
    draft.remember()
    return draft.columns()


class _Draft:
    """Columns of a month while it is put together. `begin` and `end` are days since 1970."""

    def __init__(
        self,
        month: int,
        counts: Ints,
        before: Ints,
        people: People,
        roster: Roster,
        places: Institutions,
        where: Whereabouts,
        rng: np.random.Generator,
    ) -> None:
        self.month, self.people, self.roster, self.places = month, people, roster, places
        self.where, self.rng, self.counts = where, rng, counts
        self.first = int(first_day(month).astype(np.int64))
        self.after = int(first_day(month + 1).astype(np.int64))
        self.start = np.cumsum(counts) - counts
        group = np.repeat(np.arange(10), counts)
        n = len(group)
        self.group, self.scheme, self.bucket = group, group // 5, group % 5
        # Level, place and cost run through an even sequence per kind of care, for the same reason as the counts.
        k = np.arange(n) - self.start[group] + before[group]
        u_way, u_cost = _even(k, 0.8191725134), _even(k, 0.5497004779)
        self.u_level = _even(k, 0.6710436067)
        self.u_place, self.u_inst, self.u_loyal = rng.random(n), rng.random(n), rng.random(n)
        self.z = np.interp(u_cost, _NORMAL_CDF, _NORMAL_Z)
        self.way = self._ways(u_way, rng.random(n))
        self.med = self._kinds(rng.random(n))
        self.grave = (self.bucket == cal.INPATIENT) & (_even(k, 0.2247448714) < cal.GRAVE_SHARE)
        self.in_bed = (self.bucket == cal.INPATIENT) | (self.med == MED["52"])
        drift = np.interp(_even(k, 0.3819660113), _NORMAL_CDF, _NORMAL_Z)
        self.length = np.exp(cal.STAY_SIGMA * (0.6 * self.z + 0.8 * drift) - cal.STAY_SIGMA**2 / 2)
        self.length *= np.where(self.grave, cal.GRAVE_DAYS, 1.0) / (
            1 + cal.GRAVE_SHARE * (cal.GRAVE_DAYS - 1)
        )
        self.date = self._dates()
        # Claims handed in on paper come weeks after the care.
        self.late = np.where(self.way == WAY_MANUAL, rng.integers(5, 60, n), 0)
        self.person = roster.draw(group, rng.random(n))
        self.fixed = np.zeros(n, dtype=bool)
        self.dropped = np.zeros(n, dtype=bool)
        self.died = np.zeros(n, dtype=bool)
        self.place = np.zeros(n, dtype=np.int64)
        self.begin = np.zeros(n, dtype=np.int64)
        self.end = np.zeros(n, dtype=np.int64)
        self.mdtrt = np.zeros(n, dtype=np.int64)
        self.continued = np.zeros(n, dtype=bool)
        self.interim = np.zeros(n, dtype=bool)
        self._arrange(np.arange(n))

    # ---- drawing ----

    def _ways(self, u_way: Floats, u_kind: Floats) -> Ints:
        remote = u_way < cal.remote_share(self.month // 12)[self.scheme, self.bucket]
        cross = u_kind < np.array(cal.CROSS_PROVINCE_SHARE)[self.scheme]
        way = np.where(remote, np.where(cross, WAY_CROSS_PROVINCE, WAY_IN_PROVINCE), WAY_LOCAL)
        return np.where(u_way > 1 - cal.MANUAL_SHARE[self.bucket], WAY_MANUAL, way)

    def _kinds(self, u: Floats) -> Ints:
        bucket = self.bucket
        return np.select(
            [
                bucket == cal.OUTPATIENT,
                bucket == cal.CHRONIC,
                bucket == cal.INPATIENT,
                bucket == cal.PHARMACY,
            ],
            [
                np.where(u < 0.94, MED["11"], MED["13"]),
                np.where(u < 0.25, MED["14"], np.where(u < 0.88, MED["140104"], MED["140201"])),
                np.where(u < 0.88, MED["21"], np.where(u < 0.96, MED["24"], MED["28"])),
                np.where(u < np.array(cal.DUAL_CHANNEL_SHARE)[self.scheme], MED["9216"], MED["41"]),
            ],
            default=np.where(u < 0.78, MED["51"], MED["52"]),
        )

    def _dates(self) -> Ints:
        """A day of the month for each row: fewer visits at weekends and around Spring Festival."""
        days = np.arange(self.first, self.after)
        weight = np.ones((2, len(days)))
        weight[0] = cal.WEEKDAY_OUTPATIENT[(days + 3) % 7]
        for festival in cal.SPRING_FESTIVAL:
            gap = days - int(np.datetime64(festival, "D").astype(np.int64))
            weight[:, (gap >= -1) & (gap <= 6)] *= 0.5
        edges = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[:, :-1]
        u = self.rng.random(len(self.group))
        inside = (self.bucket == cal.INPATIENT) | (self.bucket == cal.MATERNITY)
        at = [np.searchsorted(e, u, side="right") for e in edges]
        return days[np.where(inside, at[1], at[0])]

    def _arrange(self, at: Ints) -> None:
        """Place and days of the rows `at`, for the persons they have."""
        self.place[at] = self._places(at)
        self.end[at] = self.date[at] - self.late[at]
        beds = at[self.in_bed[at]]
        self.begin[at] = self.end[at]
        self.begin[beds] = self.end[beds] - self._days(beds)

    def _days(self, at: Ints) -> Ints:
        place = self.place[at]
        level = np.minimum(self.places.level[place], 2)
        mean = np.where(
            self.bucket[at] == cal.MATERNITY,
            cal.DELIVERY_DAYS,
            cal.stay_days(self.month // 12)[self.scheme[at], level],
        )
        days = np.clip(np.ceil(self.length[at] * (mean * self.places.habit_stay[place] - 0.5)), 1, 120)
        return np.where(self.med[at] == MED["28"], days % 2, days).astype(np.int64)

    def _places(self, at: Ints) -> Ints:
        scheme, bucket, way = self.scheme[at], self.bucket[at], self.way[at]
        # Local level mix: what is left of the overall mix once the mostly tertiary remote care is taken out.
        away = np.array([0.85, 0.12, 0.03])
        share = cal.remote_share(self.month // 12)[..., None]
        mix = np.clip((cal.LEVEL_MIX - share * away) / (1 - share), 0.02, None)
        mix /= mix.sum(axis=2, keepdims=True)
        edges = np.cumsum(mix, axis=2)[scheme, bucket]
        level = (self.u_level[at][:, None] > edges[:, :2]).sum(axis=1)
        home, u = self.people.org[self.person[at]], self.u_place[at]
        org = np.where((level == 0) | ((level == 1) & (u > 0.82)) | (u > 0.97), 0, home)
        group = org * 4 + np.where(bucket == cal.PHARMACY, 3, level)
        group = np.where(way == WAY_IN_PROVINCE, GROUP_IN_PROVINCE, group)
        group = np.where(way == WAY_CROSS_PROVINCE, GROUP_CROSS_PROVINCE, group)
        # People go back to the place they know of each kind.
        known = self.where.home[self.people.identity[self.person[at]]]
        u_inst = np.where(self.u_loyal[at] < cal.LOYAL_SHARE, known, self.u_inst[at])
        return np.searchsorted(self.places.cumulative, group + u_inst, side="right").astype(np.int64)

    # ---- stays with a story ----

    def _take(self, scheme: int, wanted: int) -> Ints:
        """Rows for ordinary stays of a scheme that have no story yet."""
        group = scheme * 5 + cal.INPATIENT
        mine = np.arange(self.start[group], self.start[group] + self.counts[group])
        mine = mine[~self.fixed[mine] & (self.way[mine] != WAY_MANUAL)]
        return mine[:wanted]

    def place_last_stays(self) -> None:
        """Some of those who die this month die in hospital: the stay ends on that day."""
        dying = self.roster.dying
        dying = dying[self.rng.permutation(len(dying))]
        for scheme in range(2):
            mine = dying[self.people.scheme[dying] == scheme]
            stays = int(self.counts[scheme * 5 + cal.INPATIENT])
            wanted = int(cal.DEATH_IN_HOSPITAL_SHARE * stays + self.rng.random())
            identity, day = self.people.identity[mine], self.people.died_on[mine].astype(np.int64)
            can = (self.where.free_from[identity] <= day) & (self.where.last_visit[identity] <= day)
            mine = mine[can][:wanted]
            at = self._take(scheme, len(mine))
            mine = mine[: len(at)]
            self.person[at] = mine
            self.date[at] = self.people.died_on[mine].astype(np.int64)
            self.length[at] *= 1.3
            self.died[at] = self.fixed[at] = True
            self.med[at] = MED["21"]
            self._arrange(at)
            self.begin[at] = np.minimum(np.maximum(self.begin[at], self._earliest(at)), self.end[at])

    def place_readmissions(self) -> None:
        """Some stays follow an earlier one within a month, mostly at the same place."""
        recent = self.where.recent
        if not recent:
            return
        order = self.rng.permutation(len(recent["person"]))
        able = self.people.enrolled(self.month)
        able[self.roster.dying] = False
        for scheme in range(2):
            mine = order[self.people.scheme[recent["person"][order]] == scheme]
            mine = mine[able[recent["person"][mine]]]
            wanted = int(cal.READMITTED_SHARE * self.counts[scheme * 5 + cal.INPATIENT] + self.rng.random())
            at = self._take(scheme, len(mine))
            mine = mine[: len(at)]
            gap = _GAP + np.floor(self.rng.random(len(mine)) ** 1.3 * (29 - _GAP)).astype(np.int64)
            begin = recent["end"][mine] + gap
            saved = {
                k: getattr(self, k)[at].copy() for k in ("person", "date", "way", "place", "begin", "end")
            }
            same = self.rng.random(len(mine)) < cal.READMITTED_SAME_PLACE
            self.person[at] = recent["person"][mine]
            self.way[at] = np.where(same, recent["way"][mine], self.way[at])
            self._arrange(at)
            self.place[at] = np.where(same, recent["place"][mine], self.place[at])
            days = self._days(at)
            self.begin[at], self.end[at] = begin, begin + days
            self.date[at] = self.end[at]
            fits = (self.end[at] >= self.first) & (self.end[at] < self.after) & (begin >= self._earliest(at))
            fits &= np.cumsum(fits) <= wanted
            for name, values in saved.items():
                getattr(self, name)[at[~fits]] = values[~fits]
            self.fixed[at[fits]] = True

    # ---- nobody is in two places ----

    def _earliest(self, at: Ints) -> Ints:
        """First day on which the persons of the rows `at` can be admitted."""
        person = self.person[at]
        identity = self.people.identity[person]
        joined = (
            (self.people.enrolled_from[person] - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
        )
        return np.maximum.reduce(
            [self.where.free_from[identity], self.where.last_visit[identity], joined.astype(np.int64)]
        )

    def settle_beds(self) -> None:
        """Replace the persons of stays that overlap other stays or visits until none does."""
        beds = np.flatnonzero(self.in_bed)
        births = self.med == MED["52"]
        for turn in range(_ROUNDS):
            identity = self.people.identity[self.person[beds]]
            wrong = self.begin[beds] < self._earliest(beds)
            wrong |= births[beds] & (self.where.delivered[identity] > self.month - 10)
            # Of several stays of one identity in the month the fixed one stays, else the first.
            order = np.lexsort((self.begin[beds], ~self.fixed[beds], identity))
            again = np.zeros(len(beds), dtype=bool)
            again[order[1:]] = identity[order[1:]] == identity[order[:-1]]
            again &= self._overlaps(beds, identity)
            redo = beds[(wrong | again) & ~self.fixed[beds]]
            if not len(redo):
                return
            if turn == _ROUNDS - 1:
                self.dropped[redo] = True
                return
            self.person[redo] = self.roster.draw(self.group[redo], self.rng.random(len(redo)))
            self._arrange(redo)

    def _overlaps(self, beds: Ints, identity: Ints) -> Bools:
        """Stays that touch another stay of the same identity in this month."""
        order = np.lexsort((self.end[beds], self.begin[beds], identity))
        same = identity[order[1:]] == identity[order[:-1]]
        close = same & (self.begin[beds][order[1:]] < self.end[beds][order[:-1]] + _GAP)
        out = np.zeros(len(beds), dtype=bool)
        out[order[1:][close]] = True
        out[order[:-1][close]] = True
        return out

    def continue_stays(self) -> None:
        """Long stays are settled twice: some of this month's go on, and those of the month before end."""
        long_stay = self.in_bed & (self.bucket == cal.INPATIENT) & (self.begin <= self.end - 12)
        person = self.person
        lives = ~(self.people.died_on[person] < first_day(self.month + 2))
        stays_in = self.people.enrolled_to[person] > self.month + 1
        able = long_stay & lives & stays_in & ~self.died & ~self.dropped & (self.way != WAY_MANUAL)
        identity = self.people.identity[person]
        able &= np.bincount(identity[self.in_bed], minlength=self.people.identities)[identity] == 1
        stays = int((self.bucket == cal.INPATIENT).sum())
        rate = min(cal.INTERIM_SHARE * stays / max(int(able.sum()), 1), 0.5)
        self.interim = able & (self.rng.random(len(person)) < rate)

        old = self.where.unfinished
        if not old:
            return
        n = len(old["person"])
        next_day = self.first + self.rng.integers(0, 27, n)
        more = {
            "person": old["person"], "way": old["way"], "place": old["place"], "med": old["med"],
            "begin": old["begin"], "end": next_day, "date": next_day, "mdtrt": old["mdtrt_id"],
            "scheme": self.people.scheme[old["person"]], "bucket": np.full(n, cal.INPATIENT),
            "group": self.people.scheme[old["person"]] * 5 + cal.INPATIENT,
            "z": self.rng.standard_normal(n) - 0.4, "continued": np.ones(n, dtype=bool),
            "in_bed": np.ones(n, dtype=bool), "fixed": np.ones(n, dtype=bool),
        }  # fmt: skip
        for name in (
            "late",
            "grave",
            "dropped",
            "died",
            "interim",
            "u_level",
            "u_place",
            "u_inst",
            "u_loyal",
            "length",
        ):
            more[name] = np.zeros(n, dtype=getattr(self, name).dtype)
        for name, values in more.items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))

    def settle_counters(self) -> None:
        """Replace the persons of visits that fall inside a stay of theirs, after their death or before they joined."""
        beds = np.flatnonzero(self.in_bed & ~self.dropped)
        key = np.int64(1_000_000)
        stay_end = np.where(self.interim[beds], _FAR, self.end[beds])
        stay_key = self.people.identity[self.person[beds]] * key + self.begin[beds]
        order = np.argsort(stay_key, kind="stable")
        stay_key, stay_end = stay_key[order], stay_end[order]
        redo = np.flatnonzero(~self.in_bed)
        for _ in range(_ROUNDS):
            person, day = self.person[redo], self.end[redo]
            identity = self.people.identity[person]
            at = np.searchsorted(stay_key, identity * key + day, side="left") - 1
            inside = np.zeros(len(redo), dtype=bool)
            if len(stay_key):
                found = stay_key[np.maximum(at, 0)]
                inside = (at >= 0) & (found // key == identity) & (stay_end[np.maximum(at, 0)] > day)
            inside |= (self.where.stay_begin[identity] < day) & (day < self.where.stay_end[identity])
            died = self.people.died_on[person].astype(np.int64)
            gone = (died > -_FAR) & (day > died)
            joined = (
                (self.people.enrolled_from[person] - 1970 * 12)
                .astype("datetime64[M]")
                .astype("datetime64[D]")
            )
            wrong = inside | gone | (day < joined.astype(np.int64))
            redo = redo[wrong]
            if not len(redo):
                return
            self.person[redo] = self.roster.draw(self.group[redo], self.rng.random(len(redo)))
            self._arrange(redo)
        self.dropped[redo] = True

    # ---- results ----

    def remember(self) -> None:
        """Bring what is known of each identity up to date."""
        where, identity = self.where, self.people.identity[self.person]
        kept = ~self.dropped
        beds = np.flatnonzero(self.in_bed & kept)
        beds = beds[np.argsort(self.end[beds], kind="stable")]
        where.free_from[identity[beds]] = np.where(self.interim[beds], _FAR, self.end[beds] + _GAP)
        where.stay_begin[identity[beds]] = self.begin[beds]
        where.stay_end[identity[beds]] = np.where(self.interim[beds], _FAR, self.end[beds])
        births = beds[self.med[beds] == MED["52"]]
        where.delivered[identity[births]] = self.month
        counters = np.flatnonzero(~self.in_bed & kept)
        np.maximum.at(where.last_visit, identity[counters], self.end[counters])
        alive = beds[
            ~self.died[beds]
            & ~self.interim[beds]
            & (self.way[beds] != WAY_MANUAL)
            & (self.bucket[beds] == cal.INPATIENT)
        ]
        # One story per person: the last of their stays.
        _, latest = np.unique(identity[alive][::-1], return_index=True)
        alive = alive[::-1][latest]
        where.recent = {
            "person": self.person[alive], "place": self.place[alive], "way": self.way[alive], "end": self.end[alive],
        }  # fmt: skip

    def columns(self) -> Columns:
        """The rows as settlements know them."""
        keep = ~self.dropped
        person, place, way = self.person[keep], self.place[keep], self.way[keep]
        bucket, n = self.bucket[keep], int(keep.sum())
        seconds = np.clip(self.rng.normal(11.5 * 3600, 2.4 * 3600, n), 7 * 3600, 21 * 3600)
        manual = way == WAY_MANUAL
        level = np.minimum(self.places.level[place], 2)
        risen = (place == self.places.upgraded) & (self.month >= cal.UPGRADE_MONTH)
        setl_day = np.where(manual, self.date[keep], self.end[keep])
        return {
            "person": person,
            "identity": self.people.identity[person],
            "retired": self.people.retired_from[person] <= self.month,
            "psn_type": self.people.psn_type(self.month)[person],
            "scheme": self.scheme[keep],
            "bucket": bucket,
            "way": way,
            "place": np.where(manual, -1, place),
            "med": self.med[keep],
            "begin": self.begin[keep].astype("datetime64[D]"),
            "end": self.end[keep].astype("datetime64[D]"),
            "setl_time": setl_day.astype("datetime64[D]").astype("datetime64[s]")
            + seconds.astype("timedelta64[s]"),
            "mdtrt_id": self.mdtrt[keep],
            "continued": self.continued[keep],
            "interim": self.interim[keep],
            "died": self.died[keep],
            "grave": self.grave[keep],
            "base_level": level,
            "level": np.where(risen, 0, level),
            "upgraded": risen & ~manual,
            "by_score": (bucket == cal.INPATIENT)
            & (way == WAY_LOCAL)
            & (self.places.dip_from[place] <= self.month),
            "habit_cost": np.where(manual, 1.0, self.places.habit_cost[place]),
            "z": self.z[keep],
        }
