"""Documents name what is there: links lead somewhere, figures' page covers every public table, decisions are listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medfund.cli import app
from medfund.settings import PROJECT_ROOT
from tests.architecture.dbt_rules import Manifest, models
from tests.architecture.public_tables import public_tables

DOCUMENTS = sorted([*PROJECT_ROOT.glob("*.md"), *(PROJECT_ROOT / "docs").rglob("*.md")])
FIGURES = PROJECT_ROOT / "docs/how_figures_are_computed.md"
READMES = ("README.md", "README.zh-CN.md")


def dead_links(path: Path, text: str) -> list[str]:
    """Relative links of a document that lead nowhere."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return [
        target
        for target in targets
        if not re.match(r"[a-z]+:|#", target) and not (path.parent / target.split("#")[0]).exists()
    ]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT_ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    assert dead_links(path, path.read_text(encoding="utf-8")) == []


def test_link_rule_sees_a_dead_link() -> None:
    text = "[a](README.md) [b](docs/nowhere.md) [c](https://example.org) ![d](docs/images/none.png)"
    assert dead_links(PROJECT_ROOT / "README.md", text) == ["docs/nowhere.md", "docs/images/none.png"]


def test_every_public_table_is_explained_and_every_model_named_is_there(manifest: Manifest) -> None:
    text = FIGURES.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:stg|int)_\w+)`", text))
    assert named - {node["name"] for node in models(manifest)} == set()
    assert [table for table in public_tables() if f"`{table}`" not in text] == []


def test_every_decision_is_listed() -> None:
    folder = PROJECT_ROOT / "docs/decisions"
    listed = set(re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", (folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


@pytest.mark.parametrize("name", READMES)
def test_commands_shown_are_commands_there_are(name: str) -> None:
    """Each `medfund …` that a reader may copy is a command, with options it has."""
    text = (PROJECT_ROOT / name).read_text(encoding="utf-8")
    shown = re.findall(r"^(medfund .*?)(?:\s+#.*)?$", text, re.MULTILINE) + re.findall(
        r"`(medfund [a-z].*?)`", text
    )
    assert len(shown) > 10
    helps: dict[tuple[str, ...], str] = {}
    for command in shown:
        words = command.split()[1:]
        path = tuple(words[:2] if words[0] == "release" else words[:1])
        if path not in helps:
            outcome = CliRunner().invoke(app, [*path, "--help"])
            assert outcome.exit_code == 0, command
            helps[path] = outcome.output
        for option in re.findall(r"\s(--[a-z-]+)", command):
            assert option in helps[path], command


@pytest.mark.parametrize("name", READMES)
def test_make_targets_shown_are_there(name: str) -> None:
    targets = set(
        re.findall(r"^([a-z]+):", (PROJECT_ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    shown = re.findall(
        r"(?:^|`)make ([a-z]+)", (PROJECT_ROOT / name).read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {"demo", "test", "setup"} <= set(shown) <= targets


def test_both_readmes_show_the_same_commands() -> None:
    """What one language shows the other shows: code blocks differ in their comments alone."""

    def blocks(name: str) -> list[str]:
        found = re.findall(r"```\n(.*?)```", (PROJECT_ROOT / name).read_text(encoding="utf-8"), re.DOTALL)
        return [re.sub(r"\s*#.*", "", block) for block in found if "─▶" not in block]

    assert blocks(READMES[0]) == blocks(READMES[1])
