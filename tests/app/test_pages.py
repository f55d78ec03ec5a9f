"""Drivers of spending, the reconciliation by cause, revisions, freshness and changes of scope on a hand-made release."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import APP, PROJECT, write_release
from tests.app.test_forecast import _charts
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_pages.sql").read_text(encoding="utf-8")
# Two exports become one public table by two models each; a third model has nothing to do with it.
MANIFEST = {
    "made_from": {"fund_balance_monthly": ["fund_acct_bal", "fund_vchr_d"]},
    "lineage": {
        "stg_fund_acct_bal": ["landing.fund_acct_bal"],
        "stg_fund_vchr_d": ["landing.fund_vchr_d"],
        "stg_setl_d": ["landing.setl_d"],
        "int_ledger__entry": ["stg_fund_acct_bal", "stg_fund_vchr_d"],
        "int_ledger__balance_month": ["int_ledger__entry"],
        "fund_balance_monthly": ["int_ledger__balance_month"],
    },
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    write_release(home, extra_sql=MARTS, manifest=MANIFEST)
    return home


def test_home_says_by_factor_why_spending_moved(app: AppTest) -> None:
    # The three that moved it most, by size whatever their sign; 6.4 of 71.2 million is 9.0 %.
    assert (
        "2026年1—10月职工医保统筹基金支出同比 +640.00 万元（+9.0%）：人均就诊次数 +600.00 万元（拉动 +8.4 个百分点）；"
        "参保人数 +100.00 万元（拉动 +1.4 个百分点）；结算以外的支出 −40.00 万元（拉动 −0.6 个百分点）。"
    ) in _words(_at(app))


def test_home_says_it_in_english_from_the_same_numbers(app: AppTest) -> None:
    words = _words(_at(app, lang="en"))
    assert (
        "Employee pooled fund: spending +640.00 ×10⁴ yuan (+9.0%) on last year: Visits per person +600.00"
        in words
    )


def test_fund_has_one_sentence_for_every_fund_and_bars_for_the_chosen_one(app: AppTest) -> None:
    _at(app, "fund")
    words = _words(app)
    # Without books it says so; without people, visits stand for both.
    assert (
        "2026年1—10月城乡居民医保基金结算支出（无账面数据）同比 +50.00 万元（+10.0%）：就诊次数 +50.00 万元"
        "（拉动 +10.0 个百分点）。"
    ) in words
    assert words.count("- 2026年1—10月") == 2
    assert '"−40.00"' in _charts(app)["drivers"]


def test_drivers_follow_the_span_and_the_book(app: AppTest) -> None:
    _at(app, "fund", span="rolling_12")
    assert "截至2026年10月的12个月职工医保统筹基金支出同比 +700.00 万元（+10.0%）：参保人数" in _words(app)
    app.query_params = {"basis": "own", "org": "430121"}
    app.run()
    assert "职工医保统筹基金支出同比 +200.00 万元（+20.0%）：参保人数 +200.00 万元" in _words(app)


def test_items_are_not_compared_across_a_change_of_scope(app: AppTest) -> None:
    words = _words(_at(app, "fund"))
    assert "※ 2026年1月1日起口径变化（新基金会计制度），前后不可直接比较。" in words
    assert "最大一项是社会保险待遇支出 7,680.00 万元；口径已变，不作同比。" in words
    assert "上年同期" not in _charts(app)["expenditure"]
    app.query_params = {"period": "2025-10-01"}
    app.run()
    words = _words(app)
    assert "口径变化" not in words and "口径已变" not in words
    assert "上年同期" in _charts(app)["expenditure"]


def test_reconciliation_adds_up_by_leg_and_cause(app: AppTest) -> None:
    _at(app, "trust")
    words = _words(app)
    # January to October of both counties: 100 + 200 + 40, 70 + 205 + 30; December before is not in it.
    assert "结算→清算：左侧 340.00 元，右侧 305.00 元，差额 +35.00 元。" in words
    assert "2 个环节中有 1 个未完全解释：银行→总账未解释 +8.00 元。" in words
    matrix = _charts(app)["reconciliation"]
    # In transit 30 − 25 + 10, deducted 20, unexplained nil; the bank's 8 stand out.
    for cell in ("+15.00", "+20.00", "0.00", "■ +8.00"):
        assert f'"{cell}"' in matrix, cell


def test_reconciliation_of_one_book_says_that_all_is_explained(app: AppTest) -> None:
    words = _words(_at(app, "trust", basis="own", org="430121"))
    assert "1 个环节的差额全部有原因，未解释 0.00 元。" in words


def test_revisions_show_both_figures_reason_and_file(app: AppTest) -> None:
    _at(app, "trust")
    words = _words(app)
    assert "3 个月度账中有 2 个在公布后修订过，最早到2026年8月" in words
    for cell in ("1,500.00", "2,500.00", "补报或更正数据", "以前月份变动滚存", "fund_acct_bal_202608_b.csv"):
        assert cell in words
    app.query_params = {"basis": "own", "org": "430121"}
    app.run()
    assert "1 个月度账公布后均未修订。" in _words(app)


def test_freshness_names_the_export_that_was_loaded_first(app: AppTest) -> None:
    assert "最久未更新的是 fund_acct_bal，最近入库于2026年11月1日 09:00。" in _words(_at(app, "trust"))


def test_without_clearing_the_page_names_the_exports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_release(tmp_path)
    monkeypatch.setenv("MEDFUND_HOME", str(tmp_path))
    words = _words(_at(AppTest.from_file(APP, default_timeout=30), "trust"))
    st.cache_data.clear()
    st.cache_resource.clear()
    assert "fund_reconciliation_monthly" in words and "med_dfr_d" in words


def test_lineage_leads_from_exports_to_the_pages_of_a_table(app: AppTest) -> None:
    _at(app, "trust")
    words = _words(app)
    # Of the two exports this release was loaded from one; four models lie between them and the table.
    assert (
        "`fund_balance_monthly` 由 2 个导出表（1 个已入库）经 4 个模型得到；使用它的页面：首页、基金收支、数据可信"
        in words
    )
    drawn = _charts(app)["lineage"]
    for name in ("fund_vchr_d", "stg_fund_vchr_d", "int_ledger__entry", "fund_balance_monthly", "基金收支"):
        assert f'"{name}"' in drawn, name
    assert "stg_setl_d" not in drawn
