"""Disclosure bundles on a release made by hand: one city of two sets of books, two years, round figures."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
import shutil
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from medfund.checker import check
from medfund.disclosure import VerifyReport, disclose, verify
from medfund.disclosure.bundle import canonical, load_signing_key, signed_bytes
from medfund.disclosure.forms import printed
from medfund.disclosure.render import safe_text
from medfund.errors import MedfundError, Refused, UsageError
from medfund.settings import Bureau, Home

RELEASE = "20260122T033000Z-1a2b3c4d"
BUREAU = Bureau(code="970100", name_zh="示例市医疗保障局", name_en="Shili Healthcare Security Administration")

# Org, fund, side, item, yuan a month in 2025 (2024: ten elevenths of it), is_memo, is_transfer.
# The county remits 11 000 a month of employee money to the city, which books all of it.
MONTHLY = """
    ('970121', '310_pool', 'income',  'premium',           110000.00, false, false),
    ('970121', '310_pool', 'income',  'interest',             367.40, false, false),
    ('970121', '310_pool', 'expense', 'benefit',            88000.00, false, false),
    ('970121', '310_pool', 'expense', 'benefit_ipt',        55000.00, true,  false),
    ('970121', '310_pool', 'expense', 'benefit_opt',        22000.00, true,  false),
    ('970121', '310_pool', 'expense', 'benefit_chronic',     5500.00, true,  false),
    ('970121', '310_pool', 'expense', 'benefit_matn',        5500.00, true,  false),
    ('970121', '310_pool', 'expense', 'benefit_matn_med',    2200.00, true,  false),
    ('970121', '310_pool', 'expense', 'benefit_matn_alwn',   3300.00, true,  false),
    ('970121', '310_pool', 'expense', 'to_upper',           11000.00, false, true),
    ('970121', '310_acct', 'income',  'premium',            44000.00, false, false),
    ('970121', '310_acct', 'expense', 'benefit',            55000.00, false, false),
    ('970121', '310_acct', 'expense', 'benefit_acct',       55000.00, true,  false),
    ('970121', '390',      'income',  'premium',            11000.00, false, false),
    ('970121', '390',      'income',  'fiscal_subsidy',     99000.00, false, false),
    ('970121', '390',      'expense', 'benefit',           104500.00, false, false),
    ('970121', '390',      'expense', 'benefit_ipt',        77000.00, true,  false),
    ('970199', '310_pool', 'income',  'premium',           220000.00, false, false),
    ('970199', '310_pool', 'income',  'from_lower',         11000.00, false, true),
    ('970199', '310_pool', 'expense', 'benefit',           165000.00, false, false),
    ('970199', '310_acct', 'income',  'premium',            66000.00, false, false),
    ('970199', '310_acct', 'expense', 'benefit',            55000.00, false, false),
    ('970199', '390',      'income',  'premium',            22000.00, false, false),
    ('970199', '390',      'expense', 'benefit',            33000.00, false, false)
"""

BUILD = f"""
create schema marts;
create schema reference;
create temp table line as
select * from (values {MONTHLY}) as line (org_code, fund_code, side, item_key, yuan, is_memo, is_transfer);
create temp table flow as
select org_code, fund_code, side, month::date as month, item_key, is_memo, is_transfer,
    (case when year(month) = 2024 then yuan * 10 / 11 else yuan end)::decimal(18, 2) as amount
from line, generate_series(date '2024-01-01', date '2025-12-01', interval 1 month) as months (month);
create table marts.fund_income_monthly as select * exclude (side) from flow where side = 'income';
create table marts.fund_expenditure_monthly as select * exclude (side) from flow where side = 'expense';
create temp table moved as
select org_code, fund_code, month,
    sum(amount) filter (where side = 'income' and not is_memo) as income,
    sum(amount) filter (where side = 'expense' and not is_memo) as expenditure,
    sum(amount) filter (where side = 'income' and not is_memo and not is_transfer) as own_income,
    sum(amount) filter (where side = 'expense' and not is_memo and not is_transfer) as own_expenditure
