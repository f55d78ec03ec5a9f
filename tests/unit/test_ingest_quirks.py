"""Each quirk of real exports, shown by a small file that has it."""

from __future__ import annotations

import csv
import json
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.contract import load_contract
from medfund.errors import Refused
from medfund.ingest import read_batches
from medfund.settings import Bureau, Home
from tests.unit.ingest_files import (
    INSTITUTION,
    LEDGER,
    SETTLEMENT,
    balanced,
    delimited,
    land,
    landed,
    rejects,
    rows,
    settlements,
    write,
)

FEE_LINE = {
    "feedetl_sn": "1",
    "mdtrt_id": "M1",
    "psn_no": "99010000000000000001",
    "fixmedins_code": "H99010100001",
    "med_type": "21",
    "fee_ocur_time": "2024-01-05",
    "med_chrgitm_type": "09",
    "cnt": "-3.0000",
    "pric": "12.345600",
    "det_item_fee_sumamt": "-37.04",
    "vali_flag": "1",
    "updt_time": "2024-01-05",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_all_text_numbers_with_leading_spaces_and_ages_with_a_point(home: Home, tmp_path: Path) -> None:
    data = rows(
        SETTLEMENT,
        {"medfee_sumamt": "   1000.00", "age": "32.0", "cal_ipt_cnt": "1.0", "fixmedins_name": " 甲 "},
    )
    land(home, write(tmp_path / "setl_d_202401.csv", data))
    assert landed(home, "setl_d", "medfee_sumamt, age, cal_ipt_cnt, fixmedins_name") == [
        (Decimal("1000.00"), Decimal("32.0"), 1, "甲")
    ]


def test_every_null_word_is_null_and_none_counts_as_untypable(home: Home, tmp_path: Path) -> None:
    words = ["", " ", "null", "NULL", "nan", "NaN", "-", "×", "\u3000"]
    data = [
        row | {"hosp_part_amt": word, "dise_no": word, "enddate": word}
        for row, word in zip(settlements(len(words)), words, strict=True)
    ]
    [report] = land(home, write(tmp_path / "setl_d_202401.csv", data))
    assert (report.rows_landed, report.values_nulled) == (len(words), 0)
    assert set(landed(home, "setl_d", "hosp_part_amt, dise_no, enddate")) == {(None, None, None)}


def test_a_dash_is_a_code_in_the_reversal_flag(home: Home, tmp_path: Path) -> None:
    line = {
        "rid": "1",
        "psn_no": "99010000000000000001",
        "insutype": "390",
        "cashym": "202401",
        "accrym_begn": "2024-01",
        "accrym_end": "2024/12",
        "clct_sumamt": "400",
        "clct_flag": "1",
        "clct_type": "10",
        "revs_flag": "-",
    }
    land(home, write(tmp_path / "rsdt_psn_clct_detl_d.csv", [line]))
    assert landed(home, "psn_clct_detl_d", "revs_flag, accrym_begn, accrym_end, _src_tab") == [
        ("-", date(2024, 1, 1), date(2024, 12, 1), "rsdt_psn_clct_detl_d")
    ]


def test_tabs_and_control_characters_in_headers_and_values(home: Home, tmp_path: Path) -> None:
    text = delimited(rows(SETTLEMENT, {"setl_id": "S1\t", "mdtrt_id": "\x00M\x011"}))
    text = text.replace("psn_no", "psn_no\t", 1).replace("setl_time", "\x02setl_time", 1)
    path = tmp_path / "setl_d_202401.csv"
    path.write_bytes(text.encode())
    [report] = land(home, path)
    assert report.rows_landed == 1
    assert landed(home, "setl_d", "setl_id, mdtrt_id") == [("S1", "M1")]


def test_line_breaks_inside_quotes_are_stripped_from_values(home: Home, tmp_path: Path) -> None:
    data = rows(SETTLEMENT, {"fixmedins_name": "甲\n医院"}, {"setl_id": "S2", "fixmedins_name": "乙"})
    land(home, write(tmp_path / "setl_d_202401.csv", data))
    assert landed(home, "setl_d", "fixmedins_name") == [("甲医院",), ("乙",)]


@pytest.mark.parametrize("ends", ["\r\n", "mixed"])
def test_line_ends_of_windows_and_mixed_ones(home: Home, tmp_path: Path, ends: str) -> None:
    lines = delimited(settlements(3)).splitlines()
    text = (
        "\r\n".join(lines) + "\r\n"
        if ends == "\r\n"
        else "\r\n".join(lines[:2]) + "\n" + "\n".join(lines[2:])
    )
    path = tmp_path / "setl_d_202401.csv"
    path.write_bytes(text.encode())
    [report] = land(home, path)
    assert (report.rows_read, report.rows_landed) == (3, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_encodings_and_delimiters(home: Home, tmp_path: Path, encoding: str, delimiter: str) -> None:
    data = rows(INSTITUTION, {"fixmedins_name": "某县㐂中医院"})
    [report] = land(home, write(tmp_path / "fixmedins_b.csv", data, encoding, delimiter))
    assert landed(home, "fixmedins_b", "fixmedins_name") == [("某县㐂中医院",)]
    assert report.details["encoding"] == ("gb18030" if encoding == "gb18030" else "utf-8")


def test_a_file_that_lost_its_characters_is_refused_and_names_the_column(home: Home, tmp_path: Path) -> None:
    broken = write(
        tmp_path / "fixmedins_b.csv", rows(INSTITUTION, {"fixmedins_name": "\ufffd\ufffd\ufffd医院"})
    )
    with pytest.raises(Refused, match="column fixmedins_name"):
        land(home, broken)


def test_a_single_lost_character_lands_and_is_reported(home: Home, tmp_path: Path) -> None:
    data = rows(SETTLEMENT, *({"setl_id": f"S{i}"} for i in range(50)))
    data[7]["fixmedins_name"] = "某\ufffd医院"
    [report] = land(home, write(tmp_path / "setl_d_202401.csv", data))
    assert report.rows_landed == 50
    assert report.details["replaced_characters"] == {"count": 1, "columns": ["fixmedins_name"]}


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-01-05", datetime(2024, 1, 5)),
        ("2024-01-05 09:30:00", datetime(2024, 1, 5, 9, 30)),
        ("2024-01-05 09:30:00.250", datetime(2024, 1, 5, 9, 30, 0, 250000)),
        ("2024-01-05T09:30:00+08:00", datetime(2024, 1, 5, 9, 30)),
        ("2024-01-05T01:30:00Z", datetime(2024, 1, 5, 9, 30)),
        ("2024-01-05 09:30+08", datetime(2024, 1, 5, 9, 30)),
        ("2024/1/5 9:30", datetime(2024, 1, 5, 9, 30)),
        ("2024/1/5 9:30:00.0", datetime(2024, 1, 5, 9, 30)),
        ("2024.01.05", datetime(2024, 1, 5)),
        ("2024.1.5 09:30:00", datetime(2024, 1, 5, 9, 30)),
        ("2024-01-05 00:00:00", datetime(2024, 1, 5)),
        ("20240105", datetime(2024, 1, 5)),
        ("20240105093000", datetime(2024, 1, 5, 9, 30)),
        ("20240105093000123", datetime(2024, 1, 5, 9, 30, 0, 123000)),
        ("2024年1月5日", datetime(2024, 1, 5)),
        (" 2024-01-05 09:30:00 ", datetime(2024, 1, 5, 9, 30)),
    ],
)
def test_times_in_every_spelling(home: Home, tmp_path: Path, text: str, time: datetime) -> None:
    land(home, write(tmp_path / "setl_d.csv", rows(SETTLEMENT, {"setl_time": text, "begndate": text})))
    assert landed(home, "setl_d", "setl_time, begndate") == [(time, time.date())]


