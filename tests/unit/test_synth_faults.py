"""Planted faults: what the answer key says is in the exports, look-alikes are innocent, and the rest still holds."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.errors import UsageError
from medfund.settings import PROJECT_ROOT
from medfund.synth import write
from medfund.synth.faults import KINDS, key_path, wanted
from medfund.synth.faults import knowledge as known

TABLES = ("setl_d", "mdtrt_d", "fee_list_d", "setl_fund_detl", "drg_dip_rslt_d", "psn_insu_d", "fixmedins_b", "hilist_b",
          "setl_list_diag_d")  # fmt: skip


def say(_: str) -> None:
    pass


def read_key(directory: Path) -> list[dict[str, str]]:
    with key_path(directory).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A tiny bureau with every fault but those of a file's spelling, its exports as tables and the answer key as `k`."""
    directory = tmp_path_factory.mktemp("faults") / "raw"
    names = [n for n in KINDS if n not in ("messy_values", "duplicate_keys")]
    write(directory, size="tiny", faults=names, form="parquet", say=say)
    with duckdb.connect() as con:
        for table in TABLES:
            con.execute(
                f"CREATE TABLE {table} AS FROM read_parquet('{directory}/{table}*.parquet', union_by_name=true)"
            )
        con.execute(f"""CREATE TABLE k AS SELECT * REPLACE (role::INTEGER AS role, is_innocent = 'true' AS is_innocent)
            FROM read_csv('{key_path(directory)}', all_varchar=true, header=true)""")
        con.execute("""CREATE TABLE relation AS FROM psn_insu_d QUALIFY row_number() OVER (
            PARTITION BY psn_insu_rlts_id ORDER BY updt_time DESC) = 1""")
        # Settlements of the key with their visits, and pairs of evidence (a) and what is wrong (b).
        con.execute("""CREATE TABLE e AS SELECT k.fault, k.incident, k.role, s.*, v.begntime, v.endtime, v.die_date,
                v.ipt_days, v.dscg_maindiag_code, v.dise_no
            FROM k JOIN setl_d s ON k."table" = 'setl_d' AND s.setl_id = k.key_values
            LEFT JOIN mdtrt_d v ON v.mdtrt_id = s.mdtrt_id""")
        con.execute("""CREATE TABLE pair AS SELECT a.fault, a.incident, a, b FROM e a JOIN e b
            ON a.fault = b.fault AND a.incident = b.incident AND a.role = 0 AND b.role = 1""")
        con.execute("""CREATE TABLE line AS SELECT k.fault, k.incident, k.amount::DECIMAL(16, 2) AS involved, f.*
            FROM k JOIN fee_list_d f ON k."table" = 'fee_list_d' AND f.bkkp_sn = k.key_values""")
        yield con


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[Any]:
    return con.execute(query).fetchall()


_CHARGED = "SELECT incident FROM line l WHERE fault = '{kind}' AND hilist_code IN {codes}"
_COVERED = """EXISTS (FROM relation i WHERE i.psn_no = e.psn_no AND i.insutype = e.insutype
    AND e.begndate >= i.crt_insu_date AND e.begndate < coalesce(i.paus_insu_date, DATE '2099-01-01'))"""
_SAME_DAY_SUM = """SELECT l.incident FROM line l JOIN fee_list_d f ON f.setl_id = l.setl_id
    AND f.hilist_code = l.hilist_code AND f.fee_ocur_time::DATE = l.fee_ocur_time::DATE
    WHERE l.fault = '{kind}' AND l.hilist_code IN {codes} GROUP BY l.incident, l.bkkp_sn HAVING sum(f.cnt) > {most}"""
_IDLE = """SELECT e.incident FROM e JOIN fee_list_d f USING (setl_id) WHERE e.fault = '{kind}' GROUP BY e.incident
    HAVING max(f.fee_ocur_time::DATE) FILTER (f.med_chrgitm_type NOT IN ('01', '02', '07')) = min(f.fee_ocur_time::DATE)
        AND max(e.ipt_days) >= 6"""

