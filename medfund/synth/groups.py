"""Which disease a stay is for: groups in the manner of national grouping, with their diagnoses and procedures.

A group is drawn for a stay given the patient's age and sex, the level of the hospital and what the stay costs: the chance
of a group is its frequency, times how well age and sex fit, times how well the cost fits its usual cost. So few groups
carry much of the money, heavy groups sit in large hospitals, and nobody gives birth who can't. Codes and names follow the
public style of the national lists; they are no official copy, and every frequency and weight is assumed.

The lists are in data/: diseases.csv (kind M medical, P procedure, S surgery; stays per 1,000; cost over the area's mean;
the sex that alone has it; ages; main diagnoses and procedures, the most frequent first), conditions.csv (what outpatient
visits are for; kinds g general, e emergency, c listed chronic disease, s listed special disease, m pregnancy) and
further_diagnoses.csv (of stays, by age, the most frequent first).
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from medfund.synth import calibration as cal

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Departments by theme; theme 0 is general. Codes of the national list of clinical departments.
THEMES = (
    "general", "heart", "nerve", "lung", "digestion", "bone", "tumour", "women", "child", "kidney", "hormone",
    "eye_ear", "mind", "tcm", "infection",
)  # fmt: skip
DEPARTMENTS = (
    ("02", "全科医疗科"), ("03.04", "心血管内科"), ("03.03", "神经内科"), ("03.01", "呼吸内科"), ("03.02", "消化内科"),
    ("04.03", "骨科"), ("19", "肿瘤科"), ("05", "妇产科"), ("07", "儿科"), ("04.04", "泌尿外科"), ("03.07", "内分泌科"),
    ("11", "耳鼻咽喉科"), ("15", "精神科"), ("50", "中医科"), ("16", "感染科"),
)  # fmt: skip
_T = {name: i for i, name in enumerate(THEMES)}

MEDICAL, PROCEDURE, SURGERY = range(3)
GENERAL_STAY, DAY_CASE, DELIVERY = range(3)

# Groups of deliveries: share of all deliveries (assumed; about half are caesarean).
_DELIVERIES = {"OB1": 0.47, "OC1": 0.15, "OR1": 0.38}

AGE_EDGES = (1, 5, 15, 25, 45, 60, 70, 80)  # first ages of the bands after the first
_BAND_AGE = np.array([0.0, 2.5, 9.5, 19.5, 35.0, 52.5, 65.0, 75.0, 85.0])
BANDS = len(_BAND_AGE)
# What one group costs by level over the middle (assumed), for hospital levels tertiary, secondary, primary.
_LEVEL_PRICE = np.array([1.15, 0.95, 0.72])
_COST_SIGMA = 0.55  # within a group
SLOTS = 256
# Cost classes: log of the cost over the area's mean, in steps.
COST_FIRST, COST_STEP, COST_CLASSES = -3.0, 0.25, 24
# Bounds of the cost of a case over its group's mean: below, without and with severe complications.
SEVERITY_BOUNDS = (0.82, 1.35)
# Coding isn't cost: what the severity is judged by over the true ratio, one of these by chance.
SEVERITY_NOISE = (0.60, 0.74, 0.85, 0.95, 1.05, 1.18, 1.35, 1.66)
SEVERITIES = (("5", "不伴并发症或合并症"), ("3", "伴并发症或合并症"), ("1", "伴严重并发症或合并症"))


@dataclass(frozen=True)
class Diagnosis:
    """A diagnosis as a settlement list writes it: code and name."""

    code: str
    name: str


@dataclass(frozen=True)
class Group:
    """A core group: all stays for one kind of disease and treatment."""

    code: str
    name: str
    kind: int
    theme: int
    frequency: float
    weight: float
    sex: str
    first_age: int
    last_age: int
    diagnoses: tuple[Diagnosis, ...]
    procedures: tuple[Diagnosis, ...]

    @property
    def mdc(self) -> str:
        """Main diagnostic category: the first letter."""
        return "MDC" + self.code[0]


@dataclass(frozen=True)
class Condition:
    """What an outpatient visit is for."""

    diagnosis: Diagnosis
    theme: int
    kinds: str
    frequency: float
    sex: str
    first_age: int
    last_age: int


def _coded(text: str) -> tuple[Diagnosis, ...]:
    return tuple(Diagnosis(*part.split(" ", 1)) for part in text.split(";") if part)


def _ages(text: str) -> tuple[int, int]:
    first, last = text.split("-")
    return int(first), int(last)


def _read(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _group(row: dict[str, str]) -> Group:
    return Group(
        row["code"], row["name"], "MPS".index(row["kind"]), _T[row["theme"]], float(row["frequency"]),
        float(row["weight"]), row["sex"], *_ages(row["ages"]), _coded(row["diagnoses"]), _coded(row["procedures"]),
    )  # fmt: skip


def _condition(row: dict[str, str]) -> Condition:
    return Condition(
        _coded(row["diagnosis"])[0], _T[row["theme"]], row["kinds"], float(row["frequency"]), row["sex"],
        *_ages(row["ages"]),
    )  # fmt: skip


DATA = Path(__file__).with_name("data")
GROUPS: tuple[Group, ...] = tuple(map(_group, _read("diseases.csv")))
CONDITIONS: tuple[Condition, ...] = tuple(map(_condition, _read("conditions.csv")))
# Further diagnoses of children, adults and the elderly.
COMORBID: tuple[tuple[Diagnosis, ...], ...] = tuple(
    _coded(row["diagnoses"]) for row in _read("further_diagnoses.csv")
)
VISIT_KINDS = "gecsm"


def _fit(first: int, last: int, sex: str) -> Floats:
    """How well [sex, age band] fits ages from `first` to `last`: 1 inside, little outside, nothing far away."""
    gap = np.maximum(np.maximum(first - _BAND_AGE, _BAND_AGE - last), 0)
    fit = np.where(gap <= 0, 1.0, np.where(gap < 12, 0.25, np.where(gap < 30, 0.02, 0.0)))
    if last == 0:  # newborns
        fit = np.where(_BAND_AGE == 0, 1.0, 0.0)
    elif first >= 18:
        fit = np.where(first - _BAND_AGE > 8, 0.0, fit)
    out = np.vstack([fit, fit])
    if sex:
        out["21".index(sex)] = 0.0  # rows are men, women: what only one sex has doesn't fit the other
    return out


def systematic(chance: Floats, offset: float, slots: int) -> Ints:
    """`slots` draws from the distribution `chance`, evenly spaced from `offset` in [0, 1)."""
    edges = np.cumsum(chance) / chance.sum()
    at = (np.arange(slots) + offset) / slots
    return np.minimum(np.searchsorted(edges, at, side="right"), len(chance) - 1)


@dataclass(frozen=True)
class Casebook:
    """Tables by which SQL picks a group and what it is worth.

    `stay_slots` is indexed [kind, sex, age band, level, cost class, slot] flattened, `visit_slots` [kind, sex, age band,
    slot]. `mean` is the cost over the area's mean of [group], `worth` that of [group, severity].
    """

    stay_slots: Ints
    visit_slots: Ints
    mean: Floats
    worth: Floats
    drg_share: Floats  # cost over worth of [scheme, level]: what a point must be worth to cover the cost


VISIT_SLOTS = 128


def area_mean(year: int) -> float:
    """Mean cost of a stay over both schemes, yuan."""
    cost = cal.mean_cost(year)[:, cal.INPATIENT]
    visits = cal.visits_per_member(year)[:, cal.INPATIENT] * np.array(
        [cal.EMPLOYEE_SHARE, 1 - cal.EMPLOYEE_SHARE]
    )
    return float((cost * visits).sum() / visits.sum())


def make_casebook() -> Casebook:
    """Work the tables out. They depend on nothing but this module and the calibration."""
    return _casebook(_stay_slots(), _visit_slots())


def _stay_slots() -> Ints:
    fit = np.stack([_fit(g.first_age, g.last_age, g.sex) for g in GROUPS])  # [group, sex, band]
    frequency = np.array([g.frequency for g in GROUPS])
    delivery = np.array([_DELIVERIES.get(g.code, 0.0) for g in GROUPS])
    quick = np.array([0.0 if g.kind == MEDICAL or g.weight > 2 else 1.0 for g in GROUPS])
    weight = np.array([g.weight for g in GROUPS])
    middle = COST_FIRST + COST_STEP * (np.arange(COST_CLASSES) + 0.5)
    usual = np.log(weight)[:, None] + np.log(_LEVEL_PRICE)[None, :] - _COST_SIGMA**2 / 2  # [group, level]
    gap = (middle[None, None, :] - usual[:, :, None]) / _COST_SIGMA
    close = np.exp(-0.5 * gap**2) + 1e-7 / (1 + gap**2)  # [group, level, class]
    # Small hospitals seldom operate, and hardly ever on what is heavy.
    heavy = np.where((weight > 2.4)[:, None], [1.0, 0.5, 0.02], 1.0)
    operates = np.where(np.array([g.kind for g in GROUPS])[:, None] == SURGERY, [1.0, 0.8, 0.25], 1.0)
    slots = np.empty((3, 2, BANDS, 3, COST_CLASSES, SLOTS), dtype=np.int64)
    base = {GENERAL_STAY: frequency, DAY_CASE: frequency * quick, DELIVERY: delivery}
    for kind, often in base.items():
        for sex in range(2):
            for band in range(BANDS):
                able = often * fit[:, sex, band]
                if able.sum() <= 0:  # a delivery of nobody who can give birth is some other stay
                    able = frequency * fit[:, sex, band]
                for level in range(3):
                    for step in range(COST_CLASSES):
                        chance = able * heavy[:, level] * operates[:, level] * close[:, level, step]
                        offset = (0.5 + 0.381966 * (step + 24 * level + 72 * band)) % 1
                        slots[kind, sex, band, level, step] = systematic(chance, offset, SLOTS)
    return slots


def _visit_slots() -> Ints:
    slots = np.empty((len(VISIT_KINDS), 2, BANDS, VISIT_SLOTS), dtype=np.int64)
    fit = np.stack([_fit(c.first_age, c.last_age, c.sex) for c in CONDITIONS])
    for kind, letter in enumerate(VISIT_KINDS):
        often = np.array([c.frequency if letter in c.kinds else 0.0 for c in CONDITIONS])
        general = np.array([c.frequency if "g" in c.kinds else 0.0 for c in CONDITIONS])
        for sex in range(2):
            for band in range(BANDS):
                chance = often * fit[:, sex, band]
                if chance.sum() <= 0:
                    chance = general * fit[:, sex, band]
                slots[kind, sex, band] = systematic(chance, 0.5, VISIT_SLOTS)
    return slots


# Share of stays by age band, men then women, for the sample the weights are worked out on (assumed).
_STAY_BANDS = np.array([0.03, 0.04, 0.03, 0.02, 0.11, 0.2, 0.24, 0.21, 0.12])


def _casebook(stay_slots: Ints, visit_slots: Ints) -> Casebook:
    """Weights as a bureau gets them: mean cost of the cases of a group over the mean of all cases."""
    rng = np.random.default_rng(20180101)
    n = 400_000
    scheme = (rng.random(n) >= 0.3).astype(np.int64)
    mix = cal.LEVEL_MIX[scheme, cal.INPATIENT]
    level = (rng.random(n)[:, None] > np.cumsum(mix, axis=1)[:, :2]).sum(axis=1)
    band = rng.choice(BANDS, n, p=_STAY_BANDS)
    sex = rng.integers(0, 2, n)
    sigma = cal.COST_SIGMA[cal.INPATIENT]
    cost = cal.mean_cost(2025)[scheme, cal.INPATIENT] * cal.LEVEL_COST[scheme, cal.INPATIENT, level]
    cost = cost * np.exp(sigma * rng.standard_normal(n) - sigma**2 / 2) / area_mean(2025)
    step = np.clip(np.floor((np.log(cost) - COST_FIRST) / COST_STEP), 0, COST_CLASSES - 1).astype(np.int64)
    group = stay_slots[0, sex, band, level, step, rng.integers(0, SLOTS, n)]
    given = np.array([g.weight for g in GROUPS])
    count = np.bincount(group, minlength=len(GROUPS))
    total = np.bincount(group, weights=cost, minlength=len(GROUPS))
    # Groups with few cases in the sample keep near their given weight.
    mean = (total + 30 * given) / (count + 30)
    ratio = cost / mean[group]
    noise = np.array(SEVERITY_NOISE)[rng.integers(0, len(SEVERITY_NOISE), n)]
    severity = np.searchsorted(SEVERITY_BOUNDS, ratio * noise, side="right")
    key = group * 3 + severity
    ratio_sum = np.bincount(key, weights=ratio, minlength=len(GROUPS) * 3).reshape(-1, 3)
    ratio_count = np.bincount(key, minlength=len(GROUPS) * 3).reshape(-1, 3)
    within = (ratio_sum + 20 * np.array([0.6, 1.05, 1.8])) / (ratio_count + 20)
    worth = mean[:, None] * within
    points = worth[group, severity]
    share = np.zeros((2, 3))
    for s in range(2):
        for lv in range(3):
            mine = (scheme == s) & (level == lv)
            share[s, lv] = cost[mine].sum() / points[mine].sum()
    return Casebook(stay_slots, visit_slots, mean, worth, share)
