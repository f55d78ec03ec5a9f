"""Files that cannot be taken: one clear sentence each, everything else lands, nothing breaks a later run."""

from __future__ import annotations

import csv
import gzip
import json
import stat
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from medfund.errors import Refused, UsageError
from medfund.ingest import limits, read_batches
from medfund.settings import Home
from tests.unit.ingest_files import (
    INSTITUTION,
    LEDGER,
    SETTLEMENT,
    delimited,
    land,
    landed,
    rejects,
    rows,
    settlements,
    write,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    return folder


def good(raw: Path) -> Path:
    """A file that lands, to stand beside a bad one."""
    return write(raw / "fund_acct_bal.csv", [LEDGER])


def refused_beside_a_good_one(home: Home, raw: Path, bad: Path) -> str:
    """The sentence on the bad file, after making sure that the good one landed and the next run works."""
    good(raw)
    reports = land(home, raw)
    assert [r.status for r in reports if r.table_name == "fund_acct_bal"] == ["landed"]
    [report] = [r for r in reports if r.status == "refused"]
    assert report.problem is not None
    assert "\n" not in report.problem
    assert bad.name in report.problem
    assert "expected" in report.problem
    again = land(home, raw)
    assert [r.status for r in again if r.table_name == "fund_acct_bal"] == ["identical"]
    assert not (home.landing / ".staging").exists()
    return report.problem


def test_a_path_that_is_not_there_is_wrong_usage(home: Home, raw: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        land(home, raw / "nowhere.csv")


def test_an_unknown_table_name_is_wrong_usage(home: Home, raw: Path) -> None:
    with pytest.raises(UsageError, match="--table settlements: no such table; expected one of setl_d"):
        land(home, good(raw), table="settlements")


def test_the_homes_own_rooms_are_no_exports(home: Home, raw: Path) -> None:
    land(home, good(raw))
    with pytest.raises(UsageError, match="own rooms"):
        land(home, home.landing)


def test_a_wrong_folder(home: Home, raw: Path) -> None:
    (raw / "readme.md").write_text("nothing here")
    with pytest.raises(Refused, match="no raw export here") as error:
        land(home, raw)
    assert error.value.exit_code == 3


def test_an_empty_file(home: Home, raw: Path) -> None:
    bad = raw / "setl_d.csv"
    bad.touch()
    assert "is empty" in refused_beside_a_good_one(home, raw, bad)


def test_a_file_of_blank_lines(home: Home, raw: Path) -> None:
    bad = raw / "setl_d.csv"
    bad.write_text("\n\n  \n")
    assert "blank lines" in refused_beside_a_good_one(home, raw, bad)


def test_a_header_without_rows(home: Home, raw: Path) -> None:
    bad = raw / "setl_d.csv"
    bad.write_text(delimited([SETTLEMENT]).splitlines()[0] + "\n")
    assert "no data row" in refused_beside_a_good_one(home, raw, bad)


def test_an_unknown_table(home: Home, raw: Path) -> None:
    bad = write(raw / "parking.csv", [{"plate": "A1", "hours": "2"}])
    assert "the table is not known" in refused_beside_a_good_one(home, raw, bad)


def test_a_missing_core_column(home: Home, raw: Path) -> None:
    data = {name: value for name, value in SETTLEMENT.items() if name not in ("cash_payamt", "psn_no")}
    bad = write(raw / "setl_d.csv", [data])
    said = refused_beside_a_good_one(home, raw, bad)
    assert "table setl_d: required column psn_no is missing (and 1 more: cash_payamt)" in said
    assert "psn_no or 人员编号" in said


def test_the_wrong_encoding(home: Home, raw: Path) -> None:
    bad = raw / "fixmedins_b.csv"
    bad.write_bytes(delimited([INSTITUTION]).encode("utf-16"))
    assert "UTF-16" in refused_beside_a_good_one(home, raw, bad)


def test_bytes_that_are_no_encoding(home: Home, raw: Path) -> None:
    bad = raw / "fixmedins_b.csv"
    text = delimited(rows(INSTITUTION, {"fixmedins_name": "@"}))
    bad.write_bytes(text.encode().replace(b"@", b"\xff\xfe\xff\xff\xfe"))
    said = refused_beside_a_good_one(home, raw, bad)
    assert "column fixmedins_name" in said and "utf-8 or gb18030" in said


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("setl_d.csv", b"%PDF-1.7\n%\xe2\xe3", "the content is PDF, not text"),
        ("setl_d.csv", b"\x00\x01\x02\x03" * 100, "binary"),
        ("setl_d.xlsx", b"not a workbook", "not ZIP as the name says"),
        ("setl_d.xlsx", b"PK\x03\x04 broken", "workbook is damaged"),
        ("setl_d.parquet", b"PAR1 broken PAR1", "Parquet"),
        ("setl_d.zip", b"PK\x03\x04 broken", "cannot be opened"),
        ("setl_d.csv.gz", gzip.compress(b"a,b\n" * 1000, mtime=0)[:30], "damaged"),
    ],
)
def test_content_that_is_not_what_the_name_says(
    home: Home, raw: Path, name: str, content: bytes, said: str
) -> None:
    bad = raw / name
    bad.write_bytes(content)
    assert said in refused_beside_a_good_one(home, raw, bad)


