"""Identities across blocks and documents: schemes (K5, K6), periods (K9, K12), levels (K10)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from medfund.checker.document import Block, Cell, Document, Span, unit_kind
from medfund.checker.identities import Identity, Linear, Relation, Term
from medfund.checker.lines import FLAT_MEASURES, is_of_which, is_scheme_row

TOTAL_FUNDS = ("all", "pooled")
_ROW_FUNDS = {
    "total": "all",
    "employee": "310",
    "resident": "390",
    "assistance": "610",
    "supplement": "330",
    "civil_servant": "320",
    "veteran": "340",
}
_ROW_MEASURES = (
    ("inc", "income_total"),
    ("exp", "expense_total"),
    ("clo", "close_bal"),
    ("cum", "close_bal"),
    ("bal", "close_bal"),
    ("cur", "current_balance"),
    ("ope", "open_bal"),
)
_FLOWS = ("income_total", "expense_total")
_ROLLING = (
    ("close_bal", "open_bal"),
    ("close_bal_pool", "open_bal_pool"),
    ("close_bal_acct", "open_bal_acct"),
)


@dataclass(frozen=True)
class Fact:
    """A cell with what it measures: fund, item, period, kind of column, place and level."""

    cell: Cell
    document: Document
    fund: str
    measure: str
    span: Span | None
    kind: str
    org: str
    level: str
    parent: str
    consolidated: bool

    @property
    def number(self) -> bool:
        return self.cell.state == "number"


def _consolidated(document: Document, block: Block) -> bool:
    said = f"{document.scope.get('level') or ''} {block.level}".lower()
    return bool(re.search(r"consolidat|whole|合并|全市|全省|全州", said))


def document_facts(document: Document) -> list[Fact]:
    """Every money cell of a document as a fact, whatever the layout it is printed in."""
    facts: list[Fact] = []
    for block in document.blocks:
        if unit_kind(block.unit) not in ("money", "head"):
            continue
        rows = any(is_scheme_row(key) for key in block.cells)
        for key, cell in block.cells.items():
            fund, measure = _place(block, key, rows)
            if not measure or (unit_kind(block.unit) == "head") != (measure == "beneficiaries"):
                continue
            facts.append(
                Fact(
                    cell,
                    document,
                    fund,
                    measure,
                    block.span,
                    block.kind,
                    block.org,
                    block.level,
                    block.parent,
                    _consolidated(document, block),
                )
            )
    return facts


def _place(block: Block, key: str, rows: bool) -> tuple[str, str]:
    """Fund and measure of a cell; an empty measure for cells that belong to no series."""
    if rows:
        measure = next((name for start, name in _ROW_MEASURES if block.label.startswith(start)), "")
        if block.label.startswith("ben"):
            measure = "beneficiaries"
        return (_ROW_FUNDS[key], measure or block.label) if key in _ROW_FUNDS else ("", "")
    if is_of_which(key) or key.endswith(("_pct", "_change", "_months")) or key.startswith("enrolled"):
        return "", ""
    stem, _, scheme = key.rpartition("_")
    if stem in FLAT_MEASURES and scheme in _ROW_FUNDS and not (scheme == "total" and block.fund):
        return _ROW_FUNDS[scheme], FLAT_MEASURES[stem]
    return block.fund, key


_Place = tuple[Span | None, str, str, bool]


def schemes(document: Document) -> Iterator[Identity]:
    """K6 and K5 between blocks: funds add to the total, pool and account blocks to the employee fund."""
    groups: dict[tuple[_Place, str], list[Fact]] = defaultdict(list)
    present: dict[_Place, list[str]] = defaultdict(list)
    for fact in document_facts(document):
        place = (fact.span, fact.kind, fact.org, fact.consolidated)
        groups[place, fact.measure].append(fact)
        if fact.measure != "beneficiaries" and fact.fund not in present[place]:
            present[place].append(fact.fund)
    for (place, measure), facts in groups.items():
        by_fund = {fact.fund: fact for fact in facts}
        if "310" in by_fund and {"310_pool", "310_acct"} <= set(by_fund):
            yield from _add_up("K5", [by_fund["310_pool"], by_fund["310_acct"]], by_fund["310"])
        total = next((by_fund[fund] for fund in TOTAL_FUNDS if fund in by_fund), None)
        funds = [fund for fund in by_fund if fund and fund not in TOTAL_FUNDS]
        if "310" in funds:
            funds = [fund for fund in funds if fund not in ("310_pool", "310_acct")]
        expected = {
            fund
            for fund in present[place]
            if fund and fund not in TOTAL_FUNDS and not fund.startswith("310_")
        }
        missing = measure != "beneficiaries" and not expected <= set(funds)
        if total is not None and len(funds) > 1 and not missing:
            yield from _add_up("K6", [by_fund[fund] for fund in funds], total)


def _add_up(rule: str, parts: Sequence[Fact], total: Fact) -> Iterator[Identity]:
    if not total.number or any(part.cell.state == "suppressed" for part in parts):
        return
    terms = tuple(Term(part.cell) for part in parts if part.number)
    if terms:
        yield Linear(rule, "=", terms, total.cell)


@dataclass(frozen=True)
class _Table:
    """The facts of one fund, place and period, by measure."""

    document: Document
    fund: str
    span: Span
    kind: str
    cells: dict[str, Cell]

    def opening(self, suffix: str) -> tuple[Term, ...]:
        """The printed or implied opening balance as signed cells; empty when the table does not tell."""
        if opening := self.cells.get(f"open_bal{suffix}"):
            return (Term(opening),)
        closing, current = self.cells.get(f"close_bal{suffix}"), self.cells.get(f"current_balance{suffix}")
        income, expense = self.flows(suffix)
        if closing and income and expense:
            return (Term(closing), Term(income, -1), Term(expense))
        return (Term(closing), Term(current, -1)) if closing and current else ()

    def flows(self, suffix: str) -> tuple[Cell | None, Cell | None]:
        names = [f"income{suffix}", f"expense{suffix}"] if suffix else list(_FLOWS)
        return self.cells.get(names[0]), self.cells.get(names[1])


def _scope(document: Document, fund: str) -> str:
    """Tables with and without personal accounts are different series, except for funds that have none."""
    with_accounts = fund in ("310", "all", "pooled", "")
    return "excluded" if with_accounts and document.accounts == "excluded" else ""


def _tables(documents: Iterable[Document]) -> list[list[_Table]]:
    """Tables grouped by fund and place, each group in order of time."""
    by_index = {document.index: document for document in documents}
    cells: dict[tuple[object, str, int, Span, str], dict[str, Cell]] = {}
    for document in by_index.values():
        for fact in document_facts(document):
            if fact.span is not None and fact.number:
                scope = _scope(document, fact.fund)
                where: object = (fact.org or document.family, fact.consolidated, scope)
                key = (where, fact.fund, document.index, fact.span, fact.kind)
                cells.setdefault(key, {}).setdefault(fact.measure, fact.cell)
    groups: dict[tuple[object, str], list[_Table]] = defaultdict(list)
    for (where, fund, index, span, kind), measures in cells.items():
        groups[where, fund].append(_Table(by_index[index], fund, span, kind, measures))
    return [
        sorted(group, key=lambda table: (table.span.year, table.span.last_month, table.document.index))
        for group in groups.values()
    ]


def periods(documents: Sequence[Document]) -> Iterator[tuple[list[Document], Identity]]:
    """K9 and K12 between an earlier and a later table of the same fund and place."""
    names = _names(documents)
    for group in _tables(documents):
        for later in group:
            earlier = _year_before(group, later)
            if earlier is not None:
                yield from ((_used(earlier, later), found) for found in _carried(earlier, later, names))
        to_date = [table for table in group if table.kind == "fact" and table.span.first_month == 1]
        for earlier, later in pairwise(to_date):
            same_year = earlier.span.year == later.span.year
            if same_year and earlier.span.last_month < later.span.last_month:
                yield from ((_used(earlier, later), found) for found in _to_date(earlier, later, names))


def _used(earlier: _Table, later: _Table) -> list[Document]:
    if earlier.document.index == later.document.index:
        return [later.document]
    return [earlier.document, later.document]


def _names(documents: Sequence[Document]) -> tuple[str, ...]:
    names = [""] * (max((document.index for document in documents), default=-1) + 1)
    for document in documents:
        names[document.index] = document.id
    return tuple(names)


def _year_before(group: Sequence[_Table], later: _Table) -> _Table | None:
    """The table that closes the year before: the same document's if it has one; what happened, not a plan."""
    if later.span.first_month != 1:
        return None
    closed = [
        table
        for table in group
        if table.kind == "fact" and table.span.year == later.span.year - 1 and table.span.last_month == 12
    ]
    own = [table for table in closed if table.document.index == later.document.index]
    return next(iter(own or closed), None)


