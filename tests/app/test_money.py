"""Where money flows, clearing, deposits, personal accounts and arrears on the fund page, from a hand-made release."""

from __future__ import annotations

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import APP, PROJECT, write_release
from tests.app.test_forecast import _charts
from tests.app.test_screens import _at, _words

MARTS = (PROJECT / "tests/app/fixture_money.sql").read_text(encoding="utf-8")


def test_fund_shows_every_form_of_money_as_the_marts_have_it(app: AppTest) -> None:
    words = _words(_at(app, "fund"))
    # From September and October together; December before is not of the span.
    assert (
        "2026年1—10月职工医保统筹基金收入 620.00 元，最大来源是社会保险费收入 600.00 元；基金承担的医疗服务 500.00 元，"
        "其中住院 400.00 元；其他支出 50.00 元；拨付与结算的差异 +10.00 元；收支相抵 +60.00 元。"
    ) in words
    # Both counties' books: 31 + 31, 17 + 17, 41 + 41, 60 + 9; 80 + 50.
    assert (
        "2026年10月末：已申请未入账 62.00 元，未申请 34.00 元，质量保证金 82.00 元，预付金未抵扣 69.00 元"
        "（总账暂付款 69.00 元）。当月拨付 130.00 元，审核扣款 10.00 元，抵扣预付 6.00 元，预留保证金 4.00 元。"
    ) in words
    assert (
        "2026年10月末存款 1,000.00 元，其中定期 300.00 元、活期 700.00 元；2026年1—10月到账利息 6.00 元，"
        "账面利息 8.00 元，相差 −2.00 元；近12个月实际年化收益率 1.72%。"
    ) in words
    # Carried from September's opening; what was spent of earlier years is twice 30.
    assert (
        "期初结转 500.00 元，划入 122.00 元，支出 84.00 元，期末结转 540.00 元；当期结算使用 88.00 元。其中使用往年结余 60.00 元。"
        in words
    )
    assert (
        "2026年10月应缴 1,500.00 元，实缴入库 1,400.00 元，减免 20.00 元；月末欠费 260.00 元，其中12个月以上 50.00 元。"
        in words
    )
    flow = _charts(app)["money_flow"]
    # A cause is drawn the way its money went: 30 settled and not paid yet come in, 40 paid in cash go out.
    for node in (
        "未付：在途 30.00",
        "另付：津贴等现金待遇 40.00",
        "三级医院 400.00",
        "省内异地 100.00",
        "当期结余 60.00",
    ):
        assert node in flow, node
    assert "动用结余" not in flow


def test_own_books_draw_on_their_balance_and_english_says_so(app: AppTest) -> None:
    _at(app, "fund", basis="own", org="430121", lang="en")
    flow = _charts(app)["money_flow"]
    assert "Drawn from the balance 4.00" in flow and "Pharmacies 11.00" in flow
    words = _words(app)
    assert "income less spending −4.00 yuan" in words
    # Own books have no statements in this release: the page says so and shows no figure.
    assert "Deposits at the end of" not in words


def test_a_fund_without_accounts_shows_none(app: AppTest) -> None:
    words = _words(_at(app, "fund", fund="390"))
    assert "个人账户基金（单独核算" not in words
    assert "期初结转" not in words


def test_what_is_missing_is_named_by_the_export_that_was_never_landed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The release was loaded from ledger balances; of what deposits are made from, only the statements are missing.
    made_from = {"fund_deposit_monthly": ["fund_acct_bal", "fund_bank_stmt_d"]}
    write_release(tmp_path, manifest={"made_from": made_from})
    monkeypatch.setenv("MEDFUND_HOME", str(tmp_path))
    shown = [box.value for box in _at(AppTest.from_file(APP, default_timeout=30), "fund").info]
    st.cache_data.clear()
    st.cache_resource.clear()
    deposits = next(text for text in shown if "fund_deposit_monthly" in text)
    assert "fund_bank_stmt_d" in deposits and "fund_acct_bal" not in deposits