@pytest.mark.parametrize(
    "text", ["0001-01-01", "infinity", "epoch", "2024-02-30", "45292", "1704067200", "昨天"]
)
def test_what_is_no_date_becomes_null_and_is_listed(home: Home, tmp_path: Path, text: str) -> None:
    [report] = land(home, write(tmp_path / "setl_d.csv", rows(SETTLEMENT, {"begndate": text})))
    assert landed(home, "setl_d", "begndate") == [(None,)]
    assert report.values_nulled == 1
    assert report.details["nulled"]["begndate"]["first"] == [{"line": 2, "value": text}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,234,567.80", "1234567.80"),
        ("1234.5600000001", "1234.56"),
        ("1.2E3", "1200.00"),
        ("-7", "-7.00"),
        (".5", "0.50"),
        ("99999999999999.99", "99999999999999.99"),
    ],
)
def test_money_in_every_spelling(home: Home, tmp_path: Path, text: str, value: str) -> None:
    land(home, write(tmp_path / "setl_d.csv", rows(SETTLEMENT, {"balc": text, "medfee_sumamt": text})))
    assert landed(home, "setl_d", "balc, medfee_sumamt") == [(Decimal(value), Decimal(value))]


@pytest.mark.parametrize(
    "text", ["1.005", "1,23", "1e308", "1e-3", "12..5", "壹佰", "0x10", "100000000000000", "1_0"]
)
def test_what_is_no_amount_rejects_where_required_and_is_null_elsewhere(
    home: Home, tmp_path: Path, text: str
) -> None:
    data = settlements(2)
    data[0]["medfee_sumamt"] = text
    data[1]["balc"] = text
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert (report.rows_landed, report.rows_rejected, report.values_nulled) == (1, 1, 1)
    [(line, column, value, reason, row)] = rejects(home, "setl_d")
    assert (line, column, value) == (2, "medfee_sumamt", text)
    assert "expected an amount with at most 2 decimals" in reason
    assert json.loads(row)["setl_id"] == "S1"
    assert landed(home, "setl_d", "setl_id, balc") == [("S2", None)]


