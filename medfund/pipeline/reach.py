"""What a new batch can reach: the models and checks that need no second run are those that it cannot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from expectations.rules import Rule, load_rules
from medfund.release.store import connect_read_only

# Sources that are equal in two builds of the same settings. `changed_batch`, `superseded_row` and
# `previous_indicator_input` differ, but say nothing that the batches and the release to build on don't: what reads
# them reads their tables as well.
_SAME_IN_EVERY_BUILD = {
    "run.bureau_org",
    "run.bureau_setting",
    "run.bureau_population",
    "run.bureau_scenario",
    "run.changed_batch",
    "run.superseded_row",
    "run.previous_indicator_input",
}
# Sources that a step of the build makes from models.
_BOOKS = ("fund_balance_monthly", "fund_balance_consolidated_monthly", "dim_org")
_MADE_FROM = {
    "run.forecast_series": _BOOKS,
    "run.forecast": _BOOKS,
    "run.forecast_score": _BOOKS,
    "run.forecast_published": ("fund_published_annual",),
    "run.forecast_published_score": ("fund_published_annual",),
}
# What the views that the checks are given stand on (expectations/source.py).
_CHECKS_VIEWS = {
    "work.settlement": ("scratch.staging.stg_setl_d",),
    "work.fund": (),
    "work.listed_code": (),
    "run.setting": (),
    "run.bureau_org": (),
}
_CLOCK = re.compile(
    r"\b(current_date|current_timestamp|current_time|localtime|localtimestamp|now|today)\b", re.I
)


@dataclass(frozen=True)
class Lineage:
    """The models by name with what each is made from: models, `seed`s, and sources as `<source>.<table>`."""

    parents: dict[str, frozenset[str]]
    in_release: frozenset[str]

    @classmethod
    def of(cls, manifest: Any) -> Lineage:
        """Read it from dbt's manifest."""
        names = {
            **{uid: f"{source.source_name}.{source.name}" for uid, source in manifest.sources.items()},
            **{uid: node.name for uid, node in manifest.nodes.items() if node.resource_type == "model"},
            **{uid: "seed" for uid, node in manifest.nodes.items() if node.resource_type == "seed"},
        }
        models = [node for node in manifest.nodes.values() if node.resource_type == "model"]
        return cls(
            {node.name: frozenset(names[uid] for uid in node.depends_on.nodes) for node in models},
            frozenset(node.name for node in models if node.database != "scratch"),
        )

    def made_from(self) -> dict[str, list[str]]:
        """Public table -> the raw tables it is made from, by whatever way."""
        found: dict[str, frozenset[str]] = {}

        def landed(name: str) -> frozenset[str]:
            if name.startswith("landing."):
                return frozenset([name.removeprefix("landing.")])
            if name not in found:
                found[name] = frozenset().union(*(landed(p) for p in self.parents.get(name, ())))
            return found[name]

        return {name: sorted(landed(name)) for name in sorted(self.in_release)}

    def ways(self) -> dict[str, list[str]]:
        """Every model and every step between models with what it is made from: models, steps, `landing.<table>`.

        Seeds and the settings of a build are left out: they say how, not from what.
        """
        steps = {name: sorted(made_from) for name, made_from in _MADE_FROM.items()}
        models = {
            name: sorted(p for p in parents if p in self.parents or p in steps or p.startswith("landing."))
            for name, parents in self.parents.items()
        }
        return dict(sorted((models | steps).items()))

    def changed(self, tables: Iterable[str]) -> set[str]:
        """The models that new batches of these raw tables can reach.

        A model that names nothing it is made from, or an unknown source, counts as reached.
        """
        new = {f"landing.{table}" for table in tables}
        reached: dict[str, bool] = {}

        def is_reached(name: str) -> bool:
            if name not in reached:
                if name in self.parents:
                    parents = self.parents[name]
                    reached[name] = not parents or any(is_reached(parent) for parent in parents)
                elif name.startswith("landing."):
                    reached[name] = name in new
                elif name in _MADE_FROM:
                    reached[name] = any(is_reached(model) for model in _MADE_FROM[name])
                else:
                    reached[name] = name != "seed" and name not in _SAME_IN_EVERY_BUILD
            return reached[name]

        return {name for name in self.parents if is_reached(name)}

    def left_out(self, tables: Iterable[str], asked_for: Iterable[str]) -> set[str]:
        """The models that a build on top of a release need not run when these raw tables have new batches.

        Public tables that cannot have changed stand in the copy of the release already. Of the others, which
        a release does not keep, only those are run that a changed table or one `asked_for` is made from.
        """
        changed = self.changed(tables)
        needed: set[str] = set()
        waiting = [*(changed & self.in_release), *(set(asked_for) & set(self.parents) - self.in_release)]
        while waiting:
            name = waiting.pop()
            if (
                name in needed
                or name not in self.parents
                or (name in self.in_release and name not in changed)
            ):
                continue
            needed.add(name)
            waiting += self.parents[name]
        return set(self.parents) - needed


