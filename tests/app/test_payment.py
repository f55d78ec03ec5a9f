"""Payment and medicines on a hand-made release: every figure is its mart's; gaps name the export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import PROJECT, write_release
from tests.app.test_people import _row
from tests.app.test_screens import _app, _at, _words

MARTS = (PROJECT / "tests/app/fixture_payment.sql").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_release(home, extra_sql=MARTS)
    return home


@pytest.fixture
def app(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    yield from _app(filled, monkeypatch)


def test_payment_shows_institutions_groups_and_kinds_of_the_scheme(app: AppTest) -> None:
    words = _words(_at(app, "payment"))
    assert "盈亏最大的是甲医院：−7.57 万元" in words
    assert _row(words, "甲医院", "职工医保", "DRG", "50")
    assert "−75,714.29" in words and "30,977.14" in words and "超限部分自担" in words
    assert "乙医院" not in words
    # Two cases of group one: 12,000.00 by standard, 11,500.00 spent.
    assert _row(words, "DRG", "G1", "组一", "2", "12,000.00", "11,500.00", "500.00")
    assert _row(words, "DRG", "高倍率", "1", "38,571.43", "100,000.00", "−61,428.57", "1")
    assert _row(words, "DRG", "未入组", "1", "—", "700.00", "—", "0")


def test_payment_of_residents_is_their_own(app: AppTest) -> None:
    words = _words(_at(app, "payment", fund="390"))
    assert _row(words, "乙医院", "居民医保", "DIP", "50") and "甲医院" not in words


def test_medicines_add_up_over_institutions(app: AppTest) -> None:
    words = _words(_at(app, "medicines"))
    # 300 + 150 procured, 400 negotiated and monitored, 850 in all.
    assert "2026年10月药品费用 850.00 元，其中集采 450.00 元、谈判 400.00 元、重点监控 400.00 元" in words
    assert _row(words, "X2", "药二")


def test_medicines_of_one_place_are_its_own(app: AppTest) -> None:
    words = _words(_at(app, "medicines", basis="own", org="430122"))
    assert "2026年10月药品费用 150.00 元" in words and "药二" not in words


@pytest.mark.parametrize(
    ("page", "export"),
    [("payment", "drg_dip_rslt_d"), ("medicines", "fee_list_d")],
    ids=["payment", "medicines"],
)
def test_without_its_export_a_page_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, export: str
) -> None:
    write_release(tmp_path)
    for app in _app(tmp_path, monkeypatch):
        words = _words(_at(app, page))
        assert export in words