def test_ten_thousands_keep_their_decimals(home: Home, tmp_path: Path) -> None:
    data = rows(LEDGER, {"credit_amt": "0.123456", "unit": "万元", "open_bal": "-12.5"})
    land(home, write(tmp_path / "fund_acct_bal.csv", data))
    assert landed(home, "fund_acct_bal", "credit_amt, open_bal, unit") == [
        (Decimal("0.123456"), Decimal("-12.500000"), "万元")
    ]


def test_money_cast_to_integers_is_noticed(home: Home, tmp_path: Path) -> None:
    data = [row | {"medfee_sumamt": "1000", "inscp_amt": "800"} for row in settlements(25)]
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert "medfee_sumamt" in report.details["integer_money"]
    assert any("whole yuan" in warning for warning in report.warnings)


# What one settlement of 1000 looks like where the fund total holds the account or not: 1000 = 600 + 400 and
# 1000 = (700 - 100) + 400. Family money of 20 lies inside 400 = 100 + 300 or outside 400 = 100 + 280 + 20.
EXCL, INCL = {"fund_pay_sumamt": "600.00"}, {"fund_pay_sumamt": "700.00"}
INSIDE = {"cash_payamt": "300.00", "acct_mulaid_pay": "20.00"}
OUTSIDE = {"cash_payamt": "280.00", "acct_mulaid_pay": "20.00"}


@pytest.mark.parametrize(
    ("changes", "scope", "aid"),
    [
        (EXCL | INSIDE, "excl", "inside"),
        (INCL | OUTSIDE, "incl", "outside"),
        (EXCL | {"acct_mulaid_pay": ""}, "excl", "undecided"),
        ({"acct_pay": "0.00", "psn_pay": "400.00", "cash_payamt": "400.00"}, "undecided", "undecided"),
        ({"medfee_sumamt": "1234.00"} | INSIDE, "undecided", "inside"),
    ],
)
def test_scope_of_the_fund_total_and_family_money_are_detected(
    home: Home, tmp_path: Path, changes: dict[str, str], scope: str, aid: str
) -> None:
    [report] = land(home, write(tmp_path / "setl_d.csv", settlements(3, **changes)))
    modes = report.details["modes"]
    assert (modes["fund_scope"]["detected"], modes["mutual_aid"]["detected"]) == (scope, aid)


@pytest.mark.parametrize(
    ("reversal", "found"),
    [
        ({"init_setl_id": "S1", "refd_setl_flag": "1", "medfee_sumamt": "-1000.00"}, "negative mirror rows"),
        ({"init_setl_id": "S1", "refd_setl_flag": "1"}, "positive rows with a flag"),
        ({"refd_setl_flag": "1"}, "flag only"),
        ({}, "none seen"),
    ],
)
def test_the_way_refunds_are_exported_is_detected(
    home: Home, tmp_path: Path, reversal: dict[str, str], found: str
) -> None:
    data = [SETTLEMENT, SETTLEMENT | {"setl_id": "S2"} | reversal]
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert report.details["modes"]["refunds"]["detected"] == found


def test_modes_are_said_once_per_delivery_with_their_evidence(home: Home, tmp_path: Path) -> None:
    for month in ("01", "02"):
        data = settlements(2, rid=f"R{month}", **(INCL | OUTSIDE))
        for nth, row in enumerate(data):
            row["setl_id"] = f"{month}-{nth}"
        write(tmp_path / "raw" / f"setl_d_2024{month}.csv", data)
    mirror = {"setl_id": "S9", "init_setl_id": "02-0", "refd_setl_flag": "1", "medfee_sumamt": "-1000.00"}
    write(tmp_path / "raw" / "setl_d_202403.csv", [SETTLEMENT | mirror])
    said: list[str] = []
    land(home, tmp_path / "raw", dry_run=True, say=said.append)
    assert said[-3:] == [
        "modes.fund_scope: incl, as 5 rows can tell (0 close as excl, 4 as incl); write it into bureau.toml to fix it",
        "modes.mutual_aid: outside, as 4 rows can tell (0 close as inside, 4 as outside); "
        "write it into bureau.toml to fix it",
        "modes.refunds: exported as negative mirror rows (1 reversals, 0 refunded originals); set to netted",
    ]
    assert read_batches(home) == []


def test_a_mode_fixed_in_the_bureau_file_is_said_and_a_contradiction_too(home: Home, tmp_path: Path) -> None:
    home.root.mkdir()
    home.bureau_file.write_text('[modes]\nfund_scope = "excl"\nmutual_aid = "outside"\n')
    bureau = Bureau.load(home.bureau_file)
    said: list[str] = []
    path = write(tmp_path / "setl_d.csv", settlements(3, **(INCL | OUTSIDE)))
    [report] = land(home, path, bureau=bureau, say=said.append)
    assert [one for one in report.warnings if "bureau.toml" in one] == [
        "setl_d.csv: bureau.toml sets modes.fund_scope = excl, these rows read as incl"
    ]
    assert (
        "modes.mutual_aid: outside, as 3 rows can tell (0 close as inside, 3 as outside); set to outside"
        in said
    )


