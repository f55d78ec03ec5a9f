"""Sheets as XLSX and CSV bytes. Equal sheets give equal bytes: every timestamp is the release's."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from medfund.disclosure.layout import GridCell, Sheet

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
# Excel keeps 15 significant digits; a longer figure is written as text to stay exact.
_EXACT_DIGITS = 15


def safe_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe goes before anything that could start one."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def to_csv(sheet: Sheet) -> bytes:
    """One sheet as CSV: UTF-8 with a byte-order mark, as Excel expects it, lines ending in CRLF."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows(csv_rows(sheet))
    return text.getvalue().encode("utf-8-sig")


def csv_rows(sheet: Sheet) -> list[list[str]]:
    """The rows of the CSV file: title, unit, header, table, then one line of text per row."""
    return [
        [safe_text(sheet.title)],
        [safe_text(sheet.unit_line)],
        [safe_text(text) for text in sheet.header],
        *(
            [cell.text if cell.kind == "number" else safe_text(cell.text) for cell in row]
            for row in sheet.rows
        ),
        *([safe_text(line)] for line in (*sheet.footer, sheet.sign_off)),
    ]


def to_xlsx(sheets: Sequence[Sheet], built_at: datetime) -> bytes:
    """A workbook with one worksheet per sheet, ready to print on A4."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": sheets[0].title, "created": built_at.replace(tzinfo=None, microsecond=0)})
    formats = _Formats(book)
    for number, sheet in enumerate(sheets, start=1):
        _write_sheet(book.add_worksheet(_sheet_name(sheet, number)), sheet, formats)
    book.close()
    return buffer.getvalue()


def _sheet_name(sheet: Sheet, number: int) -> str:
    # Excel allows 31 characters; ids are longer, their end (fund, division) tells the sheets apart.
    return f"{number}-{sheet.name.split('-')[-1]}"[:31]


# Column widths in characters and row height in points: a form with both sides still prints legibly on A4.
_LABEL_WIDTH, _NUMBER_WIDTH, _ROW_HEIGHT = 32, 13, 21


class _Formats:
    """Cell formats, made once per look."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Any] = {}

    def __call__(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(
                {"font_name": "SimSun", "font_size": 11, "valign": "vcenter", **properties}
            )
        return self._made[key]


def _write_sheet(page: Any, sheet: Sheet, formats: _Formats) -> None:
    last = len(sheet.header) - 1
    page.hide_gridlines(2)
    page.set_paper(9)  # A4
    if sheet.landscape:
        page.set_landscape()
    page.fit_to_pages(1, 0)
    page.center_horizontally()
    page.repeat_rows(0, 2)
    page.set_footer("&C&P / &N")
    page.set_margins(left=0.4, right=0.4, top=0.6, bottom=0.6)
    page.set_default_row(_ROW_HEIGHT)
    for column in range(last + 1):
        page.set_column(column, column, _width(sheet, column))
    page.merge_range(0, 0, 0, last, "", formats(align="center", valign="vcenter", bold=True, font_size=16))
    page.write_string(0, 0, sheet.title, formats(align="center", valign="vcenter", bold=True, font_size=16))
    page.set_row(0, 32)
    page.write_string(1, last, sheet.unit_line, formats(align="right"))
    look = formats(border=1, bold=True, align="center", valign="vcenter", text_wrap=True, bg_color="#EDEDED")
    for column, text in enumerate(sheet.header):
        page.write_string(2, column, text, look)
    for offset, row in enumerate(sheet.rows):
        for column, cell in enumerate(row):
            _write_cell(page, 3 + offset, column, cell, formats)
    row_number = 3 + len(sheet.rows)
    for line in (*sheet.footer, sheet.sign_off):
        look = formats(text_wrap=True, valign="top", align="left")
        page.merge_range(row_number, 0, row_number, last, "", look)
        page.write_string(row_number, 0, line, look)
        width = sum(_width(sheet, column) for column in range(last + 1))
        page.set_row(row_number, 18 * (1 + sum(2 if ord(char) > 0x2E80 else 1 for char in line) // width))
        row_number += 1
    page.freeze_panes(3, 1)
    page.print_area(0, 0, row_number - 1, last)


def _width(sheet: Sheet, column: int) -> int:
    return _LABEL_WIDTH if column in sheet.label_columns else _NUMBER_WIDTH


def _write_cell(page: Any, row: int, column: int, cell: GridCell, formats: _Formats) -> None:
    if cell.kind == "number":
        look = formats(
            border=1, align="right", indent=1, bold=cell.bold, num_format=number_format(cell.decimals)
        )
        value = Decimal(cell.text)
        if len(value.as_tuple().digits) <= _EXACT_DIGITS:
            page.write_number(row, column, float(value), look)
        else:
            page.write_string(row, column, cell.text, look)
    elif cell.kind == "empty":
        page.write_blank(row, column, None, formats(border=1))
    else:
        align = "center" if cell.kind == "mark" else "left"
        page.write_string(row, column, cell.text, formats(border=1, align=align, bold=cell.bold))


def number_format(decimals: int) -> str:
    """Thousands separators and a plain minus, never brackets."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")
