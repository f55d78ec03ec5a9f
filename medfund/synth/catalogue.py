"""What hospitals and pharmacies charge for: the synthetic insurance catalogue and how a line picks an item from it.

A line is given an amount and a pool (fee class, reimbursement class, theme) and takes an item whose price fits the amount,
the popular ones more often (Zipf). SQL does that with one equality join on a key of pool, amount band and slot. Names
are those of well-known generic drugs and services, so that a list reads like one (data/names.csv: by kind and theme, the
cheapest first, with what the cheapest and the dearest usually cost: drugs by the box, consumables by the piece); codes
are made up and can't be taken for national ones; every price, rank and share is assumed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth.city import CITY
from medfund.synth.groups import DATA, THEMES, systematic

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Fee classes of ordinary lines, by position: what med_chrgitm_type says.
CLASSES = ("09", "11", "10", "08", "03", "04", "05", "06", "13")
DRUG, PATENT, HERBAL, CONSUMABLE, EXAM, LAB, TREATMENT, OPERATION, VISIT_FEE = range(9)
# Shares a patient pays first of a class B item, per cent. The last is a stopgap for bills that are nearly all prior pay.
PRIOR_TIERS = (5, 10, 15, 20, 30, 40, 50, 95)
# Pools of a class: A general, B by tier, C, then A by theme.
PER_CLASS = 24
POOL_B = 1
POOL_C = POOL_B + len(PRIOR_TIERS)
POOL_THEME = POOL_C  # plus the theme, 1 to 14
# Pools of lines that take what is left of a bill: sold by the smallest unit, or priced by the seller.
_EXTRA = len(CLASSES) * PER_CLASS
UNIT_DRUG, UNIT_HERBAL, UNIT_PATENT = _EXTRA, _EXTRA + 1, _EXTRA + 2
UNIT_B = _EXTRA + 3  # plus the tier
UNIT_MATERIAL = UNIT_B + len(PRIOR_TIERS)
UNIT_C_DRUG = UNIT_MATERIAL + 1
UNIT_C_CONSUMABLE, FREE_C_TEST, FREE_C_SERVICE = UNIT_C_DRUG + 1, UNIT_C_DRUG + 2, UNIT_C_DRUG + 3
RETAIL, RETAIL_FREE, NEGOTIATED = UNIT_C_DRUG + 4, UNIT_C_DRUG + 5, UNIT_C_DRUG + 6
POOLS = NEGOTIATED + len(PRIOR_TIERS)

# Bands of a line's amount in fen: BAND_STEP of the natural logarithm each.
BANDS, SLOTS, BAND_STEP = 128, 32, 0.125

# Price kinds: listed prices differ a little from hospital to hospital, follow the hospital's level, or are uniform.
FREE, BY_LEVEL, UNIFORM = range(3)


@dataclass(frozen=True)
class Item:
    """A catalogue item. `price` is in hundredths of a fen (yuan / 10,000)."""

    code: str
    name: str
    fee_class: str
    level: int  # 1, 2, 3 for classes A, B, C
    tier: int  # per cent paid first
    price: int
    max_count: int
    weight: float
    pool: int
    pricing: int
    list_type: str
    form: str = ""
    theme: int = 0
    is_negotiated: bool = False
    is_basic: bool = False
    procured_from: int = 0  # month from which the procurement price holds, 0 for never
    procured_price: int = 100  # per cent of the price before
    cap: int = 0  # highest price in hundredths of a fen, 0 for none


_FORMS = ("片", "胶囊", "颗粒", "分散片", "缓释片", "口服液")
_INJECTED_FORMS = ("注射液",)
_WITH_FORM = ("滴眼", "鼻喷", "滴耳", "混悬", "咀嚼", "注射", "口服", "颗粒", "丸", "糖浆")
# What a stay is charged each day: class, name, yuan; cheap to dear.
DAILY = {
    "bed": ("01", ((6, "普通床位费(多人间)"), (12, "普通床位费(四人间)"), (20, "普通床位费(三人间)"), (35, "普通床位费(双人间)"),
                   (60, "单人间床位费"), (120, "层流洁净病房床位费"), (200, "重症监护病房床位费"))),
    "nursing": ("07", ((4, "Ⅲ级护理"), (9, "Ⅱ级护理"), (16, "Ⅰ级护理"), (28, "特级护理(日)"), (75, "重症监护护理(日)"))),
    "round": ("02", ((4, "住院诊查费"), (9, "主治医师住院诊查费"), (16, "副主任医师住院诊查费"), (30, "主任医师住院诊查费"))),
}  # fmt: skip

_CODE_PREFIX = {"101": "X97", "102": "T97", "201": "97", "301": "C97"}


@dataclass(frozen=True)
class _Name:
    """A name, the theme it belongs to and its usual price in yuan."""

    text: str
    theme: int
    usual: float


@cache
def _lists() -> dict[tuple[str, str], tuple[_Name, ...]]:
    """The names by kind and theme."""
    found: dict[tuple[str, str], tuple[_Name, ...]] = {}
    with (DATA / "names.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            words = row["names"].split()
            low, high = float(row["low_yuan"]), float(row["high_yuan"])
            usual = np.geomspace(low, high, len(words)) if len(words) > 1 else [(low * high) ** 0.5]
            theme = THEMES.index(row["theme"])
            found[row["kind"], row["theme"]] = tuple(
                _Name(word, theme, float(yuan)) for word, yuan in zip(words, usual, strict=True)
            )
    return found


def _of(kind: str, theme: str = "general", scale: float = 1.0) -> list[_Name]:
    """Names of one kind and theme, their usual prices times `scale`."""
    return [_Name(name.text, name.theme, name.usual * scale) for name in _lists()[kind, theme]]


def _everyone(kind: str, scale: float = 1.0) -> list[_Name]:
    """Names of all themes but those that only women or children need."""
    return [name for theme in THEMES if theme not in ("women", "child") for name in _of(kind, theme, scale)]


@cache
def _injected() -> frozenset[str]:
    return frozenset(name.text for name in _of("injected"))


class _Namer:
    """Gives names whose usual price is near an item's, and no name twice: variants are told apart by form or number."""

    def __init__(self, names: list[_Name], forms: tuple[str, ...] = ()) -> None:
        self._names, self._forms = names, forms
        self._usual = np.log([name.usual for name in names])
        self._used: dict[str, int] = {}

    def near(self, yuan: float) -> tuple[str, int]:
        """A name and its theme. Of the names that fit about equally well, the one used least."""
        off = np.abs(self._usual - np.log(yuan))
        able = np.flatnonzero(off <= off.min() + 0.35)
        name = min((self._names[i] for i in able), key=lambda n: self._used.get(n.text, 0))
        turn = self._used.get(name.text, 0)
        self._used[name.text] = turn + 1
        if self._forms and not name.text.endswith(_WITH_FORM):
            is_injected = self._forms is _FORMS and name.text in _injected()
            forms = _INJECTED_FORMS if is_injected else self._forms
            again = f"(规格{turn // len(forms) + 1})" if turn >= len(forms) else ""
            return name.text + forms[(turn + len(name.text)) % len(forms)] + again, name.theme
        return name.text + (f"(规格{turn + 1})" if turn else ""), name.theme


