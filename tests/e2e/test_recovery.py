"""Kills, a full disk, two builds at once, a refusal: the release being served never changes, the next build works."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from medfund.release import current_release, release_info
from medfund.release.files import sha256_file
from medfund.settings import Home

pytestmark = [pytest.mark.build, pytest.mark.timeout(900)]

CLI = [str(Path(sys.executable).with_name("medfund"))]


def medfund(
    home: Home, *arguments: str, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CLI, *arguments, "--home", str(home.root)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        preexec_fn=before,
    )


def start_build(home: Home, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*CLI, "build", *arguments, "--home", str(home.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    """Read the build's messages until one holds the words."""
    assert process.stderr is not None
    seen = []
    for line in process.stderr:
        seen.append(line)
        if words in line:
            return
    raise AssertionError(f"the build never said {words!r}: {''.join(seen)}")


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a year of a small bureau; the last month of settlements is kept aside for a second delivery.

    That one also corrects ten settlements of August: it voids the first, and moves the others a month back.
    """
    raw = tmp_path_factory.mktemp("exports") / "first"
    done = subprocess.run(
        [*CLI, "synth", str(raw), "--settlements", "1000", "--months", "2026-05:2026-10"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    second = raw.with_name("second")
    second.mkdir()
    (last,) = raw.glob("setl_d_202610*")
    last.rename(second / last.name)
    (august,) = raw.glob("setl_d_202608*")
    duckdb.sql(
        f"""
        copy (
            select * replace (
                '2026-11-20 00:00:00' as updt_time,
                case when row_number() over (order by setl_id) = 1 then '0' else vali_flag end as vali_flag,
                replace(setl_time, '2026-08', '2026-07') as setl_time
            )
            from read_csv('{august}', all_varchar = true)
            order by setl_id
            limit 10
        ) to '{second / "setl_d_202608_corrected.csv"}' (format csv, header)
        """
    )
    return raw


@pytest.fixture(scope="module")
def served(exports: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, str, str]:
    """A home with one release and a second delivery landed but not built: (home, release id, its SHA-256)."""
    home = Home(tmp_path_factory.mktemp("home") / "home")
    home.root.mkdir()
    (home.root / "bureau.toml").write_bytes((exports / "bureau.toml").read_bytes())
    for arguments in (["ingest", str(exports)], ["build"], ["ingest", str(exports.with_name("second"))]):
        done = medfund(home, *arguments)
        assert done.returncode == 0, done.stderr
    release = release_info(home)
    return home, release.release_id, sha256_file(release.database)


def assert_still_served(served: tuple[Home, str, str]) -> None:
    home, release_id, digest = served
    assert current_release(home) == release_id
    assert sha256_file(release_info(home).database) == digest
    asked = medfund(home, "sql", "select count(*) as n from settlement", "--format", "json")
    assert asked.returncode == 0 and json.loads(asked.stdout)[0]["n"] > 0, asked.stderr


@pytest.mark.parametrize(
    "moment",
    ["Building from", "build: 8 of", "(staging)", "(quality_check)"],
)
def test_a_build_killed_at_any_moment_leaves_the_release_and_no_lock(
    served: tuple[Home, str, str], moment: str
) -> None:
    process = start_build(served[0], "--full-refresh")
    wait_for(process, moment)
    process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()
    assert_still_served(served)


def test_a_full_disk_is_one_sentence_and_leaves_no_candidate(served: tuple[Home, str, str]) -> None:
    def small_files() -> None:
        limit = 8 * 1024 * 1024
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    home = served[0]
    for arguments in (["build"], ["build", "--full-refresh"]):
        done = medfund(home, *arguments, before=small_files)
        last = done.stderr.strip().splitlines()[-1]
        assert done.returncode == 1, done.stderr
        assert "the disk is full or a file-size limit was met" in last and str(home.root) in last
        assert "Traceback" not in done.stderr
        assert not home.candidate.exists()
        assert_still_served(served)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A volume of its own with 16 MB; only root may make one."""
    volume = tmp_path / "volume"
    volume.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(volume)], check=False)
    if made.returncode != 0:
        pytest.skip("no right to mount a volume here; the file-size limit above tests the same path")
    yield volume
    subprocess.run(["umount", "-l", str(volume)], check=True)


def test_a_volume_that_fills_up_is_one_sentence_and_leaves_no_candidate(
    served: tuple[Home, str, str], small_disk: Path
) -> None:
    home = Home(small_disk / "home")
    shutil.copytree(served[0].landing, home.landing)
    done = medfund(home, "build")
    assert done.returncode == 1, done.stderr
    assert "the disk is full" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr and "Logging error" not in done.stderr
    assert not home.candidate.exists() and current_release(home) is None


