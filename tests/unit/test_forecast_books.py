"""The forecast of a release: which books get one, that it adds up, and that unchanged books keep theirs."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from medfund.errors import MedfundError
from medfund.forecast import Forecaster, worker, write_inputs
from medfund.forecast.books import Book, forecast_book
from medfund.forecast.memory import Fits
from medfund.forecast.tables import SCHEMAS, write_table
from medfund.release.files import remove_tree
from medfund.settings import Bureau, Home, Scenario, ScenarioLever

LAST = date(2026, 10, 1)


def months_before(count: int, last: date = LAST) -> list[date]:
    """The `count` months that end with `last`."""
    end = last.year * 12 + last.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(end - count + 1, end + 1)]


def flows(count: int, seed: int = 1) -> list[tuple[int, int]]:
    """Income and expenditure in fen with seasons of their own."""
    rng = np.random.default_rng(seed)
    at = np.arange(count)
    income = 5e8 * (1 + 0.5 * np.cos(2 * np.pi * at / 12)) * (1 + 0.04 * at / 12) + rng.normal(0, 1e7, count)
    spent = 4e8 * (1 + 0.1 * np.sin(2 * np.pi * at / 12)) * (1 + 0.06 * at / 12) + rng.normal(0, 1e7, count)
    return list(zip(income.astype(int).tolist(), spent.astype(int).tolist(), strict=True))


def make_candidate(
    path: Path,
    books: dict[tuple[str, str], Sequence[tuple[date, int, int]]],
    consolidated: dict[str, Sequence[tuple[date, int, int]]] | None = None,
    national: Sequence[tuple[int, int]] = (),
) -> Path:
    """A candidate with the four tables that a forecast reads; amounts in fen, balances from 10,000,000.00 yuan on."""
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.dim_org as select * from (values ('970100', 'city'), ('970199', 'city_direct')) "
            "as org (org_code, level)"
        )
        money = "income decimal(18, 2), expenditure decimal(18, 2), closing_balance decimal(18, 2)"
        connection.execute(
            f"create table marts.fund_balance_monthly (org_code text, fund_code text, month date, {money})"
        )
        connection.execute(
            f"create table marts.fund_balance_consolidated_monthly (fund_code text, month date, {money})"
        )
        connection.execute(
            "create table marts.fund_published_annual (region text, scheme text, item text, vintage text, "
            "year integer, value decimal(18, 4), is_money boolean)"
        )

        def insert(table: str, key: Sequence[str], rows: Sequence[tuple[date, int, int]]) -> None:
            balance = 10_000_000_00
            for month, income, spent in rows:
                balance += income - spent
                values = [*key, month, f"{income / 100:.2f}", f"{spent / 100:.2f}", f"{balance / 100:.2f}"]
                marks = ", ".join("?" for _ in values)
                connection.execute(f"insert into marts.{table} values ({marks})", values)

        for key, rows in books.items():
            insert("fund_balance_monthly", key, rows)
        for fund, rows in (consolidated or {}).items():
            insert("fund_balance_consolidated_monthly", [fund], rows)
        for year, value in national:
            connection.execute(
                "insert into marts.fund_published_annual values ('national', 'total', 'income', 'long_series', ?, ?, true)",
                [year, value],
            )
    return path


def dated(count: int, seed: int = 1, last: date = LAST) -> list[tuple[date, int, int]]:
    return [
        (month, *pair) for month, pair in zip(months_before(count, last), flows(count, seed), strict=True)
    ]


def read(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of a query in which `{name}` stands for one of the tables written."""
    names = {name: f"read_parquet('{folder / name}.parquet')" for name in SCHEMAS}
    return duckdb.sql(query.format(**names)).fetchall()


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, Any]]:
    """A candidate, the folder of its forecast, and what the process answered."""
    folder = tmp_path_factory.mktemp("first")
    candidate = make_candidate(
        folder / "candidate.duckdb",
        {
            ("970199", "310_pool"): dated(48),
            ("970199", "390"): dated(48, seed=2),
            ("970199", "320"): dated(35, seed=3),
            ("970199", "330"): dated(40, seed=4, last=date(2026, 7, 1)),
            # A year is missing: what is left in a row is too short.
            ("970199", "340"): [*dated(40, seed=5)[:10], *dated(20, seed=5)],
        },
        {"310_pool": dated(48, seed=6)},
        [(1998 + at, 5_000_000_000 + 400_000_000 * at * at) for at in range(20)],
    )
    out = folder / "out"
    out.mkdir()
    return candidate, out, worker.run(candidate, folder / "fits.parquet", out)