class _Book:
    """Items as they are added."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._serial: dict[str, int] = {}
        self._rng = np.random.default_rng(20180102)

    def add(
        self,
        name: str,
        fee_class: str,
        pool: int,
        yuan: float,
        *,
        level: int = 1,
        tier: int = 0,
        max_count: int = 60,
        weight: float = 1.0,
        pricing: int = FREE,
        list_type: str = "101",
        form: str = "",
        theme: int = 0,
        negotiated: bool = False,
        procurable: bool = False,
    ) -> None:
        self._serial[list_type] = self._serial.get(list_type, 0) + 1
        code = f"{_CODE_PREFIX[list_type]}{fee_class}{self._serial[list_type]:06d}"
        if list_type == "101" and fee_class == "11":
            code = "Z" + code[1:]
        u = self._rng.random(4)
        # Every B price is a multiple of 20 fen, so that the part paid first comes out in whole fen.
        price = _step(yuan, 0.2) if level == 2 else _step(yuan, 0.01 if yuan >= 1 else 0.0001)
        procured = procurable and u[0] < 0.65
        month = int(2019 * 12 + 3 + u[1] * 78) // 3 * 3
        cap = 0
        if pricing == BY_LEVEL or procured:
            cap = int(np.ceil(price * 1.3 / 10_000)) * 10_000
        self.items.append(
            Item(
                code, name, fee_class, level, tier, price, max_count, weight, pool, UNIFORM if procured else pricing,
                list_type, form, theme, negotiated, bool(u[2] < 0.45) and level == 1 and list_type == "101",
                month if procured else 0, int(35 + 30 * u[3]) if procured else 100, cap,
            )
        )  # fmt: skip


def _step(yuan: float, step: float) -> int:
    """Yuan as hundredths of a fen, rounded to a multiple of `step` yuan, at least one of them."""
    unit = round(step * 10_000)
    return max(1, round(yuan * 10_000 / unit)) * unit


def _zipf(n: int, power: float = 1.8) -> list[float]:
    """Popularity by rank: a few carry most."""
    return [float(weight) for weight in 1 / (np.arange(n) + 1.0) ** power]


def _spread(low: float, high: float, n: int) -> list[float]:
    """n prices between low and high, evenly spaced by ratio, in an order that mixes cheap and dear."""
    order = (np.arange(n) * _stride(n)) % n
    return [float(yuan) for yuan in np.geomspace(low, high, n)[order]]


def _stride(n: int) -> int:
    """A step near the golden section of n that has no factor in common with n."""
    step = max(1, round(n * 0.618))
    while np.gcd(step, n) != 1:
        step += 1
    return step


@cache
def items() -> tuple[Item, ...]:
    """The whole catalogue, the same in every run."""
    book = _Book()
    _add_drugs(book)
    _add_materials(book)
    _add_services(book)
    _add_units(book)
    _add_daily(book)
    return tuple(book.items)


def _add_drugs(book: _Book) -> None:
    general, every, patents = _of("drug"), _everyone("drug"), _of("patent_medicine")

    def fill(
        cls: int, sub: int, names: list[_Name], low: float, high: float, n: int, level: int, tier: int
    ) -> None:  # fmt: skip
        weights, namer = _zipf(n), _Namer(names, _FORMS)
        for i, yuan in enumerate(_spread(low, high, n)):
            name, theme = namer.near(yuan)
            book.add(
                name, CLASSES[cls], cls * PER_CLASS + sub, yuan, level=level, tier=tier, weight=weights[i],
                form=next((f for f in _INJECTED_FORMS + _FORMS if f in name), ""), theme=theme,
                negotiated=level == 2 and yuan > 110, procurable=level < 3 and 2 < yuan < 300,
            )  # fmt: skip

    fill(DRUG, 0, general, 0.5, 900, 90, 1, 0)
    for i, tier in enumerate(PRIOR_TIERS):
        fill(DRUG, POOL_B + i, every, 0.8, 9000, 90 if tier < 95 else 20, 2, tier)
        fill(PATENT, POOL_B + i, patents, 2, 900, 26, 2, tier)
    fill(DRUG, POOL_C, every, 1, 6000, 60, 3, 100)
    fill(PATENT, 0, patents, 1.5, 400, 46, 1, 0)
    fill(PATENT, POOL_C, patents, 3, 800, 24, 3, 100)
    for theme, name in enumerate(THEMES[1:], 1):
        fill(DRUG, POOL_THEME + theme, _of("drug", name), 0.8, 1600 if name == "tumour" else 700, 22, 1, 0)
        fill(PATENT, POOL_THEME + theme, patents, 2, 300, 8, 1, 0)
    for sub, level, tier, n in ((0, 1, 0, 60), (POOL_C, 3, 100, 20)):
        namer = _Namer(_of("herb"))
        for i, yuan in enumerate(_spread(0.03, 1.4 if level == 1 else 6, n)):
            book.add(
                namer.near(yuan)[0] + ("(免煎)" if level == 3 else ""), "10", HERBAL * PER_CLASS + sub, yuan, level=level,
                tier=tier, max_count=400, weight=_zipf(n)[i], list_type="102", form="饮片",
            )  # fmt: skip
    _add_retail(book)
    for i, tier in enumerate(PRIOR_TIERS):
        names = [
            name for theme in ("tumour", "kidney", "hormone", "infection") for name in _of("drug", theme)
        ]
        namer = _Namer(names, ("(谈判)",))
        for j, yuan in enumerate(_spread(45, 9000, 26)):
            name, theme = namer.near(yuan)
            book.add(
                name, "09", NEGOTIATED + i, yuan, level=2, tier=tier, max_count=12, weight=_zipf(26)[j], pricing=UNIFORM,
                theme=theme, negotiated=True,
            )  # fmt: skip


def _add_retail(book: _Book) -> None:
    """What pharmacies sell, at prices of their own; the class of an item counts only where a fund pays."""
    kinds = ("09", "11", "09", "11", "09", "08", "09", "10", "11", "14")
    shelves = {
        "09": _Namer(_everyone("drug"), _FORMS[:4]), "11": _Namer(_of("patent_medicine"), _FORMS[:4]),
        "10": _Namer(_of("herb", scale=250)), "08": _Namer(_of("shop_material")), "14": _Namer(_of("shop_other")),
    }  # fmt: skip
    n = 300
    for i, yuan in enumerate(_spread(1.5, 3000, n)):
        kind = kinds[i % 10]
        level = (1, 2, 2, 1, 3)[i // 10 % 5] if kind in ("09", "11") else 1 if kind == "10" else 3
        name, theme = shelves[kind].near(yuan)
        book.add(
            name + ("(袋装)" if kind == "10" else ""), kind, RETAIL, yuan, level=level, theme=theme,
            tier=0 if level == 1 else 10 if level == 2 else 100, max_count=6, weight=_zipf(n)[i] + 0.004,
            list_type={"10": "102", "08": "301", "14": "301"}.get(kind, "101"),
        )  # fmt: skip


def _add_materials(book: _Book) -> None:
    def fill(sub: int, names: list[_Name], low: float, high: float, n: int, level: int, tier: int) -> None:
        namer = _Namer(names)
        for i, yuan in enumerate(_spread(low, high, n)):
            name, theme = namer.near(yuan)
            book.add(
                name, "08", CONSUMABLE * PER_CLASS + sub, yuan, level=level, tier=tier, max_count=12, weight=_zipf(n)[i],
                list_type="301", theme=theme, procurable=level < 3 and yuan > 500,
            )  # fmt: skip

    fill(0, _of("consumable"), 0.3, 2500, 50, 1, 0)
    for i, tier in enumerate(PRIOR_TIERS):
        fill(POOL_B + i, _everyone("consumable"), 0.6, 26_000, 60 if tier < 95 else 20, 2, tier)
    fill(POOL_C, _everyone("consumable"), 0.5, 20_000, 70, 3, 100)
    for theme, name in enumerate(THEMES[1:], 1):
        names = _of("consumable", name)
        fill(POOL_THEME + theme, names, names[0].usual * 0.7, names[-1].usual * 1.2, 20, 1, 0)


def _add_services(book: _Book) -> None:
    def fill(
        cls: int, sub: int, names: list[_Name], low: float, high: float, n: int, level: int, tier: int, most: int
    ) -> None:  # fmt: skip
        namer = _Namer(names)
        for i, yuan in enumerate(_spread(low, high, n)):
            name, theme = namer.near(yuan)
            book.add(
                name, CLASSES[cls], cls * PER_CLASS + sub, yuan, level=level, tier=tier, max_count=most, weight=_zipf(n, 0.6)[i],
                pricing=BY_LEVEL, list_type="201", theme=theme,
            )  # fmt: skip

    for cls, kind, low, high, n, most in (
        (EXAM, "exam", 10, 2600, 150, 1),
        (LAB, "lab", 1, 900, 220, 1),
        (TREATMENT, "treatment", 0.6, 2000, 110, 3),
        (OPERATION, "operation", 30, 8000, 70, 1),
    ):
        fill(cls, 0, _of(kind), low, high, n, 1, 0, most)
        for i, tier in enumerate(PRIOR_TIERS):
            fill(cls, POOL_B + i, _everyone(kind), low * 2, high * 1.5, 24, 2, tier, most)
        fill(cls, POOL_C, _everyone(kind), low, high * 2, 50, 3, 100, 1)
        for theme, name in enumerate(THEMES[1:], 1):
            names = _of(kind, name)
            fill(cls, POOL_THEME + theme, names, names[0].usual * 0.7, names[-1].usual * 1.3, 40, 1, 0, most)
    fill(VISIT_FEE, 0, _of("visit_fee"), 0.5, 90, 60, 1, 0, 1)


def _add_units(book: _Book) -> None:
    """Items sold by the tablet, gram or piece, and services that patients pay whole, at the seller's price."""
    tablets = _everyone("drug", 1 / 20)
    bags = _of("patent_medicine", scale=1 / 10)

    def fill(pool: int, fee_class: str, names: list[_Name], unit: str, low: float, high: float, n: int, level: int,
             tier: int, list_type: str = "101") -> None:  # fmt: skip
        namer = _Namer(names)
        for i, yuan in enumerate(_spread(low, high, n)):
            name, theme = namer.near(yuan)
            book.add(
                f"{name}({unit})", fee_class, pool, yuan, level=level, tier=tier, max_count=9999, weight=_zipf(n)[i],
                list_type=list_type, form=unit, theme=theme,
            )  # fmt: skip

    fill(UNIT_DRUG, "09", tablets, "拆零", 0.01, 60, 120, 1, 0)
    fill(UNIT_HERBAL, "10", _of("herb"), "克", 0.01, 20, 80, 1, 0, "102")
    fill(UNIT_PATENT, "11", bags, "拆零", 0.01, 40, 80, 1, 0)
    for i, tier in enumerate(PRIOR_TIERS):
        fill(UNIT_B + i, "09", tablets, "拆零", 0.02, 90, 50, 2, tier)
        fill(UNIT_B + i, "11", bags, "拆零", 0.03, 60, 20, 2, tier)
    fill(UNIT_C_DRUG, "09", tablets, "拆零", 0.01, 60, 60, 3, 100)
    fill(UNIT_C_CONSUMABLE, "08", _of("piece"), "片", 0.01, 80, 60, 3, 100, "301")
    fill(UNIT_MATERIAL, "08", _of("small_part"), "个", 0.01, 60, 60, 1, 0, "301")
    for pool, fee_class, names in (
        (FREE_C_TEST, "04", _everyone("lab")),
        (FREE_C_TEST, "03", _everyone("exam")),
        (FREE_C_SERVICE, "05", _everyone("treatment")),
        (FREE_C_SERVICE, "14", _of("extra")),
    ):
        namer = _Namer(names)
        for yuan in np.geomspace(0.2, 9000, 90):
            name, theme = namer.near(float(yuan))
            book.add(
                name + "(自费)",
                fee_class,
                pool,
                float(yuan),
                level=3,
                tier=100,
                max_count=2,
                list_type="201",
                theme=theme,
            )