def _across(earlier: _Table, later: _Table, names: tuple[str, ...]) -> tuple[str, ...]:
    return names if earlier.document.index != later.document.index else ()


def _carried(earlier: _Table, later: _Table, names: tuple[str, ...]) -> Iterator[Identity]:
    documents = _across(earlier, later, names)
    for close_key, open_key in _ROLLING:
        closing = earlier.cells.get(close_key)
        if closing is None:
            continue
        if opening := later.cells.get(open_key):
            yield Linear("K9", "=", (Term(closing),), opening, documents=documents)
            continue
        suffix = close_key.removeprefix("close_bal")
        income, expense = later.flows(suffix)
        if (end := later.cells.get(close_key)) and income and expense:
            terms = (Term(closing), Term(income), Term(expense, -1))
            yield Linear("K9", "=", terms, end, documents=documents)


def _to_date(earlier: _Table, later: _Table, names: tuple[str, ...]) -> Iterator[Identity]:
    documents = _across(earlier, later, names)
    for _, open_key in _ROLLING:
        suffix = open_key.removeprefix("open_bal")
        first, second = earlier.opening(suffix), later.opening(suffix)
        if first and second:
            yield Linear(
                "K9",
                "=",
                first,
                others=second,
                documents=documents,
                note_zh="同一年度两张累计表推算的期初应当相同",
                note_en="two year-to-date tables of one year imply one opening balance",
            )
    if later.document.declared.get("restated") or later.document.declared.get("revised"):
        return  # a noted restatement may lower a year-to-date flow
    for suffix in ("", "_pool", "_acct"):
        for before, after in zip(earlier.flows(suffix), later.flows(suffix), strict=True):
            if before and after:
                yield Linear("K12", "<=", (Term(before),), after, documents=documents)