# For each kind a query of the exports that gives the incidents of the key in which the fault is really there.
SHOWN = {
    "care_after_death": "SELECT incident FROM pair WHERE a.die_date + 1 < b.begndate AND a.psn_no = b.psn_no",
    "bill_posted_after_death": """SELECT p.incident FROM pair p JOIN fee_list_d f ON f.setl_id = p.b.setl_id
        WHERE b.setl_time::DATE > a.die_date + 1 AND b.endtime::DATE <= a.die_date
        GROUP BY p.incident, a.die_date HAVING max(f.fee_ocur_time::DATE) <= a.die_date""",
    "wrong_death_date": """SELECT incident FROM k JOIN mdtrt_d v ON v.mdtrt_id = k.key_values WHERE die_date IS NOT NULL
        AND psn_no IN (SELECT psn_no FROM psn_insu_d GROUP BY 1 HAVING max_by(surv_stas, updt_time) = '1')""",
    "settlement_without_coverage": f"SELECT incident FROM e WHERE NOT {_COVERED}",
    "bill_posted_after_leaving": f"""SELECT incident FROM e WHERE {_COVERED} AND NOT
        {_COVERED.replace("e.begndate", "e.setl_time::DATE")}""",
    "double_coverage_benefit": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND a.insutype <> b.insutype
        AND a.fixmedins_code = b.fixmedins_code AND a.begndate = b.begndate AND a.medfee_sumamt = b.medfee_sumamt""",
    "siblings_same_visit": """SELECT incident FROM pair WHERE a.psn_no <> b.psn_no AND a.fixmedins_code = b.fixmedins_code
        AND a.begndate = b.begndate AND a.medfee_sumamt = b.medfee_sumamt""",
    "frequent_outpatient": """SELECT incident FROM e WHERE med_type = '11' GROUP BY incident
        HAVING count(*) > 100 AND count(DISTINCT psn_no) = 1 AND count(DISTINCT year) = 1""",
    "dialysis": """SELECT incident FROM e WHERE dise_no LIKE 'N18%' GROUP BY incident, date_trunc('month', setl_time)
        HAVING count(*) >= 12 AND count(DISTINCT psn_no) = 1""",
    "clustered_admission": """SELECT incident FROM e GROUP BY incident HAVING count(DISTINCT psn_no) = 12
        AND count(DISTINCT fixmedins_code) = 1 AND max(begndate) - min(begndate) <= 4""",
    "epidemic_wave": """SELECT incident FROM e WHERE dscg_maindiag_code LIKE 'J1%' GROUP BY incident
        HAVING count(DISTINCT fixmedins_code) > 5 AND max(begndate) - min(begndate) <= 4""",
    "bulk_card_use": """SELECT incident FROM e GROUP BY incident HAVING count(DISTINCT psn_no) = 14
        AND count(DISTINCT fixmedins_code) = 1 AND max(setl_time) - min(setl_time) < INTERVAL 10 MINUTE""",
    "batch_upload": """SELECT incident FROM e GROUP BY incident HAVING count(DISTINCT psn_no) >= 6
        AND count(DISTINCT setl_time) = 1 AND count(DISTINCT endtime::DATE) > 1""",
    "overlong_stay": "SELECT incident FROM e WHERE ipt_days > 60",
    "psychiatric_stay": "SELECT incident FROM e WHERE ipt_days > 60 AND dscg_maindiag_code LIKE 'F20%'",
    "overlapping_stays": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND b.vali_flag = '1'
        AND a.fixmedins_code <> b.fixmedins_code AND b.begntime < a.endtime - INTERVAL 24 HOUR""",
    "transfer_same_day": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND a.enddate = b.begndate
        AND a.fixmedins_code <> b.fixmedins_code""",
    "withdrawn_overlap": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND b.vali_flag = '0'
        AND b.begntime < a.endtime - INTERVAL 24 HOUR""",
    "outpatient_during_stay": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND b.med_type = '11'
        AND b.begndate > a.begndate + 1 AND b.begndate < a.enddate - 1""",
    "earlier_visit_posted_during_stay": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND b.endtime < a.begntime
        AND b.setl_time::DATE > a.begndate + 1 AND b.setl_time::DATE < a.enddate - 1""",
    "split_stay": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND a.fixmedins_code = b.fixmedins_code
        AND b.begndate - a.enddate BETWEEN 0 AND 10 AND a.dscg_maindiag_code = b.dscg_maindiag_code""",
    "planned_chemotherapy": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND a.dscg_maindiag_code LIKE 'Z51.1%'
        AND b.dscg_maindiag_code LIKE 'Z51.1%' AND b.begndate - a.enddate BETWEEN 0 AND 10""",
    "impossible_card_use": """SELECT incident FROM pair WHERE a.psn_no = b.psn_no AND a.fixmedins_code <> b.fixmedins_code
        AND a.fix_blng_admdvs <> b.fix_blng_admdvs AND b.setl_time - a.setl_time <= INTERVAL 30 MINUTE""",
    "multi_institution_drug": """SELECT incident FROM line WHERE fault = 'multi_institution_drug' GROUP BY incident
        HAVING count(DISTINCT fixmedins_code) >= 3 AND count(DISTINCT hilist_code) = 1 AND count(DISTINCT psn_no) = 1
            AND max(fee_ocur_time) - min(fee_ocur_time) < INTERVAL 30 DAY""",
    "two_institution_drug": """SELECT incident FROM line WHERE fault = 'two_institution_drug' GROUP BY incident
        HAVING count(DISTINCT fixmedins_code) = 2 AND count(DISTINCT hilist_code) = 1""",
    "hanging_bed": _IDLE.format(kind="hanging_bed"),
    "per_diem_stay": _IDLE.format(kind="per_diem_stay") + " AND max(e.dscg_maindiag_code) LIKE 'F20%'",
    "checkup_stay": """SELECT e.incident FROM e JOIN fee_list_d f USING (setl_id) WHERE e.fault = 'checkup_stay'
        GROUP BY e.incident HAVING sum(f.det_item_fee_sumamt) FILTER (f.med_chrgitm_type IN ('03', '04'))
            >= 0.7 * sum(f.det_item_fee_sumamt)""",
    "bed_days_over_stay": """SELECT l.incident FROM line l JOIN mdtrt_d v USING (mdtrt_id)
        JOIN fee_list_d f ON f.setl_id = l.setl_id AND f.med_chrgitm_type = '01' WHERE l.fault = 'bed_days_over_stay'
        GROUP BY l.incident, v.begntime, v.endtime HAVING sum(f.cnt) > v.endtime::DATE - v.begntime::DATE + 1""",
    "contained_item_charged": f"""SELECT a.incident FROM line a JOIN line b ON a.incident = b.incident
            AND a.fee_ocur_time::DATE = b.fee_ocur_time::DATE AND a.fault = b.fault
        WHERE a.fault = 'contained_item_charged' AND (a.hilist_code, b.hilist_code) IN {tuple(known.contained())}
            AND a.involved = 0 AND b.involved = b.det_item_fee_sumamt""",
    "over_daily_frequency": _SAME_DAY_SUM.format(
        kind="over_daily_frequency", codes=tuple(known.limited()), most=known.PER_DAY
    ),
    "overrecorded_hours": _SAME_DAY_SUM.format(
        kind="overrecorded_hours", codes=tuple(known.hourly()), most=known.HOURS
    ),
    "price_over_ceiling": """SELECT incident FROM line WHERE fault = 'price_over_ceiling' AND pric > pric_uplmt_amt
        AND overlmt_selfpay = 0 AND involved = round((pric - pric_uplmt_amt) * cnt, 2)""",
    "excess_paid_by_patient": """SELECT incident FROM line WHERE fault = 'excess_paid_by_patient'
        AND pric > pric_uplmt_amt AND overlmt_selfpay = involved AND involved > 0""",
    "sex_conflict": _CHARGED.format(kind="sex_conflict", codes=tuple(known.for_women()))
    + " AND psn_no IN (SELECT psn_no FROM psn_insu_d WHERE gend = '1')",
    "age_conflict": _CHARGED.format(kind="age_conflict", codes=tuple(known.for_children()))
    + f" AND psn_no IN (SELECT psn_no FROM psn_insu_d WHERE brdy + INTERVAL {known.CHILD_YEARS} YEAR < l.fee_ocur_time)",
    "upcoding": """SELECT incident FROM k JOIN drg_dip_rslt_d g ON g.setl_id = k.key_values JOIN setl_d s USING (setl_id)
        WHERE g.std_pay_amt > 1.25 * s.medfee_sumamt AND k.amount::DECIMAL(16, 2) = g.std_pay_amt - s.medfee_sumamt""",
    "line_missing": """SELECT k.incident FROM k JOIN setl_d s ON s.setl_id = '97' || substr(k.key_values, 3, 14)
        JOIN fee_list_d f USING (setl_id) WHERE k.fault = 'line_missing' GROUP BY k.incident, s.medfee_sumamt, k.amount
        HAVING s.medfee_sumamt - sum(f.det_item_fee_sumamt) = k.amount::DECIMAL(16, 2)""",
    "line_sent_twice": "SELECT incident FROM line WHERE fault = 'line_sent_twice' GROUP BY incident HAVING count(*) = 2",
    "unmapped_item": """SELECT incident FROM line WHERE fault = 'unmapped_item'
        AND hilist_code NOT IN (SELECT hilist_code FROM hilist_b)""",
    "default_doctor": "SELECT incident FROM line WHERE fault = 'default_doctor' AND bilg_dr_code = 'D99999'",
    "unknown_institution": "SELECT incident FROM e WHERE fixmedins_code NOT IN (SELECT fixmedins_code FROM fixmedins_b)",
    "fund_detail_short": """SELECT k.incident FROM k JOIN setl_d s ON s.setl_id = k.key_values JOIN setl_fund_detl d USING (setl_id)
        WHERE k.fault = 'fund_detail_short' AND d.fund_pay_type IN ('310100', '390100')
            AND s.hifp_pay - d.fund_payamt = k.amount::DECIMAL(16, 2)""",
    "orphan_refund": """SELECT incident FROM e WHERE medfee_sumamt < 0
        AND init_setl_id NOT IN (SELECT setl_id FROM setl_d)""",
    "certificate_as_float": "SELECT incident FROM e WHERE certno LIKE '%E+%'",
    "sex_misrecorded": """SELECT incident FROM k JOIN mdtrt_d v ON v.mdtrt_id = k.key_values
        JOIN setl_d s USING (mdtrt_id) WHERE v.gend <> s.gend""",
    "discharge_before_admission": """SELECT incident FROM k JOIN mdtrt_d v ON v.mdtrt_id = k.key_values
        WHERE endtime < begntime""",
}  # fmt: skip


