"""Rooms import downwards only, pages lay out only; and every rule fails on an example that breaks it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from medfund.settings import PROJECT_ROOT
from tests.architecture import python_rules as rules
from tests.architecture.dbt_rules import Manifest, public_models
from tests.architecture.public_tables import announced_tables
from tests.architecture.python_rules import Source, source


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return rules.read_sources()


def test_every_room_is_read(sources: list[Source]) -> None:
    assert {file.room for file in sources} == set(rules.MAY_IMPORT)


def test_rooms_import_only_what_is_below_them(sources: list[Source]) -> None:
    assert rules.breaches_of_rooms(sources) == []


def test_pages_hold_no_sql_no_data_library_no_arithmetic(sources: list[Source]) -> None:
    assert rules.breaches_of_pages(sources) == []


def test_readers_of_a_release_name_public_tables_only(sources: list[Source], manifest: Manifest) -> None:
    # A screen may ask whether a table that a later slice brings is there.
    tables = {node["name"] for node in public_models(manifest)} | set(announced_tables())
    assert rules.breaches_of_public_tables(sources, tables) == []


def test_public_functions_have_docstrings(sources: list[Source]) -> None:
    assert rules.breaches_of_docstrings(sources) == []


def test_no_error_is_swallowed(sources: list[Source]) -> None:
    assert rules.breaches_of_swallowing(sources) == []


def test_exposures_name_what_is_read(sources: list[Source], manifest: Manifest) -> None:
    """A mart that a screen or a bundle reads stands in its exposure, so that lineage shows who is hit by a change."""
    for room, exposure in (("dashboards.lib", "dashboards"), ("disclosure", "disclosure_bundles")):
        read = {
            table
            for file in sources
            if file.room == room
            for _, schema, table in rules.relations(file)
            if schema == "marts"
        }
        depends = manifest["exposures"][f"exposure.medfund.{exposure}"]["depends_on"]["nodes"]
        listed = {key.split(".")[-1] for key in depends}
        assert read, f"no query found in {room}"
        assert read - listed - set(announced_tables()) == set()


def test_help_does_not_wait_for_slow_libraries() -> None:
    """The command line imports rooms when a command needs them."""
    slow = "{'dbt', 'great_expectations', 'streamlit', 'plotly', 'duckdb', 'pandas', 'pyarrow'}"
    code = f"import medfund.cli, sys; print(sorted({slow} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- each rule on a file that breaks it ---


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("medfund/ingest/load.py", "from medfund.pipeline import build"),
        ("medfund/contract/__init__.py", "import medfund.ingest"),
        ("medfund/release/store.py", "from ..pipeline.build import build"),
        ("medfund/settings.py", "def later():\n    from medfund import release"),
        ("medfund/disclosure/forms.py", "from dashboards.lib import data"),
        ("dashboards/lib/data.py", "from medfund.disclosure import disclose"),
        ("dashboards/lib/data.py", "from medfund.pipeline.inputs import LOAD_BATCH"),
        ("dashboards/views/home.py", "from medfund.release import open_release"),
        ("expectations/worker.py", "from medfund.pipeline.inputs import write_rows"),
        ("medfund/pipeline/quality.py", "import great_expectations as gx"),
        ("medfund/ingest/load.py", "import streamlit"),
        ("medfund/checker/report.py", "from medfund.release import open_release"),
        ("medfund/attic/__init__.py", ""),
    ],
)
def test_room_rule_sees_what_it_must(path: str, text: str) -> None:
    assert len(rules.breaches_of_rooms([source(path, text)])) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("medfund/pipeline/build.py", "from medfund.release import publish"),
        ("medfund/cli.py", "from medfund import __version__"),
        ("expectations/worker.py", "import great_expectations"),
        ("dashboards/serve.py", "from medfund.errors import MedfundError"),
        ("medfund/release/store.py", "from .files import write_json"),
    ],
)
def test_room_rule_lets_neighbours_below_through(path: str, text: str) -> None:
    assert rules.breaches_of_rooms([source(path, text)]) == []


@pytest.mark.parametrize(
    "text",
    [
        "import duckdb",
        "from pandas import DataFrame",
        "rows = run('select month from marts.fund_balance_monthly')",
        "query = f'from marts.{name}'",
        "gap = ledger - computed",
        "share = 100 * part / whole",
        "total += amount",
        "total = sum(amounts)",
        "rate = frame.value.mean()",
    ],
)
def test_page_rule_sees_sql_libraries_and_arithmetic(text: str) -> None:
    page = source("dashboards/views/home.py", text)
    assert rules.breaches_of_pages([page]) != []
    assert rules.breaches_of_pages([source("dashboards/lib/figures.py", text)]) == []


def test_page_rule_lets_layout_and_docstrings_through() -> None:
    text = '"""Select a fund from the list."""\nleft, right = st.columns([2, 1])\nblocks.figure(left, t("选择 from"))'
    assert rules.breaches_of_pages([source("dashboards/views/home.py", text)]) == []


def test_public_table_rule_sees_internals_of_the_models() -> None:
    text = "a = 'select 1 from marts.nowhere join scratch.int_x on true join reference.fund_item using (item_key)'"
    assert (
        len(rules.breaches_of_public_tables([source("dashboards/lib/queries.py", text)], {"settlement"})) == 2
    )


def test_docstring_rule_sees_what_says_nothing() -> None:
    text = "def give(): ...\nclass Thing:\n    def turn(self):\n        return 1\n    def _inner(self): ...\ndef _own(): ..."
    assert len(rules.breaches_of_docstrings([source("medfund/ingest/load.py", text)])) == 4


def test_docstring_rule_lets_overrides_rest_on_their_base() -> None:
    base = '"""Base."""\nclass Thing:\n    """A thing."""\n    def turn(self):\n        """Turn it."""'
    child = (
        '"""Child."""\nclass Small(Thing):\n    """A small thing."""\n    def turn(self):\n        return 1'
    )
    files = [source("medfund/ingest/a.py", base), source("medfund/ingest/b.py", child)]
    assert rules.breaches_of_docstrings(files) == []
    assert len(rules.breaches_of_docstrings(files[1:])) == 1


@pytest.mark.parametrize("catch", ["except:", "except Exception:", "except BaseException as error:"])
def test_swallowing_rule_sees_errors_that_vanish(catch: str) -> None:
    text = f"try:\n    work()\n{catch}\n    pass"
    assert len(rules.breaches_of_swallowing([source("medfund/ingest/load.py", text)])) == 1
