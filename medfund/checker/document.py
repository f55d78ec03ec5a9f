"""Published tables as cells: reading them from YAML or JSON, and the numbers behind the printed strings."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import yaml

from medfund.errors import MedfundError

MAX_BYTES = 4 * 1024 * 1024
MAX_CELLS = 50_000

CellState = Literal["number", "empty", "not_applicable", "suppressed"]

_SIZES = {"": 1, "千": 10**3, "万": 10**4, "百万": 10**6, "亿": 10**8}
UNIT_FACTORS: dict[str, Decimal] = {
    size + base: Decimal(factor) for base in ("元", "人", "人次") for size, factor in _SIZES.items()
}
_PLAIN_UNITS = {"%": "percent", "个百分点": "percent", "月": "month", "天": "day", "": "none"}

_NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?$")
_WITH_UNIT = re.compile(r"^(?P<number>[+-]?[\d,]*\.?\d+)\s*(?P<unit>[亿万千百]*(?:元|人次|人)|%|个月|月)$")
_NOT_APPLICABLE = {"x", "X", "×", "✕"}
_SUPPRESSED = {"*", "**", "***"}


def unit_kind(unit: str) -> str:
    """`money`, `head`, `percent`, `month`, … : what a unit measures, whatever its size."""
    if unit in _PLAIN_UNITS:
        return _PLAIN_UNITS[unit]
    if unit.endswith("元") or unit in {"万", "亿", "千"}:
        return "money"
    if unit.endswith(("人", "人次")):
        return "head"
    return unit


@dataclass(frozen=True)
class Cell:
    """One printed cell: `value` in the unit of its block, `half` half a unit of the last printed place."""

    document: int
    label: str
    key: str
    printed: str | None
    value: Decimal | None
    state: CellState
    half: Decimal
    unit: str
    unit_slip: str | None = None

    @property
    def ref(self) -> str:
        """`block:cell`, as findings name it."""
        return f"{self.label}:{self.key}"

    @property
    def uid(self) -> tuple[int, str, str]:
        """Tells the cell apart from those of other documents."""
        return (self.document, self.label, self.key)

    @property
    def factor(self) -> Decimal:
        """How many yuan (or persons) one unit is; 1 for percentages, months and the like."""
        return UNIT_FACTORS.get(self.unit, Decimal(1))

    @property
    def number(self) -> Decimal:
        """The value of a cell known to hold a number."""
        if self.value is None:
            raise ValueError(f"{self.ref} holds no number")
        return self.value


@dataclass(frozen=True)
class Span:
    """The months a block speaks of. `whole_year` blocks run from January to December."""

    year: int
    first_month: int = 1
    last_month: int = 12

    @property
    def months(self) -> int:
        return self.last_month - self.first_month + 1

    @property
    def whole_year(self) -> bool:
        return self.months == 12


@dataclass(frozen=True)
class Block:
    """Cells that share fund, period, column, place and unit. `org` is a division code or a name."""

    label: str
    fund: str
    column: str
    kind: str
    span: Span | None
    unit: str
    org: str
    level: str
    parent: str
    incomplete_lists: frozenset[str]
    cells: dict[str, Cell]

    def has(self, key: str) -> bool:
        """The line is printed, with or without a number in it."""
        return key in self.cells

    def number(self, key: str) -> Cell | None:
        """The cell, if it holds a number."""
        cell = self.cells.get(key)
        return cell if cell is not None and cell.state == "number" else None

    def suppressed(self, key: str) -> bool:
        """The line is printed and its number withheld."""
        cell = self.cells.get(key)
        return cell is not None and cell.state == "suppressed"


@dataclass(frozen=True)
class Document:
    """One published table or text, as blocks of cells."""

    index: int
    id: str
    source: str
    layout: str
    unit: str
    publisher: str
    region: dict[str, Any]
    scope: dict[str, Any]
    period: dict[str, Any]
    span: Span | None
    notes_printed: tuple[str, ...]
    declared: dict[str, Any]
    texts: tuple[str, ...]
    blocks: tuple[Block, ...]

    @property
    def accounts(self) -> Literal["included", "excluded", "unknown"]:
        """Whether personal accounts are in the figures, as the document says it."""
        said = str(self.scope.get("accounts") or "").lower()
        if said.startswith(("included", "含", "包含")):
            return "included"
        if said.startswith(("excluded", "none", "不含", "pooled")):
            return "excluded"
        return "excluded" if any(block.fund == "pooled" for block in self.blocks) else "unknown"

    @property
    def family(self) -> tuple[str, str] | None:
        """What makes two documents tables of one place: region code, else its name, else the publisher."""
        for name, value in (
            ("code", self.region.get("code")),
            ("name", self.region.get("name")),
            ("publisher", self.publisher),
        ):
            if value:
                return (name, str(value))
        return ("none", "")

    def all_cells(self) -> Iterator[Cell]:
        """Every cell, block by block in the order of the document."""
        for block in self.blocks:
            yield from block.cells.values()


class _PlainLoader(yaml.SafeLoader):
    """Safe loader that keeps every scalar but null and booleans as the text that was printed.

    Aliases are refused: published tables have no use for them, and nested ones can blow up memory.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            event = self.peek_event()
            raise yaml.YAMLError(f"line {event.start_mark.line + 1}: aliases are not accepted here")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            name = str(getattr(key_node, "value", key_node))
            if name in seen:
                raise yaml.YAMLError(f"line {key_node.start_mark.line + 1}: {name!r} appears twice")
            seen.add(name)
        return super().construct_mapping(node, deep)


_PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag.endswith((":null", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _unique_pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"{key!r} appears twice")
        result[key] = value
    return result


def _load(path: Path) -> Any:
    try:
        if path.is_dir():
            raise MedfundError(f"{path}: a folder, expected a YAML or JSON file of published cells")
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise MedfundError(f"{path}: {size:,} bytes, expected at most {MAX_BYTES:,}")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise MedfundError(f"{path}: byte {error.start} is not UTF-8, expected UTF-8 YAML or JSON") from error
    except OSError as error:
        raise MedfundError(f"{path}: cannot be read ({error.strerror or error})") from error
    try:
        if text.lstrip()[:1] in ("{", "[") and path.suffix.lower() == ".json":
            return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=_unique_pairs)
        return yaml.load(text, Loader=_PlainLoader)
    except RecursionError as error:
        raise MedfundError(f"{path}: nested too deeply for a table of cells") from error
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise MedfundError(f"{path}: not readable as YAML or JSON ({reason})") from error


def _silent(_: str) -> None:
    """Say nothing."""


def _is_manifest(raw: Any) -> bool:
    """True for the manifest of a disclosure bundle, which lists files and holds no cells."""
    return isinstance(raw, Mapping) and {"files", "signature"} <= raw.keys() and "blocks" not in raw


def read_documents(files: Sequence[Path], say: Callable[[str], None] = _silent) -> list[Document]:
    """Read every document of the files, in order.

    A file holds one document (a mapping with `blocks`), a list of documents, or a mapping with
    `disclosures: [...]`. The manifest of a bundle is passed over with a sentence to `say`, so that a whole
    folder can be given. Raises MedfundError naming file, document, block and cell, or that nothing but a
    manifest was given.
    """
    documents: list[Document] = []
    manifest = ""
    for path in files:
        raw = _load(Path(path))
        if _is_manifest(raw):
            manifest = f"{path}: the manifest of a disclosure bundle, not a table of figures"
            say(f"{manifest}; left out")
            continue
        if isinstance(raw, Mapping) and "disclosures" in raw:
            raw = raw["disclosures"]
        entries = raw if isinstance(raw, list) else [raw]
        if not entries:
            raise MedfundError(f"{path}: no document in it, expected at least one")
        for entry in entries:
            documents.append(parse_document(entry, len(documents), str(path)))
    if manifest and not documents:
        raise MedfundError(f"{manifest}; expected the JSON beside it (`medfund verify` checks the manifest)")
    if sum(len(block.cells) for document in documents for block in document.blocks) > MAX_CELLS:
        raise MedfundError(f"more than {MAX_CELLS:,} cells in the files given; check them in smaller groups")
    return documents


