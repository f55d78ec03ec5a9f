"""Publishing, serving, rolling back and pruning releases; the writer lock."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import duckdb
import pytest

from medfund.errors import MedfundError, UsageError
from medfund.release import (
    current_release,
    list_releases,
    open_release,
    prune,
    publish,
    release_info,
    resolve_release,
    rollback,
    writer_lock,
)
from medfund.release.files import sha256_file
from medfund.settings import Home
from tests.unit.release_kit import ID_1, ID_2, ID_3, make_candidate, make_release


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_before_the_first_release_there_is_none(home: Home) -> None:
    assert current_release(home) is None
    assert list_releases(home) == []
    with pytest.raises(MedfundError, match="no release yet; run `medfund ingest`"):
        open_release(home)


def test_a_published_release_is_current_and_cannot_be_written(home: Home) -> None:
    release = make_release(home, ID_1)
    assert current_release(home) == ID_1
    assert home.current.readlink() == Path("releases") / ID_1
    assert release.manifest["release_id"] == ID_1
    assert release.manifest["database_sha256"] == sha256_file(release.database)
    assert not home.candidate_db.exists()
    assert (release.database.stat().st_mode & 0o222) == 0
    with open_release(home) as connection, pytest.raises(duckdb.Error):
        connection.execute("create table marts.x as select 1 as a")


def test_readers_see_marts_by_bare_name_and_nothing_outside(home: Home, tmp_path: Path) -> None:
    make_release(home, ID_1)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with open_release(home) as connection:
        total = connection.execute("select sum(income) from fund_balance_monthly").fetchone()
        assert str(total[0]) == "300.30"  # type: ignore[index]
        for forbidden in (
            f"select * from read_csv('{tmp_path}/secret.csv')",
            f"copy (select 1) to '{tmp_path}/out.csv'",
            f"attach '{tmp_path}/other.duckdb'",
            "install httpfs",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(forbidden)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "secret.csv"]


def test_any_client_reads_the_bare_names(home: Home) -> None:
    release = make_release(home, ID_1)
    with duckdb.connect() as plain:
        plain.execute(f"attach '{release.database}' as anything (read_only)")
        assert plain.execute("select count(*) from anything.fund_balance_monthly").fetchone() == (2,)


def test_an_open_reader_keeps_its_release_while_another_is_published_and_pruned(home: Home) -> None:
    make_release(home, ID_1)
    reader = open_release(home)
    make_release(home, ID_2, balances=[])
    make_release(home, ID_3, balances=[])
    assert prune(home, 1) == [ID_1, ID_2]
    assert reader.execute("select count(*) from fund_balance_monthly").fetchone() == (2,)
    reader.close()
    with open_release(home) as connection:
        assert connection.execute("select count(*) from fund_balance_monthly").fetchone() == (0,)


def test_rollback_serves_an_earlier_release_and_prune_never_removes_it(home: Home) -> None:
    for release_id in (ID_1, ID_2, ID_3):
        make_release(home, release_id)
    assert rollback(home, ID_1).is_current
    assert current_release(home) == ID_1
    assert prune(home, 1) == [ID_2]
    assert [(r.release_id, r.is_current) for r in list_releases(home)] == [(ID_3, False), (ID_1, True)]


def test_rollback_refuses_a_release_whose_bytes_changed(home: Home) -> None:
    first = make_release(home, ID_1)
    make_release(home, ID_2)
    first.database.chmod(0o644)
    data = bytearray(first.database.read_bytes())
    data[-1] ^= 1
    first.database.write_bytes(data)
    with pytest.raises(MedfundError, match="changed after publication"):
        rollback(home, ID_1)
    assert current_release(home) == ID_2


def test_releases_are_named_by_an_unmistakable_beginning(home: Home) -> None:
    make_release(home, ID_1)
    make_release(home, ID_2)
    assert resolve_release(home, "20261101") == ID_1
    assert resolve_release(home) == ID_2
    with pytest.raises(UsageError, match="ambiguous"):
        resolve_release(home, "2026110")
    for wrong in ("2019", "../../etc", ".tmp-x"):
        with pytest.raises(UsageError, match="no release"):
            release_info(home, wrong)


def test_a_link_to_nowhere_says_how_to_recover(home: Home) -> None:
    make_release(home, ID_1)
    make_release(home, ID_2)
    release_info(home, ID_2).database.unlink()
    with pytest.raises(MedfundError, match="medfund release rollback ID"):
        current_release(home)
    rollback(home, ID_1)
    assert current_release(home) == ID_1


def test_ids_that_are_not_ids_are_not_published(home: Home) -> None:
    make_candidate(home)
    with pytest.raises(MedfundError, match="not a release id"):
        publish(home, "../escape", {})


KILLED = textwrap.dedent(
    """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, {root!r})
    from medfund.release import files, store
    from medfund.settings import Home
    from tests.unit import release_kit

    home, step = Home(Path({home!r})), {step}
    count = 0
    def counted(function):
        def call(*args, **kwargs):
            global count
            count += 1
            if count == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)
        return call
    release_kit.make_candidate(home, [])
    for module, name in ((store, "write_json"), (store, "fsync_file"), (store, "fsync_dir"), (Path, "rename"),
                         (Path, "chmod"), (Path, "symlink_to"), (Path, "replace"), (Path, "mkdir")):
        setattr(module, name, counted(getattr(module, name)))
    store.publish(home, {new!r}, {{"built_at": "x", "batches": {{}}}})
    print(count)
    """
)


def _publish_killed_at(home: Home, step: int) -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    script = KILLED.format(root=root, home=str(home.root), step=step, new=ID_2)
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )


def test_publishing_killed_at_any_step_leaves_the_old_release_or_the_whole_new_one(home: Home) -> None:
    first = make_release(home, ID_1)
    digest = hashlib.sha256(first.database.read_bytes()).hexdigest()
    steps = 0
    while True:
        steps += 1
        done = _publish_killed_at(home, steps)
        assert hashlib.sha256(first.database.read_bytes()).hexdigest() == digest
        served = current_release(home)
        assert served in (ID_1, ID_2)
        with open_release(home) as connection:
            expected = 2 if served == ID_1 else 0
            assert connection.execute("select count(*) from fund_balance_monthly").fetchone() == (expected,)
        if (home.releases / ID_2).exists():
            rollback(home, ID_1)
            for path in (home.releases / ID_2).iterdir():
                path.unlink()
            (home.releases / ID_2).rmdir()
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        assert steps < 40
    assert steps > 8, "the kill was tried at too few moments to mean anything"
    # The next writer removes what the killed ones left.
    make_release(home, ID_3)
    assert sorted(p.name for p in home.releases.iterdir()) == [ID_1, ID_3]
    assert list(home.root.glob(".current*")) == []


def test_a_second_writer_is_told_who_holds_the_home(home: Home) -> None:
    held, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with writer_lock(home, "medfund build"):
            held.set()
            leave.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(5)
    started = time.monotonic()
    with pytest.raises(MedfundError, match=rf"medfund build \(process {os.getpid()}, since .*wait for it"):
        rollback(home, ID_1)
    assert 1.5 < time.monotonic() - started < 5
    leave.set()
    thread.join()
    with writer_lock(home, "medfund ingest"), writer_lock(home, "nested"):
        pass
    with writer_lock(home, "again"):
        pass


def test_the_lock_of_a_killed_writer_is_free(home: Home) -> None:
    script = (
        "import sys, time; from pathlib import Path; from medfund.release.lock import writer_lock; "
        "from medfund.settings import Home\n"
        "with writer_lock(Home(Path(sys.argv[1])), 'medfund build'):\n    print('held', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(home.root)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdout.readline() == "held\n"
    child.kill()
    child.wait()
    child.stdout.close()
    with writer_lock(home, "medfund ingest"):
        pass