def tables_read(rules: Sequence[Rule]) -> dict[str, frozenset[str]]:
    """Per check the qualified names of all that it reads, e.g. `raw.setl_d`, `medfund.marts.settlement`."""
    names: dict[str, set[str]] = {rule.id: {rule.relation} - {""} for rule in rules}
    queries = [(rule.id, query) for rule in rules for query in (rule.sql, rule.population) if query]
    with duckdb.connect() as parser:
        trees = parser.execute(
            "select json_serialize_sql(unnest(?))", [[query for _, query in queries]]
        ).fetchall()
    for (check, _), (tree,) in zip(queries, trees, strict=True):
        names[check].update(_relations(json.loads(tree)))
    return {check: frozenset(read) for check, read in names.items()}


def _relations(tree: Any) -> Iterator[str]:
    """Every table of a parsed query that is named with its schema; the others are the query's own parts."""
    if isinstance(tree, dict):
        if tree.get("error"):
            raise ValueError(f"a check's SQL cannot be read: {tree.get('error_message')}")
        if tree.get("type") == "BASE_TABLE" and tree.get("schema_name"):
            named = (tree.get("catalog_name"), tree["schema_name"], tree["table_name"])
            yield ".".join(part for part in named if part)
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _relations(part)


def repeatable(rules: Sequence[Rule], lineage: Lineage, tables: Iterable[str]) -> set[str]:
    """The checks whose outcome new batches of these raw tables cannot change, nor the passing of time."""
    new = set(tables)
    changed = lineage.changed(new)
    read = tables_read(rules)

    def is_same(name: str) -> bool:
        if name in _CHECKS_VIEWS:
            return all(is_same(below) for below in _CHECKS_VIEWS[name])
        *schema, table = name.split(".")
        if schema == ["raw"]:
            return table not in new and table != "batch_row_count"
        if schema[-1:] == ["reference"]:
            return True
        return table in lineage.parents and table not in changed

    return {
        rule.id
        for rule in rules
        if not _CLOCK.search(f"{rule.sql} {rule.population}") and all(is_same(name) for name in read[rule.id])
    }


@dataclass(frozen=True)
class Unreached:
    """What a build on top of a release can leave out: models to run, checks whose outcome it carries over."""

    models: frozenset[str]
    checks: frozenset[str]


REACHES_ALL = Unreached(frozenset(), frozenset())


def unreached(release_db: Path, manifest: Any, changed: Iterable[tuple[str, str]]) -> Unreached:
    """What the new batches, as (raw table, batch id), cannot reach of what this release holds."""
    lineage = Lineage.of(manifest)
    tables = {table for table, _ in changed}
    rules = load_rules()
    # `medfund validate` runs every check, also later, and the checks read some of the tables on the way.
    asked_for = {
        name.rpartition(".")[2]
        for names in tables_read(rules).values()
        for read in names
        for name in _CHECKS_VIEWS.get(read, (read,))
        if name.startswith("scratch.")
    }
    with connect_read_only(release_db) as connection:
        held = connection.execute("select check_id from marts.quality_check where is_evaluated").fetchall()
    return Unreached(
        frozenset(lineage.left_out(tables, asked_for)),
        frozenset(repeatable(rules, lineage, tables) & {check for (check,) in held}),
    )