# Measure, and what the city's own books and the counties' books hold of each other's money.
_LEVELLED: dict[str, tuple[str, ...]] = {
    "income_total": ("from_lower", "from_upper"),
    "expense_total": ("to_lower", "to_upper"),
    "current_balance": (),
    "open_bal": (),
    "close_bal": (),
}


def levels(documents: Sequence[Document]) -> Iterator[tuple[list[Document], Identity]]:
    """K10: transfers paid by one level are received by the other; levels add to the consolidated figure.

    Places are tied to each other by `region.parent`, by six-digit division codes (xxxx00 is the city, xxxx99
    its own level), or by a county's name that begins with its city's; others are left alone.
    """
    names = _names(documents)
    facts = [fact for document in documents for fact in document_facts(document)]
    places = {fact.org: fact.level for fact in facts if fact.org}
    groups: dict[tuple[str, str, str, Span, str], dict[str, dict[str, dict[str, Fact]]]] = {}
    for fact in facts:
        upper, role = _role(fact, places)
        if upper and fact.number and fact.span is not None:
            scope = _scope(fact.document, fact.fund)
            group = groups.setdefault((fact.fund, upper, scope, fact.span, fact.kind), {})
            group.setdefault(role, {}).setdefault(fact.org, {}).setdefault(fact.measure, fact)
    for (fund, *_), group in groups.items():
        lower = list(group.get("lower", {}).values())
        own = next(iter(group.get("own", {}).values()), None)
        whole = next(iter(group.get("whole", {}).values()), None)
        if not lower or own is None:
            continue
        for theirs, ours in (("to_upper", "from_lower"), ("from_upper", "to_lower")):
            sides = [unit[theirs] for unit in lower if theirs in unit]
            if sides and ours in own:
                # One county alone need not be all of them.
                relation: Relation = "=" if len(lower) > 1 else "<="
                yield _levelled(sides, [], own[ours], names, documents, relation)
        for measure, transfers in _LEVELLED.items():
            if whole is None or measure not in whole or any(measure not in unit for unit in (*lower, own)):
                continue
            if transfers and fund in TOTAL_FUNDS:
                continue  # money between levels is printed by fund, so only funds can be freed of it
            parts = [unit[measure] for unit in (*lower, own)]
            readings = [
                _levelled(parts, inner, whole[measure], names, documents)
                for inner in _internal(transfers, own, lower)
            ]
            # Where the two sides of a transfer differ, either may be the one left out.
            yield next((one for one in readings if one[1].verdict != "fail"), readings[0])


