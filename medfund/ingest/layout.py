"""Which table a file holds and which of its columns mean which contract columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from medfund.contract import Contract, Table, fold_header
from medfund.ingest.report import FileProblem

_WORD = re.compile(r"[^a-z]")


@dataclass
class Layout:
    """The reading of a header: `sources[column]` are positions in the file, the best first."""

    table: Table
    headers: list[str]
    sources: dict[str, list[int]]
    unknown: list[str] = field(default_factory=list)

    @property
    def doubled(self) -> dict[str, list[int]]:
        """Columns that more than one header of the file feeds."""
        return {name: places for name, places in self.sources.items() if len(places) > 1}


def _contains(stem: str, name: str) -> bool:
    """True when the name stands in the stem as words of its own."""
    at = stem.find(name)
    while at >= 0:
        before, after = stem[at - 1 : at], stem[at + len(name) : at + len(name) + 1]
        if (not before or _WORD.match(before)) and (not after or _WORD.match(after)):
            return True
        at = stem.find(name, at + 1)
    return False


def table_named(stem: str, contract: Contract) -> tuple[str, str] | None:
    """(table, the name found) when a file name holds a table's name or one of its platform names.

    The longest name wins, so outmed_setl_d is not taken for setl_d.
    """
    lower = stem.lower()
    found = [
        (len(name), table.name, name)
        for table in contract.tables.values()
        for name in (table.name, *table.also_named)
        if _contains(lower, name)
    ]
    if not found:
        return None
    _, table, name = max(found)
    return table, name


def match(table: Table, headers: Sequence[str]) -> Layout:
    """Assign the file's headers to the table's columns: exact names, then aliases in order, then Chinese.

    The same header twice counts as an alias of the first.
    """
    places: dict[str, list[tuple[int, int]]] = {}
    unknown: list[str] = []
    for position, header in enumerate(headers):
        known = table.headers.get(fold_header(header))
        if known is None:
            unknown.append(header.strip()[:60])
            continue
        for rank, column in known:
            places.setdefault(column, []).append((rank, position))
    sources = {column: [position for _, position in sorted(pairs)] for column, pairs in places.items()}
    return Layout(table, list(headers), sources, unknown)


def missing_sentence(shown: str, layout: Layout) -> str | None:
    """What to say when a required column of the table has no header in the file."""
    absent = [name for name in layout.table.required if name not in layout.sources]
    if not absent:
        return None
    column = layout.table.columns[absent[0]]
    spelled = " or ".join([column.name, *column.aliases, column.zh])
    more = f" (and {len(absent) - 1} more: {', '.join(absent[1:6])})" if len(absent) > 1 else ""
    return (
        f"{shown}: table {layout.table.name}: required column {column.name} is missing{more}; "
        f"seen {len(layout.headers)} headers, {len(layout.sources)} of them known; expected a header {spelled}"
    )


def header_record(records: Sequence[Sequence[str]], contract: Contract, table: Table | None) -> int:
    """Index of the record that reads most like a header; titles above it are passed over."""
    tables: Iterable[Table] = [table] if table else contract.tables.values()

    def known(record: Sequence[str]) -> int:
        folded = [fold_header(cell) for cell in record]
        return max((sum(cell in t.headers for cell in folded) for t in tables), default=0)

    scores = [known(record) for record in records]
    best = max(scores, default=0)
    return scores.index(best) if best else 0


def recognise(shown: str, headers: Sequence[str], contract: Contract) -> Layout:
    """The table a header belongs to, when exactly one fits.

    Raises FileProblem when none fits, or when several do (the two settlement tables always).
    """
    layouts = [match(table, headers) for table in contract.tables.values()]
    whole = [one for one in layouts if all(name in one.sources for name in one.table.required)]
    if not whole:
        near = max(layouts, key=lambda one: len(one.sources) / max(len(one.table.required), 1))
        absent = missing_sentence(shown, near)
        if absent and len(near.sources) >= max(3, len(near.table.required) // 2):
            raise FileProblem(f"{absent}; the file name names no table, the header reads most like this one")
        raise FileProblem(
            f"{shown}: the table is not known: the file name holds no table name and the header fits none "
            f"(seen {len(headers)} headers); expected a name such as setl_d_202401.csv, or --table NAME"
        )
    score = max(len(one.sources) for one in whole)
    best = [one for one in whole if len(one.sources) == score]
    if len(best) > 1:
        names = " or ".join(one.table.name for one in best)
        raise FileProblem(
            f"{shown}: the header fits {names} alike; expected the table in the file name, or --table NAME"
        )
    return best[0]
