"""The tables that users query are there, with their columns, types and keys: in the contracts and in a release."""

from __future__ import annotations

import duckdb
import pytest

from medfund.settings import Home
from tests.architecture.dbt_rules import Manifest, models, public_models
from tests.architecture.public_tables import announced_tables, breaches_of_interface, public_tables


def test_contracts_hold_every_public_column(manifest: Manifest) -> None:
    public = {node["name"]: node for node in public_models(manifest)}
    assert breaches_of_interface(public_tables(), public) == []


def test_no_announced_table_is_listed_as_there(manifest: Manifest) -> None:
    """A table that has come belongs among the promised ones."""
    assert set(announced_tables()) & {node["name"] for node in public_models(manifest)} == set()


def test_interface_rule_sees_what_is_gone_or_changed() -> None:
    tables = {
        "settlement": {
            "key": {"setl_id": "varchar"},
            "columns": {"med_fee": "decimal(18,2)", "sex": "varchar"},
        }
    }
    node = {
        "columns": {"setl_id": {"data_type": "VARCHAR"}, "med_fee": {"data_type": "double"}},
        "constraints": [{"type": "primary_key", "columns": ["setl_id", "month"]}],
    }
    assert breaches_of_interface(tables, {"settlement": node}) == [
        "settlement.med_fee is double, not decimal(18,2)",
        "settlement.sex is gone",
        "settlement: its key is setl_id, month, not setl_id",
    ]
    assert breaches_of_interface(tables, {}) == ["settlement is gone"]


@pytest.mark.build
def test_a_release_holds_the_public_tables_with_their_types_and_keys(built_home: Home) -> None:
    with duckdb.connect(str(built_home.current / "medfund.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() where schema_name = 'marts'"
        ).fetchall()
        have = {(table, column): kind for table, column, kind in rows}
        for name, table in public_tables().items():
            for column, kind in (table["key"] | table["columns"]).items():
                assert have.get((name, column)) == kind, f"{name}.{column}"
            if table["key"]:
                keys = ", ".join(table["key"])
                # Also under the bare name, which every client finds.
                total, distinct = connection.execute(
                    f"select count(*), count(distinct ({keys})) from {name}"
                ).fetchone() or (None, None)
                assert total == distinct, f"{name}: two rows of one key"
                assert total, f"{name} is empty"


@pytest.mark.build
def test_described_columns_are_the_columns_that_are_built(built_home: Home, manifest: Manifest) -> None:
    """Staging and intermediates have no contract; their descriptions are held against what was built."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{built_home.candidate / 'scratch.duckdb'}' as scratch (read_only)")
        rows = connection.execute(
            "select table_name, column_name, lower(data_type) from duckdb_columns() where database_name = 'scratch'"
        ).fetchall()
    built: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        built.setdefault(table, {})[column] = kind
    described = {
        node["name"]: {name: entry["data_type"].replace(", ", ",") for name, entry in node["columns"].items()}
        for node in models(manifest)
        if node["database"] == "scratch"
    }
    assert {
        model: dict(set(columns.items()) ^ set(built[model].items()))
        for model, columns in described.items()
        if columns != built[model]
    } == {}
