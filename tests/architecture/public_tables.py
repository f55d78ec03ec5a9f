"""The public interface of a release, as analysts' SQL depends on it (public_tables.yml)."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.architecture.dbt_rules import Node

_TEXT = yaml.safe_load((Path(__file__).parent / "public_tables.yml").read_text(encoding="utf-8"))
Table = dict[str, dict[str, str]]


def public_tables() -> dict[str, Table]:
    """Table → {"key": {column: type}, "columns": {column: type}}; types as the file's legend spells them out."""
    legend = _TEXT["types"]

    def spelled(columns: dict[str, str] | None) -> dict[str, str]:
        return {name: legend[kind] for name, kind in (columns or {}).items()}

    return {
        name: {"key": spelled(entry["key"]), "columns": spelled(entry.get("columns"))}
        for name, entry in _TEXT["tables"].items()
    }


def announced_tables() -> list[str]:
    """Tables that later slices bring; readers may ask whether a release holds them."""
    return list(_TEXT["announced"])


def breaches_of_interface(tables: dict[str, Table], models: dict[str, Node]) -> list[str]:
    """Public tables or columns that are gone, or changed their type or key. More columns are no breach."""
    found = []
    for name, table in tables.items():
        if name not in models:
            found.append(f"{name} is gone")
            continue
        have = {
            column: (entry.get("data_type") or "").lower().replace(", ", ",")
            for column, entry in models[name]["columns"].items()
        }
        for column, kind in (table["key"] | table["columns"]).items():
            if column not in have:
                found.append(f"{name}.{column} is gone")
            elif have[column] != kind:
                found.append(f"{name}.{column} is {have[column]}, not {kind}")
        keys = [
            constraint["columns"]
            for constraint in models[name]["constraints"]
            if constraint["type"] == "primary_key"
        ]
        if keys and table["key"] and set(keys[0]) != set(table["key"]):
            found.append(f"{name}: its key is {', '.join(keys[0])}, not {', '.join(table['key'])}")
    return found