def _add_daily(book: _Book) -> None:
    """Charges by the day: their items follow the others, in the order of DAILY."""
    for fee_class, tariff in DAILY.values():
        for yuan, name in tariff:
            book.add(
                name,
                fee_class,
                -1,
                float(yuan),
                max_count=400,
                weight=0.0,
                pricing=UNIFORM,
                list_type="201",
            )


def daily_items() -> dict[str, list[int]]:
    """Positions in `items` of the daily charges, cheap to dear, by kind."""
    at = len(items()) - sum(len(tariff) for _, tariff in DAILY.values())
    found: dict[str, list[int]] = {}
    for kind, (_, tariff) in DAILY.items():
        found[kind] = list(range(at, at + len(tariff)))
        at += len(tariff)
    return found


def item_table() -> pa.Table:
    """The items by position, for SQL."""
    every = items()
    return pa.table(
        {
            "item": pa.array(range(len(every)), pa.int32()),
            "code": [i.code for i in every],
            "name": [i.name for i in every],
            "fee_class": [i.fee_class for i in every],
            "chrgitm_lv": [str(i.level) for i in every],
            "tier": pa.array([i.tier for i in every], pa.int32()),
            "price": pa.array([i.price for i in every], pa.int64()),
            "list_type": [i.list_type for i in every],
            "form": [i.form or None for i in every],
            "is_negotiated": [i.is_negotiated for i in every],
            "is_basic": [i.is_basic for i in every],
            "procured_from": pa.array([i.procured_from for i in every], pa.int32()),
            "procured_price": pa.array([i.procured_price for i in every], pa.int32()),
            "cap": pa.array([i.cap or None for i in every], pa.int64()),
        }
    )


