"""Enrolment, benefits and remote care on a hand-made release: every figure is its mart's; gaps name the export."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import APP, PROJECT, write_release
from tests.app.test_forecast import _charts
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_people.sql").read_text(encoding="utf-8")


def _row(words: str, *cells: str) -> bool:
    """Whether a table on the page has a row that begins with these cells."""
    rows = [
        [cell.split("</td>")[0].split(">")[-1] for cell in row.split("<td")[1:]]
        for row in words.split("<tr>")[1:]
    ]
    return any(row[: len(cells)] == list(cells) for row in rows)


def test_heads_of_the_area_count_each_person_once(app: AppTest) -> None:
    words = _words(_at(app, "enrolment"))
    # 700 + 300 + 199, of 650 + 300 + 149 a year before.
    assert "1,199 人" in words and "同比 +100" in words
    assert _row(words, "2026年10月", "职工医保", "1,199", "1,099", "37", "20")
    assert "2026年10月末：职工医保 1,199 人、居民医保 2,000 人。" in words
    assert _row(words, "18—44岁", "男", "899")
    assert _row(words, "职工医保", "在职", "899", "799", "35", "16")
    assert _row(words, "乙县", "职工医保", "200", "5", "6", "1")


def test_heads_of_one_place_are_its_own(app: AppTest) -> None:
    words = _words(_at(app, "enrolment", basis="own", org="430122"))
    assert _row(words, "2026年10月", "职工医保", "200", "149", "5", "6")
    assert "居民医保 2,000 人" not in words


def test_contributions_due_received_and_in_arrears_by_age(app: AppTest) -> None:
    words = _words(_at(app, "enrolment"))
    # 91,000 + 9,000; 92,000.50 + 8,000; arrears 4,000 + 1,000 of which 1,200 for a year.
    assert _row(words, "2026年10月", "100,000.00", "100,000.50", "500.00", "0.00", "5,000.00", "775")
    assert "2026年10月末欠费 5,000.00 元，其中欠费满12个月的 1,200.00 元。" in words
    assert _row(words, "2026年10月", "3,000.00", "800.00", "1,200.00", "5,000.00")
    # The year to date adds flows; arrears stay those of the last month.
    assert _row(
        words, "职工医保", "单位（含职工个人部分）", "181,000.00", "180,000.50", "500.00", "0.00", "4,000.00"
    )
    assert "当月征缴率 98.5%" in words and "4,950.25 元" in words


def test_duplicates_name_the_subsidy_of_the_residents(app: AppTest) -> None:
    words = _words(_at(app, "enrolment", fund="390"))
    assert "居民医保两个险种 3 人，当月多付补助 174.99 元" in words
    assert _row(words, "2026年10月", "居民医保", "两地参保", "1", "58.33")


def test_coverage_names_its_population(app: AppTest) -> None:
    words = _words(_at(app, "enrolment"))
    # 1,199 + 2,000 members by 3,366 residents and 3,500 registered.
    assert (
        "2026年10月末按常住人口计的参保率为 95.0%：参保 3,199 人，2025年末常住人口 3,366 人，来源：统计公报。"
        in words
    )
    assert "按户籍人口计的参保率为 91.4%" in words
    assert _row(words, "2026年10月", "常住人口", "3,199", "3,366", "2025", "95.0%", "94.0%", "统计公报")


def test_a_place_without_a_population_is_told_where_to_state_it(app: AppTest) -> None:
    words = _words(_at(app, "enrolment", basis="own", org="430122"))
    assert "[[populations]]" in words and "参保率为" not in words


def test_benefits_add_up_by_layer_and_kind(app: AppTest) -> None:
    words = _words(_at(app, "benefits"))
    # 900 + 40 visits, 90,000 + 400,000 of expense.
    assert "940 人次" in words and "49.00 万元" in words
    assert (
        "2026年10月医疗费 49.00 万元：基本医保统筹 31.00 万元，大病 3.00 万元，救助 1.00 万元，个人现金 12.00 万元。"
        in words
    )
    assert _row(words, "2026年10月", "住院", "40", "400", "400,000.00", "360,000.00", "300,000.00")
    assert _row(words, "住院", "三级医院", "跨省异地", "7", "80", "140,000.00")
    assert _row(words, "10万元以上", "2", "300,000.00", "240,000.00", "60,000.00")


def test_the_two_flows_stand_beside_each_other(app: AppTest) -> None:
    words = _words(_at(app, "remote"))
    assert "2026年10月去外地 7 人次，来本地 5 人次。" in words
    assert "90.0%" in words and "1.50" in words
    assert _row(words, "参保人去外地就医", "310100", "9", "7", "6", "140,000.00", "80,000.00")
    assert _row(words, "外地参保人来本地就医", "普通门诊", "5", "5", "1,000.00", "600.00")
    assert "最多的是310100：7 人次，其中直接结算 6 人次；共涉及 2 个地区。" in words
    # Of October nothing is due yet, so the rate is June's.
    assert (
        "截至2026年6月费款的近12个月，到期的异地清算通知 75.0% 在时限内拨付，从费款所属期到入账平均 3.25 个月。"
        in words
    )
    assert _row(
        words, "2026年6月", "跨省异地", "4", "4", "3", "4", "90,000.00", "70,000.00", "25,000.00", "−5,000.00"
    )
    # A code of six digits is a name and no number: 0.31M would be no place.
    assert '"category"' in _charts(app)["places_outflow"]


def test_an_indicator_without_the_span_shows_its_own(app: AppTest) -> None:
    words = _words(_at(app, "enrolment"))
    assert _row(
        words, "重复参保率", "职工医保", "合计", "当月", "0.5%", "—", "—", "—", "%", "6.00", "1,199.00"
    )
    words = _words(_at(app, "remote"))
    assert _row(words, "异地直接结算率", "职工医保", "合计", "本年累计", "88.9%", "80.0%")


def test_the_pages_speak_english_without_chinese_words(app: AppTest) -> None:
    words = _words(_at(app, "enrolment", lang="en"))
    assert "At the end of 2026-10: Employee scheme 1,199, Resident scheme 2,000." in words
    assert "参保人数" not in words
    words = _words(_at(app, "remote", lang="en"))
    assert "In 2026-10 7 visits elsewhere, 5 visits here." in words


@pytest.mark.parametrize(
    ("page", "exports"),
    [
        ("enrolment", "psn_insu_d, psn_clct_detl_d"),
        ("benefits", "setl_d, mdtrt_d"),
        ("remote", "setl_d, outmed_setl_d, out_appy_d"),
    ],
)
def test_a_page_without_its_marts_names_the_exports(
    page: str, exports: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path)
    monkeypatch.setenv("MEDFUND_HOME", str(tmp_path))
    words = _words(_at(AppTest.from_file(APP, default_timeout=30), page))
    assert exports in words
    st.cache_data.clear()
    st.cache_resource.clear()