@pytest.mark.parametrize("kind", [k.name for k in KINDS.values() if k.rate is not None])
def test_what_the_key_says_is_in_the_exports(bureau: duckdb.DuckDBPyConnection, kind: str) -> None:
    listed = {i for (i,) in rows(bureau, f"SELECT DISTINCT incident FROM k WHERE fault = '{kind}'")}
    found = {i for (i,) in rows(bureau, f"SELECT DISTINCT incident FROM ({SHOWN[kind]})")}
    assert listed and listed <= found


def test_the_key_names_rows_rules_and_money(bureau: duckdb.DuckDBPyConnection) -> None:
    for kind in KINDS.values():
        if kind.name in ("messy_values", "duplicate_keys"):
            continue
        flags = rows(
            bureau, f"SELECT DISTINCT rule_id, is_innocent, \"group\" FROM k WHERE fault = '{kind.name}'"
        )
        assert flags == [(kind.rule, kind.innocent, kind.group)]
    # A settlement's money is its bill, and nothing where it is evidence only.
    assert not rows(
        bureau,
        """SELECT k.fault, k.key_values FROM k JOIN setl_d s ON s.setl_id = k.key_values
        WHERE k.role = 1 AND k.fault IN ('split_stay', 'care_after_death', 'overlapping_stays', 'bulk_card_use')
            AND setl_id NOT IN (SELECT key_values FROM k WHERE fault = 'payer_mismatch')
            AND (k.amount::DECIMAL(16, 2) <> s.medfee_sumamt OR k.fund_amount::DECIMAL(16, 2) <> s.fund_pay_sumamt)""",
    )
    assert not rows(
        bureau,
        "SELECT fault FROM k WHERE \"table\" = 'setl_d' AND role = 0 AND \"group\" = 'behaviour' AND amount <> '0.00'",
    )
    assert not rows(
        bureau,
        """SELECT fault, key_values FROM k WHERE "table" = 'fee_list_d' AND fault <> 'line_missing'
        AND key_values NOT IN (SELECT bkkp_sn FROM fee_list_d)""",
    )