def test_two_builds_at_once_one_builds_and_one_says_so(served: tuple[Home, str, str]) -> None:
    """Also the build after all those kills: it publishes what the second delivery brought."""
    home, release_id, digest = served
    first = start_build(home)
    wait_for(first, "Building from")
    second = medfund(home, "build")
    assert second.returncode == 1
    assert f"medfund build (process {first.pid}" in second.stderr and "wait for it to end" in second.stderr
    assert first.stderr is not None
    first.stderr.read()
    first.stderr.close()
    assert first.wait() == 0
    assert current_release(home) != release_id
    assert sha256_file(home.releases / release_id / "medfund.duckdb") == digest
    difference = medfund(home, "release", "diff", release_id, str(current_release(home)), "--json")
    changes = json.loads(difference.stdout)["changes"]
    changed = {
        (c["period"], c["measure"], c["difference"]) for c in changes if c["table_name"] == "settlement"
    }
    assert {period for period, _, _ in changed} == {"2026-07-01", "2026-08-01", "2026-10-01"}
    assert {("2026-07-01", "rows", "9"), ("2026-08-01", "rows", "-10")} <= changed
    leftovers = [p.name for p in [*home.root.iterdir(), *home.releases.iterdir()] if ".tmp" in p.name]
    assert leftovers == []
    assert medfund(home, "build").stdout.strip() == current_release(home)


def test_a_release_built_onto_another_equals_one_built_all_anew(served: tuple[Home, str, str]) -> None:
    """Every public table and every check, whether it was run or carried over from the release before."""
    home = served[0]
    onto = release_info(home).database
    done = medfund(home, "build", "--full-refresh")
    assert done.returncode == 0 and "all anew" in done.stderr, done.stderr
    anew = release_info(home).database
    assert anew != onto
    with duckdb.connect() as connection:
        connection.execute(f"attach '{onto}' as onto (read_only)")
        connection.execute(f"attach '{anew}' as anew (read_only)")
        tables = [
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_tables() where database_name = 'anew' and schema_name = 'marts'"
            ).fetchall()
        ]
        assert len(tables) > 20
        # A release's own name and time, and the history of its checks.
        of_the_run = {"quality_check": " exclude (first_failed_in, state)"}
        for name in set(tables) - {"release_info"}:
            columns = f"*{of_the_run.get(name, '')}"
            for one, other in (("onto", "anew"), ("anew", "onto")):
                differing = connection.execute(
                    f"select {columns} from {one}.marts.{name} except all select {columns} from {other}.marts.{name}"
                ).fetchall()
                assert differing == [], f"{name}: only in {one}"


def test_a_refused_candidate_is_let_through_by_a_waiver_and_says_so(
    tmp_path: Path,
) -> None:
    raw, home = tmp_path / "raw", Home(tmp_path / "home")
    home.root.mkdir()
    subprocess.run(
        [
            *CLI,
            "synth",
            str(raw),
            "--settlements",
            "1000",
            "--months",
            "2026-08:2026-10",
            "--faults",
            "unmapped_subject",
        ],
        check=True,
        capture_output=True,
    )
    (home.root / "bureau.toml").write_bytes((raw / "bureau.toml").read_bytes())
    assert medfund(home, "ingest", str(raw)).returncode == 0
    refused = medfund(home, "build")
    check = "staging.stg_fund_acct_bal.subjects_mapped"
    assert refused.returncode == 3 and check in refused.stderr.strip().splitlines()[-1]
    assert current_release(home) is None
    rows = medfund(
        home,
        "sql",
        "select check_id, key_json from quality_failure",
        "--release",
        "candidate",
        "--format",
        "json",
    )
    failing = [json.loads(r["key_json"]) for r in json.loads(rows.stdout) if r["check_id"] == check]
    assert [row["subject_code"] for row in failing] == ["5901"]
    assert (home.root / "docs" / "quality" / "checks" / f"{check}.html").is_file()
    waived = medfund(
        home, "release", "waive", check, "--reason", "科目下月补录", "--by", "财务科", "--until", "2099-01-01"
    )
    assert waived.returncode == 2 and "over a year away" in waived.stderr
    until = str(date.today() + timedelta(days=30))
    waived = medfund(
        home, "release", "waive", check, "--reason", "科目下月补录", "--by", "财务科", "--until", until
    )
    assert waived.returncode == 0, waived.stderr
    built = medfund(home, "build")
    assert built.returncode == 0, built.stderr
    assert "only the gate is asked again" in built.stderr
    release = release_info(home)
    assert release.manifest["gate"] == "waived"
    assert [(w["check"], w["reason"], w["by"]) for w in release.manifest["waivers"]] == [
        (check, "科目下月补录", "财务科")
    ]
    unmapped = medfund(
        home,
        "sql",
        "select sum(amount) > 0 as shown from fund_expenditure_monthly where item_key = 'unmapped'",
        "--format",
        "json",
    )
    assert json.loads(unmapped.stdout) == [{"shown": True}]
