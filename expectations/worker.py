"""The process that runs the suites: `python -m expectations.worker`.

Imports Great Expectations at once, then waits for one line of JSON on standard input (see `source.Request`) and
runs the checks of landed rows alone; the others wait for a second line, `go`, which says that the candidate is
complete. The end of standard input before the answer means that nobody waits for it.
Answers with lines of JSON on standard output, {"kind": "progress", …} and at the end {"kind": "done"} or
{"kind": "error", "message": …}, and leaves quality_result.parquet, quality_failure.parquet and
quality_failure_monthly.parquet in the folder asked for.
"""

# ruff: noqa: E402 - garbage collection is switched before the imports.
from __future__ import annotations

import gc
import io
import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
# What an import makes stays; looking through it for garbage again and again takes a quarter of its time.
gc.disable()

import great_expectations as gx
import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch

from expectations.results import QUALITY_FAILURE, QUALITY_FAILURE_MONTHLY, QUALITY_RESULT, write_rows
from expectations.rules import Rule, load_rules
from expectations.source import (
    URL,
    FailingRows,
    KeptConnectionEngine,
    Request,
    prepare_candidate,
    prepare_landing,
)

gc.freeze()
gc.enable()

# Failing rows kept per check; all of them can be listed with the check's own SQL.
FAILING_ROWS = 100
# The one asset of all checks that are queries.
_QUERIES = "queries"


@dataclass
class Outcome:
    """One rule's result. `evaluated` false means that the expectation itself failed; `detail` says why."""

    rule: Rule
    passed: bool = False
    evaluated: bool = False
    unexpected: int = 0
    observed: float | None = None
    rows: list[dict[str, Any]] = field(default_factory=list)
    by_month: list[dict[str, Any]] = field(default_factory=list)
    detail: str = ""


def run_suites(
    request: Request,
    rules: Sequence[Rule],
    progress: TextIO | None = None,
    is_candidate_complete: Callable[[], object] = lambda: None,
) -> list[Outcome]:
    """Run every rule on the data of the request and give one outcome per rule, in their order.

    The candidate is not touched before `is_candidate_complete` returns.
    """
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    source = context.data_sources.add_duckdb(name="candidate", connection_string=URL)
    engine = source.get_execution_engine()
    with engine.get_connection() as connection:
        prepare_landing(connection, request)
    outcomes = {
        outcome.rule.id: outcome for outcome in _run(source, [r for r in rules if _is_early(r)], None)
    }
    is_candidate_complete()
    with engine.get_connection() as connection:
        prepare_candidate(connection, request)
    rest = [rule for rule in rules if rule.id not in outcomes]
    outcomes |= {outcome.rule.id: outcome for outcome in _run(source, rest, progress)}
    with engine.get_connection() as connection:
        for outcome in outcomes.values():
            _observe(connection, outcome)
            _count_by_month(connection, outcome)
    return [outcomes[rule.id] for rule in rules]


def _is_early(rule: Rule) -> bool:
    """Whether a rule reads what is there before the candidate: landed rows and the run's own inputs."""
    return not re.search(r"\b(medfund|scratch|work)\.", f"{rule.sql} {rule.relation} {rule.population}")


def _run(source: Any, rules: Sequence[Rule], progress: TextIO | None) -> Iterable[Outcome]:
    for suite, in_suite in groupby(rules, key=lambda r: r.suite):
        tables = [list(group) for _, group in groupby(in_suite, key=lambda r: r.table)]
        for done, table_rules in enumerate(tables, start=1):
            yield from _run_table(source, table_rules)
            _say(progress, {"kind": "progress", "suite": suite, "done": done, "total": len(tables)})


def _run_table(source: Any, rules: Sequence[Rule]) -> Iterable[Outcome]:
    """Validate the rules of one table: those written as queries in one suite, the others by relation.

    Queries name all that they read, so they share one asset. For columns a summary keeps the library from
    listing every failing value of a large table.
    """
    queries = [rule for rule in rules if rule.kind in ("rows", "has_rows")]
    if queries:
        yield from _validate(source, _QUERIES, "select * from run.setting", queries, "COMPLETE")
    columns = [rule for rule in rules if rule.kind not in ("rows", "has_rows")]
    for relation, members in groupby(columns, key=lambda r: r.relation):
        yield from _validate(source, relation, f"select * from {relation}", list(members), "SUMMARY")


def _validate(
    source: Any, name: str, query: str, rules: Sequence[Rule], result_format: str
) -> Iterable[Outcome]:
    try:
        known = {asset.name: asset for asset in source.assets}
        asset = known.get(name) or source.add_query_asset(name=name, query=query)
        batch: Batch = asset.get_batch(asset.build_batch_request())
        suite = gx.ExpectationSuite(name=name, expectations=[_expectation(rule) for rule in rules])
        result = batch.validate(suite, result_format={"result_format": result_format})
        by_id = {r["expectation_config"]["meta"]["rule"]: r for r in result.results}
    except Exception as error:
        for rule in rules:
            yield Outcome(rule, detail=_words(error))
        return
    for rule in rules:
        yield _outcome(rule, by_id[rule.id])


def _expectation(rule: Rule) -> gxe.Expectation:
    meta = {"rule": rule.id}
    if rule.kind == "rows":
        return FailingRows.of(rule.sql, keep=FAILING_ROWS, meta=meta)
    if rule.kind == "has_rows":
        none = f"select '{rule.table}' as table_name, 0 as row_count where not exists ({rule.sql})"
        return FailingRows.of(none, keep=FAILING_ROWS, meta=meta)
    if rule.kind == "not_null":
        return gxe.ExpectColumnValuesToNotBeNull(column=rule.column, meta=meta)
    return gxe.ExpectColumnValuesToBeInSet(column=rule.column, value_set=list(rule.values), meta=meta)


