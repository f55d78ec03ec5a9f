"""Payment and medicines on a hand-made release: every figure is its mart's; gaps name the export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import PROJECT, write_release
from tests.app.test_people import _row
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_payment.sql").read_text(encoding="utf-8")


def test_payment_shows_institutions_groups_and_kinds_of_the_scheme(app: AppTest) -> None:
    words = _words(_at(app, "payment"))
    assert "盈亏最大的是甲医院：−7.57 万元" in words
    assert _row(words, "甲医院", "职工医保", "DRG", "50")
    assert "−75,714.29" in words and "30,977.14" in words and "超限部分自担" in words
    assert "乙医院" not in words
    # Two cases of group one: 12,000.00 by standard, 11,500.00 spent.
    assert _row(
        words, "职工医保", "DRG", "G1", "组一", "2", "0.4762", "5,750.00", "12,000.00", "11,500.00", "500.00"
    )
    assert _row(words, "DRG", "高倍率", "1", "38,571.43", "100,000.00", "−61,428.57", "1")
    assert _row(words, "DRG", "未入组", "1", "—", "700.00", "—", "0")


def test_payment_shows_point_values_and_what_is_still_to_pay(app: AppTest) -> None:
    words = _words(_at(app, "payment"))
    assert "每点 9.396860 元；可分配 142.50 万元，余差 2.08 万元。" in words
    assert _row(
        words,
        "职工医保",
        "DIP",
        "基金支付比例折算",
        "9.396860",
        "9.875605",
        "6.765739",
        "9.396860",
        "9.495774",
    )
    assert "20,833.34" in words and "520,000.00" in words and "27,262.85" in words
    # Residents have no budget: it is said where to state one.
    assert "seeds/policy/payment_budget.csv" in _words(_at(app, "payment", fund="390"))


def test_payment_of_residents_is_their_own(app: AppTest) -> None:
    words = _words(_at(app, "payment", fund="390"))
    assert _row(words, "乙医院", "居民医保", "DIP", "50") and "甲医院" not in words


def test_payment_tells_departments_cash_and_advances(app: AppTest) -> None:
    words = _words(_at(app, "payment"))
    assert "2026年盈亏最大的科室是甲医院骨科：30 例，−9.00 万元。" in words
    assert _row(
        words, "甲医院", "骨科", "职工医保", "DRG", "30", "1.2500", "600,000.00", "690,000.00", "−90,000.00"
    )
    assert (
        "2026年最终支付最多的是甲医院：4,694.93 万元，其中月拨 4,788.00 万元、年终清算 126.00 万元。" in words
    )
    assert _row(
        words,
        "甲医院",
        "职工医保",
        "47,880,000.00",
        "1,260,000.00",
        "2,394,000.00",
        "4,266,666.67",
        "318,000.00",
        "46,949,333.33",
    )
    assert _row(words, "甲医院", "职工医保", "3", "4,266,666.67", "12.5", "5,000,000.00", "是")
    assert "2026年有 1 条测算符合预付条件；最大一笔是甲医院：426.67 万元。" in words
    # One institution of DRG: its own index is the median, so none lies to the right of it.
    assert "2026年右上象限（病例重、费用高于区域同组）有 0 家；病例组合指数最高的是甲医院。" in words


def test_payment_of_one_place_is_that_of_its_institutions(app: AppTest) -> None:
    words = _words(_at(app, "payment", basis="own", org="430121"))
    assert "甲医院" in words and "乙医院" not in words
    # The case of an institution that the register does not know stands only in the whole pool area.
    assert "未入组" not in words
    words = _words(_at(app, "payment", basis="own", org="430122"))
    assert "甲医院" not in words and "骨科" not in words and "46,949,333.33" not in words


def test_medicines_add_up_over_institutions(app: AppTest) -> None:
    words = _words(_at(app, "medicines"))
    # 300 + 150 procured, 400 negotiated and monitored, 850 in all.
    assert "2026年10月药品费用 850.00 元，其中集采 450.00 元、谈判 400.00 元、重点监控 400.00 元" in words
    assert _row(words, "X2", "药二")


def test_medicines_tell_concentration_prices_and_changes(app: AppTest) -> None:
    words = _words(_at(app, "medicines"))
    assert "2026年10月前十位药品占 80.0%，前五位占 55.0%；基尼系数 0.6543；金额最大的是药一。" in words
    assert _row(words, "2026年10月", "40", "850.00", "药一", "30.0%", "55.0%", "80.0%", "0.1234", "0.6543")
    assert (
        "2026年高于中位价多支出最多的是药一：90.00 元，5 家机构使用，九十分位价是十分位价的 1.65 倍。"
        in words
    )
    assert "药九" not in words
    assert (
        "2 种重点监控药品中 1 种有显著变点；最显著的是药二：2025年11月起月均由 100.00 元 变为 300.00 元。"
        in words
    )
    assert _row(words, "药二", "20", "2025年11月", "100.00", "300.00", "200.00", "200.0%", "0.0016", "是")


def test_medicines_of_one_place_are_its_own(app: AppTest) -> None:
    words = _words(_at(app, "medicines", basis="own", org="430122"))
    assert "2026年10月药品费用 150.00 元" in words and "药二" not in words
    assert "金额最大的是药三" in words


@pytest.mark.parametrize(
    ("page", "export"),
    [("payment", "drg_dip_rslt_d"), ("medicines", "fee_list_d")],
    ids=["payment", "medicines"],
)
def test_without_its_export_a_page_names_it(
    tmp_path: Path, app_on: Callable[[Path], AppTest], page: str, export: str
) -> None:
    write_release(tmp_path)
    words = _words(_at(app_on(tmp_path), page))
    assert export in words
