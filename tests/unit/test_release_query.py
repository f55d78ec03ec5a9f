"""`medfund sql`: one reading statement, results exact in every format."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from medfund.errors import MedfundError, UsageError
from medfund.release import run_query, shell, write_result
from medfund.settings import Home
from tests.unit.release_kit import ID_1, ID_2, make_release

BALANCES = "select month, closing_balance from fund_balance_monthly order by month"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_release(home, ID_1)
    return home


def _file(home: Home, query: str, fmt: str, tmp_path: Path) -> Path:
    out = tmp_path / f"out.{fmt}"
    with run_query(home, query) as prepared:
        write_result(prepared, fmt, out)
    return out


def test_decimals_are_exact_in_every_format(home: Home, tmp_path: Path) -> None:
    assert _file(home, BALANCES, "csv", tmp_path).read_text() == (
        "month,closing_balance\n2026-09-01,1000.10\n2026-10-01,1200.30\n"
    )
    assert json.loads(_file(home, BALANCES, "json", tmp_path).read_text(), parse_float=str) == [
        {"month": "2026-09-01", "closing_balance": "1000.10"},
        {"month": "2026-10-01", "closing_balance": "1200.30"},
    ]
    column = pq.read_table(_file(home, BALANCES, "parquet", tmp_path)).column("closing_balance")
    assert column.to_pylist() == [Decimal("1000.10"), Decimal("1200.30")]
    sheet = openpyxl.load_workbook(_file(home, BALANCES, "xlsx", tmp_path)).active
    assert [[c.value for c in row][1] for row in sheet.iter_rows()] == ["closing_balance", 1000.1, 1200.3]


def test_an_amount_too_long_for_a_spreadsheet_number_is_written_as_text(home: Home, tmp_path: Path) -> None:
    out = _file(home, "select 1234567890123456.78::decimal(18,2) as a", "xlsx", tmp_path)
    assert openpyxl.load_workbook(out).active["A2"].value == "1234567890123456.78"


def test_text_that_a_spreadsheet_would_run_is_defused(home: Home, tmp_path: Path) -> None:
    assert _file(home, "select name_zh from dim_org", "csv", tmp_path).read_text() == (
        "name_zh\n'=HYPERLINK(1)\n"
    )
    cell = openpyxl.load_workbook(_file(home, "select name_zh from dim_org", "xlsx", tmp_path)).active["A2"]
    assert (cell.value, cell.data_type) == ("=HYPERLINK(1)", "s")
    kept = _file(home, "select '-12.50' as a, '市本级' as b, '@x' as c", "csv", tmp_path).read_text("utf-8")
    assert kept == "a,b,c\n-12.50,市本级,'@x\n"


def test_standard_output_gets_the_result_alone(home: Home, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with run_query(home, "select 1 as a") as prepared:
        assert write_result(prepared, "csv") == 1
    assert capfdbinary.readouterr().out == b"a\n1\n"


def test_the_screen_shows_a_table(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    with run_query(home, BALANCES) as prepared:
        write_result(prepared, "table")
    shown = capsys.readouterr().out
    assert "closing_balance" in shown and "1000.10" in shown


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("select 1; select 2", "one SQL statement, seen 2"),
        ("", "one SQL statement, seen 0"),
        ("drop table marts.dim_org", "read-only: DROP"),
        ("insert into marts.dim_org values ('1', 'x')", "read-only: INSERT"),
        ("set threads = 1", "read-only: SET"),
        ("copy marts.dim_org to 'x.csv'", "read-only: COPY"),
        ("attach 'x.db'", "read-only: ATTACH"),
    ],
)
def test_only_one_reading_statement_runs(home: Home, query: str, message: str) -> None:
    with pytest.raises(UsageError, match=message), run_query(home, query):
        pass


def test_reading_statements_of_every_kind_run(home: Home, tmp_path: Path) -> None:
    for query in ("describe dim_org", "summarize dim_org", "from dim_org", "show tables"):
        with run_query(home, query) as prepared:
            assert write_result(prepared, "csv", tmp_path / "x.csv")


def test_wrong_sql_is_one_sentence(home: Home) -> None:
    with run_query(home, "select nosuch from dim_org") as prepared, pytest.raises(MedfundError) as error:
        write_result(prepared, "csv")
    assert "nosuch" in str(error.value) and "\n" not in str(error.value)


def test_an_older_release_can_be_asked(home: Home, tmp_path: Path) -> None:
    make_release(home, ID_2, balances=[])
    for release_id, rows in ((None, 0), (ID_1, 2), ("candidate", None)):
        if rows is None:
            with pytest.raises(MedfundError, match="no candidate"), run_query(home, BALANCES, release_id):
                pass
            continue
        with run_query(home, BALANCES, release_id) as prepared:
            assert write_result(prepared, "json", tmp_path / "x.json") == rows


def test_the_prompt_goes_on_after_a_mistake(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    lines = iter(["select nosuch;", "select count(*)", "  as n from dim_org;", ".quit"])
    said: list[str] = []
    shell(home, say=said.append, read=lambda _: next(lines))
    assert "fund_balance_monthly" in said[0] and "nosuch" in said[1]
    assert "│     1 │" in capsys.readouterr().out
