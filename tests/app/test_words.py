"""Formats, lights and texts: what a reader sees of one value."""

from __future__ import annotations

import ast
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from string import Formatter

import pytest

from dashboards.lib import formats, lights
from dashboards.lib.i18n import TEXT, t
from dashboards.lib.navigation import GROUPS, PAGES
from dashboards.lib.tables import LAYOUTS

DASHBOARDS = Path(__file__).resolve().parents[2] / "dashboards"


@pytest.mark.parametrize(
    ("amount", "zh", "en"),
    [
        ("9999.99", "9,999.99 元", "9,999.99 yuan"),
        ("10000", "1.00 万元", "1.00 ×10⁴ yuan"),
        ("-1234567.89", "−123.46 万元", "−123.46 ×10⁴ yuan"),
        ("100000000", "1.00 亿元", "1.00 ×10⁸ yuan"),
        ("0", "0.00 元", "0.00 yuan"),
        ("-0.004", "0.00 元", "0.00 yuan"),
    ],
)
def test_amounts_carry_the_unit_of_their_size(amount: str, zh: str, en: str) -> None:
    assert formats.money(Decimal(amount), "zh") == zh
    assert formats.money(Decimal(amount), "en") == en


def test_amounts_beyond_float_precision_are_printed_to_the_fen() -> None:
    assert formats.money_exact(Decimal("9007199254740993.01"), "zh") == "9,007,199,254,740,993.01 元"


def test_rounding_is_half_up_on_the_exact_value() -> None:
    assert formats.money(Decimal("0.125"), "zh") == "0.13 元"
    assert formats.ratio(0.2385) == "23.9%"


def test_missing_is_not_zero_and_suppressed_is_a_star() -> None:
    assert formats.shown(None, "money", "zh") == "—"
    assert formats.shown(Decimal(0), "money", "zh") == "0.00"
    assert formats.shown("*", "count", "zh") == "*"
    assert formats.change(None, Decimal(1), "money", "zh") is None


def test_change_names_growth_only_where_a_growth_rate_means_something() -> None:
    grown = formats.change(Decimal(130), Decimal(100), "money", "zh")
    assert grown == formats.Change("+30.00 元（+30.0%）", 1)
    across_zero = formats.change(Decimal(-30), Decimal(100), "money", "zh")
    assert across_zero == formats.Change("−130.00 元", -1)
    ratio = formats.change(0.83, 0.86, "ratio", "en")
    assert ratio == formats.Change("−3.0 points", -1)


def test_dates_follow_the_language() -> None:
    assert formats.month(date(2026, 10, 1), "zh") == "2026年10月"
    assert formats.month(date(2026, 10, 1), "en") == "2026-10"
    assert formats.share_of_year(date(2026, 10, 1), "zh") == "2026年1—10月"
    assert formats.share_of_year(date(2026, 1, 1), "zh") == "2026年1月"


def test_a_resident_deficit_within_the_year_is_never_red() -> None:
    for month in range(1, 12):
        light = lights.year_to_date(Decimal(-5), Decimal(9), resident=True, month=month)
        assert light == lights.Light("none", "light.premium_season")
        assert lights.growth_gap(0.4, 0.0, resident=True, month=month).level == "none"
    assert lights.year_to_date(Decimal(-5), Decimal(9), resident=True, month=12).level == "alarm"
    assert lights.year_to_date(Decimal(-5), Decimal(9), resident=False, month=3).level == "alarm"


@pytest.mark.parametrize(
    ("months", "before", "level", "reason"),
    [
        (5.0, 5.5, "alarm", "light.low_falling"),
        (5.0, 4.5, "watch", "light.low_rising"),
        (8.0, 9.0, "good", "light.in_band"),
        (16.0, 15.0, "watch", "light.above_band"),
        (None, 9.0, "none", "light.unknown"),
    ],
)
def test_the_reserve_light_joins_level_and_direction(
    months: float | None, before: float, level: str, reason: str
) -> None:
    light = lights.reserve(months, before, 6.0, 15.0)
    assert (light.level, light.reason) == (level, reason)


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_both_languages_say_everything_with_the_same_values() -> None:
    for key, words in TEXT.items():
        assert set(words) == {"zh", "en"}, key
        assert all(text.strip() for text in words.values()), key
        assert _placeholders(words["zh"]) == _placeholders(words["en"]), key
        assert not re.search(r"[\u4e00-\u9fff]", words["en"]), key


def test_every_key_that_is_named_exists_and_every_text_is_used() -> None:
    skipped = {"i18n.py", "serve.py"}  # the texts themselves, and the server's own options
    source = "\n".join(
        p.read_text(encoding="utf-8") for p in DASHBOARDS.rglob("*.py") if p.name not in skipped
    )
    families = {key.split(".")[0] for key in TEXT}
    named = {
        word
        for word in re.findall(r'"([a-z_]+\.[a-z0-9_.]+)"', source)
        if word.split(".")[0] in families and not word.endswith((".duckdb", ".csv", ".xlsx"))
    }
    assert named <= set(TEXT)
    # A key is used by name, or by its family where the rest is a code from the release or the name of a page.
    by_code = {column.codes for layout in LAYOUTS.values() for column in layout if column.codes}
    by_code |= set(re.findall(r'f"([a-z_]+)\.', source)) | set(
        re.findall(r'coded\(view, "([a-z_]+)"', source)
    )
    assert not {key for key in TEXT if key not in source and key.split(".")[0] not in by_code}


def test_pages_hold_layout_only() -> None:
    for path in (DASHBOARDS / "views").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        doc = ast.get_docstring(tree, clean=False)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
                assert all(name == "streamlit" or str(name).startswith("dashboards.lib") for name in names), (
                    path
                )
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != doc:
                assert re.fullmatch(r"[A-Za-z0-9_.]*| ", node.value), (
                    f"{path.name}: literal text {node.value!r}"
                )
            assert not isinstance(node, ast.BinOp | ast.AugAssign), f"{path.name}: arithmetic"


def test_the_menu_has_twelve_pages_in_four_groups_each_with_a_file() -> None:
    assert len(PAGES) == 12
    assert {info.group for info in PAGES} == set(GROUPS)
    assert len(GROUPS) == 4
    for info in PAGES:
        assert (DASHBOARDS / info.file).is_file()
        assert t(f"page.{info.key}", "zh") and t(f"answers.{info.key}", "en")
