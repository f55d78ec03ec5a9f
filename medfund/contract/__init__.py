"""The raw contract: which tables a bureau hands over, with columns, types, keys and privacy.

The facts are in `contract.yml`; a bureau may extend them with a file of the same form. Nothing else in the
project repeats a column list of a raw table.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from medfund.errors import MedfundError

CONTRACT_FILE = Path(__file__).with_name("contract.yml")

# Columns that the loader adds to every landed row, in this order, after the contract's own.
META_COLUMNS: dict[str, str] = {
    "_bureau": "VARCHAR",
    "_src_file": "VARCHAR",
    "_src_tab": "VARCHAR",
    "_row_no": "BIGINT",
    "_load_ts": "TIMESTAMP",
    "_as_of": "DATE",
    "_row_hash": "UBIGINT",
}

# Columns that every staging model may have beside the contract's own, so that no term may be one of them.
STAGING_COLUMNS = (
    "batch_id",
    "row_number_in_file",
    "row_key",
    "snapshot_date",
    "source_table",
    "loaded_at",
)

_TYPE = re.compile(r"^(text|integer|date|timestamp|month|decimal\((\d{1,2}),(\d{1,2})\))$")
# How staging may read a value (legend in contract.yml).
Reading = Literal["flag", "compact", "zero", "integer", "yuan", "yuan_or_zero"]
_DUCKDB = {
    "text": "VARCHAR",
    "integer": "INTEGER",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "month": "DATE",
}


@lru_cache(maxsize=16384)
def fold_header(text: str) -> str:
    """Spelling by which headers are compared: no control characters, spaces or case, half-width forms."""
    kept = text
    if not (text.isascii() and text.isprintable()):
        kept = "".join(c for c in unicodedata.normalize("NFKC", text) if unicodedata.category(c)[0] != "C")
    return "".join(kept.split()).strip("\"'").casefold()


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ignored_types=(cached_property,))


class Column(_Frozen):
    """One raw column."""

    name: str
    zh: str = ""
    type: str = "text"
    required: bool = False
    aliases: tuple[str, ...] = ()
    dictionary: str | None = None
    privacy: Literal["drop", "pseudonym", "month"] | None = None
    unless: str | None = Field(default=None, description="Values that match stay as they are.")
    keep: tuple[str, ...] = ()
    null_when: str | None = None
    note: str = ""
    term: str = Field(default="", description="Name in the staging model.")
    en: str = ""
    reads: Reading | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"column name {self.name!r} is not lower-case letters, digits and underscores")
        if not _TYPE.match(self.type):
            raise ValueError(
                f"type {self.type!r} of {self.name} is not one of text, integer, date, timestamp, "
                "month, decimal(precision,scale)"
            )
        if self.term and not re.fullmatch(r"[a-z][a-z0-9_]*", self.term):
            raise ValueError(
                f"term {self.term!r} of {self.name} is not lower-case letters, digits and underscores"
            )
        if self.privacy == "month" and self.type != "date":
            raise ValueError(f"privacy 'month' of {self.name} needs type date")
        if self.privacy == "pseudonym" and self.type != "text":
            raise ValueError(f"privacy 'pseudonym' of {self.name} needs type text")
        return self

    @property
    def lands(self) -> bool:
        """False for direct identifiers, which never reach the disk."""
        return self.privacy != "drop"

    @property
    def duckdb_type(self) -> str:
        """Type of the landed column."""
        return _DUCKDB.get(self.type) or self.type.upper()

    @property
    def scale(self) -> int | None:
        """Decimals of a decimal column, else None."""
        match = _TYPE.match(self.type)
        return int(match[3]) if match and match[3] else None

    @property
    def is_money(self) -> bool:
        """Yuan to the fen: DECIMAL(n,2) wide enough to be an amount rather than a ratio."""
        match = _TYPE.match(self.type)
        return bool(match and match[2] and int(match[2]) >= 12 and int(match[3]) == 2)

    @property
    def spellings(self) -> tuple[str, ...]:
        """Folded headers that mean this column, the most exact first."""
        return tuple(dict.fromkeys(fold_header(s) for s in (self.name, *self.aliases, self.zh) if s))


class Derived(_Frozen):
    """A staging column worked out from several raw ones."""

    zh: str
    en: str
    type: str
    sql: str


class Numbered(_Frozen):
    """A sequence number that the export may lack."""

    column: str
    per: tuple[str, ...]
    first: str | None = None


class Table(_Frozen):
    """One raw table."""

    name: str
    zh: str
    en: str
    role: Literal["core", "optional"] = "optional"
    grain: str = ""
    key: tuple[str, ...]
    alt_key: tuple[str, ...] = ()
    order_by: tuple[str, ...] = ("_load_ts", "_row_no")
    replaced_per: tuple[str, ...] = ()
    numbered: Numbered | None = None
    event_time: str | None = None
    event_time_via: str | None = None
    snapshot: bool = False
    also_named: tuple[str, ...] = ()
    every_version: bool = False
    note: str = ""
    columns: dict[str, Column]
    derived: dict[str, Derived] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Table:
        used = [*self.key, *self.alt_key, *self.replaced_per]
        used += [c for c in self.order_by if not c.startswith("_")]
        if self.numbered:
            used += [self.numbered.column, *self.numbered.per]
        unknown = sorted({c for c in used if c not in self.columns})
        if unknown:
            raise ValueError(f"table {self.name} names columns it does not have: {', '.join(unknown)}")
        seen: dict[str, str] = {}
        for column in self.columns.values():
            first = column.spellings[0]
            if first in seen:
                raise ValueError(f"table {self.name} has two columns spelled {first!r}")
            seen[first] = column.name
        staged = [*STAGING_COLUMNS, *(column.term for column in self.landed), *self.derived]
        if repeated := sorted({term for term in staged if term and staged.count(term) > 1}):
            raise ValueError(f"table {self.name} gives one name to several columns: {', '.join(repeated)}")
        return self

    @property
    def required(self) -> list[str]:
        """Columns without which a file of this table is refused."""
        return [c.name for c in self.columns.values() if c.required]

    @property
    def landed(self) -> list[Column]:
        """Columns that reach the landing, in contract order."""
        return [c for c in self.columns.values() if c.lands]

    @property
    def by_update_time(self) -> bool:
        """True where versions of a row carry their own time, so an old version never comes back."""
        return bool(self.order_by) and self.order_by[0] == "updt_time"

    @cached_property
    def headers(self) -> dict[str, list[tuple[int, str]]]:
        """Folded header -> (rank, column) pairs; rank 0 is the exact name, then aliases, then Chinese."""
        found: dict[str, list[tuple[int, str]]] = {}
        for column in self.columns.values():
            for rank, spelling in enumerate(column.spellings):
                found.setdefault(spelling, []).append((rank, column.name))
        return {spelling: sorted(pairs)[:1] for spelling, pairs in found.items()}

    def landing_types(self) -> dict[str, str]:
        """Landed column -> DuckDB type: contract columns, then the loader's own."""
        return {c.name: c.duckdb_type for c in self.landed} | META_COLUMNS

    @cached_property
    def fingerprint(self) -> str:
        """Changes when what lands does, so that a known file is read anew."""
        what_follows = {"every_version", "derived", "note", "grain", "zh", "en"}
        facts = self.model_dump(mode="json", exclude=what_follows)
        for column in facts["columns"].values():
            for name in ("term", "en", "reads"):
                del column[name]
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Contract(_Frozen):
    """All raw tables, with the words that mean null and the names that columns carry behind the landing."""

    version: int = 1
    time_zone: str = "Asia/Shanghai"
    null_values: tuple[str, ...] = ("",)
    tables: dict[str, Table]
    terms: dict[str, tuple[str, ...]] = Field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table of this name; KeyError when there is none."""
        return self.tables[name]

    @property
    def core(self) -> list[Table]:
        return [t for t in self.tables.values() if t.role == "core"]


def _merge(base: dict[str, Any], extra: dict[str, Any]) -> None:
    """Add a bureau's columns, aliases and null words to the shared contract, in place."""
    base["null_values"] = [*base["null_values"], *(extra.pop("null_values", None) or [])]
    for name, table in (extra.pop("tables", None) or {}).items():
        if name not in base["tables"]:
            table["name"] = name
            base["tables"][name] = table
            continue
        target = base["tables"][name]
        columns = (table or {}).pop("columns", None) or {}
        for key in ("aliases", "also_named"):
            if key in (table or {}):
                target["also_named"] = [*target.get("also_named", []), *table.pop(key)]
        if table:
            raise ValueError(
                f"table {name}: {', '.join(sorted(table))} cannot be changed, only columns "
                "and also_named can be added"
            )
        for column, facts in columns.items():
            facts = dict(facts or {})
            if column not in target["columns"]:
                if facts.get("required"):
                    raise ValueError(f"table {name}: the added column {column} cannot be required")
                target["columns"][column] = facts
                continue
            known = target["columns"][column]
            known["aliases"] = [*known.get("aliases", []), *facts.pop("aliases", [])]
            if facts:
                raise ValueError(
                    f"table {name}: {', '.join(sorted(facts))} of column {column} cannot be "
                    "changed, only aliases can be added"
                )
    if extra:
        raise ValueError(f"{', '.join(sorted(extra))} cannot be changed by a bureau")


