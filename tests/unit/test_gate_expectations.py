"""The expectations on settlements, ledger rows and landed files made by hand, run by Great Expectations."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from expectations.rules import Rule, load_rules
from medfund.contract import load_contract
from medfund.ingest import ensure_tables
from medfund.pipeline.inputs import write_build_inputs
from medfund.pipeline.quality import Checker
from medfund.settings import PROJECT_ROOT, Bureau, Gate, Home

# One good settlement: 1200 = 1000 fund + 50 account + 150 cash; 1200 = 200 + 0 + 100 + 900; 1000 = 700 + 200 + 50 + 50.
GOOD = {
    "setl_id": "good",
    "batch_id": "000001",
    "reversed_setl_id": None,
    "is_refund_flagged": False,
    "is_valid": True,
    "updated_at": "2026-10-02",
    "med_fee": "1200",
    "self_funded": "200",
    "over_limit": "0",
    "prepaid_share": "100",
    "in_scope": "900",
    "pooled_pay": "700",
    "catastrophic_pay": "200",
    "assistance_pay": "50",
    "other_fund_pay": "50",
    "civil_servant_pay": "50",
    "reported_fund_pay": "1000",
    "reported_person_pay": "200",
    "account_pay": "50",
    "mutual_aid_pay": "0",
    "cash_pay": "150",
    "hospital_pay": "0",
}
MONEY = [
    name
    for name in GOOD
    if name not in ("setl_id", "batch_id", "reversed_setl_id", "updated_at") and name[:3] != "is_"
]


def negated(**change: Any) -> dict[str, Any]:
    """The reversal of the good settlement: every amount negative, the person's total left empty."""
    mirror = {name: f"-{GOOD[name]}" for name in MONEY}
    return GOOD | mirror | {"reported_person_pay": None, "is_refund_flagged": True} | change


SETTLEMENTS = [
    GOOD,
    # Versions and voided rows that are not the newest valid one say nothing, however wrong.
    GOOD | {"updated_at": "2026-10-01", "med_fee": "1"},
    GOOD | {"setl_id": "voided", "is_valid": False, "med_fee": "1"},
    GOOD | {"setl_id": "one_fen_off", "in_scope": "899.99"},
    GOOD | {"setl_id": "parts_off", "in_scope": "899.98"},
    GOOD | {"setl_id": "person_off", "reported_person_pay": "200.02"},
    GOOD | {"setl_id": "payers_off", "hospital_pay": "5"},
    GOOD | {"setl_id": "funds_off", "other_fund_pay": "49"},
    GOOD | {"setl_id": "original", "is_refund_flagged": True},
    negated(setl_id="reversal", reversed_setl_id="original"),
    GOOD | {"setl_id": "original_2"},
    negated(setl_id="reversal_2", reversed_setl_id="original_2", cash_pay="-149", med_fee="-1199"),
    negated(setl_id="orphan", reversed_setl_id="before_the_window"),
]
# An extract that cast the cost parts to whole yuan: up to 0.99 is let through, a yuan is not.
CAST = {"batch_id": "000002", "med_fee": "1200.99", "reported_person_pay": "200.99", "cash_pay": "150.99"}
SETTLEMENTS += [GOOD | CAST | {"setl_id": f"whole_yuan_{number}"} for number in range(19)]
SETTLEMENTS += [
    GOOD
    | CAST
    | {
        "setl_id": "a_yuan_off",
        "med_fee": "1201",
        "reported_person_pay": "201",
        "cash_pay": "151",
    }
]
# The newest valid rows are eleven and twenty; person_off, payers_off miss I3.
EXPECTED = {
    "cost_parts_add_up": {"parts_off", "reversal_2", "a_yuan_off"},
    "person_parts_add_up": {"person_off"},
    "payers_tie_in_every_row": {"person_off", "payers_off"},
    "funds_add_up": {"funds_off"},
    "list_total_ties": {"person_off"},
    "reversals_net_to_zero": {"reversal_2"},
    "reversals_flag_both_rows": {"reversal_2"},
    "reversal_has_its_original": {"orphan"},
}