def test_aliases_and_chinese_headers(home: Home, tmp_path: Path) -> None:
    new = {"medfee_sumamt": "MED_FEE_SUMAMT", "cash_payamt": "psnCash_pay", "setl_time": "结算时间"}
    data = [{new.get(name, name): value for name, value in SETTLEMENT.items()}]
    land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "medfee_sumamt, cash_payamt, setl_time") == [
        (Decimal("1000.00"), Decimal("300.00"), datetime(2024, 1, 5, 9, 30))
    ]


def test_two_headers_on_one_column_take_the_first_filled_value_and_count_differences(
    home: Home, tmp_path: Path
) -> None:
    """overlmt_selfpay and its alias: 50 / 70 differ, null / 60 does not, 50 / 50.0 neither."""
    data = [row | {"overlmt_amt": "70.00"} for row in settlements(3)]
    data[1] |= {"overlmt_selfpay": "null", "overlmt_amt": "60.00"}
    data[2] |= {"overlmt_amt": "50.0"}
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "overlmt_selfpay") == [(Decimal("50"),), (Decimal("60"),), (Decimal("50"),)]
    assert report.details["doubled_headers"]["overlmt_selfpay"] == {
        "headers": ["overlmt_selfpay", "overlmt_amt"],
        "rows_that_differ": 1,
    }


def test_one_header_twice(home: Home, tmp_path: Path) -> None:
    header, line = delimited([SETTLEMENT]).splitlines()
    path = tmp_path / "setl_d.csv"
    path.write_text(f"{header},rid\n{line},R2\n", encoding="utf-8")
    [report] = land(home, path)
    assert landed(home, "setl_d", "rid") == [("R1",)]
    assert report.details["doubled_headers"]["rid"]["rows_that_differ"] == 1


def test_unknown_headers_are_listed_and_their_values_are_not_kept(home: Home, tmp_path: Path) -> None:
    data = [SETTLEMENT | {"gend_name": "男", "otp_wm_dise": "x"}]
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert report.details["unknown_headers"] == ["gend_name", "otp_wm_dise"]


def test_codes_stay_text_whatever_their_width_and_unlisted_ones_are_named(home: Home, tmp_path: Path) -> None:
    data = rows(LEDGER, {"fund_code": "777_new", "book_org": "0990101"}, {"fund_code": "310_pool"})
    [report] = land(home, write(tmp_path / "fund_acct_bal.csv", data))
    assert landed(home, "fund_acct_bal", "fund_code, book_org") == [
        ("777_new", "0990101"),
        ("310_pool", "990101"),
    ]
    assert [one["code"] for one in report.details["unlisted_codes"]["fund_code"]] == ["777_new"]


def test_the_sentinel_cap_is_null_and_not_counted(home: Home, tmp_path: Path) -> None:
    line = FEE_LINE | {"pric_uplmt_amt": "999999"}
    data = [line, line | {"feedetl_sn": "2", "pric_uplmt_amt": "15.5"}, line | {"mdtrt_id": "M2"}]
    [report] = land(home, write(tmp_path / "fee_list_d_202401.csv", data))
    assert (report.rows_landed, report.values_nulled, report.rows_superseded) == (3, 0, 0)
    assert landed(home, "fee_list_d", "pric_uplmt_amt, cnt, pric")[:2] == [
        (None, Decimal("-3.0000"), Decimal("12.345600")),
        (Decimal("15.500000"), Decimal("-3.0000"), Decimal("12.345600")),
    ]


def test_an_identifier_in_scientific_notation_is_an_error(home: Home, tmp_path: Path) -> None:
    data = settlements(2)
    data[0]["psn_no"] = "9.90101E+19"
    data[1]["invono"] = "1.2E+15"
    data[1]["dise_no"] = "1.2E+15"
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert (report.rows_rejected, report.values_nulled) == (1, 1)
    assert rejects(home, "setl_d")[0][1] == "psn_no"
    assert "lost its digits" in rejects(home, "setl_d")[0][3]
    assert landed(home, "setl_d", "dise_no") == [(None,)]


def test_a_blank_required_code_is_rejected_and_the_row_kept_whole(home: Home, tmp_path: Path) -> None:
    data = settlements(3)
    data[1]["insutype"] = " "
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert (report.rows_read, report.rows_landed, report.rows_rejected) == (3, 2, 1)
    [(line, column, _, reason, row)] = rejects(home, "setl_d")
    assert (line, column) == (3, "insutype")
    assert "missing" in reason
    kept = json.loads(row)
    assert kept["medfee_sumamt"] == "1000.00"
    assert kept["psn_no"] != SETTLEMENT["psn_no"]