@lru_cache(maxsize=8)
def _load(extra: Path | None, stamp: float) -> Contract:
    # The loader in C, where there is one, saves every command half a second.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(CONTRACT_FILE.read_text(encoding="utf-8"), Loader=loader)
    if extra is not None:
        try:
            addition = yaml.safe_load(extra.read_text(encoding="utf-8-sig")) or {}
            if not isinstance(addition, dict):
                raise ValueError("expected a mapping with the key tables")
            _merge(raw, addition)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError, AttributeError, TypeError) as error:
            raise MedfundError(f"{extra}: not a usable contract extension ({error})") from error
    for name, table in raw["tables"].items():
        table["name"] = name
        for column, facts in table["columns"].items():
            facts["name"] = column
            shared = zip(("term", "en", "reads"), raw["terms"].get(column, [column]), strict=False)
            table["columns"][column] = dict(shared) | facts
    try:
        return Contract.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MedfundError(f"{extra or CONTRACT_FILE}: {where}: {first['msg']}") from error


def load_contract(extra: Path | None = None) -> Contract:
    """Read the contract, with a bureau's own columns and spellings where `extra` exists.

    The extension has the form of contract.yml: new columns (never required) with their facts, further
    `aliases` of known columns, further `also_named` of tables, further `null_values`. A new column is found in
    the staging model under its `term`, or its own name.
    Raises MedfundError naming the file and what is wrong with it.
    """
    if extra is None or not extra.exists():
        return _load(None, 0.0)
    return _load(extra, extra.stat().st_mtime)
