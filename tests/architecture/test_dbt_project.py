"""The dbt project keeps the rules of the house; and every rule fails on an example that breaks it."""

from __future__ import annotations

import ast
import csv
import re
from typing import Any

import pytest

from medfund.settings import PROJECT_ROOT
from tests.architecture import dbt_rules as rules
from tests.architecture.dbt_rules import Manifest

# One measure by another within a string of a page or an export.
MEASURES_DIVIDED = re.compile(
    r"\b(med_fee|fund_pay|pooled_pay|account_pay|cash_pay|self_funded|bed_days|visits|\w+_fee)\)?\s*/\s*"
    r"(nullif\()?(sum\()?(\w+\.)?(visits|persons|med_fee|in_scope|line_fee|bed_days|enrolled)\b"
)

RULES = [
    rules.breaches_of_layers,
    rules.breaches_of_names,
    rules.breaches_of_column_names,
    rules.breaches_of_description,
    rules.breaches_of_grain,
    rules.breaches_of_contract,
    rules.breaches_of_references,
    rules.breaches_of_chains,
    rules.breaches_of_mean_of_ratios,
    rules.breaches_of_person_keys,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__.removeprefix("breaches_of_"))
def test_project_keeps_rule(manifest: Manifest, rule: Any) -> None:
    assert rule(manifest) == []


def _indicator_ids() -> set[str]:
    with (PROJECT_ROOT / "seeds/policy/indicator.csv").open(encoding="utf-8") as file:
        return {row["indicator_id"] for row in csv.DictReader(file)}


def test_no_indicator_is_computed_twice(manifest: Manifest) -> None:
    ids = _indicator_ids()
    assert {"F01", "F07", "F20"} <= ids
    assert rules.breaches_of_single_computation(manifest, ids) == []


# Core indicators that nothing computes: none. E01 has values where the bureau states a population, S02 where supervision cases name
# their rule.
NOT_YET: set[str] = set()


def _registry() -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds/policy/indicator.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _variants() -> set[str]:
    with (PROJECT_ROOT / "seeds/policy/indicator_variant.csv").open(encoding="utf-8") as file:
        return {row["indicator_id"] for row in csv.DictReader(file)}


def test_every_core_indicator_is_computed_once_or_says_what_it_lacks(manifest: Manifest) -> None:
    registry = _registry()
    assert len(registry) == 96
    assert rules.breaches_of_registry(manifest, registry, _variants(), NOT_YET) == []
    computed = set(rules.computed_indicators(manifest))
    core = {row["indicator_id"] for row in registry if row["priority"] == "core"}
    assert (len(core), len(core & computed)) == (62, 62)


