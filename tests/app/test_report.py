"""The monthly report on a hand-made release: figures, both languages, missing exports, strangers' words, fonts, bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pypdf
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from dashboards.lib import drawing, report, report_pdf, state
from dashboards.lib.data import Release
from dashboards.lib.i18n import Lang
from dashboards.lib.report import Report
from medfund.cli import app as command
from medfund.errors import UsageError
from medfund.release.files import write_atomic
from tests.app.fixture_release import APP, FIRST_RELEASE, PROJECT, write_release
from tests.app.test_screens import _at

MARTS = "".join(
    (PROJECT / f"tests/app/fixture_{name}.sql").read_text(encoding="utf-8")
    for name in ("pages", "forecast", "money")
)
# What somebody could write into a register: markup of the typesetter, a formula, characters no font has.
STRANGE = '=1+1 #panic("x") $a$ *强* <标签> @引用 \\ "引号" 𠮷\U0001f600'
LONG = "某某市医疗保障事业管理服务中心" * 6

Compose = Callable[..., Report]


def _composed(home: Path, **choices: Any) -> Report:
    release = Release(FIRST_RELEASE, home / "releases" / FIRST_RELEASE / "medfund.duckdb")
    chosen = {
        "lang": "zh",
        "basis": "consolidated",
        "org": "",
        "fund": "310_pool",
        "period": date(2026, 10, 1),
    }
    return report.compose(state.open_screen(release, **(chosen | choices)))


@pytest.fixture(scope="module")
def compose(filled: Path) -> Iterator[Compose]:
    yield lambda home=filled, **choices: _composed(home, **choices)
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture(scope="module")
def printed(compose: Compose) -> bytes:
    """The report on the employee fund of the whole pool area."""
    return report_pdf.pdf_bytes(compose())


def _pages(content: bytes) -> list[str]:
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def _plain(text: str) -> str:
    """Text without the breaks and gaps that lie between its parts on paper."""
    return "".join(text.split())


def _book(content: bytes) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content))


def test_the_pdf_prints_the_figures_of_the_marts(printed: bytes) -> None:
    pages = _pages(printed)
    first, whole = _plain(pages[0]), _plain("".join(pages))
    assert first.startswith("基金运行月报职工医保统筹基金·全统筹区合并·2026年10月")
    assert FIRST_RELEASE in first and "检查4项，未通过2项" in first
    # All books: one of them differs from its ledger by 1,234.56; this fund's do not.
    assert "本基金未解释差额0.00元" in first and "1,234.56元（核对12个账套，1个与账面期末不符）" in first
    assert "数据截至2026年10月20日，2026年10月尚未结束：当月数不完整。" in first
    # 52,875,000.00; benefits 8 × 800 × 1.2 thousand a month; its growth to date as on the screen.
    assert "2026年10月末累计结余5,287.50万元" in whole
    assert "社会保险待遇支出768.00704.007,680.007,040.00" in whole
    assert "参保人数100.00+1.4个百分点" in whole
    # Legs and causes to the fen.
    assert "银行→总账未解释8.001" in whole
    # 52,875,000 + 24 × 100,000, ± 20,000 a month.
    assert "2028年10月5,527.505,479.505,575.505,455.505,599.50" in whole


def test_pages_are_numbered_and_contents_lead_to_them(printed: bytes) -> None:
    pages = [_plain(page) for page in _pages(printed)]
    for number, page in enumerate(pages, start=1):
        assert f"第{number}页共{len(pages)}页" in page
    for title in ("关键指标", "收入与支出项目", "预算执行", "口径变化与修订", "指标定义", "来源与指纹"):
        listed = re.search(rf"{title}\.+(\d+)", pages[1])
        assert listed is not None, title
        assert title in pages[int(listed[1][: len(str(len(pages)))]) - 1]


def test_the_one_font_is_embedded_and_no_other_is_asked_for(printed: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(printed))
    named = set()
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font.get_object()["/DescendantFonts"][0].get_object()
            assert "/FontFile3" in inner["/FontDescriptor"], "a font is not embedded"
            named.add(inner["/BaseFont"].split("+")[1])
    assert named == {"NotoSansSC-Regular"}


def test_the_same_release_gives_the_same_bytes(compose: Compose, printed: bytes) -> None:
    one, other = compose(), compose()
    assert report_pdf.pdf_bytes(other) == printed
    assert report.xlsx_bytes(one) == report.xlsx_bytes(other)


def test_the_workbook_has_a_sheet_per_figure_then_definitions_and_origin(compose: Compose) -> None:
    made = compose()
    book = _book(report.xlsx_bytes(made))
    figures = [part.sheet.title for part in made.parts if part.sheet is not None]
    assert book.sheetnames == [*figures, "指标定义", "来源与指纹"]
    assert len(figures) == 18
    money = book["收支与结余"]
    # An amount is a number to the fen, an indicator is written as what it measures.
    row = next(line for line in money.iter_rows(min_row=4, values_only=True) if line[0] == "期末累计结余")
    assert row[1] == 52_875_000
    months = {line[1].value: line[4] for line in book["基金指标与上下限"].iter_rows(min_row=4)}
    assert months["累计结余可支付月数"].value == pytest.approx(6.9, abs=0.05)
    assert months["累计结余可支付月数"].number_format == "0.0"
    assert months["支出收入增速差"].number_format == "0.0%"
    defined = {line[0] for line in book["指标定义"].iter_rows(min_row=2, values_only=True)}
    assert {"F01", "F02", "F03", "F06", "F07", "F10", "F20"} <= defined
    origin = dict(book["来源与指纹"].iter_rows(min_row=2, values_only=True))
    assert origin["数据版本"] == FIRST_RELEASE and origin["输入指纹（SHA-256）"] == "c" * 64


def test_money_in_all_its_forms_is_told_as_on_the_page(compose: Compose) -> None:
    made = compose()
    told = {part.title: part for part in made.parts}
    clearing, accounts = told["预付、保证金与在途资金"], told["职工医保个人账户（单独核算，不计入统筹基金）"]
    assert "预付金未抵扣 69.00 元（总账暂付款 69.00 元）" in clearing.sentence
    assert "划入 122.00 元，支出 84.00 元，期末结转 540.00 元" in accounts.sentence
    assert clearing.sheet is not None and clearing.sheet.rows[-1][3] == 69
    flow = told["钱从哪里来、到哪里去：职工医保统筹基金"]
    assert flow.sheet is not None and ("社会保险费收入", "职工医保统筹基金", 600) in flow.sheet.rows
    assert "预付金未抵扣69.00元" in _plain("".join(_pages(report_pdf.pdf_bytes(made))))


def test_the_roll_forward_of_the_year_foots_to_the_fen(compose: Compose) -> None:
    part = next(part for part in compose().parts if part.title == "本年各月滚存")
    assert part.sheet is not None and len(part.sheet.rows) == 10
    for _, opening, adjustment, income, expenditure, imbalance, closing, _ in part.sheet.rows:
        assert opening + adjustment + income - expenditure + imbalance == closing


def test_items_add_up_to_the_total_of_the_balance(compose: Compose) -> None:
    for part in compose(basis="own", org="430121").parts:
        if part.title not in ("收入按项目", "支出按项目"):
            continue
        assert part.sheet is not None
        *lines, total = [row for row in part.sheet.rows if not row[0].startswith("其中")]
        for column in range(1, 5):
            assert sum(line[column] or 0 for line in lines) == total[column], part.title


def test_it_speaks_english(compose: Compose) -> None:
    pages = _pages(report_pdf.pdf_bytes(compose(lang="en")))
    whole = " ".join(" ".join(pages).split())
    assert "Monthly report of the fund" in whole and f"Page 1 of {len(pages)}" in whole
    assert "5,287.50 ×10⁴ yuan" in whole or "5,287.50 ×104 yuan" in whole
    # Only the titles of Chinese documents, which later pages name as sources, stay Chinese.
    assert not re.search("[\u4e00-\u9fff]", "".join(pages[:4]))


def test_a_resident_fund_carries_the_note_on_the_premium_season(compose: Compose) -> None:
    made = compose(fund="390")
    assert any("居民保费集中" in warning for warning in made.warnings)
    assert "居民保费集中" in _plain(_pages(report_pdf.pdf_bytes(made))[0])


def test_what_has_no_rows_names_the_export_that_is_missing(compose: Compose, tmp_path: Path) -> None:
    write_release(tmp_path, extra_sql="delete from marts.fund_budget_summary_monthly")
    made = compose(tmp_path)
    whole = _plain("".join(_pages(report_pdf.pdf_bytes(made))))
    assert "没有数据：fund_budget_summary_monthly为空。需要的导出表：" in whole and "fund_budg_a" in whole
    missing = dict(_book(report.xlsx_bytes(made))["缺少的内容"].iter_rows(min_row=2, values_only=True))
    assert set(missing) == {
        "预算执行", "差异按原因", "对账两侧", "钱从哪里来、到哪里去：职工医保统筹基金", "预付、保证金与在途资金",
        "存款结构与利息", "预测", "公布后的修订",
    }  # fmt: skip
    assert "fund_vchr_d" in missing["差异按原因"] and "fund_acct_bal" in missing["预测"]


def test_an_earlier_month_draws_no_forecast_made_later(compose: Compose) -> None:
    made = compose(period=date(2026, 6, 1))
    section = next(section for section in made.sections if section.title == "预测")
    assert section.parts[0].missing == "预测从最新月份 2026年10月 开始；所选月份不画预测区间。"


def test_strange_and_long_names_are_words_and_nothing_else(compose: Compose, tmp_path: Path) -> None:
    path = write_release(tmp_path, extra_sql=MARTS)
    with duckdb.connect(str(path)) as connection:
        connection.execute("update marts.dim_org set name_zh = ? where org_code = '430121'", [STRANGE])
        connection.execute("update marts.dim_fund set name_zh = ? where fund_code = '310_pool'", [LONG])
    made = compose(tmp_path, basis="own", org="430121")
    first = _plain(_pages(report_pdf.pdf_bytes(made))[0])
    assert '=1+1#panic("x")$a$*强*<标签>@引用\\"引号"' in first
    assert LONG in first
    book = _book(report.xlsx_bytes(made))
    cells = [cell for page in book for line in page.iter_rows() for cell in line if cell.value == STRANGE]
    assert cells and all(cell.data_type == "s" for cell in cells)


def test_a_line_breaks_where_an_amount_is_missing_and_holds_zero() -> None:
    months = tuple(date(2026, month, 1) for month in (1, 2, 3, 4))
    line = drawing.Line("结余", "subject", months, (50.0, None, 100.0, 75.0))
    drawn = drawing.Lines((line,), "万元", marks=((date(2026, 3, 1), "变"), (date(2020, 1, 1), "早"))).drawn()
    assert [part["points"] for part in drawn["lines"]] == [[[0.0, 0.5]], [[2 / 3, 1.0], [1.0, 0.75]]]
    assert [tick["text"] for tick in drawn["ticks"]] == ["0", "25", "50", "75", "100"]
    assert [mark["text"] for mark in drawn["marks"]] == ["变"]


def test_bars_start_at_zero_on_either_side() -> None:
    bars = (
        drawing.Bar("升", ((0.0, 30.0, "subject"),), "+30"),
        drawing.Bar("降", ((0.0, -10.0, "opposite"),), "−10"),
    )
    drawn = drawing.Bars(bars, "万元").drawn()
    assert drawn["zero"] == 0.25
    assert [(bar["spans"][0]["from"], bar["spans"][0]["to"]) for bar in drawn["bars"]] == [
        (0.25, 1.0),
        (0.0, 0.25),
    ]


def _run(home: Path, *words: str) -> Any:
    return CliRunner().invoke(command, ["report", *words, "--home", str(home)])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_command_writes_both_files_and_prints_their_paths(
    filled: Path, tmp_path: Path, lang: Lang
) -> None:
    done = _run(filled, "2026-09", "--fund", "390", "--org", "430121", "--out", str(tmp_path), "--lang", lang)
    assert done.exit_code == 0, done.output
    stem = f"medfund_report_2026-09_390_430121_{lang}_{FIRST_RELEASE}"
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"{stem}.pdf", f"{stem}.xlsx"]
    assert [Path(line).name for line in done.stdout.split()] == [f"{stem}.xlsx", f"{stem}.pdf"]
    assert (tmp_path / f"{stem}.pdf").read_bytes().startswith(b"%PDF-")


def test_the_command_takes_every_fund_with_books(filled: Path, tmp_path: Path) -> None:
    done = _run(filled, "2026-10", "--out", str(tmp_path), "--format", "xlsx")
    assert done.exit_code == 0, done.output
    assert [path.split("_consolidated")[0].split("2026-10_")[1] for path in done.stdout.split()] == [
        "310_pool",
        "390",
        "610",
        "310_acct",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("2026-13",), "'2026-13' is not a month"),
        (("2020-01",), "has books of 2024-01 to 2026-10"),
        (("2026-10", "--fund", "999"), "has books of 310_pool, 390, 610, 310_acct"),
        (("2026-10", "--org", "430100"), "has books of 430199, 430121, 430122"),
    ],
)
def test_the_command_says_what_there_is_instead(filled: Path, words: tuple[str, ...], expected: str) -> None:
    done = _run(filled, *words)
    assert isinstance(done.exception, UsageError)
    assert expected in str(done.exception)


def test_without_the_extra_button_and_command_say_how_to_install(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_pdf, "_PACKAGES", ("no_such_typesetter",))
    done = _run(filled, "2026-10", "--out", str(tmp_path))
    assert isinstance(done.exception, UsageError) and 'pip install "medfund[report]"' in str(done.exception)
    assert list(tmp_path.iterdir()) == []
    assert _run(filled, "2026-10", "--fund", "390", "--out", str(tmp_path), "--format", "xlsx").exit_code == 0
    monkeypatch.setenv("MEDFUND_HOME", str(filled))
    page = _at(AppTest.from_file(APP, default_timeout=30), "fund")
    made = {button.proto.label: button.proto.disabled for button in page.get("download_button")}
    assert made["月报 PDF"] is True and made["月报 XLSX"] is False
    assert any("medfund[report]" in caption.value for caption in page.caption)


def test_a_file_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.pdf"
    write_atomic(path, b"%PDF-old")

    def killed(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomic(path, b"%PDF-new")
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("report.pdf", b"%PDF-old")]