def test_an_unknown_form_named_by_the_user(home: Home, raw: Path) -> None:
    path = raw / "setl_d.dbf"
    path.write_bytes(b"x")
    with pytest.raises(Refused, match="form of the file is not known"):
        land(home, path)


def test_a_parquet_file_with_a_damaged_footer(home: Home, raw: Path) -> None:
    bad = write(raw / "setl_d.parquet", [SETTLEMENT])
    content = bytearray(bad.read_bytes())
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    content[footer] ^= 0x55
    bad.write_bytes(content)
    assert "Parquet file is damaged" in refused_beside_a_good_one(home, raw, bad)


def test_an_archive_whose_directory_points_before_its_begin(home: Home, raw: Path) -> None:
    bad = write(raw / "setl_d.zip", [SETTLEMENT])
    content = bytearray(bad.read_bytes())
    offset = len(content) - 6  # where the end record says the directory begins
    content[offset : offset + 4] = (int.from_bytes(content[offset : offset + 4], "little") + 50).to_bytes(
        4, "little"
    )
    bad.write_bytes(content)
    assert "cannot be unpacked" in refused_beside_a_good_one(home, raw, bad)


def test_values_in_the_place_of_a_missing_header_are_not_repeated(home: Home, raw: Path) -> None:
    bad = raw / "fixmedins_b.csv"
    bad.write_text("测试甲某,990101199003077777,\ufffd\ufffd\n" * 3)
    said = refused_beside_a_good_one(home, raw, bad)
    assert "column 3" in said and "测试" not in said and "9901" not in said