def test_malformed_lines_are_rejects_with_their_line(home: Home, tmp_path: Path) -> None:
    lines = delimited(settlements(4)).splitlines()
    lines[2] = "S2,cut,short"
    lines[3] += ",one,too,many"
    data = "\n".join([*lines, ""])
    path = tmp_path / "setl_d.csv"
    path.write_text(data, encoding="utf-8")
    [report] = land(home, path)
    assert (report.rows_read, report.rows_landed, report.rows_rejected) == (4, 2, 2)
    found = rejects(home, "setl_d")
    assert [row[0] for row in found] == [3, 4]
    assert "too few fields" in found[0][3] and "too many fields" in found[1][3]


def test_lines_are_counted_in_the_file_also_below_blank_and_broken_ones(home: Home, tmp_path: Path) -> None:
    lines = delimited(settlements(5)).splitlines()
    lines[5] = lines[5].replace("1000.00", "abc", 1)
    lines[3] = "broken"
    path = tmp_path / "setl_d.csv"
    path.write_text("\n".join([lines[0], lines[1], "", *lines[2:]]) + "\n", encoding="utf-8")
    [report] = land(home, path)
    assert balanced([report])
    assert [(row[0], row[1]) for row in rejects(home, "setl_d")] == [(5, None), (7, "medfee_sumamt")]


def test_a_title_above_the_header_is_passed_over(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "fund_acct_bal.csv"
    path.write_text("某市基金科目余额表,,\n\n" + delimited([LEDGER]), encoding="utf-8")
    [report] = land(home, path)
    assert report.rows_landed == 1


def test_sequence_numbers_the_export_lacks(home: Home, tmp_path: Path) -> None:
    part = {"setl_id": "S1", "fund_pay_type": "310100", "fund_payamt": "10.00"}
    data = [part, part, part | {"setl_id": "S2"}]
    land(home, write(tmp_path / "setl_fund_detl.csv", data))
    assert landed(home, "setl_fund_detl", "setl_id, seq") == [("S1", 1), ("S1", 2), ("S2", 1)]


def test_the_main_operation_is_numbered_first(home: Home, tmp_path: Path) -> None:
    part = {"setl_id": "S1", "main_oprn_flag": "0", "oprn_oprt_code": "A"}
    data = [part, part | {"main_oprn_flag": "1", "oprn_oprt_code": "B"}]
    land(home, write(tmp_path / "setl_list_oprn_d.csv", data))
    assert landed(home, "setl_list_oprn_d", "oprn_oprt_code, seq") == [("A", 2), ("B", 1)]


def test_a_snapshot_takes_its_date_from_the_name_else_from_its_newest_update(
    home: Home, tmp_path: Path
) -> None:
    relation = {
        "psn_insu_rlts_id": "1",
        "psn_no": "99010000000000000001",
        "insutype": "390",
        "psn_type": "1401",
        "psn_insu_stas": "1",
        "insutype_retr_flag": "0",
        "insu_admdvs": "990101",
        "updt_time": "2024-03-05 10:00:00",
    }
    land(home, write(tmp_path / "a" / "psn_insu_d_20240131.csv", [relation]))
    land(home, write(tmp_path / "b" / "psn_insu_d.csv", [relation]))
    assert landed(home, "psn_insu_d", "_as_of") == [(date(2024, 1, 31),), (date(2024, 3, 5),)]
    assert [b["rows_superseded"] for b in read_batches(home)] == [0, 0]


def test_every_cell_of_a_workbook_is_text(home: Home, tmp_path: Path) -> None:
    data = [LEDGER | {"ym": 202401, "open_bal": 0.1 + 0.2, "book_org": 990101}]  # type: ignore[dict-item]
    [report] = land(home, write(tmp_path / "fund_acct_bal.xlsx", data))
    assert report.rows_landed == 1
    assert landed(home, "fund_acct_bal", "book_org, ym, open_bal") == [
        ("990101", date(2024, 1, 1), Decimal("0.300000"))
    ]


def test_quotes_and_delimiters_inside_values(home: Home, tmp_path: Path) -> None:
    data = rows(INSTITUTION, {"fixmedins_name": '甲, "乙" 医院'})
    land(home, write(tmp_path / "fixmedins_b.csv", data))
    assert landed(home, "fixmedins_b", "fixmedins_name") == [('甲, "乙" 医院',)]


def test_a_bureaus_own_null_words_and_columns(home: Home, tmp_path: Path) -> None:
    """A duration 1/13/24 (days, hours, minutes) is neither a date nor a number and stays text."""
    home.root.mkdir()
    home.contract_file.write_text(
        "null_values: [无]\ntables: {setl_d: {columns: {vent_used_dura: {zh: 呼吸机使用时间}}}}",
        encoding="utf-8",
    )
    data = rows(SETTLEMENT, {"dise_no": "无", "呼吸机使用时间": "1/13/24"})
    land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "dise_no, vent_used_dura") == [(None, "1/13/24")]