def parse_document(raw: Any, index: int = 0, source: str = "") -> Document:
    """Turn the mapping of one document into cells. Raises MedfundError naming document, block and cell."""
    if not isinstance(raw, Mapping):
        raise MedfundError(
            f"{source}: document {index + 1}: expected a mapping with `blocks`, seen {_seen(raw)}"
        )
    document_id = str(raw.get("id") or f"document_{index + 1}")
    where = f"{source}: {document_id}"
    blocks = raw.get("blocks")
    if not isinstance(blocks, list) or not blocks:
        raise MedfundError(f"{where}: expected a list `blocks` with at least one block, seen {_seen(blocks)}")
    sections = {name: _mapping(raw, name, where) for name in ("period", "region", "scope")}
    span = _document_span(sections["period"], where)
    unit = _text(raw.get("unit"))
    notes = raw.get("notes_printed") or []
    if not isinstance(notes, list):
        raise MedfundError(f"{where}: notes_printed: expected a list, seen {_seen(notes)}")
    parsed: list[Block] = []
    for number, entry in enumerate(blocks, start=1):
        block = _parse_block(entry, number, index, where, unit, span, sections)
        if any(block.label == other.label for other in parsed):
            raise MedfundError(f"{where}: block label {block.label!r} appears twice, expected each once")
        parsed.append(block)
    return Document(
        index=index,
        id=document_id,
        source=source,
        layout=_text(raw.get("layout")),
        unit=unit,
        publisher=_text(raw.get("publisher")),
        region=sections["region"],
        scope=sections["scope"],
        period=sections["period"],
        span=span,
        notes_printed=tuple(_text(note) for note in notes),
        declared={key: raw[key] for key in ("vintage", "revised", "restated") if raw.get(key)},
        texts=tuple(_texts(raw)),
        blocks=tuple(parsed),
    )


