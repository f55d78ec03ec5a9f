"""The synthetic place: its divisions, institutions and insured people. Nothing here exists.

Division codes begin with 96, 97 and 98, which no province uses; people have numbers and no names.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal

CITY = "970100"
CITY_NAME = "示例市"
# Index of a bookkeeping unit everywhere in this package: 0 is the city itself, 1-5 its counties.
ORGS = ("970199", "970121", "970122", "970123", "970124", "970125")
ORG_NAMES = ("示例市本级", "示例市甲县", "示例市乙县", "示例市丙县", "示例市丁县", "示例市戊县")
ORG_NAMES_EN = ("Shili City level", "Jia County", "Yi County", "Bing County", "Ding County", "Wu County")
_EMPLOYEES_BY_ORG = (0.42, 0.16, 0.13, 0.11, 0.10, 0.08)
_RESIDENTS_BY_ORG = (0.14, 0.22, 0.20, 0.17, 0.15, 0.12)

# Groups of institutions: org x (three levels, pharmacy), then the places outside the city.
GROUP_IN_PROVINCE = len(ORGS) * 4
GROUP_CROSS_PROVINCE = GROUP_IN_PROVINCE + 1

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Age bands at the start of the window: (first age, last age, share, weight of a stay). Assumed shapes.
_AGES = {
    "active": ((18, 29, 20.0, 7.7), (30, 44, 45.0, 9.9), (45, 59, 35.0, 17.0)),
    "retired": ((50, 59, 20.0, 25.9), (60, 69, 42.0, 41.5), (70, 79, 26.0, 64.3), (80, 95, 12.0, 80.9)),
    "resident": (
        (0, 4, 6.0, 22.9),
        (5, 17, 18.4, 6.7),
        (18, 24, 5.0, 5.7),
        (25, 44, 20.6, 12.4),
        (45, 59, 26.0, 19.1),
        (60, 69, 13.0, 34.3),
        (70, 79, 8.0, 52.4),
        (80, 95, 3.0, 59.1),
    ),
}


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


@dataclass(frozen=True)
class People:
    """Insured people; `cumulative[scheme * 5 + bucket]` draws them by their need of that kind of care."""

    scheme: Ints
    org: Ints
    birth: NDArray[np.datetime64]
    is_male: NDArray[np.bool_]
    is_retired: NDArray[np.bool_]
    is_civil_servant: NDArray[np.bool_]
    is_assisted: NDArray[np.bool_]
    psn_type: NDArray[np.str_]
    cumulative: Floats
    members: Ints

    def __len__(self) -> int:
        return len(self.scheme)

    def draw(self, group: Ints, u: Floats) -> Ints:
        """Persons for the groups `scheme * 5 + bucket`, one for each u in [0, 1)."""
        return self.members[np.searchsorted(self.cumulative, group + u, side="right")]


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
            add("H", place, f"{label}示例民营医院{i + 1:02d}", lv, grade, base + lv, 0.25 / (i + 1), 99, True)
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
    return Institutions(
        code=[code[i] for i in order],
        name=[name[i] for i in order],
        admdvs=[admdvs[i] for i in order],
        level=np.array(level, dtype=np.int64)[order],
        hosp_lv=[hosp_lv[i] for i in order],
        is_private=np.array(is_private)[order],
        is_local=np.array(is_local)[order],
        beds=np.array(beds, dtype=np.int64)[order],
        cumulative=cumulative,
        upgraded=int(where[upgraded]),
        renewed=int(where[renewed]),
    )


def make_people(count: int, start: np.datetime64, rng: np.random.Generator) -> People:
    """`count` insured people, all born before `start`."""
    employees = round(count * cal.EMPLOYEE_SHARE)
    scheme = (np.arange(count) >= employees).astype(np.int64)
    u_org = rng.random(count)
    org = np.where(
        scheme == 0,
        np.searchsorted(np.cumsum(_EMPLOYEES_BY_ORG)[:-1], u_org, side="right"),
        np.searchsorted(np.cumsum(_RESIDENTS_BY_ORG)[:-1], u_org, side="right"),
    ).astype(np.int64)
    is_retired = (scheme == 0) & (rng.random(count) < cal.RETIRED_SHARE)
    status = np.where(scheme == 1, 2, np.where(is_retired, 1, 0))
    age = np.zeros(count)
    stay_weight = np.zeros(count)
    u_band, u_age = rng.random(count), rng.random(count)
    for code, kind in enumerate(("active", "retired", "resident")):
        bands = np.array(_AGES[kind])
        mine = status == code
        band = np.searchsorted(np.cumsum(bands[:, 2] / bands[:, 2].sum())[:-1], u_band[mine], side="right")
        first, last = bands[band, 0], bands[band, 1]
        age[mine] = first + u_age[mine] * (last + 1 - first)
        stay_weight[mine] = bands[band, 3]
    birth = start - np.ceil(age * 365.25 + 1).astype("timedelta64[D]")
    is_male = rng.random(count) < np.array(cal.MALE_SHARE)[scheme]
    is_civil = (scheme == 0) & (rng.random(count) < cal.CIVIL_SERVANT_SHARE)
    is_assisted = (scheme == 1) & (rng.random(count) < cal.ASSISTED_SHARE)
    is_flexible = (scheme == 0) & ~is_civil & (rng.random(count) < cal.FLEXIBLE_SHARE)
    is_student = (age >= 18) & (age < 25) & (rng.random(count) < 0.4)
    psn_type = np.select(
        [
            (scheme == 0) & is_retired & is_civil,
            (scheme == 0) & is_retired & is_flexible,
            (scheme == 0) & is_retired,
            (scheme == 0) & is_civil,
            (scheme == 0) & is_flexible,
            scheme == 0,
            age < 6,
            age < 18,
            is_student,
            age >= 60,
        ],
        ["1202", "1203", "1201", "1102", "1103", "1101", "1402", "1403", "1404", "16"],
        default="1501",
    )

    # Frailty: some people need much care. Gamma, clipped so that one person's stays can't fill the calendar.
    frailty = np.clip(rng.gamma(0.6, 1 / 0.6, count), 0.02, 8)
    frailty_stay = np.clip(rng.gamma(0.8, 1 / 0.8, count), 0.02, 6)
    elderly = np.clip((age - 20) / 45, 0.02, 1.6)
    fertile = ~is_male & (age >= 19) & (age < 41) & ~is_retired
    need = (
        frailty * (0.6 + 0.012 * age),
        frailty * elderly**2,
        frailty_stay * stay_weight,
        np.clip(rng.gamma(0.9, 1 / 0.9, count), 0.02, 8),
        np.where(fertile, 1.0, 0.0),
    )
    members: list[Ints] = []
    weights: list[Floats] = []
    groups: list[Ints] = []
    for s in range(2):
        for b in range(5):
            mine = np.flatnonzero((scheme == s) & (need[b] > 0))
            if not len(mine):  # a very small city may have no one who can give birth: anyone stands in
                mine = np.flatnonzero(scheme == s)
            members.append(mine)
            weights.append(np.maximum(need[b][mine], 1e-9))
            groups.append(np.full(len(mine), s * 5 + b))
    cumulative = _grouped_cumulative(np.concatenate(groups), np.concatenate(weights), 10)
    return People(
        scheme=scheme,
        org=org,
        birth=birth,
        is_male=is_male,
        is_retired=is_retired,
        is_civil_servant=is_civil,
        is_assisted=is_assisted,
        psn_type=psn_type,
        cumulative=cumulative,
        members=np.concatenate(members),
    )


def person_table(people: People) -> pa.Table:
    """What the exports say about a person, keyed by `person`."""
    return pa.table(
        {
            "person": np.arange(len(people)),
            "person_org": people.org,
            "insutype": np.array(["310", "390"])[people.scheme],
            "psn_type": people.psn_type,
            "gend": np.where(people.is_male, "1", "2"),
            "brdy": people.birth.astype("datetime64[D]"),
            "cvlserv_flag": np.where(people.is_civil_servant, "1", "0"),
        }
    )


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