def test_lists_joined_by_arrows_stay_text(home: Home, tmp_path: Path) -> None:
    data = rows(SETTLEMENT, {"dise_no": "M00100→M00200", "dise_name": "高血压->糖尿病"})
    land(home, write(tmp_path / "setl_d.csv", data, encoding="gb18030"))
    assert landed(home, "setl_d", "dise_no, dise_name") == [("M00100→M00200", "高血压->糖尿病")]


@pytest.mark.parametrize("cipher", ["a3F/9k+Q==" * 60, "鏉庡洓锛屽悶鍚" * 30, "\\x8f\\x01"])
def test_encrypted_columns_are_opaque(home: Home, tmp_path: Path, cipher: str) -> None:
    """Up to 600 characters of ciphertext, also decoded as text, are no lost characters and never land."""
    [report] = land(
        home, write(tmp_path / "setl_d.csv", rows(SETTLEMENT, {"certno": cipher, "psn_no": cipher}))
    )
    assert (report.rows_landed, report.warnings) == (1, [])
    [(person,)] = landed(home, "setl_d", "psn_no")
    assert len(person) == 32 and int(person, 16)


def test_an_export_in_double_encoding_is_refused_and_names_the_columns(home: Home, tmp_path: Path) -> None:
    """UTF-8 text read as GBK and saved again: what was lost stands as 锟斤拷."""
    broken = rows(INSTITUTION, *({"fixmedins_name": "锟斤拷县医院"} for _ in range(3)))
    with pytest.raises(
        Refused, match="column fixmedins_name; expected a file saved in one of these encodings"
    ):
        land(home, write(tmp_path / "fixmedins_b.csv", broken))


def test_an_archive_of_one_text_with_tabs(home: Home, tmp_path: Path) -> None:
    """What the settlement interface hands out: a .zip holding one TAB-separated UTF-8 .txt."""
    path = tmp_path / "setl_d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("result_20240131.txt", delimited(settlements(3), "\t"))
    [report] = land(home, path, table="setl_d")
    assert (report.rows_landed, report.details["delimiter"]) == (3, "TAB")


def test_precisions_of_quantity_price_ratio_and_hospital_copies(home: Home, tmp_path: Path) -> None:
    """Quantity 16,4; price 16,6; ratio 5,4; an amount of a hospital's copy with four decimals is not rounded away."""
    line = FEE_LINE | {"cnt": "0.3333", "pric": "0.000001", "selfpay_prop": "0.1250", "inscp_amt": "12.3400"}
    [report] = land(
        home, write(tmp_path / "fee_list_d.csv", [line, line | {"mdtrt_id": "M2", "inscp_amt": "1.2345"}])
    )
    assert landed(home, "fee_list_d", "cnt, pric, selfpay_prop, inscp_amt") == [
        (Decimal("0.3333"), Decimal("0.000001"), Decimal("0.1250"), Decimal("12.34")),
        (Decimal("0.3333"), Decimal("0.000001"), Decimal("0.1250"), None),
    ]
    assert report.details["nulled"]["inscp_amt"]["first"] == [{"line": 3, "value": "1.2345"}]


def test_ages_with_decimals_newborns_the_unknown_grade_and_balances(home: Home, tmp_path: Path) -> None:
    """Ages stay decimal, newborns below one; grade "0" is a listed code for unknown."""
    data = rows(SETTLEMENT, {"age": "0.1", "nwb_flag": "1", "hosp_lv": "0", "balc": "-1.50"})
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "age, hosp_lv, balc") == [(Decimal("0.1"), "0", Decimal("-1.50"))]
    assert "hosp_lv" not in report.details.get("unlisted_codes", {})


def test_local_suffixes_underscores_and_lost_zeros_are_listed_codes(home: Home, tmp_path: Path) -> None:
    data = settlements(3)
    data[0] |= {"med_type": "53_04", "hosp_lv": "1"}
    data[1] |= {"med_type": "2101", "hosp_lv": "01"}
    data[2] |= {"med_type": "ZZ", "psn_cert_type": "1"}
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "med_type, hosp_lv") == [("53_04", "1"), ("2101", "01"), ("ZZ", None)]
    assert {
        name: [one["code"] for one in listed] for name, listed in report.details["unlisted_codes"].items()
    } == {"med_type": ["ZZ"]}


def test_the_prefix_of_an_institution_wins_and_a_contradiction_is_reported(
    home: Home, tmp_path: Path
) -> None:
    data = rows(
        INSTITUTION,
        {},
        {"fixmedins_code": "P99010100002", "fixmedins_type": "2"},
        {"fixmedins_code": "P99010100003", "fixmedins_type": "1"},
        {"fixmedins_code": "H99010100004", "fixmedins_type": "02"},
    )
    [report] = land(home, write(tmp_path / "fixmedins_b.csv", data))
    assert report.rows_landed == 4
    assert report.details["contradicted_kinds"] == ["H99010100004", "P99010100003"]
    assert any("2 institutions" in said and "the code counts" in said for said in report.warnings)


