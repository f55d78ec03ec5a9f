"""Every check in one list: written by hand in `*.yml` beside this file, or generated from the contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

Suite = Literal["raw", "staging", "marts"]
Severity = Literal["critical", "major", "minor"]
Dimension = Literal["completeness", "uniqueness", "validity", "consistency", "timeliness", "accuracy"]
Kind = Literal["rows", "has_rows", "not_null", "in_set"]


@dataclass(frozen=True)
class Rule:
    """One check. `id` is `<suite>.<table>.<assertion>` and is never reused for another meaning.

    kind
        rows      `sql` selects the rows that break the rule; `key` names the columns that find a row again
        has_rows  `sql` selects the rows of which there must be at least one
        not_null  every value of `column` of `relation` is filled
        in_set    every filled value of `column` of `relation` is one of `values`
    population
        a scalar query: how many rows were looked at; then `observed` is a share, else the count of failing rows
    """

    id: str
    suite: Suite
    table: str
    severity: Severity
    dimension: Dimension
    zh: str
    en: str
    owner: str
    kind: Kind = "rows"
    sql: str = ""
    key: tuple[str, ...] = ()
    relation: str = ""
    column: str = ""
    values: tuple[str, ...] = ()
    population: str = ""

    def __post_init__(self) -> None:
        for field, allowed in (
            ("suite", Suite),
            ("severity", Severity),
            ("dimension", Dimension),
            ("kind", Kind),
        ):
            if getattr(self, field) not in get_args(allowed):
                raise ValueError(
                    f"{self.id}: {field} {getattr(self, field)!r} is not one of {get_args(allowed)}"
                )
        if not self.id.startswith(f"{self.suite}.{self.table}."):
            raise ValueError(f"{self.id}: expected to begin with {self.suite}.{self.table}.")
        if self.kind in ("rows", "has_rows") and not self.sql:
            raise ValueError(f"{self.id}: kind {self.kind} needs sql")
        if self.kind in ("not_null", "in_set") and not (self.relation and self.column):
            raise ValueError(f"{self.id}: kind {self.kind} needs relation and column")


@cache
def load_rules() -> tuple[Rule, ...]:
    """All rules, in the order they are run and shown. Raises ValueError when one is malformed or listed twice."""
    from expectations.rules.generated import contract_rules, grain_rules

    rules = [*contract_rules()]
    for suite in get_args(Suite):
        rules += _written(suite)
    rules += grain_rules()
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ValueError(f"{rule.id}: listed twice")
        seen.add(rule.id)
    return tuple(sorted(rules, key=lambda r: (get_args(Suite).index(r.suite), r.table, r.id)))


def _written(suite: str) -> Iterable[Rule]:
    entries: list[dict[str, Any]] = yaml.safe_load(
        (Path(__file__).parent / f"{suite}.yml").read_text(encoding="utf-8")
    )
    for entry in entries:
        lists = {name: tuple(entry.pop(name)) for name in ("key", "values") if name in entry}
        table = str(entry["id"]).split(".")[1]
        yield Rule(suite=suite, table=table, **entry, **lists)  # type: ignore[arg-type]
