"""The synthetic place: its divisions, institutions and insured people. Nothing here exists.

Division codes begin with 96, 97 and 98, which no province uses; people have numbers and no names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth import lifecycle

CITY = "970100"
CITY_NAME = "示例市"
# Index of a bookkeeping unit everywhere in this package: 0 is the city itself, 1-5 its counties.
ORGS = ("970199", "970121", "970122", "970123", "970124", "970125")
ORG_NAMES = ("示例市本级", "示例市甲县", "示例市乙县", "示例市丙县", "示例市丁县", "示例市戊县")
ORG_NAMES_EN = ("Shili City level", "Jia County", "Yi County", "Bing County", "Ding County", "Wu County")

# Groups of institutions: org x (three levels, pharmacy), then the places outside the city.
GROUP_IN_PROVINCE = len(ORGS) * 4
GROUP_CROSS_PROVINCE = GROUP_IN_PROVINCE + 1

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Categories of insured people as exported (psn_type); a category is a function of the month, see People.psn_type.
PSN_TYPES = ("1101", "1102", "1103", "1201", "1202", "1203", "1402", "1403", "1404", "1501", "16")

# Stays by age at the start of the month, relative to each other: (first age, weight). Shapes assumed, see calibration.
_STAY_BY_AGE = (
    ((18, 7.7), (30, 9.9), (45, 17.0)),
    ((50, 25.9), (60, 41.5), (70, 64.3), (80, 80.9)),
    ((0, 22.9), (5, 6.7), (18, 5.7), (25, 12.4), (45, 19.1), (60, 34.3), (70, 52.4), (80, 59.1)),
)


@dataclass(frozen=True)
class Institutions:
    """Local institutions and the places outside where people travel.

    An institution of group g is found at `searchsorted(cumulative, g + u, side="right")` for u in [0, 1).
    """

    code: list[str]
    name: list[str]
    admdvs: list[str]
    level: Ints  # 0 tertiary, 1 secondary, 2 primary, 3 pharmacy
    hosp_lv: list[str]
    is_private: NDArray[np.bool_]
    is_local: NDArray[np.bool_]
    beds: Ints
    cumulative: Floats
    upgraded: int  # index of the hospital that rises from secondary to tertiary
    renewed: int  # index of the hospital whose agreement is renewed at a year's turn
    habit_cost: Floats  # what a place charges over its level's usual: 1 on average of each group
    habit_stay: Floats  # length of its stays over the usual
    habit_drug: Floats  # share of drugs in its bills over the usual
    dip_from: Ints  # month from which its local stays are paid by disease score


@dataclass(frozen=True)
class People:
    """Memberships over the whole horizon; index = `person` of a settlement.

    A human being is an `identity`: the same psn_no, name, birth and sex in every membership of theirs. Months count
    since year 0; a membership covers [enrolled_from, enrolled_to).
    """

    identity: Ints
    scheme: Ints  # 0 employee, 1 resident
    org: Ints
    birth: NDArray[np.datetime64]
    is_male: NDArray[np.bool_]
    is_civil_servant: NDArray[np.bool_]
    is_flexible: NDArray[np.bool_]
    is_assisted: NDArray[np.bool_]
    is_student: NDArray[np.bool_]  # if of student's age
    enrolled_from: Ints
    enrolled_to: Ints
    retired_from: Ints  # month from which an employee is a retiree; lifecycle.NEVER for residents
    died_on: NDArray[np.datetime64]  # NaT while alive; the same in every membership of an identity
    joined_by: Ints  # lifecycle.JOIN_KINDS
    left_by: Ints  # lifecycle.LEAVE_KINDS
    frailty_visit: Floats  # need of outpatient care against others of the same age
    frailty_stay: Floats
    frailty_pharmacy: Floats

    def __len__(self) -> int:
        return len(self.scheme)

    @property
    def identities(self) -> int:
        """How many human beings there are."""
        return int(self.identity.max()) + 1

    def enrolled(self, month: int) -> NDArray[np.bool_]:
        """Who is a member in a month; the month of death is the last one."""
        return (self.enrolled_from <= month) & (month < self.enrolled_to)

    def retired(self, month: int) -> NDArray[np.bool_]:
        """Who is a retiree in a month."""
        return self.retired_from <= month

    def age(self, month: int) -> Floats:
        """Age in years on the first of a month; negative before birth."""
        return (first_day(month) - self.birth).astype(np.int64) / 365.25

    def psn_type(self, month: int) -> Ints:
        """Category in a month, an index into PSN_TYPES."""
        age, retired = self.age(month), self.retired(month)
        employee = np.where(self.is_civil_servant, 1, np.where(self.is_flexible, 2, 0)) + np.where(
            retired, 3, 0
        )
        student = self.is_student & (age >= 18) & (age < 25)
        resident = np.select([age < 6, age < 18, student, age < 60], [6, 7, 8, 9], 10)
        return np.where(self.scheme == 0, employee, resident)

    def roster(self, month: int) -> Roster:
        """Who can be treated in a month. People who die in it have visits, but no stays other than the last one."""
        here = np.flatnonzero(self.enrolled(month))
        age = np.maximum(self.age(month)[here], 0)
        retired = self.retired(month)[here]
        dies = self.died_on[here].astype("datetime64[M]") == first_day(month).astype("datetime64[M]")
        status = np.where(self.scheme[here] == 1, 2, np.where(retired, 1, 0))
        stay = np.zeros(len(here))
        for kind, bands in enumerate(_STAY_BY_AGE):
            mine = status == kind
            first = np.array([b[0] for b in bands[1:]])
            stay[mine] = np.array([b[1] for b in bands])[np.searchsorted(first, age[mine], side="right")]
        visit, elderly = self.frailty_visit[here], np.clip((age - 20) / 45, 0.02, 1.6)
        fertile = ~self.is_male[here] & (age >= 19) & (age < 41) & ~retired
        need = (
            visit * (0.6 + 0.012 * age),
            visit * elderly**2,
            np.where(dies, 0, self.frailty_stay[here] * stay),
            self.frailty_pharmacy[here],
            np.where(fertile & ~dies, 1.0, 0.0),
        )
        members: list[Ints] = []
        weights: list[Floats] = []
        groups: list[Ints] = []
        for scheme in range(2):
            for bucket in range(5):
                able = (self.scheme[here] == scheme) & (need[bucket] > 0)
                if not able.any():  # a very small city may have no one who can give birth: anyone stands in
                    able = (self.scheme[here] == scheme) & ~dies
                at = np.flatnonzero(able)
                members.append(here[at])
                weights.append(np.maximum(need[bucket][at], 1e-9))
                groups.append(np.full(len(at), scheme * 5 + bucket))
        cumulative = _grouped_cumulative(np.concatenate(groups), np.concatenate(weights), 10)
        return Roster(
            np.concatenate(members), cumulative, np.bincount(self.scheme[here], minlength=2), here[dies]
        )


@dataclass(frozen=True)
class Roster:
    """The people who can be treated in a month, drawn by their need of each kind of care."""

    members: Ints
    cumulative: Floats  # of group `scheme * 5 + bucket`, ending at group + 1
    size: Ints  # members by scheme
    dying: Ints  # memberships whose person dies in the month

    def draw(self, group: Ints, u: Floats) -> Ints:
        """Persons for the groups `scheme * 5 + bucket`, one for each u in [0, 1)."""
        return self.members[np.searchsorted(self.cumulative, group + u, side="right")]


def first_day(month: int) -> np.datetime64:
    """The first day of a month counted since year 0."""
    return np.datetime64(f"{month // 12:04d}-{month % 12 + 1:02d}-01", "D")


def make_institutions(settlements: int, rng: np.random.Generator) -> Institutions:
    """Institutions in a number that fits the number of settlements."""
    scale = float(np.clip(settlements / 1_000_000, 0.0, 5.0))
    tertiary = 2 + round(4 * scale**0.6)
    secondary = 1 + round(3 * scale**0.6)  # per org
    private = 1 + round(3 * scale**0.6)
    primary = 3 + round(13 * scale**0.6)
    pharmacies = 6 + round(60 * scale**0.7)

    code: list[str] = []
    name: list[str] = []
    admdvs: list[str] = []
    level: list[int] = []
    hosp_lv: list[str] = []
    is_private: list[bool] = []
    is_local: list[bool] = []
    beds: list[int] = []
    groups: list[int] = []
    weight: list[float] = []
    serial: dict[str, int] = {}

    def add(
        kind: str, place: str, label: str, lv: int, grade: str, group: int, share: float, bed_count: int,
        private_owned: bool = False, local: bool = True,
    ) -> int:  # fmt: skip
        serial[kind + place] = serial.get(kind + place, 0) + 1
        code.append(f"{kind}{place}{serial[kind + place]:05d}")
        name.append(label)
        admdvs.append(place)
        level.append(lv)
        hosp_lv.append(grade)
        is_private.append(private_owned)
        is_local.append(local)
        beds.append(bed_count)
        groups.append(group)
        weight.append(share)
        return len(code) - 1

    upgraded = renewed = -1
    for org, place in enumerate(ORGS):
        label = ORG_NAMES[org].removesuffix("本级")
        base = org * 4
        if org == 0:
            for i in range(tertiary):
                grade = "02" if i < tertiary - 1 else "03"
                add(
                    "H",
                    place,
                    f"{label}第{i + 1}人民医院",
                    0,
                    grade,
                    base,
                    1 / (i + 1),
                    1800 // (i + 1) + 300,
                )
        for i in range(secondary):
            at = add(
                "H", place, f"{label}第{i + 1}综合医院", 1, "05", base + 1, 1 / (i + 1), 420 // (i + 1) + 80
            )
            if i == 0 and org == 1:
                upgraded = at
            if i == 0 and org == 2:
                renewed = at
        for i in range(private):
            grade = "06" if i % 2 == 0 else "08"
            lv = 1 if grade == "06" else 2
            add("H", place, f"{label}示例民营医院{i + 1:02d}", lv, grade, base + lv, 0.55 / (i + 1), 99, True)
        for i in range(primary):
            kind = "社区卫生服务中心" if org == 0 else "示例镇卫生院"
            grade = ("10", "11", "08")[i % 3]
            add("H", place, f"{label}{i + 1:02d}号{kind}", 2, grade, base + 2, 1 / (i + 1) ** 0.5, 40)
        for i in range(pharmacies):
            share = 1 / (i + 3) ** 0.4
            add("P", place, f"{label}{i + 1:03d}号零售药店", 3, "", base + 3, share, 0, i % 4 != 0)
    for group, places, label in (
        (GROUP_IN_PROVINCE, ("970201", "970301", "970402"), "示例省外市"),
        (GROUP_CROSS_PROVINCE, ("980101", "980201", "960101"), "外省示例市"),
    ):
        for i in range(18):
            lv = 0 if i < 12 else 1 + (i % 2)
            grade = ("02", "05", "10")[lv]
            share = (0.85 / 12, 0.12 / 3, 0.03 / 3)[lv]
            place = places[i % 3]
            add("H", place, f"{label}{i + 1:02d}号医院", lv, grade, group, share, 0, False, False)

    order = np.argsort(np.array(groups), kind="stable")
    group_sorted = np.array(groups)[order]
    share_sorted = np.array(weight)[order] * rng.uniform(0.8, 1.25, len(order))
    cumulative = _grouped_cumulative(group_sorted, share_sorted, GROUP_CROSS_PROVINCE + 1)
    where = np.empty(len(order), dtype=np.int64)
    where[order] = np.arange(len(order))
    levels = np.array(level, dtype=np.int64)[order]
    private_owned = np.array(is_private)[order]
    # Payment by score begins with the large public hospitals and reaches the small and private ones last.
    dip_from = np.select([levels == 0, levels == 1], [2021 * 12, 2022 * 12], 2023 * 12)
    dip_from = dip_from + np.where(private_owned, 12, 0) + rng.integers(0, 4, len(order)) * 3
    habits = rng.standard_normal((3, len(order)))
    return Institutions(
        code=[code[i] for i in order],
        name=[name[i] for i in order],
        admdvs=[admdvs[i] for i in order],
        level=levels,
        hosp_lv=[hosp_lv[i] for i in order],
        is_private=private_owned,
        is_local=np.array(is_local)[order],
        beds=np.array(beds, dtype=np.int64)[order],
        cumulative=cumulative,
        upgraded=int(where[upgraded]),
        renewed=int(where[renewed]),
        habit_cost=_habit(np.where(levels == 3, 0, habits[0]), 0.14, group_sorted, share_sorted),
        habit_stay=_habit(habits[1] + np.where(private_owned, 1.0, 0.0), 0.12, group_sorted, share_sorted),
        habit_drug=_habit(habits[2], 0.18, group_sorted, share_sorted),
        dip_from=dip_from,
    )


def _habit(z: Floats, sigma: float, group: Ints, share: Floats) -> Floats:
    """Lognormal factors, scaled so that a group's visits have the factor 1 on average."""
    factor = np.exp(sigma * z)
    total = np.bincount(group, weights=share)
    mean = np.bincount(group, weights=share * factor) / np.where(total > 0, total, 1)
    return factor / mean[group]