def test_the_hospitals_part_is_read_from_whichever_column_holds_it(home: Home, tmp_path: Path) -> None:
    """505.01 and 0 in one message, null and -32.86 in another, neither in a third."""
    data = rows(
        SETTLEMENT,
        {"setl_id": "S1", "hosp_part_amt": "505.01", "ownpay_hosp_part": "0"},
        {"setl_id": "S2", "hosp_part_amt": "null", "ownpay_hosp_part": "-32.86"},
        {"setl_id": "S3", "hosp_part_amt": "0.00", "ownpay_hosp_part": ""},
    )
    land(home, write(tmp_path / "setl_d.csv", data))
    part = load_contract().table("setl_d").derived["hospital_pay"].sql
    assert landed(home, "setl_d", part) == [(Decimal("505.01"),), (Decimal("-32.86"),), (Decimal("0.00"),)]


def test_a_mirror_row_with_empty_fields_lands(home: Home, tmp_path: Path) -> None:
    """A refund is a row of its own with negative money; what the mirror leaves empty is null, not a reason to reject."""
    mirror = SETTLEMENT | {
        "setl_id": "S2",
        "init_setl_id": "S1",
        "refd_setl_flag": "1",
        "psn_pay": "",
        "hosp_part_amt": "",
    }
    mirror |= {
        name: f"-{value}"
        for name, value in SETTLEMENT.items()
        if name.endswith(("_pay", "amt")) and value > "0"
    }
    mirror |= {"psn_pay": "null"}
    [report] = land(home, write(tmp_path / "setl_d.csv", [SETTLEMENT | {"refd_setl_flag": "1"}, mirror]))
    assert (report.rows_landed, report.details["modes"]["refunds"]["detected"]) == (2, "negative mirror rows")
    assert landed(home, "setl_d", "init_setl_id, medfee_sumamt, psn_pay", "setl_id = 'S2'") == [
        ("S1", Decimal("-1000.00"), None)
    ]


def test_repeated_settlements_of_a_visit_land_and_are_listed(home: Home, tmp_path: Path) -> None:
    data = settlements(3)
    data[1] |= {"mdtrt_id": "M1"}
    data[2] |= {"mdtrt_id": "M1", "refd_setl_flag": "1"}
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert report.rows_landed == 3
    assert report.details["repeated_visits"] == {
        "count": 1,
        "first": [{"mdtrt_id": "M1", "fixmedins_code": "H99010100001", "settlements": 2}],
    }


def test_line_numbers_of_fees_repeat_between_visits(home: Home, tmp_path: Path) -> None:
    """The key is bkkp_sn; where it is empty, institution, visit and feedetl_sn together."""
    data = rows(FEE_LINE, {}, {"mdtrt_id": "M2"}, {"bkkp_sn": "B1"}, {"bkkp_sn": "B2"})
    [report] = land(home, write(tmp_path / "a" / "fee_list_d.csv", data))
    assert (report.rows_landed, report.rows_superseded) == (4, 0)
    newer = {"updt_time": "2024-02-01", "cnt": "-2"}
    data = rows(FEE_LINE | newer, {"mdtrt_id": "M2"}, {"bkkp_sn": "B2", "mdtrt_id": "M3"}, {"bkkp_sn": "B3"})
    [report] = land(home, write(tmp_path / "b" / "fee_list_d.csv", data))
    assert (report.rows_landed, report.rows_superseded) == (3, 2)


def test_missing_values_are_counted_by_column_and_fail_nothing(home: Home, tmp_path: Path) -> None:
    """Diagnoses are missing on most outpatient rows; columns the file does not have are listed apart."""
    data = settlements(4)
    for row, disease in zip(data, ("", "null", "M00100", "-"), strict=True):
        row["dise_no"] = disease
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert report.rows_landed == 4
    assert report.details["empty_values"]["dise_no"] == 3
    assert (
        "dise_name" in report.details["absent_columns"] and "dise_name" not in report.details["empty_values"]
    )


def test_manual_reimbursements_and_remote_care_land_as_they_are(home: Home, tmp_path: Path) -> None:
    """No institution on a manual row; the place of treatment differs from that of insurance on a remote one."""
    data = settlements(2)
    data[0] |= {"pay_loc": "1", "setl_type": "1", "fixmedins_code": "", "fix_blng_admdvs": ""}
    data[1] |= {"fixmedins_code": "H11010100001", "fix_blng_admdvs": "110101"}
    land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "fixmedins_code, insu_admdvs, fix_blng_admdvs") == [
        (None, "990101", None),
        ("H11010100001", "990101", "110101"),
    ]


