"""SQL typed into the workbench: what it may see, and what it is refused or cut off from."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from medfund.errors import MedfundError, UsageError
from medfund.release import Bounds, run_bounded


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "medfund.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts; create schema reference")
        connection.execute(
            "create table marts.book as select i as n, cast(i as decimal(18, 2)) / 4 as amount from range(50) r(i)"
        )
    return path


def test_a_query_is_answered_exactly_and_in_order(database: Path) -> None:
    answer = run_bounded(database, "select n, amount from {{ ref('book') }} where n < 2 order by n desc;")
    assert answer.columns == ("n", "amount")
    assert answer.rows == ((1, Decimal("0.25")), (0, Decimal("0.00")))
    assert not answer.is_cut and answer.seconds > 0


def test_tables_can_be_described(database: Path) -> None:
    assert [row[0] for row in run_bounded(database, "describe book").rows] == ["n", "amount"]


def test_a_long_result_is_cut_and_says_so(database: Path) -> None:
    answer = run_bounded(database, "select n from book order by n", Bounds(rows=3))
    assert answer.rows == ((0,), (1,), (2,)) and answer.is_cut
    assert not run_bounded(database, "select n from book limit 3", Bounds(rows=3)).is_cut


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{file}')",
        "select * from '{file}'",
        "select * from read_text('{file}')",
        "select * from glob('/*')",
        "select * from read_parquet('http://127.0.0.1:9/x.parquet')",
        "select * from duckdb_secrets(), read_blob('{file}')",
        "select * from sqlite_scan('{file}', 't')",
    ],
)
def test_no_file_and_no_network_can_be_read(database: Path, tmp_path: Path, sql: str) -> None:
    file = tmp_path / "private.csv"
    file.write_text("secret\n42\n", encoding="utf-8")
    with pytest.raises(MedfundError) as refused:
        run_bounded(database, sql.format(file=file))
    assert "42" not in str(refused.value)


@pytest.mark.parametrize(
    "sql",
    [
        "attach '/tmp/x.db' as x",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '100GB'",
        "reset lock_configuration",
        "copy book to '/tmp/book.csv'",
        "export database '/tmp/all'",
        "create table marts.mine as select 1",
        "create temp table mine as select 1",
        "delete from book",
        "drop table book",
        "call pragma_version()",
        "select 1; select 2",
        "",
    ],
)
def test_only_one_reading_statement_is_run(database: Path, sql: str) -> None:
    with pytest.raises(UsageError):
        run_bounded(database, sql)


@pytest.mark.parametrize("sql", ["pragma memory_limit = '100GB'", "pragma enable_external_access = true"])
def test_settings_are_locked(database: Path, sql: str) -> None:
    with pytest.raises(MedfundError):
        run_bounded(database, sql)


def test_a_query_that_takes_too_long_is_stopped(database: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(MedfundError, match="longer than 3 seconds"):
        run_bounded(
            database,
            "select count(*) from range(10000000) a(x), range(10000000) b(y) where x * y % 7 = 3",
            Bounds(seconds=3),
        )
    assert time.monotonic() - begin < 15


@pytest.mark.parametrize(
    "sql",
    [
        "select list(x) from range(200000000) r(x)",
        "select repeat('x', 2000000000)",
        "select string_agg(repeat('x', 1000), '') from range(100000000)",
    ],
)
def test_a_query_that_needs_too_much_memory_is_stopped(database: Path, sql: str) -> None:
    with pytest.raises(MedfundError):
        run_bounded(database, sql, Bounds(seconds=30, memory_mb=100))


def test_a_heavy_answer_is_refused(database: Path) -> None:
    with pytest.raises(MedfundError, match="more than 64 MB"):
        run_bounded(database, "select repeat('x', 100000) as t from range(1000)")


def test_wrong_sql_says_what_is_wrong(database: Path) -> None:
    with pytest.raises(MedfundError, match="nothing_here"):
        run_bounded(database, "select * from nothing_here")