from flow group by all;
create table marts.fund_balance_monthly as
select *, closing_balance - current_balance as opening_balance,
    0::decimal(18, 2) as opening_adjustment, 0::decimal(18, 2) as unexplained_gap
from (
    select *, income - expenditure as current_balance,
        (1000000 + sum(income - expenditure) over sofar)::decimal(18, 2) as closing_balance,
        sum(income) over (sofar_in_year)::decimal(18, 2) as income_ytd,
        sum(expenditure) over (sofar_in_year)::decimal(18, 2) as expenditure_ytd
    from moved
    window sofar as (partition by org_code, fund_code order by month),
        sofar_in_year as (partition by org_code, fund_code, year(month) order by month)
);
create table marts.fund_balance_consolidated_monthly as
select fund_code, month, sum(opening_balance)::decimal(18, 2) as opening_balance,
    0::decimal(18, 2) as opening_adjustment, sum(closing_balance)::decimal(18, 2) as closing_balance,
    sum(own_income - own_expenditure)::decimal(18, 2) as current_balance,
    sum(sum(own_income)) over (partition by fund_code, year(month) order by month) as income_ytd,
    sum(sum(own_expenditure)) over (partition by fund_code, year(month) order by month) as expenditure_ytd,
    0::decimal(18, 2) as unexplained_gap, 0::decimal(18, 2) as transfer_imbalance
from marts.fund_balance_monthly group by fund_code, month;
create table marts.fund_budget_execution as
select org_code, fund_code, 2025 as year, direction, item_key, date '2025-12-01' as month,
    budget::decimal(18, 2) as budget, false as is_memo
from (values
    ('970121', '310_pool', 'income', 'premium', 1200000), ('970121', '310_acct', 'income', 'premium', 528000),
    ('970121', '310_pool', 'expenditure', 'benefit', 1056000), ('970121', '310_pool', 'expenditure', 'to_upper', 132000),
    ('970121', '310_acct', 'expenditure', 'benefit', 660000), ('970199', '310_acct', 'income', 'premium', 792000)
) as budget (org_code, fund_code, direction, item_key, budget);
create table marts.dim_org as from (values
    ('970100', '示例市', 'Shili City', 'city', null), ('970199', '示例市本级', 'Shili City level', 'city_direct', '970100'),
    ('970121', '示例市甲县', 'Jia County', 'county', '970100')
) as org (org_code, name_zh, name_en, level, parent_org_code);
create table marts.dim_fund as from (values
    ('310_pool', '职工统筹', 'Employee pool', 'employee', 'pooled'),
    ('310_acct', '职工账户', 'Employee accounts', 'employee', 'personal'),
    ('390', '居民', 'Resident', 'resident', 'pooled')
) as fund (fund_code, name_zh, name_en, scheme, account_kind);
create table marts.release_info as select '{RELEASE}' as release_id, timestamp '2026-01-22 11:30:00' as built_at,
    date '2025-12-31' as data_through, '0.1.0' as code_version, 'abc123' as inputs_sha256, 'passed' as gate,
    '[]' as waivers;
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "medfund.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute(BUILD)
    return path


@pytest.fixture
def make_home(template: Path, tmp_path: Path) -> Callable[..., Home]:
    def make(*statements: str) -> Home:
        home = Home(tmp_path / "home")
        directory = home.releases / RELEASE
        directory.mkdir(parents=True)
        shutil.copyfile(template, directory / "medfund.duckdb")
        if statements:
            with duckdb.connect(str(directory / "medfund.duckdb")) as connection:
                for statement in statements:
                    connection.execute(statement)
        (directory / "release.json").write_text(json.dumps({"release_id": RELEASE}))
        home.current.symlink_to(Path("releases") / RELEASE)
        return home

    return make


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    return make_home()


def write(home: Home, form: str, period: str, bureau: Bureau = BUREAU, **options: Any) -> Path:
    return disclose(home, bureau, form, period=period, say=lambda _: None, **options)