def test_planted_bills_still_add_up(bureau: duckdb.DuckDBPyConnection) -> None:
    """Lines make the bill and funds make the payment, but where a fault is that they don't."""
    wrong = rows(
        bureau,
        """SELECT s.setl_id FROM setl_d s JOIN (SELECT setl_id, sum(det_item_fee_sumamt) AS charged,
            sum(inscp_amt) AS covered FROM (SELECT DISTINCT ON (bkkp_sn) * FROM fee_list_d) GROUP BY 1) f USING (setl_id)
        WHERE (charged <> medfee_sumamt OR covered <> inscp_amt)
            AND setl_id NOT IN (SELECT '97' || substr(key_values, 3, 14) FROM k WHERE fault = 'line_missing')""",
    )
    assert wrong == []
    wrong = rows(
        bureau,
        """SELECT s.setl_id FROM setl_d s JOIN (SELECT setl_id, sum(fund_payamt) AS paid
            FROM setl_fund_detl WHERE fund_pay_type IN ('310100', '390100', '310103') GROUP BY 1) d USING (setl_id)
        WHERE paid <> hifp_pay AND setl_id NOT IN (SELECT key_values FROM k WHERE fault = 'fund_detail_short')""",
    )
    assert wrong == []
    wrong = rows(
        bureau, """SELECT bkkp_sn FROM line WHERE abs(round(pric * cnt, 2) - det_item_fee_sumamt) > 0.01"""
    )
    assert wrong == []
    assert not rows(bureau, "SELECT setl_id FROM setl_d GROUP BY 1 HAVING count(*) > 1")