def test_books_are_forecast_or_said_why_not(first: tuple[Path, Path, dict[str, Any]]) -> None:
    _, out, said = first
    assert read(
        out, "select org_code, fund_code, is_consolidated, state, months from {forecast_series} order by all"
    ) == [
        ("970100", "310_pool", True, "forecast", 48),
        ("970199", "310_pool", False, "forecast", 48),
        ("970199", "320", False, "too_short", 35),
        ("970199", "330", False, "stale", 40),
        ("970199", "340", False, "too_short", 20),
        ("970199", "390", False, "forecast", 48),
    ]
    assert said == {"made": 3, "kept": 0, "without": {"stale": 1, "too_short": 2}}


def test_a_forecast_starts_the_month_after_and_runs_two_years(
    first: tuple[Path, Path, dict[str, Any]],
) -> None:
    assert read(
        first[1],
        "select measure, count(*), min(month), max(month) from {forecast} where fund_code = '390' group by all order by all",
    ) == [
        ("balance", 24, date(2026, 11, 1), date(2028, 10, 1)),
        ("expenditure", 24, date(2026, 11, 1), date(2028, 10, 1)),
        ("income", 24, date(2026, 11, 1), date(2028, 10, 1)),
    ]


def test_balances_roll_forward_to_the_fen_and_lie_in_their_intervals(
    first: tuple[Path, Path, dict[str, Any]],
) -> None:
    rolled = read(
        first[1],
        """
        select count(*), count(*) filter (balance = opening_balance + net)
        from (
            select org_code, fund_code, month,
                max(point) filter (measure = 'balance') as balance,
                sum(sum(case measure when 'income' then point when 'expenditure' then -point end))
                    over (partition by org_code, fund_code order by month) as net
            from {forecast} group by org_code, fund_code, month
        ) join {forecast_series} using (org_code, fund_code)
        """,
    )
    assert rolled == [(72, 72)]
    assert read(
        first[1],
        "select count(*) from {forecast} where not (lower_95 <= lower_80 and lower_80 <= point and point <= upper_80)",
    ) == [(0,)]
    # What lies further ahead is known less well.
    assert read(
        first[1],
        "select count(*) from (select upper_80 - lower_80 - lag(upper_80 - lower_80) over "
        "(partition by org_code, fund_code order by month) as step from {forecast} where measure = 'balance') where step < 0",
    ) == [(0,)]


def test_shown_models_never_lose_and_the_benchmark_is_scored(
    first: tuple[Path, Path, dict[str, Any]],
) -> None:
    out = first[1]
    assert read(
        out,
        """
        select count(*) from {forecast_score} as shown
        join {forecast_score} as other using (org_code, fund_code, measure, horizon)
        where shown.is_shown and other.model = 'seasonal_naive' and shown.mase > other.mase
        """,
    ) == [(0,)]
    assert read(
        out,
        "select distinct measure, horizon from {forecast_score} where model = 'seasonal_naive' order by all",
    ) == [(measure, h) for measure in ("balance", "expenditure", "income") for h in (3, 6, 12, 24)]
    # One model is shown per measure, and it is the one whose forecast stands there.
    assert read(
        out,
        "select count(distinct (org_code, fund_code, measure)), count(distinct (org_code, fund_code, measure, model)) "
        "from {forecast} semi join (from {forecast_score} where is_shown) using (org_code, fund_code, measure, model)",
    ) == [(9, 9)]


