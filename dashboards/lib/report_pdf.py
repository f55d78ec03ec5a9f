"""The monthly report as PDF: set by Typst from data alone, in one Chinese font that comes with the extra `report`.

Words of the release (names, notes, file names) reach the typesetter as JSON and are never read as markup. System
fonts are not looked at, so the pages look the same on a machine that has no Chinese font.
"""

from __future__ import annotations

import importlib.util
import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.lib import blocks, drawing, formats
from dashboards.lib.state import Sheet

if TYPE_CHECKING:
    from dashboards.lib.report import Part, Report

_TEMPLATE = Path(__file__).with_name("monthly_report.typ")
_PACKAGES = ("typst", "pylopdf_fonts_zh_cn")
# Columns grow with their longest words up to this width, counted in halves of a Chinese character.
_WIDEST = 40
_NARROWEST = 5
_SHORT = 8


def is_installed() -> bool:
    """Whether the extra `report` is there."""
    return all(importlib.util.find_spec(name) for name in _PACKAGES)


@lru_cache(maxsize=1)
def _fonts() -> Any:
    import pylopdf_fonts_zh_cn
    import typst

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
    )


def pdf_bytes(report: Report) -> bytes:
    """The report as PDF/A-2u with embedded fonts; the same release gives the same bytes.

    Raises ModuleNotFoundError without the extra `report` (ask `is_installed` first).
    """
    import typst

    # A document has one date, that of its release.
    stamp = report.view.info.get("built_at") or datetime(1970, 1, 1)

    def made(standards: list[typst.PDFStandard]) -> bytes:
        pages = typst.compile(
            str(_TEMPLATE),
            root=str(_TEMPLATE.parent),
            format="pdf",
            font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"report": json.dumps(content(report), ensure_ascii=False)},
            pdf_standards=standards,
            timestamp=int((stamp - datetime(1970, 1, 1)).total_seconds()),
        )
        assert isinstance(pages, bytes)
        return pages

    try:
        return made(["a-2u"])
    except typst.TypstError:
        # The font does not know every character that a name may hold. The archival standard forbids the empty box
        # that then stands for it; a report with a box is better than none. Any other fault comes up again.
        return made([])


def content(report: Report) -> dict[str, Any]:
    """What the template is given: texts as printed, tables with widths, charts as positions."""
    view = report.view
    built = view.info.get("built_at")
    header, definitions = report.definitions
    defined = Sheet(
        name="",
        title="",
        labels=tuple(header),
        kinds=("code", "text", "text", "code", "text"),
        rows=tuple(tuple(line) for line in definitions),
    )
    return {
        "lang": view.lang,
        "title": report.title,
        "subtitle": view.t(
            "report.subtitle",
            fund=view.name(view.fund_row),
            book=view.book_name,
            month=formats.month(view.period, view.lang),
        ),
        "date": [built.year, built.month, built.day] if built else None,
        "page": view.t("report.page", page="{page}", pages="{pages}"),
        "foot": view.release.release_id,
        "contents": view.t("report.contents"),
        "tones": drawing.tones(view),
        "highlights": {"title": view.t("report.highlights"), "sentences": list(report.highlights)},
        "facts": [list(fact) for fact in report.facts],
        "warnings": list(report.warnings),
        "sections": [
            {
                "title": section.title,
                "parts": [_part(report, part, alone=len(section.parts) == 1) for part in section.parts],
            }
            for section in report.sections
        ],
        "definitions": {
            "title": view.t("report.definitions"),
            "table": _table(report, defined, formats.YUAN, 0),
        },
        "origin": {
            "title": view.t("report.origin"),
            "words": view.t("report.origin_words"),
            "facts": [list(fact) for fact in report.origin],
        },
    }


def _part(report: Report, part: Part, *, alone: bool) -> dict[str, Any]:
    return {
        "title": None if alone else part.title,
        "sentence": part.sentence,
        "note": part.note,
        "missing": part.missing,
        "chart": None if part.chart is None or part.missing else part.chart.drawn(),
        "table": None if part.printed is None else _table(report, part.printed, part.unit, part.totals),
    }


def _table(report: Report, sheet: Sheet, unit: formats.Unit, totals: int) -> dict[str, Any]:
    """A table in words, with how each column stands and how wide it is beside the others."""
    lang = report.view.lang
    rows = [
        [
            formats.shown(value, kind, lang, unit)
            for value, kind in zip(row, sheet.kinds_of(number), strict=True)
        ]
        for number, row in enumerate(sheet.rows)
    ]
    # The unit stands under its heading.
    labels = [label.replace(" (", "\n(") for label in sheet.labels]
    widths = [
        min(max(_NARROWEST, *(formats.width(row[at]) for row in rows), _heading_width(label)), _WIDEST)
        for at, label in enumerate(labels)
    ]
    return {
        "labels": labels,
        "looks": [blocks.LOOKS.get(kind, "") for kind in sheet.kinds],
        "widths": widths,
        "rows": rows,
        "totals": totals,
    }


def _heading_width(label: str) -> int:
    """Of a heading in lines of its own; a long one may take two, but does not break within a word."""
    if "\n" in label or formats.width(label) <= _SHORT:
        return max(formats.width(line) for line in label.split("\n"))
    longest = max(formats.width(word) for word in label.split()) if label.isascii() else 0
    return max(longest, (formats.width(label) + 1) // 2)
