"""The analyses: each begins with its question, compiles, runs on a release, and speaks portable SQL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot.errors import ErrorLevel

from medfund.release import open_release, run_query
from medfund.settings import PROJECT_ROOT, Home
from tests.architecture.dbt_rules import Manifest

ANALYSES = sorted((PROJECT_ROOT / "analyses").glob("*.sql"))
# A clean synthetic city has books without gaps, and its first release has revised nothing.
MAY_BE_EMPTY = {"balance_as_published", "failing_institutions", "unexplained_gaps"}


def test_there_are_analyses_to_start_from() -> None:
    assert len(ANALYSES) >= 8


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_analysis_begins_with_its_question(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert re.fullmatch(r"-- [A-Z].*\?", first), first


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_analysis_speaks_sql_that_other_engines_know(path: Path) -> None:
    text = re.sub(r"{{\s*ref\('(\w+)'\)\s*}}", r"\1", path.read_text(encoding="utf-8"))
    for dialect in ("spark", "postgres"):
        sqlglot.transpile(text, read="duckdb", write=dialect, unsupported_level=ErrorLevel.RAISE)


@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_analysis_reads_public_tables_and_code_lists_by_ref(path: Path, manifest: Manifest) -> None:
    node = manifest["nodes"][f"analysis.medfund.{path.stem}"]
    parents = [manifest["nodes"][key] for key in node["depends_on"]["nodes"]]
    assert parents, "names no table by ref"
    assert [parent["name"] for parent in parents if parent["schema"] not in ("marts", "reference")] == []


@pytest.mark.build
@pytest.mark.parametrize("path", ANALYSES, ids=lambda path: path.stem)
def test_analysis_runs_on_a_release_as_it_stands(path: Path, built_home: Home) -> None:
    with run_query(built_home, path.read_text(encoding="utf-8")) as query:
        relation = query.relation()
        assert relation.columns
        if path.stem not in MAY_BE_EMPTY:
            assert relation.limit(1).fetchall(), "no row"


@pytest.mark.build
def test_compiled_analyses_run_in_any_client(built_home: Home, manifest: Manifest) -> None:
    """dbt names a table with its database; the release file carries that name under any path."""
    with open_release(built_home) as connection:
        for path in ANALYSES:
            node = manifest["nodes"][f"analysis.medfund.{path.stem}"]
            named = {
                manifest["nodes"][key]["name"]: manifest["nodes"][key]["relation_name"]
                for key in node["depends_on"]["nodes"]
            }
            text = re.sub(
                r"{{\s*ref\('(\w+)'\)\s*}}", lambda m, n=named: n[m[1]], path.read_text(encoding="utf-8")
            )
            connection.execute(text)


@pytest.mark.build
def test_roll_forward_rolls(built_home: Home) -> None:
    """The question's own promise: opening, adjustment, flows and imbalance give the closing, to the fen."""
    text = (PROJECT_ROOT / "analyses/fund_roll_forward.sql").read_text(encoding="utf-8")
    with run_query(built_home, text) as query:
        rows = query.relation()
        broken = rows.filter(
            "opening_balance + opening_adjustment + income - expenditure + transfer_imbalance <> closing_balance"
        )
        assert rows.count("*").fetchall() == [(48,)]
        assert broken.fetchall() == []
