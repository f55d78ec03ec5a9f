"""A filled form laid out as rows of cells, the same for the worksheet and for the CSV file.

Layout reads the document alone, never the release: what is printed is what the JSON holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from medfund.checker.lines import PARENTS
from medfund.disclosure import words
from medfund.disclosure.words import pick

CellKind = Literal["text", "number", "mark", "empty"]


@dataclass(frozen=True)
class GridCell:
    """`text` to read, `number` as printed with its decimals, `mark` (× or *), or `empty`."""

    kind: CellKind
    text: str = ""
    decimals: int = 0
    bold: bool = False


@dataclass(frozen=True)
class Sheet:
    """One printed table: title, unit line, header, rows, and the lines below it."""

    name: str
    title: str
    unit_line: str
    header: tuple[str, ...]
    rows: tuple[tuple[GridCell, ...], ...]
    footer: tuple[str, ...]
    sign_off: str
    label_columns: tuple[int, ...]
    landscape: bool


_EMPTY = GridCell("empty")
_CROSS = GridCell("mark", "×")


def lay_out(document: Mapping[str, Any]) -> Sheet:
    """The sheet of one document."""
    return _monthly(document) if document["layout"] == "T2" else _final_account(document)


def _blocks(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {block["label"]: block for block in document["blocks"]}


def _cell(block: Mapping[str, Any] | None, key: str, bold: bool = False) -> GridCell:
    value = None if block is None else block["cells"].get(key)
    if value is None:
        return _EMPTY
    if value in ("x", "*"):
        return GridCell("mark", "×" if value == "x" else "*")
    assert block is not None
    return GridCell("number", value, block["decimals"], bold)


def _label(text: str, bold: bool = False) -> GridCell:
    return GridCell("text", text, bold=bold)


def _monthly(document: Mapping[str, Any]) -> Sheet:
    lang, blocks = document["lang"], _blocks(document)
    rows = []
    for label, key, pair in words.MONTHLY_ROWS:
        block = blocks[label]
        bold = key in ("total", "enrolled_total")
        rows.append(
            (
                _label(pick(pair, lang), bold),
                _label(words.unit_name(block["unit"], lang)),
                _cell(block, key, bold),
            )
        )
    header = (words.INDICATOR, words.UNIT, words.THIS_PERIOD)
    return Sheet(
        name=document["id"],
        title=document["title"],
        unit_line=pick(words.UNIT_LINE, lang).format(unit=words.unit_name(document["unit"], lang)),
        header=tuple(pick(pair, lang) for pair in header),
        rows=tuple(rows),
        footer=_footer(document, [(label, key, pick(pair, lang)) for label, key, pair in words.MONTHLY_ROWS]),
        sign_off=pick(words.SIGN_OFF, lang),
        label_columns=(0,),
        landscape=False,
    )


_LEFT_TAIL = ("income_subtotal", "from_upper", "from_lower", "income_total")
_RIGHT_TAIL = ("expense_subtotal", "to_lower", "to_upper", "expense_total")
_BOLD = {
    *("income_subtotal", "income_total", "expense_subtotal", "expense_total"),
    *("current_balance", "close_bal", "open_bal", "grand_total_left", "grand_total_right"),
}


def _final_account(document: Mapping[str, Any]) -> Sheet:
    lang, blocks = document["lang"], _blocks(document)
    columns = [name for name in ("budget", "actual", "pool", "acct", "rate", "growth") if name in blocks]
    keys = list(blocks["actual"]["cells"])
    left_end, right_start = keys.index("income_subtotal"), keys.index("grand_total_left") + 1
    left = keys[:left_end]
    right = keys[right_start : keys.index("expense_subtotal")]
    depth = max(len(left), len(right))
    adjustment = ["open_adj"] if "open_adj" in keys else []
    left_column = [
        *left,
        *[""] * (depth - len(left)),
        *_LEFT_TAIL,
        "",
        "open_bal",
        *adjustment,
        "grand_total_left",
    ]
    right_column = [
        *right,
        *[""] * (depth - len(right)),
        *(*_RIGHT_TAIL, "current_balance", "close_bal"),
        *[""] * len(adjustment),
        "grand_total_right",
    ]
    fund = document["scope"]["funds"]
    left_labels, right_labels = _labels(left_column, fund, lang), _labels(right_column, fund, lang)
    rows = []
    for one, other in zip(left_column, right_column, strict=True):
        rows.append(
            (
                *_half(blocks, columns, one, left_labels),
                *_half(blocks, columns, other, right_labels),
            )
        )
    names = [pick(words.COLUMNS[name], lang) for name in ("item", *columns)]
    printed = [
        (label, key, labels[key].strip())
        for label in columns
        for column, labels in ((left_column, left_labels), (right_column, right_labels))
        for key in column
        if key
    ]
    return Sheet(
        name=document["id"],
        title=document["title"],
        unit_line=pick(words.UNIT_LINE, lang).format(unit=words.unit_name(document["unit"], lang)),
        header=(*names, *names),
        rows=tuple(rows),
        footer=_footer(document, printed),
        sign_off=pick(words.SIGN_OFF, lang),
        label_columns=(0, len(names)),
        landscape=True,
    )


_SUFFIXES = {"rate": "_budget_pct", "growth": "_yoy_pct"}


def _half(
    blocks: Mapping[str, Mapping[str, Any]], columns: Sequence[str], key: str, labels: Mapping[str, str]
) -> Iterable[GridCell]:
    if not key:
        return [_CROSS] * (len(columns) + 1)
    bold = key in _BOLD
    cells = [_cell(blocks[name], key + _SUFFIXES.get(name, ""), bold) for name in columns]
    return [_label(labels[key], bold), *cells]


def _labels(column: Sequence[str], fund: str, lang: str) -> dict[str, str]:
    """Numbered labels; 其中 lines are indented under the line they are part of."""
    labels: dict[str, str] = {}
    number, last_parent = 0, ""
    for key in column:
        if not key:
            continue
        name = pick(words.item_name(key, fund), lang)
        if key in PARENTS:
            lead = pick(words.OF_WHICH, lang) if last_parent != "open" else "    "
            labels[key], last_parent = f"  {lead}{name}", "open"
            continue
        last_parent = ""
        if key.startswith("grand_total"):
            labels[key] = name
            continue
        number += 1
        labels[key] = words.numeral(number, lang) + name
    return labels


def _footer(document: Mapping[str, Any], printed: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """Notes, remarks, reasons for empty cells, waivers and the release: everything below the table."""
    lang = document["lang"]
    lines = [f"{number}. {note['text']}" for number, note in enumerate(document["notes"], start=1)]
    remarks = [*document["remarks"], *_missing(document, printed), *_partial(document)]
    lines += [f"{number}. {text}" for number, text in enumerate(remarks, start=len(lines) + 1)]
    release = document["release"]
    tail = [
        pick(words.WAIVER_LINE, lang).format(
            **{k: waiver.get(k, "") for k in ("check", "reason", "by", "until")}
        )
        for waiver in release["waivers"]
    ]
    tail.append(
        pick(words.SOURCE_LINE, lang).format(
            release=release["release_id"], through=release["data_through"] or "—"
        )
    )
    return (*([pick(words.NOTES, lang)] if lines else []), *lines, *tail)


def _missing(document: Mapping[str, Any], printed: Iterable[tuple[str, str, str]]) -> list[str]:
    """Reasons for empty cells, one line per reason; a whole empty column is named once."""
    lang, blocks = document["lang"], _blocks(document)
    by_reason: dict[str, list[str]] = {}
    for label, key, name in printed:
        reason = blocks[label].get("missing", {}).get(key)
        if reason is not None:
            column = pick(words.COLUMNS[label], lang) if label in words.COLUMNS else ""
            whole = column and len(blocks[label]["missing"]) == len(blocks[label]["cells"])
            text = column if whole else f"{column} {name}".strip()
            if text not in by_reason.setdefault(reason, []):
                by_reason[reason].append(text)
    join = "、" if lang == "zh" else ", "
    return [
        pick(words.MISSING_LINE, lang).format(lines=join.join(names), reason=reason)
        for reason, names in by_reason.items()
    ]


def _partial(document: Mapping[str, Any]) -> list[str]:
    lang = document["lang"]
    keys = dict.fromkeys(
        key
        for block in document["blocks"]
        for key in block.get("incomplete_lists", ())
        if key in words.ITEM_NAMES
    )
    return [pick(words.PARTIAL_LIST, lang).format(line=pick(words.ITEM_NAMES[key], lang)) for key in keys]
