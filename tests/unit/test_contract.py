"""The raw contract as a reader of the landing sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from medfund.contract import fold_header, load_contract
from medfund.errors import MedfundError

CORE = {"setl_d", "fixmedins_b", "fund_acct_bal"}


def test_has_25_tables_of_which_three_are_core() -> None:
    contract = load_contract()
    assert len(contract.tables) == 25
    assert {table.name for table in contract.core} == CORE


def test_every_table_says_what_a_row_is_and_every_column_what_it_means() -> None:
    for table in load_contract().tables.values():
        assert table.grain and table.zh and table.en, table.name
        assert all(column.zh for column in table.columns.values()), table.name


def test_keys_are_required_or_have_a_way_out() -> None:
    for table in load_contract().tables.values():
        numbered = table.numbered.column if table.numbered else None
        loose = [c for c in table.key if not table.columns[c].required and c != numbered]
        assert not loose or table.alt_key, f"{table.name}: {loose}"


def test_ledger_money_keeps_the_decimals_of_ten_thousands_and_settlement_money_is_exact_to_the_fen() -> None:
    contract = load_contract()
    assert contract.table("fund_acct_bal").landing_types()["credit_amt"] == "DECIMAL(24,6)"
    assert contract.table("setl_d").landing_types()["medfee_sumamt"] == "DECIMAL(16,2)"
    assert contract.table("fund_acct_bal").landing_types()["ym"] == "DATE"


def test_direct_identifiers_never_land() -> None:
    for table in load_contract().tables.values():
        types = table.landing_types()
        for name in (
            "psn_name",
            "certno",
            "mdtrt_cert_no",
            "dr_name",
            "resout_addr",
            "digest",
            "bilg_dr_name",
        ):
            assert name not in types, f"{table.name}.{name}"


def test_person_keys_are_pseudonymised_wherever_they_stand() -> None:
    for table in load_contract().tables.values():
        for name in ("psn_no", "psn_insu_rlts_id"):
            if name in table.columns:
                assert table.columns[name].privacy == "pseudonym", f"{table.name}.{name}"


def test_the_two_settlement_tables_have_one_shape() -> None:
    contract = load_contract()
    ours, theirs = contract.table("setl_d"), contract.table("outmed_setl_d")
    assert ours.landing_types() == theirs.landing_types()


@pytest.mark.parametrize(
    "spelling", ["PSN_NO", " psn_no\t", "\ufeffpsn_no", '"psn_no"', "人员编号", "人 员 编 号"]
)
def test_headers_match_in_any_case_and_with_stray_blanks(spelling: str) -> None:
    headers = load_contract().table("setl_d").headers
    assert headers[fold_header(spelling)][0][1] == "psn_no"


def test_a_bureau_adds_columns_spellings_and_null_words(tmp_path: Path) -> None:
    own = tmp_path / "contract.yml"
    own.write_text(
        "null_values: [无]\n"
        "tables:\n"
        "  setl_d:\n"
        "    also_named: [jiesuan]\n"
        "    columns:\n"
        "      local_flag: {zh: 本地标志, type: text}\n"
        "      medfee_sumamt: {aliases: [total_fee]}\n",
        encoding="utf-8",
    )
    contract = load_contract(own)
    table = contract.table("setl_d")
    assert table.landing_types()["local_flag"] == "VARCHAR"
    assert table.headers["total_fee"][0][1] == "medfee_sumamt"
    assert "无" in contract.null_values
    assert table.fingerprint != load_contract().table("setl_d").fingerprint
    assert "local_flag" not in load_contract().table("setl_d").columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: {setl_d: {columns: {x: {type: money}}}}", "type 'money'"),
        ("tables: {setl_d: {columns: {x: {required: true}}}}", "cannot be required"),
        ("tables: {setl_d: {key: [rid]}}", "key cannot be changed"),
        (
            "tables: {setl_d: {columns: {psn_no: {privacy: null}}}}",
            "privacy of column psn_no cannot be changed",
        ),
        ("- a list", "expected a mapping"),
        ("tables: [", "not a usable contract extension"),
    ],
)
def test_a_wrong_extension_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    own = tmp_path / "contract.yml"
    own.write_text(text, encoding="utf-8")
    with pytest.raises(MedfundError, match=said) as error:
        load_contract(own)
    assert "contract.yml" in str(error.value)