def _outcome(rule: Rule, result: Any) -> Outcome:
    errors = _exceptions(result.exception_info)
    if errors:
        return Outcome(rule, detail=errors[0])
    seen = result.result
    outcome = Outcome(rule, passed=bool(result.success), evaluated=True)
    if rule.kind in ("rows", "has_rows"):
        outcome.unexpected = int(seen["observed_value"])
        outcome.rows = seen["details"]["unexpected_rows"]
    else:
        outcome.unexpected = int(seen["unexpected_count"] or 0)  # null on an empty table
        outcome.rows = [
            {rule.column: item["value"], "row_count": item["count"]}
            for item in (seen.get("partial_unexpected_counts") or [])[:FAILING_ROWS]
        ]
    return outcome


def _exceptions(info: dict[str, Any]) -> list[str]:
    """Messages of exceptions: one dict, or one per metric, depending on where it happened."""
    entries = [info] if "raised_exception" in info else list(info.values())
    return [_words(e.get("exception_message")) for e in entries if e and e.get("raised_exception")]


def _observe(connection: sa.Connection, outcome: Outcome) -> None:
    """The share of failing rows where the rule names its population, else their number."""
    if not outcome.evaluated:
        return
    outcome.observed = float(outcome.unexpected)
    if outcome.rule.population:
        total = connection.exec_driver_sql(outcome.rule.population).scalar() or 0
        outcome.observed = outcome.unexpected / total if total else 0.0


def _count_by_month(connection: sa.Connection, outcome: Outcome) -> None:
    """Whose rows fail: all of them counted by institution and month, where a check's rows name both."""
    if not outcome.rows or not {"institution_code", "month"} <= set(outcome.rows[0]):
        return
    amount = "sum(abs(difference))" if "difference" in outcome.rows[0] else "null"
    found = connection.exec_driver_sql(
        "select coalesce(institution_code, 'none') as institution_code, month, count(*) as failing_rows, "
        f"cast({amount} as decimal(18, 2)) as difference from (\n{outcome.rule.sql.strip()}\n) group by all"
    )
    outcome.by_month = [{"check_id": outcome.rule.id, **row} for row in found.mappings()]


def write_outcomes(outcomes: Iterable[Outcome], out: Path) -> None:
    """Write the result files, those of the failing rows first: their presence is not a sign of success."""
    outcomes = list(outcomes)
    write_rows(out / "quality_failure.parquet", QUALITY_FAILURE, _failures(outcomes))
    write_rows(
        out / "quality_failure_monthly.parquet",
        QUALITY_FAILURE_MONTHLY,
        (row for outcome in outcomes for row in outcome.by_month),
    )
    write_rows(
        out / "quality_result.parquet",
        QUALITY_RESULT,
        (
            {
                "check_id": o.rule.id,
                "suite": o.rule.suite,
                "table_name": o.rule.table,
                "severity": o.rule.severity,
                "dimension": o.rule.dimension,
                "description_zh": o.rule.zh,
                "description_en": o.rule.en,
                "owner": o.rule.owner,
                "observed": o.observed,
                "unexpected_count": o.unexpected,
                "passed": o.passed,
                "evaluated": o.evaluated,
            }
            for o in outcomes
        ),
    )


def _failures(outcomes: Iterable[Outcome]) -> Iterable[dict[str, Any]]:
    for outcome in outcomes:
        rule = outcome.rule
        if not outcome.evaluated:
            yield {"check_id": rule.id, "key_json": "{}", "detail": f"not evaluated: {outcome.detail}"}
        elif not outcome.passed:
            for row in outcome.rows:
                key = {name: _plain(row.get(name)) for name in (rule.key or row)}
                rest = [f"{name}={_plain(value)}" for name, value in row.items() if name not in key]
                yield {
                    "check_id": rule.id,
                    "key_json": json.dumps(key, ensure_ascii=False),
                    "detail": ", ".join(rest),
                }


def _plain(value: Any) -> str | int | None:
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    return str(value.normalize() + 0 if isinstance(value, Decimal) and value == 0 else value)


def _words(error: Any) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:500] if lines else "no message"


def _say(stream: TextIO | None, message: dict[str, Any]) -> None:
    if stream is not None:
        stream.write(json.dumps(message) + "\n")
        stream.flush()


def _listen(told_to_go: threading.Event) -> None:
    for line in sys.stdin:
        if line.strip() == "go":
            told_to_go.set()
    os._exit(1)


def main() -> int:
    """Serve one request. Returns the exit code."""
    rules = load_rules()
    line = sys.stdin.readline()
    if not line.strip():
        return 0  # the build ended without needing us
    # The build keeps our standard input open: when it ends early, nobody wants the answer any more, and a late
    # one would land in the next candidate.
    told_to_go = threading.Event()
    threading.Thread(target=_listen, args=[told_to_go], daemon=True).start()
    asked = json.loads(line)
    request = Request(
        **{name: Path(asked[name]) for name in ("landing", "database", "scratch", "inputs", "out")},
        payer_mismatch_share=float(asked["payer_mismatch_share"]),
    )
    rules = tuple(rule for rule in rules if rule.id not in asked["without"])
    answers = sys.stdout
    try:
        # Great Expectations prints hints; standard output belongs to the protocol.
        with redirect_stdout(io.StringIO()):
            write_outcomes(run_suites(request, rules, answers, told_to_go.wait), request.out)
    except Exception as error:
        traceback.print_exc()
        _say(answers, {"kind": "error", "message": _words(error)})
        return 1
    _say(answers, {"kind": "done"})
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Leave without tearing down: the driver complains about objects that Great Expectations still holds.
    KeptConnectionEngine.kept = None
    os._exit(code)