def test_all_care_after_a_wrong_death_date_is_listed_as_innocent(bureau: duckdb.DuckDBPyConnection) -> None:
    """Whoever is treated after a death date did not die, or is in the key for it."""
    unlisted = rows(
        bureau,
        """SELECT s.setl_id FROM setl_d s JOIN (SELECT psn_no, min(die_date) AS died FROM mdtrt_d GROUP BY 1) v USING (psn_no)
        WHERE s.begndate > died AND s.medfee_sumamt > 0
            AND s.setl_id NOT IN (SELECT key_values FROM k WHERE "table" = 'setl_d')""",
    )
    assert unlisted == []
    later = rows(bureau, "SELECT DISTINCT is_innocent FROM k WHERE fault = 'wrong_death_date' AND role = 2")
    assert later == [(True,)]


def test_accounting_faults_are_in_the_key_with_their_money(bureau: duckdb.DuckDBPyConnection) -> None:
    found = dict(
        rows(bureau, "SELECT fault, any_value(amount) FROM k WHERE \"group\" = 'accounting' GROUP BY 1")
    )
    assert set(found) == {k.name for k in KINDS.values() if k.group == "accounting"}
    assert (found["opening_break"], found["unexplained_gap"], found["transfer_imbalance"]) == (
        "8000.08", "543.21", "-12345.67",
    )  # fmt: skip


