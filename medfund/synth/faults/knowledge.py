"""What a rule must know of the synthetic catalogue to find what was planted: codes of items and their limits."""

from __future__ import annotations

from medfund.synth.catalogue import items
from medfund.synth.groups import THEMES

_WOMEN, _CHILD = THEMES.index("women"), THEMES.index("child")
_SERVICES = ("03", "04", "05", "06")
HOURLY_NAMES = ("吸氧", "心电监护", "微量泵输注")
LIMITED_NAMES = ("常规心电图", "胸部正侧位DR", "血型鉴定", "输血前检查")
CONTAINED_NAMES = (
    ("支气管镜治疗", "支气管镜检查"),
    ("输尿管镜碎石术", "膀胱镜检查"),
    ("有创呼吸机治疗", "机械辅助排痰"),
)
PER_DAY = 4  # how often a day a limited item may be charged
HOURS = 24
CHILD_YEARS = 14  # items for children are for those younger than this


def _named(*names: str) -> list[str]:
    """Codes of the class A services of these names, in all their variants."""
    return [
        i.code for i in items() if i.level == 1 and i.list_type == "201" and i.name.partition("(")[0] in names
    ]


def _of_theme(theme: int) -> list[str]:
    return [i.code for i in items() if i.level == 1 and i.theme == theme and i.fee_class in _SERVICES]


def for_women() -> list[str]:
    """Codes of services that only women need."""
    return _of_theme(_WOMEN)


def for_children() -> list[str]:
    """Codes of services for children under CHILD_YEARS."""
    return _of_theme(_CHILD)


def hourly() -> list[str]:
    """Codes charged by the hour."""
    return _named(*HOURLY_NAMES)


def limited() -> list[str]:
    """Codes that may be charged PER_DAY times a day."""
    return _named(*LIMITED_NAMES)


def contained() -> list[tuple[str, str]]:
    """Pairs of codes: the second is part of the first and may not be charged beside it on a day."""
    return [(whole, part) for a, b in CONTAINED_NAMES for whole in _named(a) for part in _named(b)]