# Every raw table but the settlements is delivered with one row whose codes nobody lists.
CODED = {
    table.name: [c.name for c in table.landed if c.dictionary not in (None, "admdvs")]
    for table in load_contract().tables.values()
    if table.name != "setl_d"
}


def _land_unlisted_codes(home: Home) -> None:
    with duckdb.connect() as connection:
        for table, coded in CODED.items():
            columns = ", ".join(
                ("'zz_new'" if name in coded else "null") + f'::{kind} as "{name}"'
                for name, kind in load_contract().table(table).landing_types().items()
            )
            rows = home.landing / table / "batch=000002" / "rows.parquet"
            rows.parent.mkdir(parents=True)
            connection.execute(f"copy (select {columns}) to '{rows}' (format parquet)")


def _values(rows: list[dict[str, Any]]) -> str:
    def literal(value: Any) -> str:
        return "null" if value is None else str(value).lower() if isinstance(value, bool) else f"'{value}'"

    return ", ".join("(" + ", ".join(literal(v) for v in row.values()) + ")" for row in rows)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A candidate with staging settlements and a ledger by hand; most marts are missing on purpose."""
    home = Home(tmp_path_factory.mktemp("expectations"))
    ensure_tables(home)
    _land_unlisted_codes(home)
    home.candidate.mkdir()
    batch = {
        "batch_id": "000001",
        "table_name": "setl_d",
        "source_file": "x.csv",
        "sha256": "x",
        "rows_read": 5,
        "rows_landed": 3,
        "rows_rejected": 1,
        "rows_identical": 0,
        "rows_superseded": 0,
        "values_nulled": 0,
        "loaded_at": "2026-11-01 08:00:00",
    }
    bureau = Bureau.model_validate({"modes": {"fund_scope": "excl", "mutual_aid": "inside"}})
    write_build_inputs(home, bureau, [batch], [("setl_d", "000001")])
    columns = ", ".join(GOOD)
    money = ", ".join(f"{name}::decimal(18,2) as {name}" for name in MONEY)
    with duckdb.connect(str(home.candidate / "scratch.duckdb")) as scratch:
        scratch.execute("create schema staging; create schema intermediate;")
        scratch.execute(
            f"""
            create table staging.stg_setl_d as
            select
                setl_id, batch_id, reversed_setl_id, is_refund_flagged::boolean as is_refund_flagged, is_valid::boolean as is_valid,
                updated_at::timestamp as updated_at, {money},
                'H53010100001' as institution_code, '530101' as org_code, '530101' as treatment_org_code,
                '21' as care_type_code, '390' as insurance_type_code, timestamp '2026-10-05 10:00:00' as setl_time,
                null::date as admitted_on, null::date as discharged_on, null::varchar as record_id,
                1::bigint as row_number_in_file
            from (values {_values(SETTLEMENTS)}) as t ({columns})
            """
        )
        scratch.execute(
            """
            create table staging.stg_fund_acct_bal as
            select
                '530101' as org_code, fund_code, date '2026-10-01' as month, subject_code, '科目' as subject_name, side as
                balance_side, opening::decimal(18,2) as opening_balance, debit::decimal(18,2) as debit_amount,
                credit::decimal(18,2) as credit_amount, closing::decimal(18,2) as closing_balance, '元' as exported_unit,
                false as is_consolidated, '000001' as batch_id, 1::bigint as row_number_in_file
            from (values
                ('390', '1001', '借', 10, 5, 3, 12),        -- 10 + 5 - 3 = 12
                ('390', '3001', '贷', 10, 3, 5, 12),        -- 10 - 3 + 5 = 12
                ('390', '4001', '贷', 10, 3, 5, 12.02),     -- printed closing two fen too high
                ('399', '1001', '借', 0, 0, 0, 0)           -- no such fund
            ) as t (fund_code, subject_code, side, opening, debit, credit, closing)
            """
        )
    with duckdb.connect(str(home.candidate_db)) as db:
        db.execute("create schema reference; create schema marts;")
        codes = PROJECT_ROOT / "seeds" / "codes"
        for seed in ("code_value", "code_alias", "code_dictionary", "fund_item"):
            db.execute(
                f"create table reference.{seed} as from read_csv('{codes}/{seed}.csv', all_varchar = true)"
            )
        db.execute(
            "create table marts.dim_institution as select 'H1' as institution_code, date '2026-01-01' as valid_from, "
            "'palace' as institution_kind, 'tertiary' as hospital_level union all select null, null, 'hospital', 'x'"
        )
        db.execute("create table marts.load_batch as select '1' as batch_id from range(250)")
    return home


def _check(home: Home, share: float) -> dict[str, dict[str, Any]]:
    out = home.root / f"out-{share}"
    out.mkdir()
    with Checker() as checker:
        checker.begin(
            home,
            Bureau(gate=Gate(payer_mismatch_share=share)),
            database=home.candidate_db,
            scratch=home.candidate / "scratch.duckdb",
            out=out,
        )
        results = checker.check()
    return {r["check_id"]: r for r in results}


@pytest.fixture(scope="module")
def strict(home: Home) -> dict[str, dict[str, Any]]:
    """Results with 2 of 31 settlements (6 %) off and a limit of 5 %."""
    return _check(home, 0.05)


def _failing(home: Home, check: str, column: str, share: float = 0.05) -> set[Any]:
    rows = pq.read_table(home.root / f"out-{share}" / "quality_failure.parquet").to_pylist()
    return {json.loads(r["key_json"])[column] for r in rows if r["check_id"] == check}


@pytest.mark.parametrize("name", EXPECTED)
def test_identities_find_exactly_the_rows_that_break_them(
    home: Home, strict: dict[str, dict[str, Any]], name: str
) -> None:
    check = f"staging.stg_setl_d.{name}"
    found = strict[check]
    assert found["evaluated"] and not found["passed"]
    assert _failing(home, check, "setl_id") == EXPECTED[name]
    assert found["unexpected_count"] == len(EXPECTED[name])


def test_failing_rows_are_counted_by_institution_and_month(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    rows = pq.read_table(home.root / "out-0.05" / "quality_failure_monthly.parquet").to_pylist()
    by_check = {row["check_id"]: row for row in rows}
    assert by_check["staging.stg_setl_d.payers_tie_in_every_row"] == {
        "check_id": "staging.stg_setl_d.payers_tie_in_every_row",
        "institution_code": "H53010100001",
        "month": date(2026, 10, 1),
        "failing_rows": 2,
        "difference": Decimal("5.02"),  # 0.02 of person_off, 5 of payers_off
    }
    # A refund has amounts left, but not one difference; the ledger has no institutions.
    assert by_check["staging.stg_setl_d.reversals_net_to_zero"]["difference"] is None
    assert "staging.stg_fund_acct_bal.subject_rolls" not in by_check


def test_payers_stop_the_release_only_above_the_bureaus_limit(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    check = "staging.stg_setl_d.payers_tie"
    assert strict[check]["severity"] == "critical" and not strict[check]["passed"]
    assert strict[check]["observed"] == pytest.approx(2 / 31)
    lenient = _check(home, 0.2)
    assert lenient[check]["passed"] and lenient[check]["observed"] == 0
    assert lenient["staging.stg_setl_d.payers_tie_in_every_row"]["unexpected_count"] == 2


def test_ledger_rows_roll_on_their_own_side_and_unknown_funds_are_named(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    rolls = strict["staging.stg_fund_acct_bal.subject_rolls"]
    assert (rolls["unexpected_count"], rolls["observed"]) == (1, 0.25)
    assert _failing(home, "staging.stg_fund_acct_bal.subject_rolls", "subject_code") == {"4001"}
    assert _failing(home, "staging.stg_fund_acct_bal.fund_known", "fund_code") == {"399"}


@pytest.mark.parametrize("table", [table for table, coded in CODED.items() if coded])
def test_codes_that_no_dictionary_lists_are_named_for_every_table(
    home: Home, strict: dict[str, dict[str, Any]], table: str
) -> None:
    check = f"raw.{table}.codes_listed"
    assert strict[check]["evaluated"] and strict[check]["severity"] == "minor"
    assert _failing(home, check, "column_name") == set(CODED[table])
    assert _failing(home, check, "code") == {"zz_new"}


def test_the_account_of_a_batch_must_add_up_and_match_its_file(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    # 5 read is not 3 landed + 1 rejected, and no rows lie where 3 are claimed.
    assert _failing(home, "raw.load_batch.rows_accounted", "batch_id") == {"000001"}
    assert _failing(home, "raw.load_batch.rows_landed_are_there", "batch_id") == {"000001"}
    assert strict["raw.setl_d.delivered"]["passed"] is False


def test_built_in_expectations_find_unlisted_and_empty_values(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    assert _failing(home, "marts.dim_institution.kind_listed", "institution_kind") == {"palace"}
    assert strict["marts.dim_institution.institution_code_filled"]["unexpected_count"] == 1
    assert strict["marts.dim_institution.level_listed"]["unexpected_count"] == 1


def test_a_check_that_cannot_run_is_not_evaluated_and_spoils_no_other(
    home: Home, strict: dict[str, dict[str, Any]]
) -> None:
    for check in (
        "marts.fund_balance_monthly.rolls_forward",
        "marts.settlement.setl_id_filled",
        "marts.settlement.remote_kind_listed",
        "staging.stg_fund_vchr_d.balances",
    ):
        assert (strict[check]["evaluated"], strict[check]["passed"]) == (False, False), check
    rows = pq.read_table(home.root / "out-0.05" / "quality_failure.parquet").to_pylist()
    why = [r["detail"] for r in rows if r["check_id"] == "marts.fund_balance_monthly.rolls_forward"]
    assert "not evaluated" in why[0] and "fund_balance_monthly" in why[0]
    assert len(strict) == len(load_rules()), "every rule has an outcome"


def test_failing_rows_are_capped_and_still_counted(home: Home, strict: dict[str, dict[str, Any]]) -> None:
    assert strict["marts.load_batch.key_unique"]["unexpected_count"] == 1
    assert _failing(home, "marts.load_batch.key_unique", "batch_id") == {"1"}
    rows = pq.read_table(home.root / "out-0.05" / "quality_failure.parquet").to_pylist()
    assert max(sum(r["check_id"] == check for r in rows) for check in {r["check_id"] for r in rows}) <= 100


def test_the_worker_ends_quietly_when_it_is_not_needed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "expectations.worker"],
        input="",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=PROJECT_ROOT,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_worker_dies_with_the_build_that_asked(home: Home, tmp_path: Path) -> None:
    request = {
        "landing": str(home.landing),
        "database": str(home.candidate_db),
        "scratch": str(home.candidate / "scratch.duckdb"),
        "inputs": str(home.candidate / "inputs"),
        "out": str(tmp_path),
        "payer_mismatch_share": 0.001,
        "without": [],
    }
    done = subprocess.run(
        [sys.executable, "-m", "expectations.worker"],
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=PROJECT_ROOT,
    )
    assert done.returncode == 1 and '"done"' not in done.stdout
    assert not (tmp_path / "quality_result.parquet").exists()


def test_the_rules_load_without_great_expectations() -> None:
    script = "import sys; from expectations.rules import load_rules; load_rules(); print('great_expectations' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=PROJECT_ROOT
    )
    assert done.stdout.strip() == "False"
    assert isinstance(load_rules()[0], Rule)


def test_missing_input_is_one_sentence(home: Home, tmp_path: Path) -> None:
    from medfund.errors import MedfundError

    with (
        Checker() as checker,
        pytest.raises(MedfundError, match=r"the expectations could not be run: .*nosuch"),
    ):
        checker.begin(
            home,
            Bureau(),
            database=tmp_path / "nosuch.duckdb",
            scratch=home.candidate / "scratch.duckdb",
            out=tmp_path,
        )
        checker.check()
