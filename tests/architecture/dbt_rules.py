"""Rules of the dbt project, as functions on its parsed manifest."""

from __future__ import annotations

import json
import os
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jinja2
import jinja2.meta
import sqlglot
from sqlglot import exp

from medfund.settings import PROJECT_ROOT

Node = dict[str, Any]
Manifest = dict[str, Any]

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2}")

# What each layer may read. `input` are the small tables a build hands in (settings, batches, results).
MAY_READ = {
    "seed": set[str](),
    "staging": {"landing", "input"},
    "intermediate": {"staging", "intermediate", "seed", "input"},
    "core": {"intermediate", "core", "seed", "input"},
    "mart": {"intermediate", "core", "seed", "input"},
    "quality": {"staging", "intermediate", "core", "mart", "quality", "seed", "input"},
    "disclosure": {"core", "mart"},
}
# An indicator is worked out from the public tables it summarises (decision 0007).
INDICATOR_PART = re.compile(r"^int_[a-z]+__indicator_part$")
SUPERSEDED = "superseded_row"
PUBLIC = {"core", "mart", "quality"}
LONGEST_CHAIN_OF_VIEWS = 4


def parse_project(home: Path, target: Path) -> Manifest:
    """The manifest of the project as it stands, parsed without touching anything of the checkout."""
    from dbt.cli.main import dbtRunner

    home.mkdir(parents=True, exist_ok=True)
    with _home(home):
        outcome = dbtRunner().invoke(
            [
                "--quiet",
                *("--log-path", str(target / "logs")),
                "parse",
                "--no-partial-parse",
                *("--project-dir", str(PROJECT_ROOT)),
                *("--profiles-dir", str(PROJECT_ROOT)),
                *("--target", "duckdb"),
                *("--target-path", str(target)),
            ]
        )
    assert outcome.success, outcome.exception
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


@contextmanager
def _home(home: Path) -> Iterator[None]:
    before = os.environ.get("MEDFUND_HOME")
    os.environ["MEDFUND_HOME"] = str(home)
    try:
        yield
    finally:
        if before is None:
            del os.environ["MEDFUND_HOME"]
        else:
            os.environ["MEDFUND_HOME"] = before


def layer(node: Node) -> str:
    """Layer of a model, seed or source, from its place; `unknown` where it stands nowhere."""
    if node["resource_type"] == "seed":
        return "seed"
    if node["resource_type"] == "source":
        return {"landing": "landing", "run": "input"}.get(node["source_name"], "unknown")
    first, *rest = Path(node["path"]).parts
    if first == "marts":
        return "core" if rest[0] == "core" else "mart"
    return first if first in ("staging", "intermediate", "quality", "disclosure") else "unknown"


def models(manifest: Manifest) -> list[Node]:
    """Models, in the order of their names."""
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    return sorted(found, key=lambda node: node["name"])


def public_models(manifest: Manifest) -> list[Node]:
    """Models whose tables stand in a release."""
    return [node for node in models(manifest) if layer(node) in PUBLIC]


def _parents(manifest: Manifest, node: Node) -> list[Node]:
    known = manifest["nodes"] | manifest["sources"]
    return [known[key] for key in node["depends_on"]["nodes"] if key in known]


def breaches_of_layers(manifest: Manifest) -> list[str]:
    """Who reads what it must not."""
    found = []
    for node in models(manifest):
        where = layer(node)
        if where == "unknown":
            found.append(f"{node['path']} stands in no layer")
            continue
        allowed = MAY_READ[where]
        if INDICATOR_PART.match(node["name"]):
            allowed = allowed | {"core", "mart"}
        found += [
            f"{where} {node['name']} reads {layer(parent)} {parent['name']}"
            for parent in _parents(manifest, node)
            if layer(parent) not in allowed
        ]
        if where == "staging":
            read = [parent["name"] for parent in _parents(manifest, node)]
            # Which rows a newer version has replaced is all that staging is told about a table.
            landed = [name for name in read if name != SUPERSEDED]
            if len(landed) != 1:
                found.append(f"staging {node['name']} reads {len(landed)} relations, not one")
    return found


