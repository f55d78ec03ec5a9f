"""What a new batch can reach, and that what it cannot keeps its outcome."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from expectations.results import QUALITY_FAILURE, QUALITY_FAILURE_MONTHLY, QUALITY_RESULT, write_rows
from expectations.rules import Rule, load_rules
from medfund.pipeline.quality import carry_over
from medfund.pipeline.reach import Lineage, repeatable, tables_read
from medfund.settings import PROJECT_ROOT

# Two strands that meet in `both`; lists that are seeds; what each run brings anew.
LINEAGE = Lineage(
    {
        name: frozenset(parents)
        for name, parents in {
            "stg_setl_d": ["landing.setl_d"],
            "stg_fund_acct_bal": ["landing.fund_acct_bal"],
            "int_month": ["stg_setl_d", "run.changed_batch"],
            "int_entry": ["stg_fund_acct_bal", "seed"],
            "settlement": ["stg_setl_d", "int_month", "dim_fund"],
            "fund_balance_monthly": ["int_entry", "run.bureau_setting"],
            "both": ["settlement", "fund_balance_monthly"],
            "dim_fund": ["seed"],
            "int_list": ["seed"],
            "dim_org": ["int_list", "run.bureau_org"],
            "load_batch": ["run.load_batch"],
            "from_elsewhere": [],
        }.items()
    },
    frozenset(
        "settlement fund_balance_monthly both dim_fund dim_org load_batch from_elsewhere".split()  # noqa: SIM905
    ),
)


def rule(check: str, sql: str, population: str = "") -> Rule:
    return Rule(
        id=check,
        suite="marts",
        table=check.split(".")[1],
        severity="minor",
        dimension="validity",
        zh="",
        en="",
        owner="",
        sql=sql,
        population=population,
    )


def test_only_what_a_new_batch_reaches_is_run_with_all_it_is_made_from() -> None:
    assert LINEAGE.left_out({"setl_d"}, ()) == {
        "stg_fund_acct_bal",
        "int_entry",
        "fund_balance_monthly",
        "dim_fund",
        "int_list",
        "dim_org",
    }
    assert LINEAGE.left_out({"fund_acct_bal"}, ()) == {
        "stg_setl_d",
        "int_month",
        "settlement",
        "dim_fund",
        "int_list",
        "dim_org",
    }
    # What the checks read on the way is built for them, and what that is made from, but no public table.
    assert LINEAGE.left_out({"setl_d"}, {"int_entry", "fund_balance_monthly"}) == {
        "fund_balance_monthly",
        "dim_fund",
        "int_list",
        "dim_org",
    }


def test_a_model_that_says_nothing_of_its_sources_and_an_unknown_source_are_always_run() -> None:
    assert {"from_elsewhere", "load_batch"} <= LINEAGE.changed(())


def test_a_check_is_repeatable_only_when_all_it_reads_is_the_same_and_no_clock_is_asked() -> None:
    rules = [
        rule("marts.a.same", "select * from medfund.marts.dim_fund"),
        rule("marts.a.with_own_part", "with settlement as (select 1 as n) select n from settlement"),
        rule("marts.a.reached", "select * from medfund.marts.both"),
        rule(
            "marts.a.reached_below",
            "select * from medfund.marts.dim_org as o where exists (select 1 from raw.setl_d)",
        ),
        rule(
            "marts.a.reached_population",
            "select * from raw.fixmedins_b",
            "select count(*) from work.settlement",
        ),
        rule("marts.a.clock", "select * from medfund.marts.dim_fund where current_date > date '2026-01-01'"),
        rule("marts.a.batches", "select * from raw.batch_row_count"),
        rule("marts.a.unknown", "select * from medfund.marts.nosuch"),
        rule(
            "marts.a.list",
            "select * from medfund.reference.code_value anti join work.listed_code using (code)",
        ),
    ]
    assert repeatable(rules, LINEAGE, {"setl_d"}) == {"marts.a.same", "marts.a.with_own_part", "marts.a.list"}
    assert "marts.a.reached_population" in repeatable(rules, LINEAGE, {"fund_acct_bal"})


def test_every_rule_says_what_it_reads_and_the_views_it_is_given_are_known() -> None:
    read = tables_read(load_rules())
    assert all(read.values())
    assert read["marts.settlement.none_lost_or_added"] == {
        "work.settlement",
        "run.setting",
        "medfund.marts.settlement",
    }
    source = (PROJECT_ROOT / "expectations" / "source.py").read_text(encoding="utf-8")
    made = set(re.findall(r"create (?:view|table) ((?:run|work)\.\w+)", source))
    assert made == {"run.setting", "work.fund", "work.listed_code", "work.settlement"}
    assert {
        name for names in read.values() for name in names if name.startswith(("run.", "work."))
    } == made | {
        "run.load_batch",
        "run.bureau_org",
    }


def test_no_model_asks_the_clock() -> None:
    """A model left out must be what it would become; figures of a day are asked of a release, not built in."""
    clock = re.compile(
        r"\b(current_(date|time|timestamp)|localtime\w*|now\s*\(|today\s*\(|random\s*\()", re.I
    )
    asking = [
        path.name
        for folder in ("models", "macros")
        for path in (PROJECT_ROOT / folder).rglob("*.sql")
        if clock.search(re.sub(r"--.*", "", path.read_text(encoding="utf-8")))
    ]
    assert asking == []


def test_carried_outcomes_stand_in_order_beside_those_worked_out(tmp_path: Path) -> None:
    first, second = (r for r in load_rules()[:2])

    def result(rule: Rule, passed: bool) -> dict[str, object]:
        return {
            "check_id": rule.id,
            "suite": rule.suite,
            "table_name": rule.table,
            "severity": rule.severity,
            "dimension": rule.dimension,
            "description_zh": rule.zh,
            "description_en": rule.en,
            "owner": rule.owner,
            "observed": 0.0 if passed else 2.0,
            "unexpected_count": 0 if passed else 2,
            "passed": passed,
            "evaluated": True,
        }

    database = tmp_path / "release.duckdb"
    earlier = tmp_path / "earlier.parquet"
    write_rows(earlier, QUALITY_RESULT, [result(first, False), result(second, False)])
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            "create table marts.quality_check as select * exclude (evaluated), evaluated as is_evaluated, "
            f"'r1' as first_failed_in, 'new' as state from '{earlier}'"
        )
        connection.execute(
            'create table marts.quality_failure as select check_id, \'{"batch_id": "1"}\' as key_json, '
            "'n=1' as detail, 1 as failure_number from marts.quality_check"
        )
        connection.execute(
            "create table marts.quality_failure_monthly as select check_id, 'H1' as institution_code, "
            "date '2026-10-01' as month, 2::bigint as failing_rows, 0.03::decimal(18, 2) as difference "
            "from marts.quality_check"
        )
    write_rows(tmp_path / "quality_result.parquet", QUALITY_RESULT, [result(second, True)])
    write_rows(tmp_path / "quality_failure.parquet", QUALITY_FAILURE, [])
    write_rows(tmp_path / "quality_failure_monthly.parquet", QUALITY_FAILURE_MONTHLY, [])

    rows = carry_over(tmp_path, database, {first.id})

    assert [(r["check_id"], r["passed"], r["unexpected_count"]) for r in rows] == [
        (first.id, False, 2),
        (second.id, True, 0),
    ]
    assert pq.read_table(tmp_path / "quality_result.parquet").to_pylist() == rows
    assert pq.read_table(tmp_path / "quality_failure.parquet").to_pylist() == [
        {"check_id": first.id, "key_json": '{"batch_id": "1"}', "detail": "n=1"}
    ]
    [month] = pq.read_table(tmp_path / "quality_failure_monthly.parquet").to_pylist()
    assert (month["check_id"], month["institution_code"], month["failing_rows"]) == (first.id, "H1", 2)


def test_ways_name_models_exports_and_steps_but_no_lists_or_settings() -> None:
    ways = LINEAGE.ways()
    assert ways["settlement"] == ["dim_fund", "int_month", "stg_setl_d"]
    assert ways["stg_setl_d"] == ["landing.setl_d"]
    assert ways["int_entry"] == ["stg_fund_acct_bal"]
    assert ways["fund_balance_monthly"] == ["int_entry"]
    assert ways["dim_fund"] == [] and ways["load_batch"] == []
    # The forecast is a step that the build makes from models.
    assert ways["run.forecast"] == ["dim_org", "fund_balance_consolidated_monthly", "fund_balance_monthly"]
