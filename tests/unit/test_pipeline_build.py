"""`build` on a three-model project and scripted check results: what starts from what, what is published, what is not."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import pyarrow.parquet as pq
import pytest

import medfund.pipeline.builder as build_module
from medfund.errors import MedfundError, Refused
from medfund.ingest import ensure_tables
from medfund.pipeline import build
from medfund.pipeline.builder import BuildResult
from medfund.pipeline.inputs import QUALITY_FAILURE, QUALITY_RESULT, write_rows
from medfund.release import (
    current_release,
    list_releases,
    open_release,
    release_info,
    status,
    waive,
    writer_lock,
)
from medfund.release.files import sha256_file
from medfund.settings import PROJECT_ROOT, Bureau, Home

CHECK = "marts.fund_balance_monthly.rolls_forward"
TODAY = date.today()

MODELS = {
    "marts/fund_balance_monthly.sql": """
        select book_org as org_code, ym as month, sum(close_bal)::decimal(18,2) as closing_balance, max(batch) as batch
        from read_parquet('{{ env_var("MEDFUND_HOME") }}/landing/fund_acct_bal/batch=*/rows.parquet',
            hive_partitioning = true, hive_types = {'batch': 'varchar'}, union_by_name = true)
        group by all
    """,
    "marts/settlement.sql": "select null::timestamp as setl_time where false",
    "marts/load_batch.sql": "select * from read_parquet('{{ env_var(\"MEDFUND_HOME\") }}/candidate/inputs/load_batch.parquet')",
    # Keeps what it held: shows whether a build started from the release before it.
    "marts/build_log.sql": """
        {{ config(materialized='incremental') }}
        select count(*) as changed_batches
        from read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/changed_batch.parquet')
    """,
    "quality/quality_check.sql": """
        {{ config(tags=['release']) }}
        select result.* exclude (evaluated), result.evaluated as is_evaluated,
            case when not result.passed then coalesce(previous.first_failed_in, release.release_id) end as first_failed_in,
            case when not result.passed then 'new' end as state
        from read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/quality_result.parquet') as result
        left join read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/previous_quality.parquet') as previous
            using (check_id)
        cross join read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/release.parquet') as release
    """,
    "quality/quality_failure.sql": """
        {{ config(tags=['release']) }}
        from read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/quality_failure.parquet')
    """,
    "quality/release_info.sql": """
        {{ config(tags=['release']) }}
        from read_parquet('{{ env_var("MEDFUND_HOME") }}/candidate/inputs/release.parquet')
    """,
}


class ScriptedChecker:
    """Stands in for the worker process: gives the results a test wants and counts its calls."""

    results: ClassVar[list[dict[str, Any]]] = []
    calls = 0

    def __enter__(self) -> ScriptedChecker:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def begin(self, home: Home, bureau: Bureau, *, out: Path, **_: Any) -> None:
        self.out = out

    def check(self, progress: Any = None) -> list[dict[str, Any]]:
        type(self).calls += 1
        out = self.out
        write_rows(out / "quality_result.parquet", QUALITY_RESULT, self.results)
        failing = [r["check_id"] for r in self.results if not r["passed"]]
        write_rows(
            out / "quality_failure.parquet",
            QUALITY_FAILURE,
            [
                {"check_id": c, "key_json": '{"org_code": "530101"}', "detail": "difference=0.01"}
                for c in failing
            ],
        )
        return list(self.results)


def check_result(passed: bool = True, evaluated: bool = True) -> dict[str, Any]:
    return {
        "check_id": CHECK,
        "suite": "marts",
        "table_name": "fund_balance_monthly",
        "severity": "critical",
        "dimension": "accuracy",
        "description_zh": "期初加收支等于期末",
        "description_en": "It rolls",
        "owner": "fund ledger",
        "observed": 0.0,
        "unexpected_count": 0 if passed else 3,
        "passed": passed,
        "evaluated": evaluated,
    }


@pytest.fixture(autouse=True)
def _scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(build_module, "Checker", ScriptedChecker)
    monkeypatch.setattr(ScriptedChecker, "results", [check_result()])
    monkeypatch.setattr(ScriptedChecker, "calls", 0)
    yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, sql in MODELS.items():
        path = root / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sql)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copyfile(PROJECT_ROOT / name, root / name)
    # The small models carry no contracts.
    text = (
        (root / "dbt_project.yml")
        .read_text()
        .replace("+contract: {enforced: true}", "+contract: {enforced: false}")
    )
    (root / "dbt_project.yml").write_text(text)
    (root / "macros").mkdir()
    shutil.copyfile(
        PROJECT_ROOT / "macros" / "dialect" / "generate_schema_name.sql",
        root / "macros" / "generate_schema_name.sql",
    )
    return root


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    ensure_tables(home)
    land(home, "000001", "2026-09-01", "100.10")
    return home


def land(home: Home, batch: str, month: str, closing: str) -> None:
    folder = home.landing / "fund_acct_bal" / f"batch={batch}"
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"copy (select '530101' as book_org, date '{month}' as ym, {closing}::decimal(24,6) as close_bal) "
            f"to '{folder}/rows.parquet' (format parquet)"
        )
    account = {
        "rows_read": 1,
        "rows_landed": 1,
        "rows_rejected": 0,
        "rows_identical": 0,
        "rows_superseded": 0,
    }
    (folder / "batch.json").write_text(
        json.dumps(
            account
            | {
                "batch_id": batch,
                "table_name": "fund_acct_bal",
                "source_file": f"ledger_{batch}.csv",
                "sha256": batch,
                "values_nulled": 0,
                "loaded_at": "2026-11-01T08:00:00",
            }
        )
    )


def run(home: Home, project: Path, bureau: Bureau | None = None, **options: Any) -> BuildResult:
    said: list[str] = options.pop("said", [])
    return build(home, bureau or Bureau(), say=said.append, project=project, **options)


def test_from_nothing_to_a_release_then_nothing_new_then_one_batch_more(
    home: Home, project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = dict(os.environ)
    steps: list[str] = []
    first = run(home, project, progress=lambda name, done, total: steps.append(name))

    assert (first.kind, first.gate) == ("full", "passed")
    assert current_release(home) == first.release.release_id
    assert "fund_balance_monthly" in steps
    assert capfd.readouterr().out == "", "standard output belongs to results"
    assert dict(os.environ) == environment
    with open_release(home) as connection:
        # Bare names work, and money is exact.
        assert (
            str(connection.execute("select closing_balance from fund_balance_monthly").fetchone()[0])
            == "100.10"
        )  # type: ignore[index]
        info = connection.execute(
            "select release_id, gate, waivers, data_through from main.release_info"
        ).fetchone()
        assert info == (first.release.release_id, "passed", "[]", date(2026, 9, 30))
    manifest = first.release.manifest
    assert manifest["batches"] == {"000001": "fund_acct_bal:000001"}
    assert manifest["checks"]["total"] == 1

    # Nothing new: the same release, without dbt or checks.
    said: list[str] = []
    again = run(home, project, said=said)
    assert (again.kind, again.release.release_id) == ("unchanged", first.release.release_id)
    assert again.seconds < 3 and ScriptedChecker.calls == 1
    assert "Nothing new" in said[0]

    # One more batch: a copy of the release is continued with that batch alone.
    digest = sha256_file(first.release.database)
    land(home, "000002", "2026-10-01", "50.00")
    second = run(home, project)
    assert second.kind == "incremental"
    assert sha256_file(first.release.database) == digest
    changed = pq.read_table(home.candidate / "inputs" / "changed_batch.parquet").to_pylist()
    assert changed == [{"table_name": "fund_acct_bal", "batch_id": "000002"}]
    with open_release(home) as connection:
        assert connection.execute("select changed_batches from build_log order by all").fetchall() == [
            (1,),
            (1,),
        ]
        assert connection.execute("select count(*) from fund_balance_monthly").fetchone() == (2,)
        assert connection.execute("select data_through from release_info").fetchone() == (date(2026, 10, 31),)
    previous = pq.read_table(home.candidate / "inputs" / "previous_quality.parquet").to_pylist()
    assert [(r["check_id"], r["passed"]) for r in previous] == [(CHECK, True)]


def test_other_settings_other_code_or_a_withdrawn_batch_build_all_anew(home: Home, project: Path) -> None:
    land(home, "000002", "2026-10-01", "50.00")
    assert run(home, project).kind == "full"
    assert run(home, project, Bureau(small_cell=5)).kind == "full"
    # How many releases are kept touches no figure.
    assert run(home, project, Bureau(small_cell=5, keep_releases=3)).kind == "unchanged"
    model = project / "models" / "marts" / "build_log.sql"
    model.write_text(model.read_text() + "\n-- another reading")
    assert run(home, project, Bureau(small_cell=5)).kind == "full"
    shutil.rmtree(home.landing / "fund_acct_bal" / "batch=000002")
    withdrawn = run(home, project, Bureau(small_cell=5))
    assert withdrawn.kind == "full"
    with open_release(home) as connection:
        assert connection.execute("select count(*) from fund_balance_monthly").fetchone() == (1,)
    assert len(list_releases(home)) == 4


def test_a_refused_candidate_leaves_the_release_and_a_waiver_lets_it_through_unbuilt(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(home, project)
    land(home, "000002", "2026-10-01", "50.00")
    monkeypatch.setattr(ScriptedChecker, "results", [check_result(passed=False)])

    with pytest.raises(Refused) as refusal:
        run(home, project)
    message = str(refusal.value)
    assert refusal.value.exit_code == 3
    assert f"1 critical checks failed: {CHECK} (3 rows)" in message
    assert f"Release {first.release.release_id} goes on being served" in message
    assert current_release(home) == first.release.release_id
    assert status(home)["refused"]["blocking"] == [CHECK]
    page = home.root / "docs" / "quality" / "checks" / f"{CHECK}.html"
    assert str(page.parents[1] / "index.html") in message and "530101" in page.read_text()
    with open_release(home, "candidate") as connection:
        assert connection.execute("select detail from quality_failure").fetchall() == [("difference=0.01",)]

    # Asked again without a waiver it refuses again, and builds nothing for it.
    with pytest.raises(Refused):
        run(home, project)
    assert ScriptedChecker.calls == 2

    waive(home, CHECK, "凭证下月补录", "基金财务科", TODAY + timedelta(days=9))
    result = run(home, project)
    assert (result.kind, result.gate, ScriptedChecker.calls) == ("regated", "waived", 2)
    with open_release(home) as connection:
        gate, waivers = connection.execute("select gate, waivers from release_info").fetchone()  # type: ignore[misc]
        assert gate == "waived"
        assert [(w["check"], w["reason"], w["by"]) for w in json.loads(waivers)] == [
            (CHECK, "凭证下月补录", "基金财务科")
        ]
        assert connection.execute("select count(*) from fund_balance_monthly").fetchone() == (2,)
    assert status(home)["refused"] is None


def test_an_expired_waiver_and_a_check_that_could_not_run_refuse(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedChecker, "results", [check_result(passed=False, evaluated=False)])
    with pytest.raises(Refused, match=r"rolls_forward \(not evaluated\).*No release is served yet"):
        run(home, project)
    waive(home, CHECK, "r", "b", TODAY - timedelta(days=1), today=TODAY - timedelta(days=5))
    with pytest.raises(Refused):
        run(home, project)
    assert current_release(home) is None


def test_a_model_that_fails_is_named_with_its_cause_and_the_next_build_works(
    home: Home, project: Path
) -> None:
    first = run(home, project)
    digest = sha256_file(first.release.database)
    model = project / "models" / "marts" / "build_log.sql"
    good = model.read_text()
    model.write_text("select nosuch from {{ ref('settlement') }}")
    with pytest.raises(MedfundError) as error:
        run(home, project)
    message = str(error.value)
    assert message.startswith("model build_log: ") and 'column "nosuch"' in message and "\n" not in message
    assert error.value.exit_code == 1
    assert (current_release(home), sha256_file(first.release.database)) == (first.release.release_id, digest)
    model.write_text(good)
    assert run(home, project).kind == "unchanged"
    assert run(home, project, full_refresh=True).kind == "full"


def test_a_project_that_cannot_be_read_is_one_sentence(home: Home, project: Path) -> None:
    (project / "models" / "marts" / "settlement.sql").write_text("select {{ nosuch( }}")
    with pytest.raises(MedfundError) as error:
        run(home, project)
    assert "\n" not in str(error.value) and "settlement" in str(error.value)


def test_nothing_landed_is_said(tmp_path: Path, project: Path) -> None:
    with pytest.raises(MedfundError, match="nothing is landed yet; run `medfund ingest PATH` first"):
        run(Home(tmp_path / "empty"), project)


def test_a_full_disk_while_building_is_one_sentence_and_leaves_no_candidate(
    home: Home, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(home, project)
    land(home, "000002", "2026-10-01", "50.00")

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(build_module.shutil, "copyfile", full)
    with pytest.raises(MedfundError, match=r"the disk is full.*current release is unchanged") as error:
        run(home, project)
    assert error.value.exit_code == 1
    assert not home.candidate.exists()
    assert release_info(home).release_id == first.release.release_id
    monkeypatch.undo()
    monkeypatch.setattr(build_module, "Checker", ScriptedChecker)
    monkeypatch.setattr(ScriptedChecker, "results", [check_result()])
    assert run(home, project).kind == "incremental"


def test_two_builds_at_once_are_one_too_many(home: Home, project: Path) -> None:
    import threading

    caught: list[BaseException] = []

    def second() -> None:
        try:
            run(home, project)
        except MedfundError as error:
            caught.append(error)

    with writer_lock(home, "medfund build"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    (error,) = caught
    assert "medfund build (process" in str(error) and "wait for it to end" in str(error)