def breaches_of_names(manifest: Manifest) -> list[str]:
    """Prefixes: stg_<source table>, int_<domain>__<what>; neither in front of a public table."""
    found = []
    for node in models(manifest):
        name, where = node["name"], layer(node)
        if where == "staging":
            sources = [p["name"] for p in _parents(manifest, node) if p["name"] != SUPERSEDED]
            if name not in [f"stg_{source}" for source in sources]:
                found.append(f"staging {name} is not named after the table it reads ({', '.join(sources)})")
        elif where == "intermediate" and not re.fullmatch(
            r"int_[a-z]+(_[a-z]+)*__[a-z0-9]+(_[a-z0-9]+)*", name
        ):
            found.append(f"intermediate {name} is not named int_<domain>__<what>")
        elif where in PUBLIC and re.match(r"(stg|int|fct|mart)_", name):
            found.append(f"public table {name} carries the prefix of a layer")
    return found


def breaches_of_column_names(manifest: Manifest) -> list[str]:
    """Truth values are is_/has_; dates and times say so; no name in Chinese or capitals."""
    found = []
    for node in models(manifest):
        for name, column in node["columns"].items():
            kind = (column.get("data_type") or "").lower()
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                found.append(f"{node['name']}.{name} is not snake_case")
            if kind == "boolean" and not re.match(r"(is|has|have)_", name) and name != "passed":
                found.append(f"{node['name']}.{name} is a truth value without is_ or has_")
            if kind in ("double", "float", "real") and re.search(r"_(pay|fee|amount|balance)$", name):
                found.append(f"{node['name']}.{name} is money in {kind}")
    return found


def breaches_of_description(manifest: Manifest) -> list[str]:
    """Every model, seed, their columns, every source table, macro and exposure: English and Chinese."""

    def missing(text: str) -> str | None:
        lacking = [
            name for name, pattern in (("English", LATIN), ("Chinese", CHINESE)) if not pattern.search(text)
        ]
        return " and ".join(lacking) if lacking else None

    described: list[tuple[str, str]] = []
    for node in manifest["nodes"].values():
        if node["resource_type"] in ("model", "seed"):
            described.append((f"{node['resource_type']} {node['name']}", node["description"]))
            described += [
                (f"{node['name']}.{name}", column["description"]) for name, column in node["columns"].items()
            ]
            if not node["columns"]:
                described.append((f"the columns of {node['name']}", ""))
    for kind in ("sources", "exposures", "macros"):
        described += [
            (f"{kind[:-1]} {entry['name']}", entry["description"])
            for entry in manifest[kind].values()
            if entry["package_name"] == "medfund" and not entry["name"].startswith("test_")
        ]
    return [f"{what}: no {lack} description" for what, text in described if (lack := missing(text))]


def breaches_of_grain(manifest: Manifest) -> list[str]:
    """Every model has a test or a key that says what one row is."""
    tested = defaultdict(set)
    for node in manifest["nodes"].values():
        if node["resource_type"] != "test" or not node.get("attached_node"):
            continue
        kind = (node.get("test_metadata") or {}).get("name")
        if kind in ("unique_grain", "one_row", "unique"):
            tested[node["attached_node"]].add(kind)
    found = []
    for node in models(manifest):
        has_key = any(constraint["type"] == "primary_key" for constraint in node["constraints"])
        if not tested[node["unique_id"]] and not (has_key and layer(node) in PUBLIC):
            found.append(f"{node['name']} has no grain test and no primary key")
    return found


def breaches_of_contract(manifest: Manifest) -> list[str]:
    """Public tables: enforced contract, public access, a type on each column, tables and not views."""
    found = []
    for node in public_models(manifest):
        name = node["name"]
        if not node["config"]["contract"]["enforced"]:
            found.append(f"{name}: the contract is not enforced")
        if node["access"] != "public":
            found.append(f"{name}: access is {node['access']}, not public")
        if node["config"]["materialized"] not in ("table", "incremental"):
            found.append(f"{name}: a public table must not be a {node['config']['materialized']}")
        found += [
            f"{name}.{column}: no type"
            for column, entry in node["columns"].items()
            if not entry.get("data_type")
        ]
    found += [
        f"{node['name']}: access is public, but it stands in {layer(node)}"
        for node in models(manifest)
        if layer(node) not in PUBLIC and node["access"] == "public"
    ]
    return found


