"""The staging models: written from the contract, one row for each key, with a bureau's own columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from medfund.contract import load_contract
from medfund.contract.staging import bureau_columns, grain, model_sql, staged_columns, stale
from medfund.errors import MedfundError
from medfund.ingest import ensure_tables, read_batches
from medfund.pipeline.inputs import write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.settings import Bureau, Home
from tests.unit.ingest_files import LEDGER, SETTLEMENT, land, rows, write

PERSON = "99010000000000000001"
LINE = {
    "bkkp_sn": "B1",
    "feedetl_sn": "1",
    "setl_id": "S1",
    "mdtrt_id": "M1",
    "psn_no": PERSON,
    "fixmedins_code": "H99010100001",
    "med_type": "21_01",
    "fee_ocur_time": "2024-01-03 08:00:00",
    "med_chrgitm_type": "09",
    "cnt": "2",
    "pric": "14",
    "det_item_fee_sumamt": "28.00",
    "vali_flag": "1",
    "rid": "R1",
    "updt_time": "2024-01-05 10:00:00",
}
PART = {"setl_id": "S1", "fund_pay_type": "310100", "fund_payamt": "600.00"}
GROUPED = {"setl_id": "S1", "grp_sys": "DRG", "grp_ver": "1", "grp_code": "A"}
RELATION = {
    "psn_insu_rlts_id": "L1",
    "psn_no": PERSON,
    "insutype": "310",
    "psn_type": "1101",
    "psn_insu_stas": "1",
    "insutype_retr_flag": "0",
    "insu_admdvs": "990101",
    "updt_time": "2024-01-31 00:00:00",
}


def test_the_committed_files_are_what_the_contract_says() -> None:
    assert stale() == [], "run python -m medfund.contract.staging"


def test_every_raw_table_has_a_model_with_every_landed_column() -> None:
    tables = load_contract().tables
    assert len(tables) == 25
    for table in tables.values():
        names = [column.name for column in staged_columns(table)]
        assert len(names) == len(set(names)), table.name
        assert {column.term for column in table.landed} <= set(names)
        assert set(grain(table)) <= set(names)
        assert all(column.en and column.zh for column in staged_columns(table)), table.name


def test_a_new_column_is_one_edit(tmp_path: Path) -> None:
    own = tmp_path / "contract.yml"
    own.write_text(
        "tables: {fee_list_d: {columns: {ward_code: {zh: 病区, term: ward, en: Ward, type: text}}}}\n",
        encoding="utf-8",
    )
    extended = load_contract(own)
    assert "    ward_code as ward,\n" in model_sql(extended.table("fee_list_d"))
    assert bureau_columns(extended) == {"fee_list_d": [["ward_code", "ward"]]}
    assert bureau_columns(load_contract()) == {}


@pytest.mark.parametrize("term", ["visit_id", "row_key", "Ward"])
def test_a_name_that_is_taken_or_odd_is_refused(tmp_path: Path, term: str) -> None:
    own = tmp_path / "contract.yml"
    own.write_text(
        f"tables: {{fee_list_d: {{columns: {{ward_code: {{zh: 病区, term: {term}}}}}}}}}", encoding="utf-8"
    )
    with pytest.raises(MedfundError, match=term):
        load_contract(own)


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """Three deliveries, of which the later ones replace rows of the earlier; then dbt's staging models."""
    root = tmp_path_factory.mktemp("staged")
    home = Home(root / "home")
    home.root.mkdir()
    home.contract_file.write_text(
        "tables: {fee_list_d: {columns: {ward_code: {zh: 病区, term: ward}}}}", encoding="utf-8"
    )
    later = {"updt_time": "2024-02-01 00:00:00"}
    deliveries = [
        {
            "setl_d": rows(SETTLEMENT, {}, {"setl_id": "S2"}),
            "fee_list_d": rows(
                LINE,
                {},
                {"bkkp_sn": "B2", "feedetl_sn": "2", "ward_code": "W1"},
                {"bkkp_sn": "", "feedetl_sn": "3"},
                {"bkkp_sn": "", "feedetl_sn": "3", "mdtrt_id": "M2"},
            ),
            "setl_fund_detl": rows(
                PART, {}, {"fund_pay_type": "330100", "fund_payamt": "9.00"}, {"setl_id": "S2"}
            ),
            "drg_dip_rslt_d": rows(GROUPED, {}, {"setl_id": "S2"}),
            "psn_insu_d_20240131": rows(RELATION, {}),
            "fund_acct_bal": rows(LEDGER, {"unit": "万元", "credit_amt": "0.123456"}),
        },
        {
            "setl_d": rows(SETTLEMENT, later | {"vali_flag": "0"}),
            # B1 newer; B2 older than what is there; line 3 of M1 corrected under its other key.
            "fee_list_d": rows(
                LINE,
                later | {"cnt": "3", "det_item_fee_sumamt": "42.00"},
                {"bkkp_sn": "B2", "feedetl_sn": "2", "updt_time": "2024-01-04 00:00:00", "cnt": "9"},
                later | {"bkkp_sn": "", "feedetl_sn": "3", "cnt": "4"},
            ),
            "setl_fund_detl": rows(PART, {"fund_payamt": "609.00"}),
            "drg_dip_rslt_d": rows(GROUPED, {"grp_code": "B"}),
            "psn_insu_d_20240229": rows(RELATION, {"psn_insu_stas": "2"}),
        },
        {
            "fee_list_d": rows(LINE, {"updt_time": "2024-03-01 00:00:00", "vali_flag": "0"}),
            "drg_dip_rslt_d": rows(GROUPED, {"grp_code": "A"}),
        },
    ]
    for number, tables in enumerate(deliveries):
        paths = [write(root / str(number) / f"{name}.csv", data) for name, data in tables.items()]
        land(home, *paths)
    ensure_tables(home)
    home.candidate.mkdir()
    batches = read_batches(home)
    write_build_inputs(home, Bureau(), batches, [])
    write_previous(home)
    Transform(home).run("run", "--select", "staging", artifacts=False)
    connection = duckdb.connect()
    connection.execute(f"attach '{home.candidate / 'scratch.duckdb'}' as scratch (read_only)")
    connection.execute("use scratch.staging")
    return connection


