"""What a release was made from: code, settings, landed batches. Equal fingerprints mean equal figures."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from medfund.forecast.models import library_versions
from medfund.settings import PROJECT_ROOT, Bureau

_SUFFIXES = {".sql", ".yml", ".yaml", ".csv", ".py", ".toml", ".json"}
_ROOMS = ("models", "macros", "seeds", "expectations", "medfund")
_FILES = ("dbt_project.yml", "profiles.yml")
# The engines' versions belong to the code: another one may round or order differently.
_ENGINES = ("duckdb", "dbt-core", "dbt-duckdb", "great-expectations")


@dataclass(frozen=True)
class CodeVersion:
    """`sha256` decides whether code is the same; `text` is for people, e.g. `56530d8-1a2b3c4d5e6f`."""

    sha256: str
    text: str


def code_version(project: Path = PROJECT_ROOT) -> CodeVersion:
    """Hash the content of everything that can change a figure: dbt project, seeds, expectations, package."""
    digest = hashlib.sha256()
    for path in _sources(project):
        digest.update(str(path.relative_to(project)).encode())
        digest.update(b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    for engine in _ENGINES:
        digest.update(f"{engine}={version(engine)}\0".encode())
    digest.update(f"forecasts={library_versions()}\0".encode())
    sha256 = digest.hexdigest()
    described = _git_describe(project) or _package_version()
    return CodeVersion(sha256, f"{described}-{sha256[:12]}")


def settings_sha256(bureau: Bureau) -> str:
    """Hash of the bureau's settings; `keep_releases` touches no figure and is left out."""
    return _sha256(bureau.model_dump(mode="json", exclude={"keep_releases"}))


def inputs_sha256(batches: Iterable[dict[str, Any]]) -> str:
    """Hash of the landed batches: id, table and content hash of each."""
    return _sha256(sorted([b["batch_id"], b["table_name"], b["sha256"]] for b in batches))


def fingerprint(code: CodeVersion, settings: str, inputs: str) -> str:
    """One hash for all that a release depends on."""
    return _sha256([code.sha256, settings, inputs])


def _sources(project: Path) -> Iterator[Path]:
    for name in _FILES:
        if (project / name).is_file():
            yield project / name
    for room in _ROOMS:
        yield from sorted(
            path
            for path in (project / room).rglob("*")
            if path.suffix in _SUFFIXES and path.is_file() and "__pycache__" not in path.parts
        )


def _git_describe(project: Path) -> str | None:
    """`git describe` of a checkout; None for an installed copy or a machine without git."""
    try:
        done = subprocess.run(
            ["git", "-C", str(project), "describe", "--always", "--tags", "--dirty"],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None


def _package_version() -> str:
    try:
        return version("medfund")
    except PackageNotFoundError:
        return "unknown"


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
