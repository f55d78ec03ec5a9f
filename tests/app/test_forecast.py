"""The forecast page on a hand-made release: fan, scenarios, floors, scorecard, guards, and why there may be none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import APP, PROJECT, write_release
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_forecast.sql").read_text(encoding="utf-8")


def _charts(app: AppTest) -> dict[str, str]:
    """Charts by their key, as JSON a reader can search."""
    return {
        element.proto.id.split("-")[-1].removeprefix("chart_"): json.dumps(
            json.loads(element.proto.spec), ensure_ascii=False
        )
        for element in app.get("plotly_chart")
    }


def test_the_facts_are_those_of_the_marts(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    # 52,875,000 + 12 × 100,000; ± 12 × 20,000.
    assert "5,407.50 万元" in words
    assert "80% 区间 5,383.50 万元 至 5,431.50 万元" in words
    assert "+120.00 万元" in words and "收入 1,200.00 万元，支出 1,080.00 万元" in words
    assert "收入：指数平滑；支出：去年同月（基准）" in words
    assert "依据 2024年1月 至 2026年10月，连续 34 个月" in words


def test_the_fan_starts_where_the_books_end(app: AppTest) -> None:
    fan = _charts(_at(app, "forecast"))["fan"]
    assert '"2026-10-01", "2026-11-01"' in fan
    assert '"name": "80% 区间"' in fan and '"name": "费率降低5%"' in fan


def test_a_scenario_is_compared_with_the_baseline(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    # 52,875,000 + 24 × 100,000; the scenario takes 24 × 50,000.
    assert "预计2028年10月末结余 5,527.50 万元（80% 区间 5,479.50 万元 至 5,575.50 万元）" in words
    assert "“费率降低5%”使24个月后结余变动 −120.00 万元（可支付月数 −2.4 个月）" in words
    app.selectbox(key="scenario.zh").set_value("more").run()
    assert "“就诊率降低2%”使24个月后结余变动 +43.20 万元" in _words(app)
    assert app.query_params == {"scenario": "more"}


def test_the_effect_is_worked_out_in_words(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    assert "以2026年11月为例：社会保险费收入 100.00 万元 × −5.00% = −5.00 万元。公式：a × v。" in words


def test_the_strongest_lever_is_named_first(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    assert "最敏感的是缴费费率：“费率降低5%”使2028年10月末结余变动 −120.00 万元。" in words


def test_the_month_under_a_floor_is_named_per_scenario(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    assert "基准：两年内不低于任何下限；费率降低5%：2027年8月起低于 6.0 个月" in words


def test_the_scorecard_says_how_it_would_have_done(app: AppTest) -> None:
    words = _words(_at(app, "forecast"))
    assert "提前 24 个月内 MASE 0.70，去年同月为 1.10；误差占结余 4.0%；80% 区间实际覆盖 83%。" in words
    assert "自2024年起逐年回测，提前一年的误差平均为收入的 4.3%、支出的 7.0%。" in words


def test_flows_can_be_looked_at_too(app: AppTest) -> None:
    words = _words(_at(app, "forecast", measure="income"))
    assert "预计未来12个月基金收入 1,200.00 万元，24个月 2,400.00 万元。" in words


def test_personal_accounts_stand_apart_and_have_no_scenario_and_no_floor(app: AppTest) -> None:
    _at(app, "forecast", fund="310_acct")
    assert "个人账户单独预测，不并入统筹基金" in _words(app)
    assert set(_charts(app)) == {"fan", "scores", "national_backtest"}


def test_a_resident_season_is_not_read_as_a_deficit(app: AppTest) -> None:
    words = _words(_at(app, "forecast", fund="390"))
    assert words.count("单月或年内赤字不代表风险") >= 2


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ({"fund": "610"}, "历史太短，不作预测：截至 2026年10月 连续账务 34 个月，至少需要 36 个月"),
        ({"basis": "own", "org": "430121"}, "账务停在 2026年6月"),
        ({"basis": "own", "org": "430122"}, "medfund[forecast]"),
    ],
    ids=["too_short", "stale", "library_missing"],
)
def test_a_book_without_a_forecast_says_why(app: AppTest, choices: dict[str, str], expected: str) -> None:
    _at(app, "forecast", **choices)
    assert expected in _words(app)
    assert "fan" not in _charts(app)


def test_a_release_without_forecasts_names_the_export(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path)
    monkeypatch.setenv("MEDFUND_HOME", str(tmp_path))
    app = _at(AppTest.from_file(APP, default_timeout=30), "forecast")
    words = _words(app)
    assert "fund_forecast_series" in words and "fund_acct_bal" in words
    assert not app.get("plotly_chart")
    st.cache_data.clear()
    st.cache_resource.clear()


def test_english_says_the_same_in_english(app: AppTest) -> None:
    words = _words(_at(app, "forecast", lang="en"))
    # Titles of publications stay as published.
    visible = "\n".join(line for line in words.splitlines() if not line.startswith("Source: "))
    assert not [c for c in visible if "\u4e00" <= c <= "\u9fff"]
    assert "Balance at the end of 2027-10 (forecast)" in words


def test_home_draws_a_year_of_fan_from_the_newest_month_only(app: AppTest) -> None:
    _at(app)
    assert "预测模型：收入：指数平滑；支出：去年同月（基准），起点 2026年10月" in _words(app)
    balance = _charts(app)["balance"]
    assert "2027-10-01" in balance and "2027-11-01" not in balance
    _at(app, period="2026-06-01")
    assert "预测从最新月份 2026年10月 开始" in _words(app)
    assert "80% 区间" not in _charts(app)["balance"]