def make_people(count: int, rng: np.random.Generator) -> People:
    """All memberships of a city with `count` members at the end of 2025."""
    rows = lifecycle.simulate(count, rng)
    identity, scheme = rows["identity"], rows["scheme"]
    n = int(identity.max()) + 1
    # What belongs to a human being stays the same in all memberships.
    u = rng.random((5, n))
    employee = scheme == 0
    civil = employee & (u[0] < cal.CIVIL_SERVANT_SHARE)[identity]
    died = np.full(n, -1)
    np.maximum.at(died, identity, rows["died_on"])
    died_on = died[identity].astype("datetime64[D]")
    died_on[died[identity] < 0] = np.datetime64("NaT")
    # Frailty: some people need much care. Gamma, clipped so that one person's stays can't fill the calendar, and dealt
    # evenly over the numbers, so that each age group of a small city has its share.
    frailty = []
    for shape, top, step in ((0.6, 8.0, 0.7548776662), (1.3, 6.0, 0.5698402910), (0.9, 8.0, 0.3819660113)):
        quantiles = np.sort(np.clip(rng.gamma(shape, 1 / shape, n), 0.02, top))
        rank = np.floor((np.arange(n) * step + rng.random()) % 1 * n).astype(np.int64)
        frailty.append(quantiles[rank][identity])
    return People(
        identity=identity,
        scheme=scheme,
        org=rows["org"],
        birth=rows["birth"].astype("datetime64[D]"),
        is_male=rows["is_male"],
        is_civil_servant=civil,
        is_flexible=employee & ~civil & (u[1] < cal.FLEXIBLE_SHARE / (1 - cal.CIVIL_SERVANT_SHARE))[identity],
        is_assisted=~employee & (u[2] < cal.ASSISTED_SHARE)[identity],
        is_student=(u[3] < 0.4)[identity],
        enrolled_from=rows["enrolled_from"],
        enrolled_to=rows["enrolled_to"],
        retired_from=rows["retired_from"],
        died_on=died_on,
        joined_by=rows["joined_by"],
        left_by=rows["left_by"],
        frailty_visit=frailty[0],
        frailty_stay=frailty[1],
        frailty_pharmacy=frailty[2],
    )


