"""The three finished pages on a hand-made release: figures, empty states, language, choices, a new release."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
import sqlglot
import streamlit as st
from sqlglot import exp
from streamlit.testing.v1 import AppTest

from dashboards.lib.data import Release
from dashboards.lib.navigation import PAGES
from dashboards.lib.queries import QUERIES
from tests.app.fixture_release import FIRST_RELEASE, SECOND_RELEASE, write_release


def _at(app: AppTest, page: str = "home", **choices: str) -> AppTest:
    for name, value in choices.items():
        app.query_params[name] = value
    app.run()
    if page != "home":
        app.switch_page(f"views/{page}.py").run()
    assert not app.exception, [error.value for error in app.exception]
    return app


def _words(app: AppTest) -> str:
    shown = [*app.markdown, *app.caption, *app.title, *app.info, *app.warning, *app.error]
    html = [element.proto.body for element in app.get("html")]
    return "\n".join([*(element.value for element in shown), *html])


def test_home_shows_the_figures_of_the_marts(app: AppTest) -> None:
    _at(app)
    assert {metric.label: metric.value for metric in app.metric} == {
        # 8 books' worth: opening 6,000,000.00 + 34 months of flows − the adjustment of 5,000.00.
        "累计结余": "5,287.50 万元",
        # 52,875,000 ÷ ((2 × 7,120,000 + 10 × 7,760,000) ÷ 12)
        "可支付月数": "6.9 个月",
        # 10 × 8 × (1080 + 20 − 960 − 10) thousand
        "当期结余": "1,040.00 万元",
        # 10 of 12 even months
        "支出预算执行率": "83.3%",
        # 970 ÷ 890 − 1100 ÷ 1060
        "支出与收入增速差": "+5.2 个百分点",
    }
    words = _words(app)
    assert "同比 −320.00 万元（−23.5%）" in words  # 10.4 against 13.6 million
    assert "区间 6.0—15.0 个月" in words
    assert "在区间内" in words
    assert "2026年10月20日" in words and "1,234.56 元" in words


def test_home_says_why_spending_moved(app: AppTest) -> None:
    _at(app)
    # Benefit 8 × (960 − 880) × 10 thousand; inpatient 8 × (560 − 530) × 10; outpatient 8 × (396 − 348) × 10.
    assert (
        "2026年1—10月职工医保统筹基金支出同比 +640.00 万元（+9.0%）：社会保险待遇支出 +640.00 万元"
        "（拉动 +9.0 个百分点），其中门诊费用支出 +384.00 万元（拉动 +5.4 个百分点）、"
        "住院费用支出 +240.00 万元（拉动 +3.4 个百分点）。"
    ) in _words(app)


def test_home_lists_signals_by_money_with_links(app: AppTest) -> None:
    _at(app)
    words = _words(app)
    assert words.index("期初被调整 −5,000.00 元") < words.index("账面期末与推算期末不符 +1,234.56 元")
    links = [element.proto for element in app.get("page_link")]
    assert [link.label for link in links] == ["去看：数据可信", "去看：数据可信"]
    assert "org=430122" in links[0].query_string


def test_home_says_that_there_is_no_forecast(app: AppTest) -> None:
    assert "fund_forecast_monthly 无数据" in _words(_at(app))


def test_a_resident_deficit_within_the_year_is_not_judged(app: AppTest) -> None:
    _at(app, fund="390", period="2026-09-01", basis="own", org="430121")
    words = _words(app)
    assert "居民保费集中征缴，年内不判断" in words
    assert "mf-alarm" not in words.split("</style>")[-1]


def test_fund_waterfall_goes_from_opening_to_closing(app: AppTest, filled: Path) -> None:
    _at(app, "fund")
    words = _words(app)
    assert "期初 4,248.00 万元，收入 8,800.00 万元，支出 7,760.00 万元，期末 5,287.50 万元。" in words
    chart = next(e for e in app.get("plotly_chart") if "waterfall" in e.proto.id)
    assert '"type":"waterfall"' in chart.proto.spec.replace(" ", "")


def test_own_books_include_transfers_and_the_consolidated_basis_does_not(app: AppTest) -> None:
    _at(app, "fund")
    assert "上解上级支出" not in _words(app)
    app.query_params = {"basis": "own", "org": "430121"}
    app.run()
    words = _words(app)
    assert "上解上级支出" in words and "200,000.00" in words  # 10 months of 20,000


def test_personal_accounts_stand_apart(app: AppTest) -> None:
    words = _words(_at(app, "fund"))
    row = words.split("职工医保个人账户")[1].split("</tr>")[0]
    # 8 × 400 and 8 × 350 thousand a month
    assert "32,000,000.00" in row and "28,000,000.00" in row and "个人账户" in row


def test_national_series_never_mixes_vintages(app: AppTest) -> None:
    _at(app, "fund", series="resident", vintage="quick_report")
    table = _words(app).split("公开数据")[-1]
    assert "2021年快报" in table and "统计公报</td>" not in table


def test_the_national_series_opens_with_the_preferred_edition(app: AppTest) -> None:
    # The final bulletin before the quick report, though both have two years.
    table = _words(_at(app, "fund", fund="390")).split("公开数据")[-1]
    assert "2021年统计公报" in table and "快报" not in table


def test_trust_shows_gate_checks_rejects_and_findings(app: AppTest) -> None:
    words = _words(_at(app, "trust"))
    for expected in (
        "2 / 4 通过",
        "未通过：关键 0，重要 1，一般 1",
        "新出现 1 · 持续 1 · 已解决 1",
        "读入 1,012 行，入库 1,009 行，与已有相同 0 行，拒收 3 行",
        "账面期末与推算一致",
        "16,769,234.56",
        "−5,000.00",
        "6077 + 428.1",
        "211.48",
        "同一数据见于两个版本的有 2 对：1 对一致，0 对仅四舍五入之差，1 对不同；另有 1 个公布的比率",
        "9724.48",
        "5900.4 / 35430.9",
    ):
        assert expected in words
    assert "=HYPERLINK(&quot;" in words  # shown as text


def test_english_says_the_same_in_english(app: AppTest) -> None:
    for page in ("home", "fund", "trust"):
        words = _words(_at(app, page, lang="en"))
        # Titles of publications stay as published.
        visible = "\n".join(line for line in words.splitlines() if not line.startswith("Source: "))
        for word in ("年统计公报", "年快报"):
            visible = visible.replace(word, "")
        assert not [c for c in visible if "\u4e00" <= c <= "\u9fff"], page
    assert app.title[0].value == "Trust"


def test_the_language_switch_keeps_the_choices(app: AppTest) -> None:
    _at(app, fund="390")
    app.button_group(key="lang.zh").set_value("en").run()
    assert app.title[0].value == "Home"
    assert app.selectbox(key="fund.en").value == "390"
    assert app.query_params == {"lang": "en", "fund": "390"}


def test_choices_stand_in_the_url_and_hold_across_pages(app: AppTest) -> None:
    _at(app)
    app.selectbox(key="fund.zh").set_value("390").run()
    app.selectbox(key="period.zh").set_value("2026-06-01").run()
    assert app.query_params == {"fund": "390", "period": "2026-06-01"}
    app.switch_page("views/trust.py").run()
    assert app.selectbox(key="fund.zh").value == "390"
    assert app.query_params == {"fund": "390", "period": "2026-06-01"}


def test_a_choice_that_does_not_exist_falls_back_to_the_default(app: AppTest) -> None:
    _at(app, fund="999", period="1066-01-01", org="x", lang="fr")
    assert app.selectbox(key="fund.zh").value == "310_pool"
    assert app.selectbox(key="period.zh").value == "2026-10-01"


@pytest.mark.parametrize("info", [info for info in PAGES if not info.ready], ids=lambda info: info.key)
def test_an_unfinished_page_says_what_it_needs_and_shows_no_figure(app: AppTest, info: object) -> None:
    key = info.key  # type: ignore[attr-defined]
    words = _words(_at(app, key))
    assert "此页尚未完成" in words
    for name in (*info.marts, *info.exports):  # type: ignore[attr-defined]
        assert name in words
    assert not app.get("plotly_chart") and not app.metric


def test_without_a_release_the_page_says_what_to_do(
    tmp_path: Path, app_on: Callable[[Path], AppTest]
) -> None:
    app = app_on(tmp_path)
    assert "medfund build" in _words(_at(app))


def test_an_empty_release_names_the_missing_exports(
    tmp_path: Path, app_on: Callable[[Path], AppTest]
) -> None:
    empty = "\n".join(
        f"delete from marts.{name};"
        for name in ("fund_balance_monthly", "fund_balance_consolidated_monthly", "fund_published_annual")
    )
    write_release(tmp_path, extra_sql=empty)
    app = app_on(tmp_path)
    for page in ("home", "fund", "trust"):
        words = _words(_at(app, page))
        assert "fund_acct_bal" in words
    assert not app.metric


def test_missing_months_and_ratios_print_a_dash(tmp_path: Path, app_on: Callable[[Path], AppTest]) -> None:
    write_release(
        tmp_path,
        extra_sql="update marts.fund_balance_consolidated_monthly set payable_months = null;"
        "delete from marts.fund_indicator_monthly; delete from marts.fund_budget_summary_monthly;",
    )
    app = app_on(tmp_path)
    _at(app)
    values = {metric.label: metric.value for metric in app.metric}
    assert values["可支付月数"] == values["支出预算执行率"] == values["支出与收入增速差"] == "—"
    assert "fund_budg_a" in _words(app)


def test_a_waiver_is_printed_on_every_page(tmp_path: Path, app_on: Callable[[Path], AppTest]) -> None:
    write_release(
        tmp_path,
        extra_sql="update marts.release_info set gate = 'waived',"
        """ waivers = '[{"check": "balance_rolls", "reason": "补录中"}]';""",
    )
    app = app_on(tmp_path)
    for page in ("home", "fund", "trust"):
        assert any("balance_rolls" in warning.value for warning in _at(app, page).warning), page


def test_a_new_release_is_shown_at_the_next_run(tmp_path: Path, app_on: Callable[[Path], AppTest]) -> None:
    write_release(tmp_path)
    app = app_on(tmp_path)
    assert FIRST_RELEASE in _words(_at(app))
    write_release(
        tmp_path,
        SECOND_RELEASE,
        extra_sql="update marts.fund_balance_consolidated_monthly set closing_balance = 100000000"
        " where month = date '2026-10-01' and fund_code = '310_pool';",
    )
    app.run()
    assert SECOND_RELEASE in _words(app)
    assert app.metric[0].value == "1.00 亿元"
    # The older release can still be looked at.
    app.selectbox(key="release.zh").set_value(FIRST_RELEASE).run()
    assert app.metric[0].value == "5,287.50 万元"


def test_a_release_of_another_shape_gives_advice_and_no_traceback(
    tmp_path: Path, app_on: Callable[[Path], AppTest]
) -> None:
    write_release(tmp_path, extra_sql="alter table marts.fund_balance_monthly drop column unexplained_gap;")
    app = app_on(tmp_path)
    _at(app)
    assert "这个数据版本无法读取" in app.error[0].value


def test_screens_cannot_write_and_read_only_public_tables(filled: Path) -> None:
    from dashboards.lib import data

    release = Release(FIRST_RELEASE, filled / "releases" / FIRST_RELEASE / "medfund.duckdb")
    before = release.path.read_bytes()
    with pytest.raises(duckdb.InvalidInputException, match="read-only"):
        data._connection(str(release.path)).cursor().execute("create table marts.x (y integer)")
    for name, query in QUERIES.items():
        named = {word.removeprefix("marts.") for word in _tables_named(query.sql)}
        assert named == set(query.tables), name
    assert release.path.read_bytes() == before
    st.cache_resource.clear()


def test_no_query_subtracts_divides_or_weighs() -> None:
    """A metric is worked out once, in its mart; a query may move a date and add up months."""
    for name, query in QUERIES.items():
        for node in sqlglot.parse_one(query.sql, read="duckdb").find_all(exp.Sub, exp.Add, exp.Mul, exp.Div):
            assert node.find(exp.Interval), f"{name}: {node.sql()}"


def test_the_arithmetic_rule_sees_a_balance_made_in_a_query() -> None:
    tree = sqlglot.parse_one(
        "select income_ytd - expenditure_ytd from marts.fund_balance_monthly", read="duckdb"
    )
    assert [node.sql() for node in tree.find_all(exp.Sub)] == ["income_ytd - expenditure_ytd"]


def _tables_named(sql: str) -> set[str]:
    import re

    return set(re.findall(r"\b(?:from|join)\s+((?:marts|reference)\.\w+)", sql))