def _seen(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _mapping(raw: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    value = raw.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise MedfundError(f"{where}: {name}: expected a mapping, seen {_seen(value)}")
    return dict(value)


def _texts(raw: Mapping[str, Any]) -> Iterator[str]:
    """Running text of the document, where a figure may be written out with its unit."""
    for key, value in raw.items():
        if key in ("checks", "expected", "blocks"):
            continue
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            yield from (item for item in value if isinstance(item, str))
    for block in raw["blocks"]:
        if isinstance(block, Mapping):
            yield from (value for key, value in block.items() if key != "label" and isinstance(value, str))


_ISO_DATE = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")


def _year(value: Any, where: str) -> int:
    text = str(value)
    if not re.fullmatch(r"(19|20)\d\d", text):
        raise MedfundError(f"{where}: expected a year like 2024, seen {_seen(value)}")
    return int(text)


def _document_span(period: Mapping[str, Any], where: str) -> Span | None:
    start, end = period.get("start"), period.get("end")
    if start and end:
        first, last = _ISO_DATE.match(str(start)), _ISO_DATE.match(str(end))
        if not first or not last or first[1] != last[1] or not 1 <= int(first[2]) <= int(last[2]) <= 12:
            raise MedfundError(
                f"{where}: period: expected start and end as YYYY-MM-DD within one year, "
                f"seen {_seen(start)} and {_seen(end)}"
            )
        return Span(int(first[1]), int(first[2]), int(last[2]))
    if period.get("year") is not None:
        return Span(_year(period["year"], f"{where}: period: year"))
    return None


_MONTH_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_年]?(0[1-9]|1[0-2])(?!\d)")
_YEAR_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


def _block_span(
    column: str, label: str, raw: Mapping[str, Any], document: Span | None, where: str
) -> Span | None:
    """The block's own period, its column (exec_2023, 2024-06), its label (emp2014), else the document's."""
    if isinstance(raw.get("period"), Mapping):
        return _document_span(raw["period"], where)
    if raw.get("year") is not None:
        return Span(_year(raw["year"], f"{where}: year"))
    for name in (column, label):
        if match := _MONTH_IN_NAME.search(name):
            return Span(int(match[1]), 1, int(match[2]))
        if match := _YEAR_IN_NAME.search(name):
            year = int(match[1])
            if document is not None and document.year == year:
                return document
            return Span(year, 1, document.last_month) if document is not None else Span(year)
    return document


_LABEL_FUNDS = {
    "emp": "310",
    "res": "390",
    "tot": "all",
    "all": "all",
    "sup": "330",
    "civ": "320",
    "vet": "340",
    "maf": "610",
}


def label_fund(label: str) -> str:
    """Fund code a block label stands for (emp…, res…, tot…), or an empty string."""
    return _LABEL_FUNDS.get(label[:3], "")


def _parse_block(
    raw: Any,
    number: int,
    document: int,
    where: str,
    document_unit: str,
    document_span: Span | None,
    sections: Mapping[str, Mapping[str, Any]],
) -> Block:
    if not isinstance(raw, Mapping):
        raise MedfundError(f"{where}: block {number}: expected a mapping with `cells`, seen {_seen(raw)}")
    label = str(raw.get("label") or f"block_{number}")
    where = f"{where}: block {label}"
    cells = raw.get("cells")
    if not isinstance(cells, Mapping):
        raise MedfundError(f"{where}: expected a mapping `cells`, seen {_seen(cells)}")
    unit = _text(raw.get("unit")) or document_unit
    column = _text(raw.get("column"))
    states = {str(key): _parse_cell(value, f"{where}: cell {key}", unit) for key, value in cells.items()}
    declared = raw.get("decimals")
    if declared is None:
        decimals = max((_places(value) for value, *_ in states.values() if value is not None), default=0)
    elif isinstance(declared, str) and re.fullmatch(r"\d", declared):
        decimals = int(declared)
    elif isinstance(declared, int) and not isinstance(declared, bool) and 0 <= declared <= 9:
        decimals = declared
    else:
        raise MedfundError(f"{where}: decimals: expected a digit 0 to 9, seen {_seen(declared)}")
    half = Decimal(5).scaleb(-decimals - 1)
    lists = raw.get("incomplete_lists") or []
    if not isinstance(lists, list):
        raise MedfundError(f"{where}: incomplete_lists: expected a list of items, seen {_seen(lists)}")
    region = dict(sections["region"]) | _mapping(raw, "region", where)
    org = raw.get("org") or region.get("code") or region.get("name") or ""
    level = raw.get("level") or region.get("level") or ""
    return Block(
        label=label,
        fund=str(raw.get("fund") or label_fund(label) or ""),
        column=column,
        kind=_column_kind(column),
        span=_block_span(column, label, raw, document_span, where),
        unit=unit,
        org=str(org),
        level=str(level),
        parent=str(region.get("parent") or ""),
        incomplete_lists=frozenset(str(item) for item in lists),
        cells={
            key: Cell(document, label, key, printed, value, state, half, unit, slip)
            for key, (value, printed, state, slip) in states.items()
        },
    )


def _column_kind(column: str) -> str:
    """`budget` for a plan, `fact` for what happened: an execution, a final account, an unnamed column."""
    return "budget" if column.lower().startswith(("budget", "预算", "plan")) else "fact"


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _parse_cell(raw: Any, where: str, unit: str) -> tuple[Decimal | None, str | None, CellState, str | None]:
    """Value, printed text, state, and the doubled unit if the cell carries one (12002.41万万元)."""
    if raw is None:
        return None, None, "empty", None
    if isinstance(raw, bool | Mapping | list):
        raise MedfundError(f"{where}: expected a printed number, seen {_seen(raw)}")
    printed = str(raw)
    text = unicodedata.normalize("NFKC", printed).strip().replace("−", "-").replace("–", "-")
    if text in ("", "-", "--", "—", "——"):
        return None, printed, "empty", None
    if text in _NOT_APPLICABLE:
        return None, printed, "not_applicable", None
    if text in _SUPPRESSED:
        return None, printed, "suppressed", None
    slip: str | None = None
    if match := _WITH_UNIT.match(text):
        if match["unit"] != unit:
            if not has_doubled_unit(match["unit"]):
                raise MedfundError(
                    f"{where}: expected a number in the unit {unit or '(none)'}, seen {_seen(printed)}"
                )
            slip = printed
        text = match["number"]
    if not _NUMBER.match(text) or len(text) > 32:
        raise MedfundError(
            f"{where}: expected a printed number of at most 32 characters, seen {_seen(printed)}"
        )
    return Decimal(text.replace(",", "")), printed, "number", slip


def has_doubled_unit(unit: str) -> bool:
    """万万元 and the like: a multiplier printed twice."""
    return re.search(r"万万|亿亿|千千|百百", unit) is not None