def test_one_row_stays_for_each_fee_line(staged: duckdb.DuckDBPyConnection) -> None:
    found = staged.execute(
        "select booking_id, visit_id, fee_line_number, quantity, valid_flag from stg_fee_list_d order by all nulls last"
    ).fetchall()
    assert found == [
        ("B1", "M1", "1", Decimal(2), "0"),  # withdrawn by the third delivery
        ("B2", "M1", "2", Decimal(2), "1"),  # the later file held an older version
        (None, "M1", "3", Decimal(4), "1"),
        (None, "M2", "3", Decimal(2), "1"),
    ]


def test_settlements_keep_every_version(staged: duckdb.DuckDBPyConnection) -> None:
    found = staged.execute(
        "select setl_id, batch_id, is_valid, hospital_pay from stg_setl_d order by 1, 2"
    ).fetchall()
    assert [(setl_id, is_valid) for setl_id, _, is_valid, _ in found] == [
        ("S1", True),
        ("S1", False),
        ("S2", True),
    ]


def test_the_parts_of_a_settlement_are_those_of_its_newest_delivery(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    found = staged.execute(
        "select setl_id, fund_pay_type_code, line_number, amount from stg_setl_fund_detl order by all"
    ).fetchall()
    assert found == [("S1", "310100", 1, Decimal("609.00")), ("S2", "310100", 1, Decimal("600.00"))]


def test_a_result_without_update_time_counts_by_load_and_may_return(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    found = staged.execute("select setl_id, group_code from stg_drg_dip_rslt_d order by 1").fetchall()
    assert found == [("S1", "A"), ("S2", "A")]


def test_each_snapshot_keeps_its_own_relations(staged: duckdb.DuckDBPyConnection) -> None:
    found = staged.execute("select snapshot_date, enrolment_status from stg_psn_insu_d order by 1").fetchall()
    assert found == [(date(2024, 1, 31), "1"), (date(2024, 2, 29), "2")]


def test_values_are_read_as_the_contract_says(staged: duckdb.DuckDBPyConnection) -> None:
    assert staged.execute(
        "select credit_amount, is_consolidated, exported_unit from stg_fund_acct_bal"
    ).fetchall() == [(Decimal("1234.56"), False, "万元")]
    assert staged.execute("select distinct care_type_code from stg_fee_list_d").fetchall() == [("2101",)]


def test_a_bureaus_own_column_stands_in_the_model(staged: duckdb.DuckDBPyConnection) -> None:
    assert staged.execute(
        "select ward, count(*) from stg_fee_list_d group by 1 order by 1 nulls last"
    ).fetchall() == [("W1", 1), (None, 3)]
    assert staged.execute(
        "select table_name, count(*) from duckdb_columns() where database_name = 'scratch' and column_name = 'ward' "
        "group by 1"
    ).fetchall() == [("stg_fee_list_d", 1)]


def test_rows_that_count_are_those_landed_less_those_superseded(
    staged: duckdb.DuckDBPyConnection,
) -> None:
    """The account that loading gives and the rows that staging leaves out agree."""
    [(scratch,)] = staged.execute(
        "select path from duckdb_databases() where database_name = 'scratch'"
    ).fetchall()
    home = Home(Path(scratch).parents[1])
    for table in ("fee_list_d", "setl_fund_detl", "drg_dip_rslt_d", "psn_insu_d", "mdtrt_d"):
        [(held,)] = staged.execute(f"select count(*) from stg_{table}").fetchall()
        own = [b for b in read_batches(home) if b["table_name"] == table]
        assert held == sum(b["rows_landed"] - b["rows_superseded"] for b in own), table
