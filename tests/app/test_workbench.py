"""The workbench: saved and own queries, what is refused, what tables hold, what indicators mean."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboards.lib.i18n import TEXT
from tests.app.fixture_release import PROJECT
from tests.app.test_forecast import _charts
from tests.app.test_screens import _at, _words


def _ask(app: AppTest, sql: str) -> str:
    app.text_area[0].set_value(sql).run()
    app.button(key="run_sql").click().run()
    assert not app.exception
    return _words(app)


def test_a_query_gives_a_table_a_chart_and_how_many_rows(app: AppTest) -> None:
    _at(app, "workbench")
    words = _ask(
        app,
        "select month, sum(amount) as amount from {{ ref('fund_income_monthly') }}"
        " where fund_code = '310_acct' and month < date '2024-03-01' group by month order by month",
    )
    # 8 × 400 thousand a month
    assert "共 2 行" in words and "3,200,000.00" in words and "2024-02-01" in words
    assert '"type": "bar"' in _charts(app)["result"]


@pytest.mark.parametrize(
    "sql",
    ["drop table fund_income_monthly", "select * from read_text('/etc/hostname')", "select 1; select 2", "x"],
)
def test_what_is_refused_says_so_and_the_page_goes_on(app: AppTest, sql: str) -> None:
    _at(app, "workbench")
    _ask(app, sql)
    assert any("未执行：" in error.value for error in app.error)
    assert "指标字典" in _words(app)


def test_a_saved_question_stands_in_the_url(app: AppTest) -> None:
    _at(app, "workbench", analysis="fund_roll_forward")
    assert "ref('fund_balance_consolidated_monthly')" in app.text_area[0].value
    assert "analysis=fund_roll_forward" in "&".join(f"{k}={v}" for k, v in app.query_params.items())


def test_every_saved_question_has_chinese_words() -> None:
    stems = {path.stem for path in (PROJECT / "analyses").glob("*.sql")}
    assert {f"analysis.{stem}" for stem in stems} == {key for key in TEXT if key.startswith("analysis.")}


def test_tables_and_indicators_are_explained(app: AppTest) -> None:
    words = _words(_at(app, "workbench", table="load_batch", indicator="F07"))
    assert "load_batch：11 列" in words and "source_file" in words
    assert "累计结余除以近12个月月均支出" in words and "医保办函〔2024〕101号" in words
    # 4 books × 34 months × 4 funds hold F07.
    assert "数值在 `fund_indicator_monthly`：544 行，2024年1月 至 2026年10月" in words


def test_english_speaks_english(app: AppTest) -> None:
    words = _words(_at(app, "workbench", lang="en"))
    assert "Read-only; no files, no network; at most 20 seconds" in words


def test_an_indicator_without_values_says_what_it_lacks(app: AppTest) -> None:
    words = _words(_at(app, "workbench", indicator="F03"))
    assert "本版本没有该指标的数值" not in words and ">元<" in words
    words = _words(_at(app, "workbench", indicator="F08"))
    assert "本版本没有该指标的数值；需要：外部人口数。" in words
