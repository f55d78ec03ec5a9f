"""An ingest killed at any moment: the next one leaves the very rows that an undisturbed one leaves."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from medfund.ingest import read_batches
from medfund.settings import Home

pytestmark = [pytest.mark.build, pytest.mark.timeout(300)]

CLI = [str(Path(sys.executable).with_name("medfund"))]


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    raw = tmp_path_factory.mktemp("exports") / "raw"
    subprocess.run(
        [*CLI, "synth", str(raw), "--settlements", "2000", "--months", "2026-08:2026-10"],
        check=True,
        capture_output=True,
    )
    return raw


def start(home: Home, raw: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "ingest", str(raw), "--home", str(home.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], files: int, seconds: float) -> None:
    """End the ingest with SIGKILL once it has spoken of so many files, and a moment later."""
    assert process.stderr is not None
    spoken = 0
    while spoken < files and (line := process.stderr.readline()):
        spoken += line.startswith("[")
    time.sleep(seconds)
    process.kill()
    process.wait()
    process.stderr.close()


def landed(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table as they landed, in the order of their files, without what tells when."""
    found = {}
    for folder in sorted(home.landing.iterdir()):
        rows = duckdb.execute(
            f"""SELECT * EXCLUDE (_load_ts, batch) FROM read_parquet('{folder}/batch=*/rows.parquet')
            ORDER BY _src_file, _row_no"""
        ).fetchall()
        if rows:
            found[folder.name] = rows
    return found


def test_an_ingest_killed_at_random_moments_is_made_good_by_the_next(exports: Path, tmp_path: Path) -> None:
    whole, killed = Home(tmp_path / "whole"), Home(tmp_path / "killed")
    process = start(whole, exports)
    _, said = process.communicate()
    assert process.returncode == 0, said
    # One key, so that persons have the same pseudonyms in both homes.
    killed.pseudonym_key.parent.mkdir(parents=True)
    killed.pseudonym_key.write_bytes(whole.pseudonym_key.read_bytes())
    killed.pseudonym_key.chmod(0o600)
    draw = random.Random(20261031)
    files = len(read_batches(whole))
    for reached in (0, 1, *sorted(draw.sample(range(2, files), 2))):
        kill_after(start(killed, exports), reached, draw.uniform(0, 0.3) + (0.8 if reached == 0 else 0))
        for batch in killed.landing.glob("*/batch=*[1-9]"):
            assert {"batch.json", "rows.parquet"} <= {path.name for path in batch.iterdir()}
    assert len(read_batches(killed)) >= 2
    process = start(killed, exports)
    _, said = process.communicate()
    assert process.returncode == 0, said
    assert landed(killed) == landed(whole) and landed(whole)
    landings = [batch["source_file"] for batch in read_batches(killed) if batch["rows_landed"]]
    assert sorted(landings) == sorted(b["source_file"] for b in read_batches(whole) if b["rows_landed"])
    assert not (killed.landing / ".staging").exists()
