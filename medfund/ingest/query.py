"""The SQL of one file: from raw text columns to typed rows, problems and rejects.

    r_<column>  raw text (the first filled one where several headers feed it)
    v_<column>  its value: trimmed text or typed, with bounds, sentinels and identifier damage applied

A row with a problem is let through with a null where the column allows it, and kept back where not.
Each step is a projection of its own, so that no expression is written or worked out twice; the row numbering
on top is a barrier the optimiser does not push filters through.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from medfund.contract import Column, Contract, Table
from medfund.ingest.layout import Layout
from medfund.ingest.privacy import MASK, pseudonym
from medfund.ingest.sqltypes import (
    bounds,
    damaged,
    expected,
    fast,
    ident,
    is_null_word,
    meant,
    no_null_word,
    number,
    quoted,
    settle,
    slow,
    trimmed,
    typed,
    usual,
)

# So many unreadable values in one row mean that a delimiter was lost or gained.
SHIFTED = 3


def is_identifier(table: Table, column: Column) -> bool:
    """A text column whose values name something, so that scientific notation means damage."""
    if column.type != "text":
        return False
    return (
        column.privacy == "pseudonym"
        or column.name in (*table.key, *table.alt_key)
        or column.name.endswith(("_id", "_sn", "_no", "rid", "evtsn", "_code"))
    )


@dataclass
class FileQuery:
    """SQL fragments for one file. `relation` yields text columns c0, c1, …; `wide` says that blanks other
    than spaces may surround values, `quotes` that values may hold line ends or TABs, `plus` that there are plus
    signs, `blanks` that spaces may surround values. `pieces` are (relation, records before) of consecutive pieces
    that together give the relation's rows; each is read and numbered on a core of its own. `plain` names columns
    of which every value is spelled as usual, so that they take far less SQL; without them a query for a few rows
    costs mostly planning. `numbers` names columns that the relation or its pieces yield as `number_type`
    instead of text."""

    contract: Contract
    layout: Layout
    relation: str
    wide: bool
    quotes: bool
    plus: bool = True
    blanks: bool = True
    pieces: Sequence[tuple[str, int]] = ()
    plain: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()

    @property
    def table(self) -> Table:
        return self.layout.table

    def _present(self) -> list[Column]:
        """Columns of the file that are read: all that land, and required ones that do not."""
        return [
            c
            for c in self.table.columns.values()
            if c.name in self.layout.sources and (c.lands or c.required)
        ]

    def _source(self, place: int) -> str:
        return ident(f"c{place}")

    def _text(self, raw: str, column: Column) -> str:
        """A text value without blanks around it and controls inside, null for a null word. One look at the
        usual value; the rest is for those that hold a blank or a control character or may be a null word."""
        inside = raw
        odd = [f"contains({raw}, ' ')"] if self.blanks else []
        if self.wide:
            odd = ["true"]
        if self.quotes:
            odd += [f"contains({raw}, {control})" for control in ("chr(10)", "chr(9)")]
            inside = f"raw_printable({raw})"
        cleaned = f"WHEN {' OR '.join(odd)} THEN {self._meant(inside, column)}" if odd else ""
        return (
            f"CASE {cleaned} WHEN {no_null_word(raw, self.contract.null_values)} THEN {raw} "
            f"WHEN {self._null(raw, column)} THEN NULL ELSE {raw} END"
        )

    def _meant(self, raw: str, column: Column) -> str:
        """The trimmed text, null for a null word."""
        return meant(trimmed(raw), self.contract.null_values, column.keep)

    def _null(self, text: str, column: Column) -> str:
        return is_null_word(text, self.contract.null_values, column.keep)

    def _raw(self, column: Column) -> str:
        """The text of a column; where several headers feed it, the first value that is not a null word."""
        places = [self._source(place) for place in self.layout.sources[column.name]]
        if len(places) == 1:
            return places[0]
        filled = [f"CASE WHEN NOT {self._null(trimmed(place), column)} THEN {place} END" for place in places]
        return f"coalesce({', '.join([*filled, places[0]])})"

    def _may_be_damaged(self, column: Column) -> bool:
        return self.plus and column.name not in self.plain and is_identifier(self.table, column)

    def single_numbers(self) -> list[Column]:
        """Columns with a decimal point that one header of the file feeds."""
        return [c for c in self._present() if c.scale is not None and len(self.layout.sources[c.name]) == 1]

    def unusual_select(self, columns: Sequence[Column] | None = None) -> str:
        """The names of columns (of these, or of all that one header feeds) with a value not spelled as usual."""
        present = columns or [c for c in self._present() if len(self.layout.sources[c.name]) == 1]
        names, kinds, values = (
            ", ".join(parts)
            for parts in (
                [quoted(c.name) for c in present],
                [quoted(c.type) for c in present],
                [self._raw(c) for c in present],
            )
        )
        types = list(dict.fromkeys(c.type for c in present))
        return (
            f"SELECT DISTINCT name FROM (SELECT unnest([{names}]) AS name, unnest([{kinds}]) AS kind, "
            f"unnest([{values}]) AS value FROM {self.relation}) "
            f"WHERE value IS NOT NULL AND NOT {usual('value', 'kind', types)}"
        )

    def with_plain(self, unusual: Collection[str]) -> FileQuery:
        """The query of a file in which only these columns hold unusual values."""
        usual_ones = {name for name, places in self.layout.sources.items() if len(places) == 1}
        return replace(self, plain=frozenset(usual_ones.difference(unusual)))

    def _pieces(self) -> Sequence[tuple[str, int]]:
        return self.pieces or [(self.relation, 0)]

    def _pipeline(self, relation: str, before: int, whole: bool) -> str:
        """The rows of a relation with r_<column>, v_<column> and _row_no, which counts on from `before`.

        Of columns without odd values only `v` is there, unless the row is wanted whole or a problem asks for `r`:
        each name that a step passes on costs planning.
        """
        present = self._present()
        raw, first, second = [], [], []
        careful = False
        for column in present:
            r, v = ident(f"r_{column.name}"), ident(f"v_{column.name}")
            text = self._raw(column)
            if column.name in self.plain | self.numbers:
                if whole or r in self._problem(column):
                    raw.append(f"{text} AS {r}")
                    first.append(r)
                    second.append(r)
                raw.append(f"{self._usual_value(text, column)} AS {v}")
                first.append(v)
                second.append(v)
                continue
            careful = True
            raw.append(f"{text} AS {r}")
            first.append(r)
            second.append(r)
            if column.type != "text":
                first.append(f"{fast(r, column)} AS {v}")
                value = settle(slow(self._meant(r, column), column), column)
                second.append(f"CASE WHEN {v} IS NULL AND {r} IS NOT NULL THEN {value} ELSE {v} END AS {v}")
            else:
                first.append(f"{self._text(r, column)} AS {v}")
                kept = f"CASE WHEN {damaged(v)} THEN NULL ELSE {v} END AS {v}"
                second.append(kept if self._may_be_damaged(column) else v)
        source = relation
        for step in (raw, first, second) if careful else (raw,):
            source = f"(SELECT {', '.join(step)} FROM {source})"
        last = {ident(f"v_{c.name}"): c for c in present}
        changed = [f"{self._bounded(v, c)} AS {v}" for v, c in last.items() if bounds(c)]
        changed += [
            f"nullif({v}, CAST({quoted(c.null_when)} AS {c.duckdb_type})) AS {v}"
            for v, c in last.items()
            if c.null_when is not None
        ]
        replace = f" REPLACE ({', '.join(changed)})" if changed else ""
        return f"SELECT *{replace}, row_number() OVER () + {before} AS _row_no FROM {source}"

    def _usual_value(self, raw: str, column: Column) -> str:
        if column.name in self.numbers:
            return number(raw, column)
        if column.scale is not None:
            return f"CAST({raw} AS {column.duckdb_type})"
        return raw if column.type == "text" else fast(raw, column)

    @staticmethod
    def _bounded(value: str, column: Column) -> str:
        limits = bounds(column)
        return f"CASE WHEN {value} BETWEEN {limits[0]} AND {limits[1]} THEN {value} END" if limits else value

    def _problem(self, column: Column) -> str:
        """SQL condition: the value is missing where required, or there but of no use."""
        r, v = ident("r_" + column.name), ident("v_" + column.name)
        if column.required:
            return f"{v} IS NULL"
        if column.type == "text" and not self._may_be_damaged(column):
            return "false"
        unused = f"{v} IS NULL AND {r} IS NOT NULL"
        if column.name not in self.plain | self.numbers:
            unused += f" AND {self._meant(r, column)} IS NOT NULL"
        elif column.name in self.plain and bounds(column) is None and column.null_when is None:
            return "false"
        if column.null_when is not None:
            # The sentinel is no problem, although its value is null.
            number, sentinel = f"try_cast({r} AS DOUBLE)", f"CAST({quoted(column.null_when)} AS DOUBLE)"
            unused += f" AND coalesce({number} <> {sentinel}, true)"
        return f"({unused})"

    def _key_broken(self) -> str | None:
        """SQL condition: neither the key nor the alternative key is whole; None where it cannot happen."""
        table = self.table
        numbered = table.numbered.column if table.numbered else None

        def whole(names: Sequence[str]) -> str | None:
            tests = []
            for name in names:
                if name == numbered or table.columns[name].required:
                    continue
                if name not in self.layout.sources:
                    return "false"
                tests.append(f"{ident('v_' + name)} IS NOT NULL")
            return " AND ".join(tests) if tests else None

        key = whole(table.key)
        if key is None:
            return None
        other = whole(table.alt_key) if table.alt_key else "false"
        if other is None:
            return None
        return f"NOT (({key}) OR ({other}))"

    def rejecting(self) -> str:
        """SQL condition of a row that does not land."""
        tests = [self._problem(c) for c in self._present() if c.required]
        broken = self._key_broken()
        return "(" + " OR ".join([*tests, *([broken] if broken else [])] or ["false"]) + ")"

    def troubled(self) -> str:
        """SQL condition of a row with anything to report."""
        tests = [self._problem(c) for c in self._present()]
        broken = self._key_broken()
        tests = [t for t in tests if t != "false"] + ([broken] if broken else [])
        return "(" + " OR ".join(tests or ["false"]) + ")"

    def landing_select(self, meta: dict[str, str], counter: str) -> str:
        """Rows as they land. Every troubled row draws a number from the sequence `counter`."""
        present = {c.name for c in self._present()}
        columns = []
        for column in self.table.landed:
            name = ident(column.name)
            v = ident("v_" + column.name)
            if column.name not in present:
                columns.append(f"CAST(NULL AS {column.duckdb_type}) AS {name}")
            elif column.privacy == "pseudonym":
                columns.append(f"{pseudonym(v, column.unless)} AS {name}")
            elif column.privacy == "month":
                columns.append(f"CAST(date_trunc('month', {v}) AS DATE) AS {name}")
            else:
                columns.append(f"{v} AS {name}")
        # A comparison, for of "nextval() > 0 AND false" the planner leaves nothing.
        where = (
            f"CASE WHEN {self.troubled()} THEN nextval({quoted(counter)}) > "
            f"CASE WHEN {self.rejecting()} THEN 1000000000000000000 ELSE 0 END ELSE true END"
        )
        values = ", ".join(ident(c.name) for c in self.table.landed)
        metas = ", ".join(f"{sql} AS {name}" for name, sql in meta.items())
        hashed = row_hash(self.table, {c.name for c in self.table.landed} - present)
        return " UNION ALL ".join(
            f"SELECT {values}, {metas}, {hashed} AS _row_hash FROM "
            f"(SELECT {', '.join(columns)}, _row_no FROM ({self._pipeline(relation, before, False)}) WHERE {where})"
            for relation, before in self._pieces()
        )

    def problems_select(self) -> str:
        """Troubled rows: _row_no, rejected, issues [{name, value, reason, rejects}], row_json (if rejected)."""
        issues = []
        for column in self._present():
            condition = self._problem(column)
            if condition == "false":
                continue
            r = ident("r_" + column.name)
            reason = quoted(f"expected {expected(column)}")
            if column.required:
                blank = f"{r} IS NULL OR {self._null(trimmed(r), column)}"
                reason = (
                    f"CASE WHEN {blank} THEN 'required value is missing; expected ' || {quoted(expected(column))} "
                    f"ELSE {self._complaint(column)} END"
                )
            else:
                reason = self._complaint(column)
            issues.append(
                f"CASE WHEN {condition} THEN {{'name': {quoted(column.name)}, 'value': {self._shown(column)}, "
                f"'reason': {reason}, 'rejects': {'true' if column.required else 'false'}}} END"
            )
        broken = self._key_broken()
        if broken:
            key = ", ".join(self.table.key)
            other = f" or {', '.join(self.table.alt_key)}" if self.table.alt_key else ""
            issues.append(
                f"CASE WHEN {broken} THEN {{'name': {quoted(self.table.key[0])}, 'value': CAST(NULL AS VARCHAR), "
                f"'reason': {quoted(f'the key is incomplete; expected {key}{other} filled')}, 'rejects': true}} END"
            )
        listed = f"list_filter([{', '.join(issues)}], lambda one: one IS NOT NULL)" if issues else "[]"
        fields = [f"{quoted(c.name)}, {self._kept(c)}" for c in self._present()]
        read = {c.name for c in self._present()}
        masked = [c for c in self.layout.sources if c not in read] + self.layout.unknown
        fields += [f"{quoted(name)}, {quoted(MASK)}" for name in dict.fromkeys(masked) if name not in read]
        # Several typed columns unreadable at once: the values stand in each other's columns.
        hidden = f"lambda one: struct_update(one, value := CASE WHEN raw_short(one.value) THEN one.value ELSE {quoted(MASK)} END)"
        rejecting, troubled = self.rejecting(), self.troubled()
        return " UNION ALL ".join(
            f"SELECT _row_no, rejected, "
            f"CASE WHEN shifted THEN list_transform(found, {hidden}) ELSE found END AS issues, "
            f"CASE WHEN rejected THEN CAST(json_object({', '.join(fields)}) AS VARCHAR) END AS row_json "
            f"FROM (SELECT *, {rejecting} AS rejected, {listed} AS found, "
            f"len(list_filter(found, lambda one: raw_blanks(one.value) <> '')) >= {SHIFTED} AS shifted "
            f"FROM ({self._pipeline(relation, before, True)}) WHERE {troubled})"
            for relation, before in self._pieces()
        )

    @staticmethod
    def _complaint(column: Column) -> str:
        if column.type == "text":
            return quoted("the identifier was turned into a number and lost its digits; expected text")
        return quoted(f"cannot be read as {column.type}; expected {expected(column)}")

    def _shown(self, column: Column) -> str:
        """The raw value as a report may show it."""
        r = ident("r_" + column.name)
        if column.privacy in ("drop", "month"):
            return f"CASE WHEN {r} IS NOT NULL THEN {quoted(MASK)} END"
        if column.privacy == "pseudonym":
            return pseudonym(trimmed(r), column.unless)
        return r if column.type == "text" else f"raw_untypable({r})"

    def _kept(self, column: Column) -> str:
        """The raw value as it is kept with a rejected row, whose values may stand in each other's columns: of a
        shifted row only short numbers, of a code only what is short, of a text only what names nobody."""
        shown = self._shown(column)
        if column.privacy is not None:
            return shown
        r = ident("r_" + column.name)
        if column.type == "text":
            shown = (
                f"raw_code({r})"
                if column.dictionary
                else f"CASE WHEN raw_personal({r}) THEN {quoted(MASK)} ELSE {r} END"
            )
        return f"CASE WHEN shifted AND NOT raw_short({r}) THEN {quoted(MASK)} ELSE {shown} END"

    def disagreements(self) -> str | None:
        """SQL counting, per doubly fed column, the rows whose headers give different values."""
        parts = []
        for name, places in self.layout.doubled.items():
            column = self.table.columns[name]
            values = []
            for place in places:
                raw = self._source(place)
                text = trimmed(raw)
                value = text if column.type == "text" else typed(raw, column)
                values.append(f"CASE WHEN NOT {self._null(text, column)} THEN {value} END")
            differ = " OR ".join(f"({values[0]}) <> ({other})" for other in values[1:])
            parts.append(f"count(*) FILTER ({differ}) AS {ident(name)}")
        return f"SELECT {', '.join(parts)} FROM {self.relation}" if parts else None


def text_hash(texts: Sequence[str]) -> str:
    """SQL of a 64-bit hash of several texts.

    DuckDB's own `hash` is made for hash joins: texts over twelve bytes that differ in two digits can share it,
    which is just what settlement numbers do. Of an MD5 in hex it takes no such harm, and costs half of what
    `md5_number_lower` does.
    """
    parts = ", ".join(f"coalesce(CAST({text} AS VARCHAR), chr(30))" for text in texts)
    return f"hash(md5(concat_ws(chr(31), {parts})))"


def row_hash(table: Table, absent: Collection[str] = ()) -> str:
    """SQL of the hash of all landed contract values of a row. `absent` columns are known to be null in every row.

    Numbers, times, pseudonyms and the short codes of dictionaries hash well as they are. Of the free texts, which
    are never empty, a null leaves nothing between its marks, so that absent columns cost nothing either.
    """
    texts: list[str] = []
    others: list[str] = []
    mark, passed = "chr(31)", 0
    for column in table.landed:
        if column.type != "text" or column.dictionary or column.privacy == "pseudonym":
            others.append(ident(column.name))
            continue
        if column.name not in absent:
            texts += [f"repeat({mark}, {passed})", ident(column.name)] if passed else [ident(column.name)]
            passed = 0
        passed += 1
    if passed:
        texts.append(f"repeat({mark}, {passed})")
        others.append(f"hash(md5(concat({', '.join(texts)})))")
    return f"hash({', '.join(others)})"


def key_hash(table: Table) -> str:
    """SQL of the hash of a landed row's key (of its parent, where rows are replaced as a set)."""
    scope = ["_bureau", *(["_as_of"] if table.snapshot else [])]
    if table.replaced_per:
        return text_hash([*scope, *map(ident, table.replaced_per)])
    key = text_hash([*scope, *map(ident, table.key)])
    if not table.alt_key:
        return key
    whole = " AND ".join(f"{ident(name)} IS NOT NULL" for name in table.key)
    other = text_hash([quoted("alternative"), *scope, *map(ident, table.alt_key)])
    return f"CASE WHEN {whole} THEN {key} ELSE {other} END"