def test_national_series_are_scored_the_same_way(first: tuple[Path, Path, dict[str, Any]]) -> None:
    out = first[1]
    assert read(
        out, "select count(*), max(year) from {forecast_published} where actual is null and is_shown"
    ) == [(3, 2020)]
    # 8 years to learn from, one to three years ahead: 12 origins, of which the last two see less than three years.
    assert read(
        out,
        "select horizon, origins, periods from {forecast_published_score} where model = 'naive' order by horizon",
    ) == [(1, 12, 12), (2, 11, 23), (3, 10, 33)]
    # The series grows faster every year, so last year's figure is no match.
    assert read(
        out, "select count(*) from {forecast_published_score} where is_shown and model = 'naive'"
    ) == [(0,)]


def test_only_changed_books_are_forecast_again(
    first: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate, out, _ = first
    memory, again = out.parent / "fits.parquet", tmp_path / "again"
    again.mkdir()

    def refuse(*_: object) -> None:
        raise AssertionError("a model was fitted again")

    with monkeypatch.context() as unfit:
        unfit.setattr("medfund.forecast.memory.fit", refuse)
        assert worker.run(candidate, memory, again)["kept"] == 3
    for name in SCHEMAS:
        assert read(again, f"select * from {{{name}}} order by all") == read(
            out, f"select * from {{{name}}} order by all"
        )

    corrected = dated(48, seed=2)
    month, income, spent = corrected[5]
    corrected[5] = (month, income + 1, spent)
    newer = make_candidate(
        tmp_path / "newer.duckdb",
        {("970199", "310_pool"): dated(48), ("970199", "390"): corrected},
        {"310_pool": dated(48, seed=6)},
    )
    own = tmp_path / "fits.parquet"
    own.write_bytes(memory.read_bytes())
    assert worker.run(newer, own, again) == {"made": 1, "kept": 2, "without": {}}
    assert worker.run(newer, own, again, forget=True)["made"] == 3


def test_a_month_more_needs_few_new_fits(tmp_path: Path) -> None:
    """Five origins and the end, then the new end and the month two years before it; two flows, four models."""
    counted: list[int] = []
    for count, last in ((47, date(2026, 9, 1)), (48, LAST)):
        fits = Fits(tmp_path / "fits.parquet")
        months = dated(48)[:count]
        flows_of = [np.array([row[at] for row in months]) for at in (1, 2)]
        book = Book("970199", "390", False, 0, tuple(row[0] for row in months), *flows_of, 10**9)
        assert book.months[-1] == last
        forecast_book(book, fits, {name: [] for name in SCHEMAS})
        fits.save()
        counted.append(fits.made)
    assert counted == [2 * 4 * 6, 2 * 4 * 2]


def test_another_version_of_the_library_forecasts_again(
    first: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    candidate, out, _ = first
    memory = tmp_path / "fits.parquet"
    memory.write_bytes((out.parent / "fits.parquet").read_bytes())
    monkeypatch.setattr("medfund.forecast.memory.library_versions", lambda: {"statsforecast": "99"})
    assert worker.run(candidate, memory, tmp_path)["kept"] == 0


def test_without_the_library_the_tables_are_there_and_say_so(
    first: tuple[Path, Path, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medfund.forecast.worker.is_installed", lambda: False)
    said = worker.run(first[0], tmp_path / "fits.parquet", tmp_path)
    assert said == {"made": 0, "kept": 0, "without": {"library_missing": 6}}
    assert read(tmp_path, "select distinct state from {forecast_series}") == [("library_missing",)]
    assert read(tmp_path, "select count(*) from {forecast}") == [(0,)]


def test_no_books_no_forecast(tmp_path: Path) -> None:
    candidate = make_candidate(tmp_path / "candidate.duckdb", {})
    assert worker.run(candidate, tmp_path / "fits.parquet", tmp_path) == {"made": 0, "kept": 0, "without": {}}
    assert all(read(tmp_path, f"select count(*) from {{{name}}}") == [(0,)] for name in SCHEMAS)


def test_the_process_answers_in_one_sentence_and_names_what_went_wrong(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.candidate.mkdir()
    make_candidate(home.candidate_db, {("970199", "390"): dated(20)})
    with Forecaster(home) as forecaster:
        forecaster.begin(out=tmp_path)
        assert forecaster.finish().text() == "Forecasts: 0 made, 0 as before, 1 with too short a history."
    remove_tree(home.candidate)
    home.candidate.mkdir()
    with (
        Forecaster(home) as forecaster,
        pytest.raises(MedfundError, match=r"^the forecasts could not be made: .*medfund\.duckdb"),
    ):
        forecaster.begin(out=tmp_path)
        forecaster.finish()


def test_a_forecast_nobody_waits_for_writes_nothing(tmp_path: Path) -> None:
    """A build that is killed leaves its forecast behind, which must not write into the candidate of the next."""
    home = Home(tmp_path)
    home.candidate.mkdir()
    make_candidate(
        home.candidate_db, {("970199", "390"): dated(48), ("970199", "310_pool"): dated(48, seed=2)}
    )
    out = tmp_path / "out"
    out.mkdir()
    code = (
        "import os, sys; from pathlib import Path; from medfund.forecast import Forecaster; "
        "from medfund.settings import Home; "
        "it = Forecaster(Home(Path(sys.argv[1]))); it.begin(out=Path(sys.argv[2])); "
        "print(it._process.pid, flush=True); os._exit(9)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path), str(out)], capture_output=True, text=True
    )
    assert killed.returncode == 9, killed.stderr
    left = int(killed.stdout)
    for _ in range(600):
        if not is_running(left):
            break
        time.sleep(0.1)
    assert not is_running(left)
    assert list(out.iterdir()) == []


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def test_two_writers_of_one_file_do_not_take_each_others_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one writes, another writes the same file whole; the one that ends last has the last word."""
    real = pq.write_table

    def interrupted(table: Any, path: Any) -> None:
        real(table, path)
        monkeypatch.setattr(pq, "write_table", real)
        write_table(tmp_path, "forecast_series", [{"org_code": "2"}])

    monkeypatch.setattr(pq, "write_table", interrupted)
    write_table(tmp_path, "forecast_series", [{"org_code": "1"}])
    assert pq.read_table(tmp_path / "forecast_series.parquet").column("org_code").to_pylist() == ["1"]
    assert [path.name for path in tmp_path.iterdir()] == ["forecast_series.parquet"]


def test_the_command_line_does_not_load_the_library() -> None:
    code = (
        "import medfund.pipeline, sys; print(sorted({'statsforecast', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.replace("'", '"')) == []


def test_a_bureaus_scenarios_are_handed_to_dbt(tmp_path: Path) -> None:
    lever = ScenarioLever(lever="premium_relief", value=0.5, fund="310_pool", first_month=4, months=3)
    write_inputs(tmp_path, [Scenario(key="relief", name_zh="减征", levers=[lever, lever])])
    assert duckdb.sql(
        f"select scenario, ordinal, lever, value, fund_code, first_month, months, name_en, sort_order "
        f"from '{tmp_path / 'bureau_scenario.parquet'}'"
    ).fetchall() == [
        ("relief", 1, "premium_relief", 0.5, "310_pool", 4, 3, "减征", 1000),
        ("relief", 2, "premium_relief", 0.5, "310_pool", 4, 3, "减征", 1000),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            'key = "baseline"\nname_zh = "甲"\nlevers = [{lever = "subsidy", value = 0.1}]',
            "baseline assumes nothing",
        ),
        ('key = "a"\nname_zh = "甲"\nlevers = []', "scenarios.0.levers"),
        ('key = "a"\nname_zh = "甲"\nlevers = [{lever = "luck", value = 0.1}]', "luck"),
        ('key = "a"\nname_zh = "甲"\nlevers = [{lever = "subsidy", value = 5}]', "less than or equal to 1"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bureau.toml"
    path.write_text(f"[[scenarios]]\n{text}\n", encoding="utf-8")
    with pytest.raises(MedfundError, match=r"bureau\.toml") as refused:
        Bureau.load(path)
    assert message in str(refused.value)