_OTHER_SIDE = {
    "from_lower": "to_upper",
    "to_upper": "from_lower",
    "from_upper": "to_lower",
    "to_lower": "from_upper",
}


def _internal(
    transfers: tuple[str, ...], own: dict[str, Fact], lower: Sequence[dict[str, Fact]]
) -> list[list[Fact]]:
    """Money between the levels inside a flow: what was booked there, or the smaller side of each transfer."""
    if not transfers:
        return [[]]
    booked: list[Fact] = []
    smaller: list[Fact] = []
    for key, units, opposite in ((transfers[0], [own], lower), (transfers[1], lower, [own])):
        here = [unit[key] for unit in units if key in unit]
        there = [unit[_OTHER_SIDE[key]] for unit in opposite if _OTHER_SIDE[key] in unit]
        booked += here
        smaller += min((side for side in (here, there) if side), key=_total, default=[])
    return [booked, smaller]


def _total(facts: Iterable[Fact]) -> Decimal:
    return sum((fact.cell.number * fact.cell.factor for fact in facts), start=Decimal(0))


_LOWER_LEVELS = {"county": ("prefecture", "city"), "prefecture": ("province",), "city": ("province",)}


def _role(fact: Fact, places: dict[str, str]) -> tuple[str, str]:
    """The place whose levels this fact belongs to, and as what: `lower`, `own` or `whole`."""
    code = fact.org
    if re.fullmatch(r"\d{6}", code):
        city = code[:4] + "00"
        if code == city:
            return city, "whole" if fact.consolidated else "own"
        return (city, "own") if code.endswith("99") else (fact.parent or city, "lower")
    if fact.parent:
        return fact.parent, "lower"
    uppers = [
        name
        for name, level in places.items()
        if code != name and code.startswith(name) and level in _LOWER_LEVELS.get(fact.level, ())
    ]
    if uppers:
        return max(uppers, key=len), "lower"
    return code, "whole" if fact.consolidated else "own"


def _levelled(
    parts: Sequence[Fact],
    inner: Sequence[Fact],
    target: Fact,
    names: tuple[str, ...],
    documents: Sequence[Document],
    relation: Relation = "=",
) -> tuple[list[Document], Identity]:
    terms = (*(Term(fact.cell) for fact in parts), *(Term(fact.cell, -1) for fact in inner))
    used = sorted({fact.cell.document for fact in (*parts, *inner, target)})
    identity = Linear("K10", relation, terms, target.cell, documents=names if len(used) > 1 else ())
    return [document for document in documents if document.index in used], identity