@pytest.mark.parametrize("name", ["setl_d.zip", "setl_d.csv.gz"])
def test_a_decompression_bomb_is_stopped_while_unpacking(
    home: Home, raw: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RATIO_FLOOR", limits.MIB)
    bad = raw / name
    content = b"0" * (32 * limits.MIB)
    if name.endswith(".gz"):
        bad.write_bytes(gzip.compress(content))
    else:
        with zipfile.ZipFile(bad, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("setl_d.csv", content)
    assert "decompression bomb" in refused_beside_a_good_one(home, raw, bad)


def test_an_archive_larger_than_the_limit_is_stopped(
    home: Home, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_UNPACKED", 10_000)
    bad = raw / "delivery.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("fixmedins_b.csv", delimited([INSTITUTION]))
        archive.writestr("setl_d.csv", delimited(settlements(100)))
    good(raw)
    reports = land(home, raw)
    assert [r.status for r in reports] == ["landed", "refused", "landed"]
    assert "unpacks to more than" in str(reports[1].problem)


@pytest.mark.parametrize(
    "name", ["../../evil/setl_d.csv", "/tmp/setl_d.csv", "..\\setl_d.csv", "C:\\setl_d.csv"]
)
def test_a_member_that_points_outside_its_archive(home: Home, raw: Path, name: str) -> None:
    bad = raw / "delivery.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr(name, delimited([SETTLEMENT]))
    assert "outside the archive" in refused_beside_a_good_one(home, raw, bad)


def test_a_symbolic_link_in_an_archive(home: Home, raw: Path) -> None:
    bad = raw / "delivery.zip"
    info = zipfile.ZipInfo("setl_d.csv")
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "symbolic link" in refused_beside_a_good_one(home, raw, bad)


def test_a_link_that_leaves_the_folder(home: Home, raw: Path, tmp_path: Path) -> None:
    outside = write(tmp_path / "elsewhere" / "setl_d.csv", [SETTLEMENT])
    bad = raw / "setl_d.csv"
    bad.symlink_to(outside)
    assert "outside" in refused_beside_a_good_one(home, raw, bad)


def test_an_archive_of_nothing_useful_and_a_nested_one(home: Home, raw: Path) -> None:
    bad = raw / "delivery.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("inner.zip", b"PK\x05\x06" + b"\0" * 18)
    assert "inside the archive" in refused_beside_a_good_one(home, raw, bad)


def test_by_header_alone_the_two_settlement_tables_cannot_be_told_apart(home: Home, raw: Path) -> None:
    bad = write(raw / "export.csv", [SETTLEMENT])
    said = refused_beside_a_good_one(home, raw, bad)
    assert "setl_d or outmed_setl_d" in said and "--table NAME" in said
    [report] = land(home, bad, table="outmed_setl_d")
    assert (report.table_name, report.rows_landed) == ("outmed_setl_d", 1)


def test_other_tables_are_recognised_by_header(home: Home, raw: Path) -> None:
    path = write(raw / "export.csv", [LEDGER])
    [report] = land(home, path)
    assert report.table_name == "fund_acct_bal"


def test_a_fund_never_seen_a_negative_opening_and_a_formula_land(home: Home, raw: Path) -> None:
    data = rows(
        LEDGER, {"fund_code": "999_zzz", "open_bal": "-5000.00", "subj_name": '=HYPERLINK("http://x","y")'}
    )
    [report] = land(home, write(raw / "fund_acct_bal.csv", data))
    assert landed(home, "fund_acct_bal", "fund_code, open_bal, subj_name") == [
        ("999_zzz", Decimal("-5000"), '=HYPERLINK("http://x","y")')
    ]
    assert any("999_zzz" in warning for warning in report.warnings)


@pytest.mark.parametrize("month", ["209913", "202400", "2024", "nonsense", "189912", "2024-13"])
def test_an_impossible_month_rejects_its_row_alone(home: Home, raw: Path, month: str) -> None:
    data = rows(LEDGER, {"subj_code": "1001"}, {"ym": month})
    [report] = land(home, write(raw / "fund_acct_bal.csv", data))
    assert (report.rows_landed, report.rows_rejected) == (1, 1)
    [(line, column, value, reason, _)] = rejects(home, "fund_acct_bal")
    assert (line, column, value) == (3, "ym", month)
    assert "month 01-12" in reason


def test_numbers_beyond_all_bounds(home: Home, raw: Path) -> None:
    data = rows(LEDGER, {"credit_amt": "1e308"}, {"credit_amt": "9" * 400}, {"credit_amt": "-inf"}, {})
    [report] = land(home, write(raw / "fund_acct_bal.csv", data))
    assert (report.rows_landed, report.rows_rejected) == (1, 3)


@pytest.mark.parametrize("trouble", [{"ym": "209913"}, {"unit": ""}, {"unit": " "}])
def test_nothing_but_rejected_rows_is_refused_and_kept_for_reading(
    home: Home, raw: Path, trouble: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="3 rejected"):
        land(home, write(raw / "fund_acct_bal.csv", rows(LEDGER, *[trouble] * 3)))
    assert [b["rows_rejected"] for b in read_batches(home)] == [3]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("line", [1, 2, 4])
def test_a_quote_that_never_closes_costs_its_own_line_only(
    home: Home, raw: Path, line: int, end: str
) -> None:
    """Read as written, the quote would take every line below into one value."""
    lines = delimited(settlements(4), quoting=csv.QUOTE_ALL).splitlines()
    lines[line] = '"' + lines[line].replace('"', "")
    path = raw / "setl_d.csv"
    path.write_bytes(end.join([*lines, "", ""]).encode())
    [report] = land(home, path)
    assert (report.rows_read, report.rows_landed, report.rows_rejected) == (4, 3, 1)
    [(at, _, _, reason, _)] = rejects(home, "setl_d")
    assert at == line + 1 and "a quote is misplaced or never closed" in reason


def test_stray_quotes_in_many_lines_and_a_value_over_three_lines(home: Home, raw: Path) -> None:
    """Lines 3 and 6 open a quote, line 4 closes one too early; the value over lines 8 to 10 is a value, and
    the bad amount below it stands in line 12."""
    lines = delimited(rows(LEDGER, *({"subj_code": f"{n}", "subj_name": "@"} for n in range(9)))).splitlines()
    for at, name in ((2, '"a'), (3, '"a"b'), (5, '"a'), (7, '"a\n,""b""\nc"'), (9, "x")):
        lines[at] = lines[at].replace("@", name)
    lines[9] = lines[9].replace("1234.56", "much")
    path = raw / "fund_acct_bal.csv"
    path.write_text("\n".join(lines) + "\n")
    [report] = land(home, path)
    assert (report.rows_read, report.rows_landed, report.rows_rejected) == (9, 5, 4)
    assert [row[0] for row in rejects(home, "fund_acct_bal")] == [3, 4, 6, 12]
    assert landed(home, "fund_acct_bal", "subj_name", "subj_code = '6'") == [('a,"b"c',)]


@pytest.mark.timeout(60)
def test_a_code_of_a_million_characters_lands_and_is_shown_cut(home: Home, raw: Path) -> None:
    [report] = land(home, write(raw / "setl_d.csv", rows(SETTLEMENT, {"med_type": "Z" * 1_000_000})))
    assert report.rows_landed == 1
    assert [one["code"] for one in report.details["unlisted_codes"]["med_type"]] == ["Z" * 60]


@pytest.mark.parametrize("kept", [0.25, 0.5])
def test_a_parquet_file_cut_in_the_middle(home: Home, raw: Path, kept: float) -> None:
    """The footer still describes all the pages that were there."""
    bad = write(raw / "setl_d.parquet", settlements(500))
    content = bad.read_bytes()
    footer = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    bad.write_bytes(content[: int(footer * kept)] + content[footer:])
    refused_beside_a_good_one(home, raw, bad)


def test_a_line_beyond_all_lengths_costs_itself_only(home: Home, raw: Path) -> None:
    lines = delimited(rows(LEDGER, *({"subj_code": f"{n}"} for n in range(5)))).splitlines()
    lines[2] = lines[2].replace(",", "\t")
    lines[4] = lines[4].replace(",", "\t") + "9" * 9_000_000
    path = raw / "fund_acct_bal.csv"
    path.write_text("\n".join(lines) + "\n")
    [report] = land(home, path)
    assert (report.rows_read, report.rows_landed, report.rows_rejected) == (5, 3, 2)
    assert [row[0] for row in rejects(home, "fund_acct_bal")] == [3, 5]


def test_file_names_with_wildcards_and_quotes(home: Home, raw: Path) -> None:
    path = write(raw / "setl_d_[1]'*.csv", [SETTLEMENT])
    write(raw / "setl_d_1.csv", settlements(5))
    [report] = land(home, path)
    assert report.rows_landed == 1


def test_every_problem_of_a_folder_is_said(home: Home, raw: Path) -> None:
    good(raw)
    (raw / "setl_d_202401.csv").touch()
    write(raw / "parking.csv", [{"plate": "A1"}])
    said: list[str] = []
    land(home, raw, say=said.append)
    assert sum("expected" in line for line in said) == 2
    assert any("fund_acct_bal.csv" in line and "1 landed" in line for line in said)


def test_the_account_of_a_batch_is_on_disk(home: Home, raw: Path) -> None:
    data = settlements(3)
    data[0]["med_type"] = ""
    data[1]["begndate"] = "soon"
    [report] = land(home, write(raw / "setl_d_202401.csv", data))
    [batch] = read_batches(home)
    assert batch == json.loads((home.landing / "setl_d" / "batch=000001" / "batch.json").read_text("utf-8"))
    expected = {
        "batch_id": "000001",
        "table_name": "setl_d",
        "source_file": "setl_d_202401.csv",
        "rows_read": 3,
        "rows_landed": 2,
        "rows_rejected": 1,
        "rows_identical": 0,
        "rows_superseded": 0,
        "values_nulled": 1,
    }
    assert {name: batch[name] for name in expected} == expected
    assert len(batch["sha256"]) == 64 and report.loaded_at == batch["loaded_at"]