def breaches_of_references(manifest: Manifest) -> list[str]:
    """No relation named but by ref, source or a common table expression of the same model."""
    found = []
    for node in models(manifest):
        text = _plain_sql(node["raw_code"])
        # Every `{{ ref(…) }}` became the name JINJA; what else has no common table expression is hard-coded.
        for tree in sqlglot.parse(text, read="duckdb"):
            if tree is None:
                continue
            own = {cte.alias for cte in tree.find_all(exp.CTE)}
            for table in tree.find_all(exp.Table):
                if isinstance(table.this, exp.Func) or table.name in own or table.name == "JINJA":
                    continue
                found.append(f"{node['name']} names {table.sql()} without ref or source")
    return found


class _Value:
    """Any other macro or variable of a model: a value, whatever it is called with or asked for."""

    def __call__(self, *_: Any, **__: Any) -> _Value:
        return self

    def __getattr__(self, name: str) -> _Value:
        if name.startswith("_") or name == "jinja_pass_arg":
            raise AttributeError(name)
        return self

    def __str__(self) -> str:
        return "null"


# Macros that are more or less than a value. References become a name; bureau_columns stands for none or more columns.
_MACROS: dict[str, Any] = {
    "ref": lambda *_: "JINJA",
    "source": lambda *_: "JINJA",
    "config": lambda **_: "",
    "is_incremental": lambda: False,
    "bureau_columns": lambda *_: "",
    "money_type": lambda: "decimal(18, 2)",
    "newest_version": lambda relation, *_: f"select * from {relation}",
    "persons_seen": lambda relation, *_: f"select * from {relation}",
    "period_calendar": lambda months, *_: f"select * from {months}",
    "long_indicators": lambda relation, *_: f"select * from {relation}",
    "month_numbers": lambda: "select 1 as number",
}


