"""Files that leave the screen: nothing in them runs, nothing in them is rounded."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import openpyxl

from dashboards.lib import export
from dashboards.lib.state import Sheet

SHEET = Sheet(
    name="甲[乙]:丙",
    title="批次",
    labels=("文件", "月份", "金额（元）", "人次"),
    kinds=("text", "month", "money", "count"),
    rows=(
        ('=HYPERLINK("http://x","y")', date(2026, 10, 1), Decimal("-1234.50"), 3),
        ("+cmd|' /C calc'!A0", None, Decimal("1234567890123456.78"), None),
        ("@SUM(1)", date(2026, 9, 1), Decimal("0.00"), 0),
    ),
)


def test_csv_keeps_exact_values_and_disarms_formulas() -> None:
    raw = export.csv_bytes(SHEET)
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert rows[0] == ["文件", "月份", "金额（元）", "人次"]
    assert rows[1] == ['\'=HYPERLINK("http://x","y")', "2026-10-01", "-1234.50", "3"]
    assert rows[2] == ["'+cmd|' /C calc'!A0", "", "1234567890123456.78", ""]
    assert rows[3] == ["'@SUM(1)", "2026-09-01", "0.00", "0"]


def test_workbook_holds_text_as_text_numbers_as_numbers_and_the_definitions() -> None:
    notes = [("指标定义", ["编号", "名称"], [["F06", "=累计结余"]])]
    book = openpyxl.load_workbook(io.BytesIO(export.xlsx_bytes([SHEET, SHEET], notes)))
    assert book.sheetnames == ["甲_乙__丙", "甲_乙__丙_2", "指标定义"]
    page = book["甲_乙__丙"]
    assert page["A4"].value == '=HYPERLINK("http://x","y")'
    assert page["A4"].data_type == "s"
    assert page["C4"].value == -1234.5
    # Sixteen digits would lose the fen as a spreadsheet number, so they stay text.
    assert page["C5"].value == "1234567890123456.78"
    assert page["D5"].value is None
    assert page["D6"].value == 0
    assert book["指标定义"]["B2"].data_type == "s"
