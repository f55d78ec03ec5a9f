"""Each quirk of real exports, shown by a small file that has it."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from medfund.errors import Refused
from medfund.ingest import read_batches
from medfund.settings import Bureau, Home, Modes
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
    assert (
        report.details["replaced_characters"] == {"count": 1, "columns": ["fixmedins_name"]}
        or "fixmedins_name"
    )


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


def test_modes_are_detected_with_their_evidence(home: Home, tmp_path: Path) -> None:
    """1000 = (700 - 100 account) + 100 + 300 closes only when the fund total holds the account; the family
    part of 20 lies outside 400 = 100 + 280 + 20."""
    data = settlements(3, fund_pay_sumamt="700.00", cash_payamt="280.00", acct_mulaid_pay="20.00")
    data += rows(
        data[0],
        {"setl_id": "S9", "init_setl_id": "S1", "refd_setl_flag": "1", "medfee_sumamt": "-1000.00"},
    )
    bureau = Bureau(code="990100", modes=Modes(fund_scope="excl"))
    [report] = land(home, write(tmp_path / "setl_d.csv", data), bureau=bureau)
    modes = report.details["modes"]
    assert modes["fund_scope"]["detected"] == "incl"
    assert (modes["fund_scope"]["rows_that_close_incl"], modes["fund_scope"]["rows_that_close_excl"]) == (
        3,
        0,
    )
    assert modes["mutual_aid"]["detected"] == "outside"
    assert modes["refunds"]["detected"] == "negative mirror rows"
    assert any("modes.fund_scope = excl" in warning for warning in report.warnings)


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
    line = {
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
        "pric_uplmt_amt": "999999",
        "vali_flag": "1",
        "updt_time": "2024-01-05",
    }
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
