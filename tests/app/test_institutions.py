"""The institutions page on a hand-made release: fair ranking, one institution's profile, the report for print."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboards.lib import export
from dashboards.lib.state import Sheet
from tests.app.fixture_release import APP, PROJECT, write_release
from tests.app.test_forecast import _charts
from tests.app.test_people import _row
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_institutions.sql").read_text(encoding="utf-8")


def test_peers_are_ranked_and_the_small_are_not(app: AppTest) -> None:
    _at(app, "institutions")
    assert (
        "次均费用，医院·二级：2 家参与排名，1 家样本量不足不排名；中位数 500.00；最高 示例市第一医院 900.00；1 家偏离。"
    ) in _words(app)
    funnel = _charts(app)["ranking"]
    # The small hospital's 7,000 is in the table and not among the points.
    assert "示例市第一医院" in funnel and "示例市第三医院" not in funnel
    assert "7,000.00" in _words(app)


def test_another_group_of_peers_is_a_choice_in_the_url(app: AppTest) -> None:
    _at(app, "institutions", peers="primary/ungraded")
    assert "次均费用，基层·未定级：1 家参与排名，0 家样本量不足不排名；中位数 77.00" in _words(app)


def test_one_institution_stands_beside_its_peers_and_its_past(app: AppTest) -> None:
    _at(app, "institutions")
    words = _words(app)
    assert "示例市第一医院 H1有 2 项指标参与同类比较，其中 1 项偏离：I01 次均费用。" in words
    assert "45.6%" in words and "■ 多口径均偏离" in words and "原始值、漏斗控制限" in words
    assert "2026年10月为 910.00，同类中位数 505.00，上年同月 805.00。" in words
    app.query_params = {"institution": "P1"}
    app.run()
    assert "示例卫生院 P1有 1 项指标参与同类比较，均无偏离标记。" in _words(app)


def test_doctors_with_few_patients_are_shown_and_never_ranked(app: AppTest) -> None:
    words = _words(_at(app, "institutions"))
    assert (
        "医师人均费用：2 名医师参与同类排名，1 名服务人数不足不排名；最高 DR1 320.50，同类中位数 200.00。"
        in words
    )
    assert _row(words, "DR1", "320.50", "200.00", "100.0%", "45", "是")
    # By value the third would come first; it has no percentile and stands last.
    assert words.index(">DR2<") < words.index(">DR3<") and _row(
        words, "DR3", "9,999.00", "200.00", "—", "29", "否"
    )
    assert "DR4" not in words
    words = _words(_at(app, "institutions", doctor="D02"))
    assert _row(words, "DR1", "37.5%", "30.0%", "75.0%", "45", "是")


def test_an_institution_shows_its_drugs_alone(app: AppTest) -> None:
    words = _words(_at(app, "institutions"))
    assert "2026年10月用药 12 种，前十位占 95.0%，基尼系数 0.4321。" in words
    assert _row(words, "X1", "药一", "15.00", "450.00", "5", "是", "否", "否") and "药二" not in words


def test_names_are_shown_as_text(app: AppTest) -> None:
    _at(app, "institutions")
    assert "&lt;b&gt;示例市第二医院&lt;/b&gt;" in _words(app)


def test_the_report_prints_and_runs_nothing() -> None:
    sheet = Sheet(
        "a", "比率", ("名称", "本期值"), ("text", "ratio"), (("<script>x</script>", 0.456), ("b", None))
    )
    page = export.report_html("机构 <H1>", "一句 & 话", [("数据版本", "r1")], [sheet], "注", "zh").decode()
    assert page.startswith('<!doctype html><html lang="zh-CN">') and "size: A4" in page
    assert "机构 &lt;H1&gt;" in page and "一句 &amp; 话" in page and "<script" not in page
    assert '<td class="n">45.6%</td>' in page and '<td class="n">—</td>' in page


def test_without_indicators_the_page_names_the_exports(app: AppTest) -> None:
    words = _words(_at(app, "institutions", period="2025-01-01"))
    assert "所选基金、账套和月份没有数据" in words


def test_a_release_without_institutions_names_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path)
    monkeypatch.setenv("MEDFUND_HOME", str(tmp_path))
    words = _words(_at(AppTest.from_file(APP, default_timeout=30), "institutions"))
    st.cache_data.clear()
    st.cache_resource.clear()
    assert "institution_indicator_monthly" in words and "setl_d" in words
