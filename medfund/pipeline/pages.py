"""Static pages, Chinese with English beside it, without anything from a network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from medfund.release.files import remove_tree

_DIMENSIONS = ("completeness", "uniqueness", "validity", "consistency", "timeliness", "accuracy")
_NAMES = {
    "critical": "严重",
    "major": "重要",
    "minor": "一般",
    "completeness": "完整性",
    "uniqueness": "唯一性",
    "validity": "有效性",
    "consistency": "一致性",
    "timeliness": "时效性",
    "accuracy": "准确性",
}
_GRAVITY = {"critical": 0, "major": 1, "minor": 2}


def write_quality_pages(
    out: Path,
    *,
    results: Sequence[dict[str, Any]],
    failures: Sequence[dict[str, Any]],
    verdict: str,
    waived: Sequence[Mapping[str, str]],
    label: str,
    checked_at: datetime,
    rules_sql: Mapping[str, str],
    cap: int = 100,
) -> Path:
    """Replace the result pages in `out`: an overview and one page per failing check. Returns the overview.

    `results` and `failures` are the rows of quality_result and quality_failure; `rules_sql` maps a check to the
    query that finds its rows.
    """
    render = _templates()
    ordered = sorted(results, key=lambda r: r["check_id"])
    failed = sorted(
        (r for r in ordered if not r["passed"]),
        key=lambda r: (r["evaluated"], _GRAVITY[r["severity"]], r["check_id"]),
    )
    remove_tree(out / "checks")
    (out / "checks").mkdir(parents=True)
    rows_of: dict[str, list[dict[str, Any]]] = {}
    for failure in failures:
        rows_of.setdefault(failure["check_id"], []).append(
            {"key": json.loads(failure["key_json"]), "detail": failure["detail"]}
        )
    for result in failed:
        rows = rows_of.get(result["check_id"], [])
        (out / "checks" / f"{result['check_id']}.html").write_text(
            render(
                "check.html",
                r=result,
                rows=rows,
                keys=list(rows[0]["key"]) if rows else [],
                sql=rules_sql.get(result["check_id"], ""),
                label=label,
                cap=cap,
            ),
            encoding="utf-8",
        )
    overview = out / "index.html"
    overview.write_text(
        render(
            "quality.html",
            results=ordered,
            failed=failed,
            verdict=verdict,
            waived=waived,
            label=label,
            checked_at=checked_at.isoformat(sep=" ", timespec="seconds"),
            dimensions=_DIMENSIONS,
            grid=_grid(ordered),
        ),
        encoding="utf-8",
    )
    return overview


def write_indicator_page(path: Path, indicators: Sequence[Mapping[str, Any]], label: str) -> None:
    """The indicator dictionary: every row of dim_indicator, by level."""
    ordered = sorted(indicators, key=lambda i: (i["level"], i["indicator_id"]))
    levels = [(level, list(members)) for level, members in groupby(ordered, key=lambda i: i["level"])]
    path.write_text(_templates()("indicators.html", levels=levels, label=label), encoding="utf-8")


def write_contents_page(path: Path, label: str) -> None:
    """The page that leads to the others."""
    path.write_text(_templates()("contents.html", label=label), encoding="utf-8")


def _grid(results: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Per table and dimension (passing, all), or None where nothing is checked."""
    grid = []
    for table, members in groupby(sorted(results, key=_table), key=_table):
        of_table = list(members)
        cells = []
        for dimension in _DIMENSIONS:
            here = [r for r in of_table if r["dimension"] == dimension]
            cells.append((sum(r["passed"] for r in here), len(here)) if here else None)
        grid.append({"table": table, "cells": cells})
    return grid


def _table(result: Mapping[str, Any]) -> str:
    return f"{result['suite']}.{result['table_name']}"


def _templates() -> Any:
    """A function (template name, **values) -> text. Values are escaped: file names and codes come from outside."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["names"] = _NAMES

    def render(name: str, **values: Any) -> str:
        return environment.get_template(name).render(**values)

    return render