def _plain_sql(raw: str) -> str:
    """The model with its Jinja worked out, parseable: loops and conditions as they are, macros as above."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    others = jinja2.meta.find_undeclared_variables(environment.parse(raw)) - set(_MACROS)
    return environment.from_string(raw).render(_MACROS | {name: _Value() for name in others})


def breaches_of_chains(manifest: Manifest) -> list[str]:
    """Views on views on views are worked out again and again; four are enough."""
    nodes = {node["unique_id"]: node for node in models(manifest)}
    depth: dict[str, int] = {}

    def views(key: str) -> int:
        if key not in nodes or nodes[key]["config"]["materialized"] not in ("view", "ephemeral"):
            return 0
        if key not in depth:
            depth[key] = 1 + max((views(parent) for parent in nodes[key]["depends_on"]["nodes"]), default=0)
        return depth[key]

    return [
        f"{nodes[key]['name']} is view number {views(key)} of a chain; at most {LONGEST_CHAIN_OF_VIEWS}"
        for key in nodes
        if views(key) > LONGEST_CHAIN_OF_VIEWS
    ]


def breaches_of_single_computation(manifest: Manifest, indicator_ids: set[str]) -> list[str]:
    """An indicator's formula stands in one model: only one model of the intermediates may name its id.

    Public tables may name an id to judge or explain it, not to assign it (`'F01' as indicator_id`).
    """
    by_id = defaultdict(set)
    found = []
    for node in models(manifest):
        text = re.sub(r"--[^\n]*", "", node["raw_code"])
        named = set(re.findall(r"'([A-Z]\d\d(?:\.\w+)?)'", text))
        known = {name for name in named if name.split(".")[0] in indicator_ids}
        if layer(node) == "intermediate":
            for name in known:
                by_id[name].add(node["name"])
        else:
            found += [
                f"{node['name']} computes indicator {name} outside of an intermediate"
                for name in sorted(known)
                if re.search(rf"'{re.escape(name)}'\s+as\s+indicator_id", text)
            ]
    found += [
        f"indicator {name} is named by {' and '.join(sorted(where))}; its formula must stand once"
        for name, where in sorted(by_id.items())
        if len(where) > 1
    ]
    return found


# An entry of a list of indicators in macros/indicators: {'id': 'I01', …}.
_LISTED = re.compile(r"\{\s*'id':\s*'([A-Z]\d\d(?:\.\w+)?)'")


def computed_indicators(manifest: Manifest) -> dict[str, set[str]]:
    """Indicator -> the models and macros whose formula gives it."""
    found = defaultdict(set)
    for node in models(manifest):
        if layer(node) == "intermediate" and INDICATOR_PART.match(node["name"]):
            for name in re.findall(r"'([A-Z]\d\d(?:\.\w+)?)'", re.sub(r"--[^\n]*", "", node["raw_code"])):
                found[name].add(node["name"])
    for macro in manifest["macros"].values():
        if macro["package_name"] == "medfund":
            for number, name in enumerate(_LISTED.findall(macro["macro_sql"])):
                found[name].add(f"{macro['name']} ({number})")
    return dict(found)


def breaches_of_registry(
    manifest: Manifest, registry: list[dict[str, str]], variants: set[str], not_yet: set[str]
) -> list[str]:
    """Every core indicator of a level is computed, each once, and none that the registry does not hold.

    `registry` are the rows of the levels asked for; `variants` the ids with a suffix; `not_yet` are ids whose marts are
    still to come: naming one that is computed is a breach too, so that the list cannot outlive its reason.
    """
    computed = computed_indicators(manifest)
    levels = {row["indicator_id"][0] for row in registry}
    known = {row["indicator_id"] for row in registry} | variants
    found = [
        f"{name} is computed and stands in no registry"
        for name in sorted(computed)
        if name[0] in levels and name not in known
    ]
    found += [
        f"{name} is computed by {' and '.join(sorted(places))}"
        for name, places in sorted(computed.items())
        if len(places) > 1
    ]
    for row in registry:
        name = row["indicator_id"]
        if name in not_yet and name in computed:
            found.append(f"{name} is computed and still listed as to come")
        if row["priority"] == "core" and name not in computed and name not in not_yet:
            found.append(f"core indicator {name} is not computed")
        if name not in computed and not row["required_tables"]:
            found.append(f"{name} is not computed and does not say what it needs")
    return found


# Measures of marts whose quotient is an indicator: each pair has a formula in macros/indicators.
_NUMERATORS = {
    "med_fee", "fund_pay", "pooled_pay", "account_pay", "cash_pay", "person_pay", "self_funded", "bed_days", "visits",
    "drug_fee", "herbal_fee", "consumable_fee", "exam_fee", "service_fee", "short_stays", "in_scope",
}  # fmt: skip
_DENOMINATORS = {"visits", "persons", "med_fee", "in_scope", "line_fee", "bed_days", "enrolled"}


def quotients_of_measures(sql: str) -> list[str]:
    """Divisions of one measure by another, as written; nullif, sums and casts around them make no difference."""
    found = []
    for tree in sqlglot.parse(sql, read="duckdb"):
        for division in tree.find_all(exp.Div) if tree else ():
            above = {column.name for column in division.this.find_all(exp.Column)}
            below = {column.name for column in division.expression.find_all(exp.Column)}
            if above & _NUMERATORS and below & _DENOMINATORS:
                found.append(division.sql())
    return found


def breaches_of_mean_of_ratios(manifest: Manifest) -> list[str]:
    """A ratio over several rows is the ratio of their sums: no avg() of a column that is a ratio."""
    ratio = re.compile(r"_(rate|ratio|share|yoy)$|^value$|^payable_months$")
    return [
        f"{node['name']} averages {column}"
        for node in models(manifest)
        for column in re.findall(r"\bavg\(\s*(?:\w+\.)?(\w+)\s*\)", node["raw_code"])
        if ratio.search(column)
    ]


def breaches_of_person_keys(manifest: Manifest) -> list[str]:
    """What is published knows no person: no disclosure model, and of the public tables only `settlement`."""
    person = {"person_key", "psn_no", "certno", "psn_name", "psn_insu_rlts_id"}
    return [
        f"{node['name']} holds {', '.join(sorted(person & set(node['columns'])))}"
        for node in models(manifest)
        if layer(node) in PUBLIC | {"disclosure"} and node["name"] != "settlement"
        if person & set(node["columns"])
    ]