def test_no_page_export_or_analysis_divides_measures_by_itself() -> None:
    """An analysis takes an indicator from its mart; so do screens and exports, whose SQL stands in strings."""
    found = {
        path.name: quotients
        for path in sorted((PROJECT_ROOT / "analyses").glob("*.sql"))
        if (
            quotients := rules.quotients_of_measures(
                re.sub(r"{{.*?}}", "JINJA", path.read_text(encoding="utf-8"))
            )
        )
    }
    for folder in ("dashboards", "medfund/disclosure"):
        for path in sorted((PROJECT_ROOT / folder).rglob("*.py")):
            strings = [
                node.value
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            divided = [text for text in strings if MEASURES_DIVIDED.search(text)]
            if divided:
                found[path.name] = divided
    assert found == {}


# --- each rule on a project that breaks it ---


def _model(name: str, place: str, reads: tuple[str, ...] = (), sql: str = "select 1", **more: Any) -> Any:
    return {
        "resource_type": "model",
        "unique_id": name,
        "name": name,
        "path": f"{place}/{name}.sql",
        "raw_code": sql,
        "depends_on": {"nodes": list(reads)},
        "description": "Things (东西).",
        "columns": {"org_code": {"description": "Division (医保区划).", "data_type": "varchar"}},
        "constraints": [{"type": "primary_key", "columns": ["org_code"]}],
        "config": {"materialized": "table", "contract": {"enforced": True}},
        "access": "public" if place.startswith(("marts", "quality")) else "protected",
        "package_name": "medfund",
    } | more


def _project(*nodes: Any) -> Manifest:
    source = {
        "resource_type": "source",
        "source_name": "landing",
        "name": "setl_d",
        "description": "Rows (行).",
    }
    return {
        "nodes": {node["unique_id"]: node for node in nodes},
        "sources": {"landing.setl_d": source | {"package_name": "medfund"}},
        "macros": {},
        "exposures": {},
    }


STAGING = _model("stg_setl_d", "staging", ("landing.setl_d",), config={"materialized": "view"})
HALFWAY = _model("int_settlement__newest", "intermediate", ("stg_setl_d",))
MART = _model("utilisation_monthly", "marts/population", ("int_settlement__newest",))


def test_a_good_project_breaks_nothing() -> None:
    grain = {
        "resource_type": "test",
        "unique_id": "t",
        "test_metadata": {"name": "unique_grain"},
    }
    good = _project(
        STAGING,
        HALFWAY,
        MART,
        grain | {"attached_node": "stg_setl_d"},
        grain | {"attached_node": "int_settlement__newest", "unique_id": "t2"},
    )
    assert [breach for rule in RULES for breach in rule(good)] == []


@pytest.mark.parametrize(
    ("reader", "breach"),
    [
        (
            _model("utilisation_monthly", "marts/population", ("stg_setl_d",)),
            "mart utilisation_monthly reads staging stg_setl_d",
        ),
        (
            _model("int_settlement__late", "intermediate", ("utilisation_monthly",)),
            "intermediate int_settlement__late reads mart utilisation_monthly",
        ),
        (
            _model("institution_monthly", "marts/institution", ("utilisation_monthly",)),
            "mart institution_monthly reads mart utilisation_monthly",
        ),
        (
            _model("stg_setl_d", "staging", ("landing.setl_d", "int_settlement__newest")),
            "staging stg_setl_d reads intermediate int_settlement__newest",
        ),
        (
            _model("int_settlement__raw", "intermediate", ("landing.setl_d",)),
            "intermediate int_settlement__raw reads landing setl_d",
        ),
        (_model("loose", "elsewhere"), "elsewhere/loose.sql stands in no layer"),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_layer_rule_sees_who_reads_what_it_must_not(reader: Any, breach: str) -> None:
    assert breach in rules.breaches_of_layers(_project(STAGING, HALFWAY, MART, reader))


def test_layer_rule_lets_indicator_parts_read_public_tables() -> None:
    part = _model("int_fund__indicator_part", "intermediate", ("utilisation_monthly",))
    assert rules.breaches_of_layers(_project(STAGING, HALFWAY, MART, part)) == []


def test_name_rule_sees_wrong_prefixes() -> None:
    bad = _project(
        STAGING | {"name": "stg_settlements"},
        HALFWAY | {"name": "int_newest"},
        MART | {"name": "fct_utilisation"},
    )
    assert len(rules.breaches_of_names(bad)) == 3


def test_column_rule_sees_money_in_double_and_unmarked_truth_values() -> None:
    columns = {
        "fund_pay": {"data_type": "double"},
        "remote": {"data_type": "boolean"},
        "Month": {"data_type": "date"},
    }
    assert len(rules.breaches_of_column_names(_project(MART | {"columns": columns}))) == 3


def test_description_rule_wants_both_languages_everywhere() -> None:
    columns = {"visits": {"description": "Visits."}, "persons": {"description": "人数。"}}
    bad = _project(MART | {"description": "", "columns": columns}, HALFWAY | {"columns": {}})
    bad["sources"]["landing.setl_d"]["description"] = "Settlements."
    assert rules.breaches_of_description(bad) == [
        "model utilisation_monthly: no English and Chinese description",
        "utilisation_monthly.visits: no Chinese description",
        "utilisation_monthly.persons: no English description",
        "the columns of int_settlement__newest: no English and Chinese description",
        "source setl_d: no Chinese description",
    ]


def test_grain_rule_sees_a_model_without_key_or_test() -> None:
    assert rules.breaches_of_grain(_project(MART | {"constraints": []})) == [
        "utilisation_monthly has no grain test and no primary key"
    ]


def test_contract_rule_sees_open_contracts_views_and_hidden_tables() -> None:
    loose = {"materialized": "view", "contract": {"enforced": False}}
    bad = _project(
        MART
        | {
            "config": loose,
            "access": "protected",
            "columns": {"visits": {"description": "Visits (人次)."}},
        },
        HALFWAY | {"access": "public"},
    )
    assert len(rules.breaches_of_contract(bad)) == 5


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("select * from landing.setl_d", ["landing.setl_d"]),
        ("with a as (select * from {{ ref('x') }}) select * from a join scratch.staging.b on true", ["b"]),
        (
            "with a as (select 1 as n) select * from a, {{ source('run', 'x') }} where n in (select n from c)",
            ["c"],
        ),
        ("{{ newest_version('landed', ['k'], ['t']) }}", ["landed"]),
        ("with landed as (select 1 as k) {{ newest_version('landed', ['k'], ['t']) }}", []),
        ("select {{ ratio('a', 'b') }} as r from {{ ref('x') }}", []),
    ],
)
def test_reference_rule_sees_hard_coded_relations(sql: str, named: list[str]) -> None:
    found = rules.breaches_of_references(_project(MART | {"raw_code": sql}))
    assert len(found) == len(named)
    assert all(name in breach for name, breach in zip(named, found, strict=True))


def test_chain_rule_counts_views_in_a_row() -> None:
    view = {"materialized": "view", "contract": {"enforced": False}}
    chain = [
        _model(f"int_a__v{n}", "intermediate", (f"int_a__v{n - 1}",) if n > 1 else (), config=view)
        for n in range(1, 6)
    ]
    assert rules.breaches_of_chains(_project(*chain[:4])) == []
    assert len(rules.breaches_of_chains(_project(*chain))) == 1


def test_single_computation_rule_sees_a_second_formula() -> None:
    once = _model("int_fund__indicator_part", "intermediate", sql="select 'F01' as indicator_id")
    judge = MART | {"raw_code": "select case when indicator_id = 'F01' then 'red' end"}
    again = _model("int_fund__again", "intermediate", sql="select 'F01' as indicator_id")
    outside = MART | {"raw_code": "select 'F01' as indicator_id -- 'F02' as indicator_id"}
    assert rules.breaches_of_single_computation(_project(once, judge), {"F01"}) == []
    assert len(rules.breaches_of_single_computation(_project(once, again), {"F01"})) == 1
    assert len(rules.breaches_of_single_computation(_project(once, outside), {"F01", "F02"})) == 1


def test_mean_rule_sees_an_average_of_ratios() -> None:
    bad = MART | {"raw_code": "select avg(b.execution_rate), avg(med_fee) from b"}
    assert rules.breaches_of_mean_of_ratios(_project(bad)) == ["utilisation_monthly averages execution_rate"]


def test_person_rule_sees_a_person_key_in_a_public_table() -> None:
    columns = {"person_key": {"data_type": "varchar"}}
    assert rules.breaches_of_person_keys(_project(MART | {"columns": columns})) != []
    assert rules.breaches_of_person_keys(_project(MART | {"columns": columns, "name": "settlement"})) == []


def test_registry_rule_sees_what_is_missing_unknown_or_twice() -> None:
    part = _model("int_use__indicator_part", "intermediate", sql="select 'U01', 'U77'")
    listed = {
        "package_name": "medfund",
        "name": "uses",
        "description": "Uses (用).",
        "macro_sql": "{'id': 'U02'}, {'id': 'U02'}",
    }
    project = _project(part) | {"macros": {"m": listed}}
    registry = [
        {"indicator_id": name, "priority": "core", "required_tables": "setl_d"}
        for name in ("U01", "U02", "U03")
    ]
    assert rules.breaches_of_registry(project, registry, set(), {"U01"}) == [
        "U77 is computed and stands in no registry",
        "U02 is computed by uses (0) and uses (1)",
        "U01 is computed and still listed as to come",
        "core indicator U03 is not computed",
    ]


def test_quotient_rule_sees_measures_divided() -> None:
    assert rules.quotients_of_measures(
        "select sum(med_fee) / nullif(sum(visits), 0), amount / 10000 from t"
    ) == ["SUM(med_fee) / NULLIF(SUM(visits), 0)"]
    assert rules.quotients_of_measures("select numerator, value from institution_indicator_monthly") == []