def psn_no(identity: str) -> str:
    """SQL for the person number of an identity, given as a SQL expression."""
    return f"'{CITY}' || lpad((({identity}) + 1)::VARCHAR, 10, '0')"


def person_table(people: People) -> pa.Table:
    """What the exports say about a membership, keyed by `person`; dates are null where there are none."""
    ends = people.enrolled_to < lifecycle.HORIZON_END
    return pa.table(
        {
            "person": np.arange(len(people)),
            "identity": people.identity,
            "scheme": people.scheme,
            "person_org": people.org,
            "insutype": np.array(["310", "390"])[people.scheme],
            "gend": np.where(people.is_male, "1", "2"),
            "brdy": people.birth.astype("datetime64[D]"),
            "cvlserv_flag": np.where(people.is_civil_servant, "1", "0"),
            "is_flexible": people.is_flexible,
            "is_assisted": people.is_assisted,
            "enrolled_from": _month_dates(people.enrolled_from, np.ones(len(people), dtype=bool)),
            "enrolled_to": _month_dates(people.enrolled_to, ends),
            "retired_from": _month_dates(people.retired_from, people.retired_from < lifecycle.HORIZON_END),
            "died_on": people.died_on,
            "joined_by": np.array(lifecycle.JOIN_KINDS)[people.joined_by],
            "left_by": np.array(lifecycle.LEAVE_KINDS)[people.left_by],
        }
    )


def _month_dates(month: Ints, known: NDArray[np.bool_]) -> pa.Array:
    days = (np.where(known, month, 0) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return pa.array(days, mask=~known)


def _grouped_cumulative(group: Ints, weight: Floats, groups: int) -> Floats:
    """Cumulative weights scaled so that group g ends at exactly g + 1. `group` is sorted."""
    total = np.bincount(group, weights=weight, minlength=groups)
    running = np.cumsum(weight / total[group])
    first = np.searchsorted(group, np.arange(groups), side="left")
    before = np.concatenate([[0.0], running])[first]
    result = running + (np.arange(groups) - before)[group]
    last = np.searchsorted(group, np.arange(groups), side="right") - 1
    present = total > 0
    result[last[present]] = np.flatnonzero(present) + 1.0
    return result