def test_a_ledger_without_units_is_refused_and_a_cross_is_null(home: Home, tmp_path: Path) -> None:
    bare = {name: value for name, value in LEDGER.items() if name != "unit"}
    with pytest.raises(Refused, match=r"required column unit is missing.*expected a header unit"):
        land(home, write(tmp_path / "a" / "fund_acct_bal.csv", [bare]))
    columns = load_contract().table("fund_acct_bal").columns
    zh = {name: columns[name].zh for name in ("ym", "subj_code", "unit", "item_key")}
    data = [
        {zh.get(name, name): value for name, value in row.items()}
        for row in rows(LEDGER, {"item_key": "×"}, {"subj_code": "4002", "item_key": ""})
    ]
    data[1][zh["unit"]] = "×"
    [report] = land(home, write(tmp_path / "b" / "fund_acct_bal.csv", data))
    assert (report.rows_landed, report.rows_rejected) == (1, 1)
    assert rejects(home, "fund_acct_bal")[0][1] == "unit"
    assert landed(home, "fund_acct_bal", "item_key, unit") == [(None, "元")]


def test_code_and_name_pairs_keep_the_code(home: Home, tmp_path: Path) -> None:
    data = [
        SETTLEMENT | {"insutype_name": "职工基本医疗保险", "med_type_name": "普通住院", "opt_wm_dise": "x"}
    ]
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert landed(home, "setl_d", "insutype, med_type") == [("310", "21")]
    assert report.details["unknown_headers"] == ["insutype_name", "med_type_name", "opt_wm_dise"]


def test_cells_of_their_own_types_in_a_workbook_and_in_parquet(home: Home, tmp_path: Path) -> None:
    """Dates, times and numbers that were never text land like their texts."""
    typed: dict[str, Any] = SETTLEMENT | {
        "setl_time": datetime(2024, 1, 5, 9, 30),
        "begndate": date(2024, 1, 2),
        "medfee_sumamt": 1000,
        "age": 32.5,
        "fund_pay_sumamt": 600.1 + 0.2,
    }
    land(home, write(tmp_path / "setl_d.xlsx", [typed]))
    values = ", ".join(
        f"DATE '{value}' AS {name}"
        if type(value) is date
        else f"TIMESTAMP '{value}' AS {name}"
        if isinstance(value, datetime)
        else f"{value!r} AS {name}"
        for name, value in typed.items()
    )
    duckdb.execute(f"COPY (SELECT {values}) TO '{tmp_path / 'setl_d.parquet'}' (FORMAT parquet)")
    [report] = land(home, tmp_path / "setl_d.parquet")
    assert landed(home, "setl_d", "setl_time, begndate, medfee_sumamt, age, fund_pay_sumamt") == [
        (
            datetime(2024, 1, 5, 9, 30),
            date(2024, 1, 2),
            Decimal("1000.00"),
            Decimal("32.5"),
            Decimal("600.30"),
        )
    ]
    assert report.rows_identical == 1


def test_every_quirk_is_in_the_documentation_with_a_test_that_exists() -> None:
    root = Path(__file__).parents[2]
    page = (root / "docs" / "raw-exports.md").read_text(encoding="utf-8")
    numbers = re.findall(r"^\| (\d+) \|", page, flags=re.MULTILINE)
    assert numbers == [str(n) for n in range(1, len(numbers) + 1)] and len(numbers) >= 23
    known = {
        name
        for path in [*root.glob("tests/**/*.py"), *root.glob("models/**/*.yml")]
        for name in re.findall(r"(?:def |- name: )(\w+)", path.read_text(encoding="utf-8"))
    }
    named = set(re.findall(r"`(test_\w+|[a-z]+(?:_[a-z]+){4,})`", page))
    assert named and named <= known, named - known


def test_the_ratio_among_the_amounts_is_never_read_behind_staging() -> None:
    """`pool_prop_selfpay` is summed as money in some bureaus' code; here nothing behind staging reads it."""
    root = Path(__file__).parents[2]
    name = load_contract().terms["pool_prop_selfpay"][0]
    models = [path for path in root.glob("models/**/*.sql") if path.parent.name != "staging"]
    assert models
    assert not [
        path for path in models if re.search(rf"\b({name}|pool_prop_selfpay)\b", path.read_text("utf-8"))
    ]


def test_pharmacy_purchases_have_a_bucket_of_their_own() -> None:
    """Their full self-pay would spoil every share of inpatients and outpatients."""
    root = Path(__file__).parents[2]
    with (root / "seeds" / "codes" / "code_value.csv").open(encoding="utf-8") as file:
        buckets = {
            row["code"]: row["bucket"] for row in csv.DictReader(file) if row["dictionary"] == "med_type"
        }
    assert {code for code, bucket in buckets.items() if bucket == "pharmacy"} == {"41", "9216", "93"}
