"""Tables as files: CSV and XLSX that no spreadsheet will run as a formula, and a page that prints."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import xlsxwriter

from dashboards.lib import formats
from dashboards.lib.i18n import Lang

if TYPE_CHECKING:
    from dashboards.lib.state import Sheet

# A cell that starts with one of these is taken for a formula by some spreadsheet.
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")

# A spreadsheet number keeps 15 significant digits; a longer amount is written as text, so that no fen is lost.
_EXACT_DIGITS = 15

_FORMATS = {
    "money": "#,##0.00",
    "ratio": "0.0%",
    "points": "0.0%",
    "months": "0.0",
    "count": "#,##0",
    "number": "#,##0.00",
    "index": "0.0000",
}

# Columns are as wide as their longest words, within these bounds.
_NARROWEST, _WIDEST = 14, 48


def safe_text(text: str) -> str:
    """Text that a spreadsheet shows and does not run."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else value


def csv_bytes(sheet: Sheet) -> bytes:
    """A table as CSV: UTF-8 with a mark (spreadsheets need it for Chinese), exact values, missing left empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([safe_text(label) for label in sheet.labels])
    writer.writerows([_plain(value) for value in row] for row in sheet.rows)
    return out.getvalue().encode("utf-8-sig")


def xlsx_bytes(
    sheets: Iterable[Sheet],
    notes: Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]],
    created: datetime | None = None,
) -> bytes:
    """A workbook: one sheet per table, then sheets of notes given as (name, header, rows of text).

    `created` is the time written into the file; with it, equal tables give equal bytes.
    """
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    if created is not None:
        book.set_properties({"created": created.replace(tzinfo=None, microsecond=0)})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    title = book.add_format({"bold": True, "font_size": 13})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    styles = {kind: book.add_format({"num_format": pattern}) for kind, pattern in _FORMATS.items()}
    taken: set[str] = set()
    for sheet in sheets:
        page = book.add_worksheet(_sheet_name(sheet.name, taken))
        page.write_string(0, 0, sheet.title, title)
        for at, label in enumerate(sheet.labels):
            page.write_string(2, at, label, head)
            page.set_column(at, at, _column_width([label, *(row[at] for row in sheet.rows)]))
        page.freeze_panes(3, 0)
        _prints(page, 2)
        for number, row in enumerate(sheet.rows):
            for at, (value, kind) in enumerate(zip(row, sheet.kinds_of(number), strict=True)):
                _write(page, number + 3, at, value, styles.get(kind), day)
    for name, header, rows in notes:
        page = book.add_worksheet(_sheet_name(name, taken))
        for at, label in enumerate(header):
            page.write_string(0, at, label, head)
            page.set_column(at, at, _column_width([label, *(texts[at] for texts in rows)]))
        _prints(page, 0)
        for line, texts in enumerate(rows, start=1):
            for at, text in enumerate(texts):
                page.write_string(line, at, text, wrap)
    book.close()
    return out.getvalue()


def _prints(page: Any, heading: int) -> None:
    """A sheet prints on A4, as wide as the page, with its heading row on each."""
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(heading)
    page.set_footer("&L&A&R&P / &N")


def _column_width(values: Iterable[Any]) -> int:
    longest = max((formats.width(value) for value in values if isinstance(value, str)), default=0)
    return min(max(longest + 2, _NARROWEST), _WIDEST)


def _write(page: Any, line: int, at: int, value: Any, style: Any, day: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool):
        page.write_boolean(line, at, value)
    elif isinstance(value, Decimal) and len(value.normalize().as_tuple().digits) > _EXACT_DIGITS:
        page.write_string(line, at, str(value))
    elif isinstance(value, int | float | Decimal):
        page.write_number(line, at, float(value), style)
    elif isinstance(value, datetime):
        page.write_string(line, at, f"{value:%Y-%m-%d %H:%M:%S}")
    elif isinstance(value, date):
        page.write_datetime(line, at, datetime(value.year, value.month, value.day), day)
    else:
        page.write_string(line, at, str(value))


def _sheet_name(name: str, taken: set[str]) -> str:
    """A name a workbook accepts: at most 31 characters, none of []:*?/\\, and not used yet."""
    clean = "".join("_" if character in "[]:*?/\\'" else character for character in name)[:31] or "sheet"
    unique, number = clean, 2
    while unique.lower() in taken:
        unique = f"{clean[:28]}_{number}"
        number += 1
    taken.add(unique.lower())
    return unique


_PRINT_STYLE = """
@page {size: A4 landscape; margin: 14mm;}
body {font-family: "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; color: #1F2937;}
h1 {font-size: 18pt;} h2 {font-size: 13pt; margin-top: 1.2em;}
dl {display: grid; grid-template-columns: auto 1fr; gap: .2em 1em; font-size: 10pt;} dt {font-weight: 600;} dd {margin: 0;}
table {border-collapse: collapse; width: 100%; font-size: 9pt;} thead {display: table-header-group;}
tr {break-inside: avoid;} th, td {border: 1px solid #9CA3AF; padding: 2pt 4pt; text-align: left;}
td.n {text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap;} p {font-size: 10.5pt;}
"""


def report_html(
    title: str,
    sentence: str,
    facts: Sequence[tuple[str, str]],
    sheets: Sequence[Sheet],
    note: str,
    lang: Lang,
) -> bytes:
    """One page that prints on A4 and needs nothing else: title, what it is of, a sentence, the tables. All is escaped."""

    def cell(value: Any, kind: formats.Kind) -> str:
        look = "n" if kind in ("money", "ratio", "points", "months", "count", "number", "index") else ""
        return f'<td class="{look}">{html.escape(formats.shown(value, kind, lang))}</td>'

    parts = [f"<h1>{html.escape(title)}</h1>", "<dl>"]
    parts += [f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in facts]
    parts += ["</dl>", f"<p>{html.escape(sentence)}</p>"]
    for sheet in sheets:
        parts.append(f"<h2>{html.escape(sheet.title)}</h2><table><thead><tr>")
        parts += [f"<th>{html.escape(label)}</th>" for label in sheet.labels]
        parts.append("</tr></thead><tbody>")
        for row in sheet.rows:
            cells = (cell(value, kind) for value, kind in zip(row, sheet.kinds, strict=True))
            parts.append(f"<tr>{''.join(cells)}</tr>")
        parts.append("</tbody></table>")
    parts.append(f"<p>{html.escape(note)}</p>")
    tongue = {"zh": "zh-CN", "en": "en"}[lang]
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_PRINT_STYLE}</style>'
    return f'<!doctype html><html lang="{tongue}"><head>{head}</head><body>{"".join(parts)}</body></html>'.encode()
