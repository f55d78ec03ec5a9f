"""The gate's decision, the list of rules, and the pages that show the outcome."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlglot

from expectations.rules import Rule, load_rules
from expectations.rules.generated import GRAINS
from medfund.pipeline.pages import write_quality_pages
from medfund.pipeline.quality import decide
from medfund.release import Waiver
from medfund.settings import PROJECT_ROOT


def result(
    check: str, severity: str = "critical", passed: bool = True, evaluated: bool = True
) -> dict[str, Any]:
    return {
        "check_id": check,
        "suite": check.split(".")[0],
        "table_name": check.split(".")[1],
        "severity": severity,
        "dimension": "accuracy",
        "description_zh": "期初加收支等于期末",
        "description_en": "It rolls",
        "owner": "fund ledger",
        "observed": 0.0 if passed else 2.0,
        "unexpected_count": 0 if passed else 2,
        "passed": passed,
        "evaluated": evaluated,
    }


def waiver(check: str) -> Waiver:
    return Waiver(check, "reason", "who", date(2026, 12, 31), "2026-11-22T00:00:00+00:00")


@pytest.mark.parametrize(
    ("results", "waived", "verdict", "blocking"),
    [
        ([result("a.b.ok")], [], "passed", []),
        ([result("a.b.bad", passed=False)], [], "refused", ["a.b.bad"]),
        ([result("a.b.bad", passed=False)], ["a.b.bad"], "waived", []),
        (
            [result("a.b.bad", passed=False), result("a.b.worse", passed=False)],
            ["a.b.bad"],
            "refused",
            ["a.b.worse"],
        ),
        ([result("a.b.bad", "major", passed=False)], [], "passed", []),
        ([result("a.b.bad", "minor", passed=False)], [], "passed", []),
        # A check that could not be run stops the release whatever it would have said.
        ([result("a.b.err", "minor", passed=False, evaluated=False)], [], "refused", ["a.b.err"]),
        ([result("a.b.err", "minor", passed=False, evaluated=False)], ["a.b.err"], "waived", []),
        # A waiver of a check that passes changes nothing.
        ([result("a.b.ok")], ["a.b.ok"], "passed", []),
        # Nothing checked is not nothing wrong.
        ([], [], "refused", []),
    ],
)
def test_the_gate(
    results: list[dict[str, Any]], waived: list[str], verdict: str, blocking: list[str]
) -> None:
    gate = decide(results, [waiver(check) for check in waived])
    assert (gate.verdict, gate.blocking) == (verdict, blocking)


def test_every_rule_is_complete_and_its_sql_can_be_read() -> None:
    rules = load_rules()
    assert len(rules) > 200
    for rule in rules:
        assert rule.zh and rule.en and rule.owner, rule.id
        assert any("\u4e00" <= c <= "\u9fff" for c in rule.zh), f"{rule.id}: zh is not Chinese"
        if rule.sql:
            statements = sqlglot.parse(rule.sql, dialect="duckdb")
            assert len(statements) == 1, rule.id
    assert Counter(rule.suite for rule in rules).keys() == {"raw", "staging", "marts"}


def test_what_the_gate_must_stop_is_critical_and_what_it_must_not_is_not() -> None:
    severity = {rule.id: rule.severity for rule in load_rules()}
    critical = (
        "marts.fund_balance_monthly.key_unique",
        "marts.fund_balance_monthly.rolls_forward",
        "marts.fund_balance_monthly.opens_with_last_closing",
        "staging.stg_fund_acct_bal.subjects_mapped",
        "staging.stg_fund_acct_bal.fund_known",
        "staging.stg_setl_d.payers_tie",
        "raw.setl_d.required_filled",
    )
    lesser = (
        "marts.fund_balance_monthly.no_unexplained_gap",
        "marts.fund_balance_consolidated_monthly.transfers_cancel_out",
        "raw.setl_d.codes_listed",
        "raw.fund_vchr_d.delivered",
        "marts.published_finding.publications_tie",
    )
    assert {severity[check] for check in critical} == {"critical"}
    assert "critical" not in {severity[check] for check in lesser}


def test_every_mart_with_a_checked_grain_is_a_model() -> None:
    models = {path.stem for path in (PROJECT_ROOT / "models").rglob("*.sql")}
    assert set(GRAINS) <= models


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"severity": "fatal"}, "severity 'fatal'"),
        ({"id": "marts.other.holds"}, "expected to begin with marts.t."),
        ({"sql": ""}, "needs sql"),
        ({"kind": "not_null"}, "needs relation and column"),
    ],
)
def test_a_malformed_rule_is_refused(change: dict[str, str], message: str) -> None:
    good = {
        "id": "marts.t.holds",
        "suite": "marts",
        "table": "t",
        "severity": "minor",
        "dimension": "validity",
        "zh": "成立",
        "en": "It holds",
        "owner": "x",
        "sql": "select 1",
    }
    Rule(**good)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=message):
        Rule(**(good | change))  # type: ignore[arg-type]


def test_pages_show_what_failed_with_its_rows_and_escape_what_files_hold(tmp_path: Path) -> None:
    check = "marts.fund_balance_monthly.rolls_forward"
    stale = tmp_path / "checks" / "gone.html"
    stale.parent.mkdir()
    stale.write_text("old")
    overview = write_quality_pages(
        tmp_path,
        results=[result(check, passed=False), result("raw.setl_d.delivered")],
        failures=[
            {
                "check_id": check,
                "key_json": '{"org_code": "530101", "name": "<script>x</script>"}',
                "detail": "difference=0.01",
            }
        ],
        verdict="refused",
        waived=[],
        label="candidate",
        checked_at=datetime(2026, 11, 22, 12, 0),
        rules_sql={check: "select 1 < 2"},
    )
    text = overview.read_text(encoding="utf-8")
    assert "闸门拒绝" in text and f'href="checks/{check}.html"' in text and "期初加收支等于期末" in text
    page = (tmp_path / "checks" / f"{check}.html").read_text(encoding="utf-8")
    assert "530101" in page and "difference=0.01" in page and "select 1 &lt; 2" in page
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert not stale.exists()
    for written in tmp_path.rglob("*.html"):
        assert "http" not in written.read_text(encoding="utf-8"), "pages need nothing from a network"