@cache
def slot_table() -> pa.Table:
    """`key` = (pool * BANDS + band) * SLOTS + slot to the item, its price and what bounds its use.

    Ordinary pools take items of which some whole number makes up most of the smallest amount of the band; pools by unit
    take those of which 15 to 90 do, free ones those priced near the amount or a half of it. Slots 2t and 2t + 1 hold
    items of theme t where there are any.
    """
    every = items()
    price = np.array([i.price for i in every], dtype=np.int64)
    most = np.array([i.max_count for i in every], dtype=np.int64)
    pricing = np.array([i.pricing for i in every])
    weight = np.array([i.weight for i in every])
    pool_of = np.array([i.pool for i in every])
    theme = np.array([i.theme for i in every])
    low = np.exp(np.arange(BANDS) * BAND_STEP) * 100  # smallest amount of a band, hundredths of a fen
    keys: list[Ints] = []
    found: list[Ints] = []
    for pool in range(POOLS):
        source = RETAIL if pool == RETAIL_FREE else pool
        own = np.flatnonzero(pool_of == source)
        # Amounts that no item of a theme fits are spent on general ones.
        is_themed = pool < _EXTRA and pool % PER_CLASS > POOL_C
        general = np.flatnonzero(pool_of == pool // PER_CLASS * PER_CLASS) if is_themed else own
        for band in range(BANDS):
            mine = own
            chance = (
                _fit(price[own], most[own], pricing[own], float(low[band]), pool) * weight[own]
                if len(own)
                else np.zeros(0)
            )
            if chance.sum() <= 0:
                mine = general
                chance = (
                    _fit(price[mine], most[mine], pricing[mine], float(low[band]), pool) * weight[mine]
                    if len(mine)
                    else np.zeros(0)
                )
            if chance.sum() <= 0:
                continue
            keys.append((pool * BANDS + band) * SLOTS + np.arange(SLOTS))
            found.append(mine[systematic(chance, (0.5 + 0.618034 * band) % 1, SLOTS)])
            for of_theme in np.unique(theme[mine[chance > 1e-9]]):
                if of_theme:  # two slots for those who have this disease
                    fits = np.where(theme[mine] == of_theme, chance, 0.0)
                    found[-1][2 * of_theme : 2 * of_theme + 2] = mine[systematic(fits, 0.3, 2)]
    item = np.concatenate(found)
    return pa.table(
        {
            "key": pa.array(np.concatenate(keys), pa.int32()),
            "item": pa.array(item, pa.int32()),
            "price": pa.array(price[item], pa.int64()),
            "most": pa.array(most[item], pa.int32()),
            "pricing": pa.array(pricing[item], pa.int8()),
            "tier": pa.array(np.array([i.tier for i in every])[item], pa.int32()),
            "procured_from": pa.array(np.array([i.procured_from for i in every])[item], pa.int32()),
            "procured_price": pa.array(np.array([i.procured_price for i in every])[item], pa.int32()),
        }
    )


def _fit(price: Ints, most: Ints, pricing: Ints, amount: float, pool: int) -> Floats:
    """How well items suit an amount (both in hundredths of a fen)."""
    times = amount / price
    if pool >= _EXTRA and pool not in (RETAIL, RETAIL_FREE) and pool < NEGOTIATED:
        if pool in (FREE_C_TEST, FREE_C_SERVICE):
            off = np.minimum(np.abs(np.log(times) - 0.06), np.abs(np.log(times / 2) - 0.06))
            return np.where(off < 0.06, 1.0, 0.0) + _nearest(off)
        return np.where((times >= 15) & (times <= 90), 1.0, 0.0) + _nearest(np.abs(np.log(times / 40)))
    if pool == RETAIL_FREE:
        whole = np.maximum(np.round(times * 1.06), 1)
        off = np.abs(np.log(times * 1.06 / whole))
        return np.where((off < 0.05) & (whole <= 4), 1.0, 0.0) + _nearest(off)
    # Prices that differ from place to place need room; then what makes most of the amount will do.
    whole = np.minimum(np.floor(times * np.where(pricing == FREE, 0.96, 1.0) + 1e-9), most)
    share = np.where(whole >= 1, whole / np.maximum(times, 1e-9), 0.0)
    return np.where((share > 0) & (share >= share.max() - 0.08), 1.0, 0.0)


def _nearest(off: Floats) -> Floats:
    """A little weight for the item that fits best, so that no amount is without one."""
    return np.where(off <= off.min() + 1e-12, 1e-6, 0.0)


def catalogue_query() -> str:
    """Rows of hilist_b from the table `listed_item`: one from 2018, and for procured drugs a second with the lower ceiling."""
    return f"""
    WITH version AS (
        SELECT *, DATE '2018-01-01' AS begins,
            CASE WHEN procured_from > 0 THEN make_date(procured_from // 12, procured_from % 12 + 1, 1) END AS next_begins,
            cap AS ceiling
        FROM listed_item
        UNION ALL
        SELECT *, make_date(procured_from // 12, procured_from % 12 + 1, 1), NULL, cap * procured_price // 100
        FROM listed_item WHERE procured_from > 0
    )
    SELECT code AS hilist_code, '{CITY}' AS insu_admdvs, begins AS begndate,
        (next_begins - 1)::DATE AS enddate, name AS hilist_name, fee_class AS med_chrgitm_type, chrgitm_lv,
        CASE WHEN is_negotiated THEN '1' ELSE '0' END AS lmt_used_flag, list_type, '1' AS med_use_flag,
        CASE WHEN fee_class IN ('01', '02', '06', '07') THEN '1' ELSE '0' END AS matn_used_flag,
        CASE WHEN ceiling IS NULL THEN '2' ELSE '1' END AS hilist_lmtpric_type,
        (ceiling * 0.0001::DECIMAL(5, 4))::DECIMAL(16, 4) AS hilist_pric_uplmt_amt,
        (tier * 0.01::DECIMAL(3, 2))::DECIMAL(5, 2) AS selfpay_prop, '1' AS vali_flag,
        'L' || code || strftime(begins, '%Y%m') AS rid,
        begins::TIMESTAMP AS crte_time, begins::TIMESTAMP AS updt_time
    FROM version
    """
