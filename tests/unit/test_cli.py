"""What a user of the command line sees: exit codes, one sentence per error, results apart from messages."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import typer

from medfund import cli


class Outcome:
    """Exit code, standard output and standard error of one command."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]
    """Run `medfund ARGS` in this process."""

    def call(*arguments: object) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["medfund", *map(str, arguments)])
        monkeypatch.delenv("MEDFUND_HOME", raising=False)
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return Outcome(code, captured.out, captured.err)

    return call


def commands() -> list[list[str]]:
    root = typer.main.get_command(cli.app)
    found: list[list[str]] = []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        found += [[name, sub] for sub in getattr(command, "commands", {})] or [[name]]
    return found


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(run, command: list[str]) -> None:  # type: ignore[no-untyped-def]
    outcome = run(*command, "--help")
    assert outcome.code == 0
    assert f"Example: medfund {' '.join(command)}" in " ".join(outcome.out.split())


@pytest.mark.parametrize("command", [c for c in commands() if c[0] not in ("synth", "check")], ids=" ".join)
def test_every_command_with_state_takes_a_home(run, command: list[str]) -> None:  # type: ignore[no-untyped-def]
    assert "--home" in run(*command, "--help").out


def test_the_version_is_a_result(run) -> None:  # type: ignore[no-untyped-def]
    outcome = run("--version")
    assert outcome.code == 0 and outcome.out.startswith("medfund ") and outcome.err == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("nonsense",), 2, "nonsense"),
        (("ingest", "/no/such/folder"), 2, "/no/such/folder"),
        (("build",), 1, "nothing is landed yet"),
        (("sql", "select 1"), 1, "release"),
        (("release", "show", "never-made"), 2, "never-made"),
        (("release", "rollback", "../../etc"), 2, "etc"),
        (
            ("release", "waive", "any", "--reason", "r", "--by", "b", "--until", "2026-12-31"),
            1,
            "medfund build",
        ),
        (("release", "waive", "x", "--reason", "r", "--by", "b", "--until", "soon"), 2, "soon"),
        (("disclose", "final-account", "--period", "2025"), 1, "release"),
        (("check", "/no/such/file.yml"), 1, "/no/such/file.yml"),
        (("synth", "OUT", "--months", "2025"), 2, "2025"),
        (("synth", "OUT", "--faults", "earthquake"), 2, "earthquake"),
    ],
)
def test_an_error_is_one_sentence_on_standard_error(  # type: ignore[no-untyped-def]
    run, tmp_path: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    arguments = tuple(str(tmp_path / "out") if a == "OUT" else a for a in arguments)
    home = () if arguments[0] in ("check", "synth", "nonsense") else ("--home", str(tmp_path / "home"))
    outcome = run(*arguments, *home)
    assert outcome.code == code, outcome.err
    assert outcome.out == ""
    assert words in outcome.err
    assert "Traceback" not in outcome.err


def test_a_broken_bureau_file_names_key_and_value(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "bureau.toml").write_text('code = "1"\n', encoding="utf-8")
    outcome = run("build", "--home", tmp_path)
    assert outcome.code == 1
    assert "bureau.toml" in outcome.err and "code" in outcome.err and "'1'" in outcome.err


def test_a_home_that_is_a_file_is_wrong_usage(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "home"
    path.write_text("")
    assert run("status", "--home", path).code == 2


def test_status_of_an_empty_home_is_plain_and_json(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    assert "none yet" in run("status", "--home", tmp_path).out
    state = json.loads(run("status", "--json", "--home", tmp_path).out)
    assert state["release"] is None and state["batches"] == 0


def test_a_traceback_is_shown_only_with_debug(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    from medfund.errors import MedfundError

    with pytest.raises(MedfundError):
        run("build", "--home", tmp_path, "--debug")


def test_check_ends_with_one_when_something_does_not_tie(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    cells = "{income_total: '10', expense_total: '4', current_balance: '%s'}"
    document = (
        "version: 1\ndisclosures:\n  - id: d\n    layout: T3\n    unit: 万元\n    blocks:\n"
        "      - {label: emp, fund: '310', decimals: 0, cells: %s}\n"
    )
    for balance, code in (("6", 0), ("9", 1)):
        path = tmp_path / f"d{balance}.yml"
        path.write_text(document % (cells % balance), encoding="utf-8")
        outcome = run("check", path, "--json")
        assert outcome.code == code, outcome.err
        assert json.loads(outcome.out)["documents"][0]["verdict"] == ("ties" if code == 0 else "does_not_tie")