def small(directory: Path, **arguments: Any) -> None:
    defaults: dict[str, Any] = {"settlements": 3_000, "months": ("2025-04", "2025-06"), "say": say}
    write(directory, **(defaults | arguments))


def test_a_month_is_the_same_whichever_months_are_exported(tmp_path: Path) -> None:
    small(tmp_path / "long", faults=["behaviour"], form="csv")
    small(tmp_path / "short", faults=["behaviour"], form="csv", months=("2025-05", "2025-06"))
    names = ("setl_d_202505.csv", "setl_d_202506.csv")
    assert all((tmp_path / "long" / n).read_bytes() == (tmp_path / "short" / n).read_bytes() for n in names)
    # What the shorter window holds as a whole is in both keys.
    where = ("fault", "table", "key_values", "amount", "role")
    long, short = (
        {tuple(row[c] for c in where) for row in read_key(tmp_path / d)} for d in ("long", "short")
    )
    assert short and short <= long


def test_rates_are_kept_and_what_is_not_asked_for_is_not_planted(tmp_path: Path) -> None:
    few, many = tmp_path / "few", tmp_path / "many"
    small(few, faults=["split_stay=0.1", "line_sent_twice=0.02"])
    small(many, faults=["split_stay=0.1", "line_sent_twice=0.2"])
    counts = [sum(row["fault"] == "line_sent_twice" for row in read_key(d)) for d in (few, many)]
    assert {row["fault"] for row in read_key(few)} <= {"split_stay", "line_sent_twice"}
    assert 0 < 5 * counts[0] < counts[1]
    assert key_path(many).parent == many.parent and not list(many.glob("*answer*"))
    small(many)
    assert not key_path(many).exists()


def test_groups_and_rates_are_read() -> None:
    assert wanted(["all"]) == {name: kind.rate for name, kind in KINDS.items()}
    assert set(wanted(["accounting"])) == {k.name for k in KINDS.values() if k.group == "accounting"}
    assert wanted(["behaviour", "split_stay=0.2"])["split_stay"] == 0.2
    assert wanted(["split_stay=0.2", "all"])["split_stay"] == 0.2
    assert len([k for k in KINDS.values() if not k.innocent]) >= 20
    assert sum(k.innocent for k in KINDS.values()) >= 10


def test_every_kind_is_described() -> None:
    text = (PROJECT_ROOT / "docs" / "synthetic-faults.md").read_text(encoding="utf-8")
    for kind in KINDS.values():
        rate = "fixed" if kind.rate is None else f"{kind.rate:g} of {kind.base}"
        assert f"| `{kind.name}` | {kind.rule} | {rate} | {kind.note} |" in text


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("no_such", "split_stay"),
        ("split_stay=2", "at most 1"),
        ("split_stay=x", "at most 1"),
        ("unknown_fund=0.1", "takes no rate"),
        ("data=0.1", "one kind"),
    ],
)
def test_faults_that_cannot_be_meant_are_refused(tmp_path: Path, asked: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        small(tmp_path / "raw", faults=[asked])
    assert not (tmp_path / "raw").exists()


def test_spelling_and_keys_are_listed_too(tmp_path: Path) -> None:
    small(
        tmp_path / "raw",
        faults=["messy_values", "duplicate_keys", "payer_mismatch", "certificate_as_float=0.05"],
    )
    listed = {(row["fault"], row["key_columns"]) for row in read_key(tmp_path / "raw")}
    assert listed == {
        ("messy_values", "file"), ("duplicate_keys", "file"), ("payer_mismatch", "setl_id"),
        ("certificate_as_float", "setl_id"),
    }  # fmt: skip
    summary = json.loads((tmp_path / "raw" / "answer_key.json").read_text(encoding="utf-8"))
    mismatches = next(a["rows"] for a in summary["planted"] if a["fault"] == "payer_mismatch")
    assert mismatches == sum(row["fault"] == "payer_mismatch" for row in read_key(tmp_path / "raw"))