def documents(directory: Path) -> list[dict[str, Any]]:
    return json.loads(next(directory.glob("*0*.json")).read_text(encoding="utf-8"))["disclosures"]


def blocks(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {block["label"]: block for block in document["blocks"]}


def cells(document: dict[str, Any], label: str) -> dict[str, Any]:
    return blocks(document)[label]["cells"]


def failed(report: VerifyReport) -> list[str]:
    return [step.name for step in report.steps if step.problems]


def problems(report: VerifyReport) -> str:
    return "\n".join(problem for step in report.steps for problem in step.problems)


class TestMonthlyIndicators:
    def test_own_level_figures_are_the_year_to_date(self, home: Home) -> None:
        (table,) = documents(write(home, "monthly-indicators", "2025-03", org="970121"))
        # Employee: 3 × (110 000 + 367.40) and 3 × (88 000 + 11 000); resident: 3 × 110 000 and 3 × 104 500.
        assert cells(table, "inc") == {"total": "66.11", "employee": "33.11", "resident": "33.00"}
        assert cells(table, "exp") == {
            "total": "61.05",
            "employee": "29.70",
            "benefit_matn": "1.65",
            "resident": "31.35",
        }
        assert blocks(table)["inc"]["exact"]["employee"] == "331102.20"
        assert (table["unit"], table["period"]) == (
            "万元",
            {"kind": "ytd", "start": "2025-01-01", "end": "2025-03-31"},
        )

    def test_money_between_levels_is_stated_where_it_is_inside(self, home: Home) -> None:
        (table,) = documents(write(home, "monthly-indicators", "2025-03", org="970121"))
        note = next(note["text"] for note in table["notes"] if note["id"] == "N6")
        assert "职工基本医疗保险基金 上解上级支出 3.30 万元" in note
        (whole,) = documents(write(home, "monthly-indicators", "2025-03"))
        assert "N6" not in whole["notes_printed"]

    def test_the_whole_area_leaves_transfers_out(self, home: Home) -> None:
        (table,) = documents(write(home, "monthly-indicators", "2025-03"))
        # 3 × (110 000 + 367.40 + 220 000), without the 33 000 remitted.
        assert cells(table, "inc")["employee"] == "99.11"
        assert cells(table, "exp")["employee"] == "75.90"
        assert table["region"]["code"] == "970100" and "合并" in table["scope"]["level"]

    def test_notes_are_printed_exactly_when_due(self, home: Home) -> None:
        (within,) = documents(write(home, "monthly-indicators", "2025-09"))
        assert within["notes_printed"] == ["N2", "N3", "N4", "N8"]
        (year,) = documents(write(home, "monthly-indicators", "2025"))
        assert "N3" not in year["notes_printed"]

    def test_a_rounding_difference_is_noted(self, make_home: Callable[..., Home]) -> None:
        home = make_home(
            "update marts.fund_balance_monthly set income_ytd = if(fund_code = '390', 330040, 331140)",
        )
        (table,) = documents(write(home, "monthly-indicators", "2025-03", org="970121"))
        # 66.118 rounds up while both parts round down; each cell stands by itself.
        assert cells(table, "inc") == {"total": "66.12", "employee": "33.11", "resident": "33.00"}
        assert table["notes_printed"][0] == "N1"

    def test_enrolment_is_missing_with_its_reason(self, home: Home) -> None:
        directory = write(home, "monthly-indicators", "2025-03")
        heads = blocks(documents(directory)[0])["heads"]
        assert set(heads["cells"].values()) == {None}
        assert all("psn_insu_d" in reason for reason in heads["missing"].values())
        assert "psn_insu_d" in next(directory.glob("*.csv")).read_text(encoding="utf-8-sig")

    def test_small_counts_and_what_would_reveal_them_are_withheld(
        self, make_home: Callable[..., Home]
    ) -> None:
        home = make_home(
            "create table marts.enrolment_monthly as from (values "
            "('970121', 'employee', date '2025-03-01', 9), ('970121', 'resident', date '2025-03-01', 5000)"
            ") as e (org_code, scheme, month, enrolled)"
        )
        (table,) = documents(write(home, "monthly-indicators", "2025-03"))
        heads = cells(table, "heads")
        assert (heads["enrolled_employee"], heads["enrolled_total"]) == ("*", "*")
        assert "N9" in table["notes_printed"]
        open_bureau = Bureau(code="970100", small_cell=5)
        (table,) = documents(write(home, "monthly-indicators", "2025-03", open_bureau))
        assert cells(table, "heads")["enrolled_total"] == "5009"
        assert "N9" not in table["notes_printed"]

    def test_large_areas_print_in_hundred_millions(self, make_home: Callable[..., Home]) -> None:
        home = make_home(
            "update marts.fund_balance_consolidated_monthly set closing_balance = closing_balance * 100"
        )
        (table,) = documents(write(home, "monthly-indicators", "2025-03"))
        assert table["unit"] == "亿元" and cells(table, "inc")["employee"] == "0.01"

    def test_months_that_do_not_add_up_to_a_year_to_date_stay_empty(
        self, make_home: Callable[..., Home]
    ) -> None:
        home = make_home("update marts.fund_balance_monthly set income_ytd = null where fund_code = '390'")
        (table,) = documents(write(home, "monthly-indicators", "2025-03", org="970121"))
        assert cells(table, "inc")["resident"] is None and cells(table, "inc")["total"] is None
        assert set(blocks(table)["inc"]["missing"]) == {"resident", "total"}

    def test_english(self, home: Home) -> None:
        directory = write(home, "monthly-indicators", "2025-03", lang="en")
        text = next(directory.glob("*.csv")).read_text(encoding="utf-8-sig")
        assert "Shili City" in text and "10,000 yuan" in text and "统筹" not in text and "万元" not in text


class TestFinalAccount:
    def final(self, home: Home, **options: Any) -> dict[str, dict[str, Any]]:
        return {
            table["scope"]["funds"]: table
            for table in documents(write(home, "final-account", "2025", **options))
        }

    def test_employee_form_splits_pool_and_accounts(self, home: Home) -> None:
        table = self.final(home, org="970121")["310"]
        assert cells(table, "pool")["premium"] == "132.00"
        assert cells(table, "acct")["premium"] == "52.80"
        actual = cells(table, "actual")
        assert (actual["premium"], actual["interest"], actual["income_total"]) == ("184.80", "0.44", "185.24")
        # Chronic disease is printed within outpatient: 12 × 27 500.
        assert (actual["benefit_opt"], actual["benefit_acct"]) == ("33.00", "66.00")
        assert (cells(table, "pool")["benefit_acct"], cells(table, "acct")["benefit_ipt"]) == ("x", "x")
        assert "incomplete_lists" not in blocks(table)["actual"]

    def test_roll_forward(self, home: Home) -> None:
        actual = cells(self.final(home, org="970121")["390"], "actual")
        # 2024 brought 12 × (100 000 − 95 000) on top of the opening million; 2025 brings 12 × 5 500.
        assert [
            actual[key]
            for key in ("open_bal", "income_total", "expense_total", "current_balance", "close_bal")
        ] == [
            "106.00",
            "132.00",
            "125.40",
            "6.60",
            "112.60",
        ]
        assert (actual["grand_total_left"], actual["grand_total_right"]) == ("238.00", "238.00")

    def test_execution_and_growth(self, home: Home) -> None:
        table = self.final(home, org="970121")["310"]
        assert cells(table, "budget")["premium"] == "172.80"
        assert cells(table, "rate")["premium_budget_pct"] == "106.94"  # 184.8 ÷ 172.8
        assert cells(table, "growth")["premium_yoy_pct"] == "10.0"

    def test_a_line_not_in_use_is_empty_not_zero(self, home: Home) -> None:
        table = self.final(home, org="970121")["390"]
        assert cells(table, "actual")["collective_aid"] is None
        assert cells(table, "budget")["premium"] is None
        assert "fund_budg_a" in blocks(table)["budget"]["missing"]["premium"]

    def test_a_budget_that_not_all_books_have_is_not_shown_as_whole(self, home: Home) -> None:
        budget = blocks(self.final(home)["310"])["budget"]
        assert set(budget["cells"].values()) == {None}
        assert "1 个账套没有预算" in budget["missing"]["premium"]

    def test_partial_of_which_lines_are_declared(self, home: Home) -> None:
        table = self.final(home, org="970121")["390"]
        assert blocks(table)["actual"]["incomplete_lists"] == ["benefit"]

    def test_consolidation_eliminates_and_says_so(self, home: Home) -> None:
        table = self.final(home)["310"]
        actual = cells(table, "pool")
        assert (actual["from_lower"], actual["to_upper"]) == (None, None)
        assert actual["income_total"] == actual["income_subtotal"] == "396.44"  # 12 × 330 367.40
        assert table["notes_printed"] == ["N5", "N8"]

    def test_a_transfer_booked_on_one_side_only_stays_visible(self, make_home: Callable[..., Home]) -> None:
        home = make_home(
            "update marts.fund_income_monthly set amount = 6000 where item_key = 'from_lower' and year(month) = 2025",
            "update marts.fund_balance_consolidated_monthly set transfer_imbalance = -5000, "
            "closing_balance = closing_balance - 5000 * month(month) "
            "where fund_code = '310_pool' and year(month) = 2025",
        )
        table = self.final(home)["310"]
        assert (cells(table, "pool")["to_upper"], cells(table, "pool")["from_lower"]) == ("6.00", None)
        assert "N6" in table["notes_printed"] and "-6.00" in "".join(table["remarks"])

    def test_levels_and_consolidated_foot_together(self, home: Home) -> None:
        orgs = (None, "970121", "970199")
        files = [
            path for org in orgs for path in write(home, "final-account", "2025", org=org).glob("*[0-9].json")
        ]
        report = check(files)
        assert report.all_tie and {pair.check["rule"] for pair in report.pairs} == {"K10"}

    def test_an_unmapped_amount_has_its_own_line(self, make_home: Callable[..., Home]) -> None:
        home = make_home(
            "update marts.fund_income_monthly set item_key = 'unmapped' where item_key = 'interest'",
        )
        actual = cells(self.final(home, org="970121")["310"], "actual")
        assert (actual["unmapped_income"], actual["income_total"]) == ("0.44", "185.24")

    def test_a_budget_that_does_not_foot_is_refused(self, make_home: Callable[..., Home]) -> None:
        home = make_home(
            "insert into marts.fund_budget_execution values "
            "('970121', '310_pool', 2025, 'income', 'income_total', date '2025-12-01', 9999999, false)"
        )
        with pytest.raises(Refused, match=r"does not foot, nothing written; .*budget:income_total"):
            write(home, "final-account", "2025", org="970121")
        assert not (home.root / "disclosures").exists()


class TestBundle:
    def test_the_same_release_gives_the_same_bytes(self, home: Home, tmp_path: Path) -> None:
        for form, period in (("monthly-indicators", "2025-06"), ("final-account", "2025")):
            one = write(home, form, period, out=tmp_path / "one" / form)
            two = write(home, form, period, out=tmp_path / "two" / form)
            assert {p.name: p.read_bytes() for p in one.iterdir()} == {
                p.name: p.read_bytes() for p in two.iterdir()
            }

    def test_manifest_names_its_origin(self, home: Home) -> None:
        manifest = json.loads(
            (write(home, "final-account", "2025", org="970121") / "manifest.json").read_text()
        )
        assert (manifest["release_id"], manifest["inputs_sha256"], manifest["code_version"]) == (
            RELEASE,
            "abc123",
            "0.1.0",
        )
        assert (manifest["form"], manifest["period"], manifest["org"]) == ("final-account", "2025", "970121")

    def test_waivers_are_printed_on_everything(self, make_home: Callable[..., Home]) -> None:
        waiver = {
            "check": "voucher_to_balance",
            "reason": "系统迁移",
            "by": "office-7",
            "until": "2026-03-31",
        }
        home = make_home(f"update marts.release_info set gate = 'waived', waivers = '{json.dumps([waiver])}'")
        directory = write(home, "monthly-indicators", "2025-03")
        for path in directory.iterdir():
            if path.suffix == ".xlsx":
                sheet = openpyxl.load_workbook(path).active
                text = "\n".join(str(row[0]) for row in sheet.iter_rows(values_only=True))
            else:
                text = path.read_text(encoding="utf-8-sig")
            assert "voucher_to_balance" in text and "office-7" in text, path.name

    def test_xlsx_and_csv_show_the_printed_figures(self, home: Home) -> None:
        directory = write(home, "monthly-indicators", "2025-03", org="970121")
        sheet = openpyxl.load_workbook(next(directory.glob("*.xlsx"))).active
        rows = {row[0].value: row[2] for row in sheet.iter_rows(min_row=4) if row[0].value}
        income = rows["二、统筹基金收入"]
        assert (income.value, income.number_format) == (66.11, "#,##0.00")
        assert sheet.cell(2, 3).value == "单位:万元" and sheet.cell(2, 3).alignment.horizontal == "right"
        assert any("初审" in str(label) and "终审" in str(label) for label in rows)
        text = next(directory.glob("*.csv")).read_bytes()
        assert text.startswith(b"\xef\xbb\xbf")
        lines = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
        assert ["二、统筹基金收入", "万元", "66.11"] in lines

    def test_a_name_that_looks_like_a_formula_stays_text(self, make_home: Callable[..., Home]) -> None:
        evil = '=HYPERLINK("http://example.invalid","x")'
        home = make_home(f"update marts.dim_org set name_zh = '{evil}' where org_code = '970121'")
        directory = write(home, "monthly-indicators", "2025-03", org="970121")
        cell = openpyxl.load_workbook(next(directory.glob("*.xlsx"))).active.cell(1, 1)
        assert cell.data_type == "s" and cell.value.startswith("=HYPERLINK")
        lines = list(csv.reader(io.StringIO(next(directory.glob("*.csv")).read_text(encoding="utf-8-sig"))))
        assert lines[0][0].startswith("'=HYPERLINK")
        assert verify(directory, home).ok
        assert safe_text("-1+1") == "'-1+1" and safe_text("甲县") == "甲县"

    def test_the_signing_key_is_its_owners_alone(self, home: Home) -> None:
        write(home, "monthly-indicators", "2025-03")
        assert stat.S_IMODE(home.signing_key.stat().st_mode) == 0o600

    def test_an_earlier_bundle_is_replaced_but_nothing_else_is(self, home: Home, tmp_path: Path) -> None:
        out = tmp_path / "public"
        write(home, "monthly-indicators", "2025-03", out=out)
        write(home, "monthly-indicators", "2025-03", out=out)
        with pytest.raises(UsageError, match="holds other files"):
            write(home, "monthly-indicators", "2025-04", out=out)
        (out / "letter.txt").write_text("mine")
        with pytest.raises(UsageError, match="holds other files"):
            write(home, "monthly-indicators", "2025-03", out=out)
        assert (out / "letter.txt").read_text() == "mine"
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []

    @pytest.mark.parametrize(
        ("form", "options", "message"),
        [
            ("budget", {"period": "2025"}, "no form 'budget'; there are monthly-indicators, final-account"),
            ("final-account", {"period": "2025-06"}, "of a whole year like 2025, seen 2025-06"),
            (
                "final-account",
                {"period": "soon"},
                "expected a month like 2026-09 or a year like 2025, seen 'soon'",
            ),
            ("monthly-indicators", {"period": "2025-13"}, "seen '2025-13'"),
            ("monthly-indicators", {"period": "2026-01"}, "they run from 2024-01 to 2025-12"),
            ("monthly-indicators", {"period": "2025-01", "org": "110000"}, "'110000' is not a division"),
            ("monthly-indicators", {"period": "2025-01", "org": "970100"}, "leave --org out"),
            ("monthly-indicators", {"period": "2025-01", "lang": "fr"}, "expected one of zh, en"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(
        self, home: Home, form: str, options: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(UsageError, match=message):
            write(home, form, **options)

    def test_a_year_with_missing_months_has_no_final_account(self, make_home: Callable[..., Home]) -> None:
        home = make_home("delete from marts.fund_balance_monthly where month = date '2025-05-01'")
        with pytest.raises(UsageError, match="hold 11 of the 12 months of 2025"):
            write(home, "final-account", "2025", org="970121")

    @pytest.mark.parametrize(
        ("yuan", "shown"),
        [("12345.00", "1.23"), ("-150.00", "-0.02"), ("50.00", "0.01"), ("-49.99", "0.00"), ("0.00", "0.00")],
    )
    def test_rounding_is_half_up_and_zero_has_no_sign(self, yuan: str, shown: str) -> None:
        assert printed(Decimal(yuan), Decimal(10000), 2) == shown


@pytest.fixture
def bundle(home: Home) -> Path:
    return write(home, "final-account", "2025", org="970121")


def resign(home: Home, directory: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> None:
    """What a holder of the key could do: new hashes and a valid signature over changed files."""
    path = directory / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for name in manifest["files"]:
        content = (directory / name).read_bytes()
        manifest["files"][name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    change(manifest)
    key = load_signing_key(home)
    assert key is not None
    manifest["signature"] = key.sign(signed_bytes(manifest)).hex()
    path.write_bytes(canonical(manifest))


class TestVerify:
    def test_an_untouched_bundle_verifies(self, home: Home, bundle: Path) -> None:
        report = verify(bundle, home)
        assert report.ok, report.to_text()
        assert [step.name for step in report.steps] == [
            "manifest",
            "signature",
            "files",
            "footing",
            "tables",
            "release",
        ]

    def test_any_flipped_byte_is_found(self, home: Home, bundle: Path) -> None:
        chance = random.Random(7)
        for path in sorted(bundle.iterdir()):
            content = path.read_bytes()
            for place in {0, len(content) - 1, *(chance.randrange(len(content)) for _ in range(12))}:
                flipped = bytearray(content)
                flipped[place] ^= 1 << chance.randrange(8)
                path.write_bytes(bytes(flipped))
                assert not verify(bundle, home).ok, (path.name, place)
            path.write_bytes(content)
        assert verify(bundle, home).ok

    def test_upper_case_hex_in_the_signature_is_not_the_same_byte(self, home: Home, bundle: Path) -> None:
        path = bundle / "manifest.json"
        manifest = json.loads(path.read_text(encoding="utf-8"))
        path.write_bytes(canonical(manifest | {"signature": manifest["signature"].upper()}))
        assert failed(verify(bundle, home)) == ["signature"]

    def test_a_figure_that_does_not_foot_is_found_even_when_signed(self, home: Home, bundle: Path) -> None:
        path = next(bundle.glob("*[0-9].json"))
        text = path.read_text(encoding="utf-8")
        assert '"premium": "184.80"' in text
        path.write_text(text.replace('"premium": "184.80"', '"premium": "194.80"', 1), encoding="utf-8")
        resign(home, bundle)
        report = verify(bundle, home)
        assert failed(report) == ["footing"] and "actual:premium" in problems(report)

    def test_figures_that_foot_but_are_not_the_releases_are_found(self, home: Home, bundle: Path) -> None:
        other = write(home, "final-account", "2024", org="970121")
        for path in bundle.iterdir():
            path.unlink()
        for path in other.iterdir():
            shutil.copy(path, bundle)
        resign(home, bundle, lambda manifest: manifest.update(period="2025"))
        report = verify(bundle, home)
        assert failed(report) == ["release"] and "the release gives" in problems(report)

    @pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
    def test_tables_that_differ_from_the_json_are_found(self, home: Home, bundle: Path, suffix: str) -> None:
        path = next(bundle.glob(f"*310*{suffix}" if suffix == ".csv" else f"*{suffix}"))
        if suffix == ".csv":
            path.write_bytes(path.read_bytes().replace(b"184.80", b"184.81", 1))
        else:
            book = openpyxl.load_workbook(path)
            book.worksheets[0]["C4"] = 184.81
            book.save(path)
        resign(home, bundle)
        report = verify(bundle, home)
        assert failed(report) == ["tables"] and "184.81" in problems(report)

    def test_a_missing_note_is_found(self, home: Home, bundle: Path) -> None:
        path = next(bundle.glob("*[0-9].json"))
        raw = json.loads(path.read_text(encoding="utf-8"))
        raw["disclosures"][0]["notes_printed"].remove("N5")
        path.write_bytes(canonical(raw))
        resign(home, bundle)
        assert "N5" in problems(verify(bundle, home))

    def test_an_unknown_release_is_found(self, home: Home, bundle: Path) -> None:
        resign(home, bundle, lambda manifest: manifest.update(release_id="20200101T000000Z-00000000"))
        report = verify(bundle, home)
        assert failed(report) == ["release"] and "20200101T000000Z-00000000" in problems(report)
        resign(home, bundle, lambda manifest: manifest.update(release_id="../../elsewhere"))
        assert failed(verify(bundle, home)) == ["release"]

    def test_extra_and_missing_files_are_found(self, home: Home, bundle: Path) -> None:
        (bundle / "more.txt").write_text("x")
        assert "more.txt: not in the manifest" in problems(verify(bundle, home))
        (bundle / "more.txt").unlink()
        (bundle / "inner").mkdir()
        assert "inner: not in the manifest" in problems(verify(bundle, home))
        (bundle / "inner").rmdir()
        next(bundle.glob("*.csv")).unlink()
        assert "missing" in problems(verify(bundle, home))

    @pytest.mark.parametrize(
        "name", ["../secret/signing.key", "/etc/hostname", "a/b.csv", "..", "", "manifest.json"]
    )
    def test_paths_in_the_manifest_are_refused(self, home: Home, bundle: Path, name: str) -> None:
        resign(
            home, bundle, lambda manifest: manifest["files"].update({name: {"sha256": "0" * 64, "bytes": 1}})
        )
        report = verify(bundle, home)
        assert failed(report) == ["manifest"] and "not a plain file name" in problems(report)

    def test_a_link_in_place_of_a_file_is_refused(self, home: Home, bundle: Path, tmp_path: Path) -> None:
        path = next(bundle.glob("*.csv"))
        shutil.move(path, tmp_path / "moved.csv")
        path.symlink_to(tmp_path / "moved.csv")
        assert "expected a plain file" in problems(verify(bundle, home))

    def test_another_signer_is_refused(self, home: Home, bundle: Path) -> None:
        home.signing_key.unlink()
        assert "the signer is unknown" in problems(verify(bundle, home))
        write(home, "monthly-indicators", "2025-03")  # makes a new key
        assert "signed by another key" in problems(verify(bundle, home))

    @pytest.mark.parametrize(
        "content", ["", "[]", "{}", '{"format": 1}', "[" * 100_000, '{"format": 1, "files": 5}']
    )
    def test_a_manifest_that_is_none(self, home: Home, bundle: Path, content: str) -> None:
        (bundle / "manifest.json").write_text(content)
        assert failed(verify(bundle, home)) == ["manifest"]

    def test_no_such_directory(self, home: Home, tmp_path: Path) -> None:
        with pytest.raises(MedfundError, match="no such directory"):
            verify(tmp_path / "nowhere", home)
        (tmp_path / "empty").mkdir()
        assert failed(verify(tmp_path / "empty", home)) == ["manifest"]
