"""The parsed project, and one small release that every test of a session shares."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from medfund.ingest import ingest
from medfund.pipeline import build
from medfund.settings import Bureau, Home
from medfund.synth import write
from tests.architecture.dbt_rules import Manifest, parse_project


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    """dbt's manifest of the project as it stands."""
    root = tmp_path_factory.mktemp("dbt")
    return parse_project(root / "home", root / "target")


@pytest.fixture(scope="session")
def built_home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    """A home with one release of a tiny synthetic city; workers of a parallel run share it."""
    base = tmp_path_factory.getbasetemp()
    root = (base if worker_id == "master" else base.parent) / "built"
    with FileLock(f"{root}.lock"):
        home = Home(root / "home")
        if not home.current.exists():
            _build(root, home)
    return home


def _build(root: Path, home: Home) -> None:
    raw = root / "raw"
    write(raw, size="tiny", seed=1, say=lambda _: None)
    bureau = Bureau.load(raw / "bureau.toml")
    ingest(home, bureau, [raw], say=lambda _: None)
    build(home, bureau, say=lambda _: None)
