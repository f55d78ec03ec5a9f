"""Lock files pin every package by version and hash, name no address, and hold what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from medfund.settings import PROJECT_ROOT

LOCKS = sorted((PROJECT_ROOT / "requirements").glob("*.lock"))
LEFT_OUT = "dbt-core-experimental-parser"


def breaches_of_lock(text: str) -> list[str]:
    """Requirements that are not pinned and hashed, addresses of any kind, options that name an index."""
    found = []
    entries = re.sub(r"\\\n\s*", " ", text).splitlines()
    for entry in entries:
        if not entry.strip() or entry.startswith("#"):
            continue
        if entry.startswith("-"):
            found.append(f"an option: {entry.split()[0]}")
        elif not re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^\s;]+", entry, re.IGNORECASE):
            found.append(f"not pinned: {entry[:60]}")
        elif "--hash=sha256:" not in entry:
            found.append(f"not hashed: {entry[:60]}")
    found += [f"an address: {match}" for match in re.findall(r"\w+://\S+|@\s*file:\S+", text)]
    return found


def packages(text: str) -> set[str]:
    """Names of the packages a lock file holds."""
    return {
        re.sub(r"[._-]+", "-", name).lower()
        for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[|==)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_lock_file_pins_hashes_and_names_no_address(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert packages(text)
    assert breaches_of_lock(text) == []
    assert LEFT_OUT not in packages(text)


def test_all_three_lock_files_are_there() -> None:
    assert [path.stem for path in LOCKS] == ["bootstrap", "default", "dev"]


def test_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    default = packages((PROJECT_ROOT / "requirements/default.lock").read_text(encoding="utf-8"))
    dev = packages((PROJECT_ROOT / "requirements/dev.lock").read_text(encoding="utf-8"))

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[<>=!~\[; ]", text)[0].lower() for text in requirements}

    assert names(project["dependencies"]) - default == set()
    # The forecast page and the report work in the demo, so what they need is installed by default.
    for extra in ("forecast", "report"):
        assert names(project["optional-dependencies"][extra]) - default == set()
    assert names(project["optional-dependencies"]["dev"]) - dev == set()
    assert default - dev == set(), "the tests would run on other packages than users get"


@pytest.mark.parametrize(
    ("text", "breach"),
    [
        ("duckdb>=2.0 \\\n    --hash=sha256:ab\n", "not pinned"),
        ("duckdb==2.0.0\n", "not hashed"),
        ("--index-url https://pypi.example/simple\n", "an option"),
        ("duckdb @ https://files.example/duckdb.whl --hash=sha256:ab\n", "not pinned"),
        ("duckdb==2.0.0 --hash=sha256:ab\n# via https://pypi.example\n", "an address"),
    ],
)
def test_lock_rule_sees_what_it_must(text: str, breach: str) -> None:
    assert any(found.startswith(breach) for found in breaches_of_lock(text))
