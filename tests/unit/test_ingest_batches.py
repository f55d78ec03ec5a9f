"""Repeated, corrected and interrupted deliveries; what never reaches the disk."""

from __future__ import annotations

import csv
import shutil
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.contract import load_contract
from medfund.errors import MedfundError, Refused
from medfund.ingest import BatchReport, ensure_tables, landing, read_batches
from medfund.settings import Home
from tests.unit.ingest_files import (
    INSTITUTION,
    LEDGER,
    SETTLEMENT,
    delimited,
    land,
    landed,
    rejects,
    rows,
    settlements,
    write,
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def current(home: Home, table: str) -> int:
    """Rows that count: landed less superseded."""
    own = [b for b in read_batches(home) if b["table_name"] == table]
    return sum(b["rows_landed"] - b["rows_superseded"] for b in own)


def test_the_same_bytes_twice_change_nothing(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "setl_d_202401.csv", settlements(3))
    land(home, path)
    [again] = land(home, path)
    assert (again.status, again.rows_read, again.rows_landed, again.rows_identical) == ("identical", 3, 0, 3)
    assert len(landed(home, "setl_d")) == 3
    assert [b["batch_id"] for b in read_batches(home)] == ["000001", "000002"]


def test_the_same_bytes_under_another_name_are_reported_by_that_name(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "setl_d_202401.csv", settlements(3))
    packed = tmp_path / "delivery.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(path, "a/setl_d_202401.csv")
        archive.writestr("fixmedins_b.csv", delimited([INSTITUTION]))
    land(home, path, packed)
    for sent in (path, packed):
        shutil.copy(sent, sent.with_stem(sent.stem + "_again"))
    reports = land(home, tmp_path / "setl_d_202401_again.csv", tmp_path / "delivery_again.zip")
    assert [(r.source_file, r.rows_identical, r.rows_read) for r in reports] == [
        ("setl_d_202401_again.csv", 3, 3),
        ("delivery_again.zip/a/setl_d_202401.csv", 3, 3),
        ("delivery_again.zip/fixmedins_b.csv", 1, 1),
    ]


def test_the_same_rows_in_another_form_are_identical(home: Home, tmp_path: Path) -> None:
    data = settlements(4)
    land(home, write(tmp_path / "setl_d.csv", data))
    for name in ("setl_d.csv.gz", "setl_d.zip", "setl_d.xlsx", "setl_d.parquet", "setl_d.tsv"):
        [report] = land(home, write(tmp_path / name, data, delimiter="\t" if name.endswith("tsv") else ","))
        assert (report.rows_read, report.rows_identical) == (4, 4), name
    assert current(home, "setl_d") == 4


def test_a_correction_lands_what_changed_and_counts_what_it_replaces(home: Home, tmp_path: Path) -> None:
    data = settlements(3)
    land(home, write(tmp_path / "a" / "setl_d.csv", data))
    data[1] |= {"refd_setl_flag": "1", "updt_time": "2024-02-01 00:00:00"}
    data.append(SETTLEMENT | {"setl_id": "S4"})
    [report] = land(home, write(tmp_path / "b" / "setl_d.csv", data))
    assert (report.rows_read, report.rows_landed, report.rows_identical, report.rows_superseded) == (
        4,
        2,
        2,
        1,
    )
    assert current(home, "setl_d") == 4


def test_an_old_export_after_the_correction_brings_nothing_back(home: Home, tmp_path: Path) -> None:
    old = settlements(1)
    new = rows(old[0], {"refd_setl_flag": "1", "updt_time": "2024-02-01 00:00:00"})
    land(home, write(tmp_path / "a" / "setl_d.csv", old))
    land(home, write(tmp_path / "b" / "setl_d.csv", new))
    [report] = land(home, write(tmp_path / "c" / "setl_d.csv", old, delimiter="\t"))
    assert (report.rows_identical, report.rows_landed) == (1, 0)


def test_a_ledger_figure_can_return_to_what_it_was(home: Home, tmp_path: Path) -> None:
    first, second = [LEDGER], rows(LEDGER, {"credit_amt": "9.00"})
    land(home, write(tmp_path / "a" / "fund_acct_bal.csv", first))
    land(home, write(tmp_path / "b" / "fund_acct_bal.csv", second))
    [report] = land(home, write(tmp_path / "c" / "fund_acct_bal.csv", first, delimiter="\t"))
    assert (report.rows_landed, report.rows_superseded) == (1, 1)
    assert current(home, "fund_acct_bal") == 1


def test_rows_repeated_inside_one_file(home: Home, tmp_path: Path) -> None:
    """Settlements: A, A, a newer B. Ledger: A, B, A in load order, each a version of its own."""
    data = settlements(1)
    data = [*data, *data, data[0] | {"vali_flag": "0", "updt_time": "2024-03-01"}]
    [report] = land(home, write(tmp_path / "setl_d.csv", data))
    assert (report.rows_landed, report.rows_identical, report.rows_superseded) == (2, 1, 1)
    other = LEDGER | {"credit_amt": "9.00"}
    [report] = land(home, write(tmp_path / "fund_acct_bal.csv", [LEDGER, LEDGER, other, LEDGER]))
    assert (report.rows_landed, report.rows_identical, report.rows_superseded) == (3, 1, 2)


def test_parts_of_a_settlement_are_replaced_together(home: Home, tmp_path: Path) -> None:
    def part(settlement: str, kind: str, amount: str) -> dict[str, str]:
        return {"setl_id": settlement, "fund_pay_type": kind, "fund_payamt": amount}

    first = [part("S1", "310100", "10"), part("S1", "310200", "5"), part("S2", "310100", "7")]
    second = [part("S1", "310100", "10"), part("S1", "310200", "6"), part("S2", "310100", "7")]
    land(home, write(tmp_path / "a" / "setl_fund_detl.csv", first))
    [report] = land(home, write(tmp_path / "b" / "setl_fund_detl.csv", second))
    assert (report.rows_landed, report.rows_identical, report.rows_superseded) == (2, 1, 2)
    assert current(home, "setl_fund_detl") == 3


def test_a_set_exported_twice_in_one_file_lands_once(home: Home, tmp_path: Path) -> None:
    line = {"dfr_id": "D1", "seq": "1", "insutype": "310", "dfr_amt": "10.00"}
    twice = [line, line, line | {"seq": "2", "dfr_amt": "5.00"}]
    [report] = land(home, write(tmp_path / "a" / "med_dfr_detl_d.csv", twice))
    assert (report.rows_landed, report.rows_identical) == (2, 1)
    [report] = land(home, write(tmp_path / "b" / "med_dfr_detl_d.csv", twice[1:], delimiter="\t"))
    assert (report.rows_landed, report.rows_identical) == (0, 2)
    [report] = land(home, write(tmp_path / "c" / "med_dfr_detl_d.csv", [line]))
    assert (report.rows_landed, report.rows_identical, report.rows_superseded) == (1, 0, 2)
    assert current(home, "med_dfr_detl_d") == 1


def test_settlement_numbers_that_differ_in_two_digits_stay_apart(home: Home, tmp_path: Path) -> None:
    """DuckDB's own hash gives both numbers the same value; a version must never be taken for another's."""
    first = {**SETTLEMENT, "setl_id": "9720230200000011", "rid": "R1"}
    second = {**SETTLEMENT, "setl_id": "9720230500000014", "rid": "R1"}
    land(home, write(tmp_path / "setl_d_202302.csv", [first]))
    [report] = land(home, write(tmp_path / "setl_d_202305.csv", [second]))
    assert (report.rows_landed, report.rows_identical, report.rows_superseded) == (1, 0, 0)


def test_two_bureaus_keep_their_own_keys(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "fixmedins_b.csv", [INSTITUTION])
    land(home, path)
    [report] = land(home, path, bureau_code="990200")
    assert (report.rows_landed, report.rows_superseded) == (1, 0)
    assert landed(home, "fixmedins_b", "_bureau") == [("990100",), ("990200",)]


def test_the_alternative_key_holds_where_the_key_is_empty(home: Home, tmp_path: Path) -> None:
    filing = {
        "evtsn": "",
        "trt_dcla_detl_sn": "T1",
        "fil_kind": "reloc",
        "psn_no": "99010000000000000001",
        "insutype": "310",
        "insu_admdvs": "990101",
        "rloc_admdvs": "110100",
        "begndate": "2024-01-01",
        "rchk_flag": "1",
        "vali_flag": "1",
        "updt_time": "2024-01-01",
    }
    data = [filing, filing | {"trt_dcla_detl_sn": ""}, filing | {"evtsn": "E1", "trt_dcla_detl_sn": ""}]
    [report] = land(home, write(tmp_path / "out_appy_d.csv", data))
    assert (report.rows_landed, report.rows_rejected) == (2, 1)
    assert "the key is incomplete" in rejects(home, "out_appy_d")[0][3]


def test_an_archive_gives_a_batch_for_every_member(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "delivery.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/setl_d_202401.txt", delimited(settlements(2), "\t"))
        archive.writestr("机构/fixmedins_b.csv", delimited([INSTITUTION]).encode("gb18030"))
    reports = land(home, path)
    assert [(r.table_name, r.rows_landed, r.source_file) for r in reports] == [
        ("setl_d", 2, "delivery.zip/a/setl_d_202401.txt"),
        ("fixmedins_b", 1, "delivery.zip/机构/fixmedins_b.csv"),
    ]
    assert [r.status for r in land(home, path)] == ["identical", "identical"]


def test_a_dry_run_reports_and_keeps_nothing(home: Home, tmp_path: Path) -> None:
    [report] = land(home, write(tmp_path / "setl_d.csv", settlements(3)), dry_run=True)
    assert (report.rows_landed, report.batch_id) == (3, None)
    assert read_batches(home) == [] and landed(home, "setl_d") == []


def test_a_dry_run_gives_the_account_that_the_run_gives(home: Home, tmp_path: Path) -> None:
    """A delivery, its correction with a row that cannot land, and the correction's bytes once more."""
    data = settlements(4)
    paths = [write(tmp_path / "a" / "setl_d.csv", data)]
    data[1] |= {"refd_setl_flag": "1", "updt_time": "2024-02-01 00:00:00"}
    data[2]["medfee_sumamt"] = "much"
    data[3]["begndate"] = "soon"
    paths += [write(tmp_path / name / "setl_d.csv", data) for name in ("b", "c")]
    dry, run = ([account(report) for report in land(home, *paths, dry_run=dry)] for dry in (True, False))
    assert dry == run == [(4, 4, 0, 0, 0, 0), (4, 2, 1, 1, 2, 1), (4, 0, 0, 4, 0, 0)]


def account(report: BatchReport) -> tuple[int, ...]:
    """Rows read, landed, rejected, identical and superseded, and values nulled."""
    return (
        report.rows_read,
        report.rows_landed,
        report.rows_rejected,
        report.rows_identical,
        report.rows_superseded,
        report.values_nulled,
    )


def test_every_table_has_a_source_from_the_start(home: Home) -> None:
    ensure_tables(home)
    con = duckdb.connect()
    for table in load_contract().tables.values():
        path = home.landing / table.name / "batch=000000" / "rows.parquet"
        described = con.execute(
            f"DESCRIBE SELECT * FROM read_parquet('{path}', hive_partitioning=false)"
        ).fetchall()
        assert {row[0]: row[1] for row in described} == table.landing_types()
        assert con.execute(f"SELECT count(*) FROM read_parquet('{path}')").fetchall() == [(0,)]
    assert read_batches(home) == []


def test_landed_columns_have_the_contracts_types_and_the_loaders_own(home: Home, tmp_path: Path) -> None:
    land(home, write(tmp_path / "setl_d_20240131.csv", settlements(2)))
    path = home.landing / "setl_d" / "batch=000001" / "rows.parquet"
    described = duckdb.sql(
        f"DESCRIBE SELECT * FROM read_parquet('{path}', hive_partitioning=false)"
    ).fetchall()
    assert {row[0]: row[1] for row in described} == load_contract().table("setl_d").landing_types()
    assert landed(home, "setl_d", "_bureau, _src_file, _src_tab, _row_no, _as_of, batch") == [
        ("990100", "setl_d_20240131.csv", "setl_d", n, date(2024, 1, 31), "000001") for n in (1, 2)
    ]


# -- crash safety ----------------------------------------------------------------------------------------------


def test_what_a_killed_ingest_left_is_removed_and_the_file_lands_anew(home: Home, tmp_path: Path) -> None:
    path = write(tmp_path / "setl_d.csv", settlements(2))
    land(home, path)
    left = home.landing / ".staging" / "setl_d-000002"
    left.mkdir(parents=True)
    (left / "rows.parquet").write_bytes(b"half")
    shutil.rmtree(home.landing / "setl_d" / "batch=000001")
    [report] = land(home, path)
    assert (report.status, report.rows_landed) == ("landed", 2)
    assert not (home.landing / ".staging").exists()


@pytest.mark.parametrize("moment", ["write_json", "commit"])
def test_a_batch_is_whole_or_absent_whenever_the_ingest_dies(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    path = write(tmp_path / "setl_d.csv", settlements(2))

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    ensure_tables(home)
    with monkeypatch.context() as patch:
        patch.setattr(landing, moment, die)
        with pytest.raises(KeyboardInterrupt):
            land(home, path)
    assert read_batches(home) == [] and landed(home, "setl_d") == []
    [report] = land(home, path)
    assert (report.batch_id, report.rows_landed) == ("000001", 2)


# -- privacy ---------------------------------------------------------------------------------------------------

NAME, CERTIFICATE, PERSON, CARD = "测试甲某", "990101199003077777", "99010000000000098765", "6217000012345678"
PLANTED = (NAME, CERTIFICATE, PERSON, CARD, "1990-03-07", "19900307")


def _everything(home: Home) -> str:
    """All that lies in the home: file bytes as text, and every value of every Parquet file."""
    con = duckdb.connect()
    seen = []
    for path in home.root.rglob("*"):
        if path.is_file():
            seen.append(path.read_bytes().decode("utf-8", errors="replace"))
            if path.suffix == ".parquet":
                seen += [str(row) for row in con.execute(f"SELECT * FROM read_parquet('{path}')").fetchall()]
    return "\n".join(seen)


def test_planted_identifiers_are_nowhere(home: Home, tmp_path: Path) -> None:
    planted = {
        "psn_no": PERSON,
        "psn_name": NAME,
        "certno": CERTIFICATE,
        "mdtrt_cert_no": CARD,
        "brdy": "1990-03-07",
        "phone": CARD,
    }
    data = [row | planted for row in settlements(6)]
    data[1]["medfee_sumamt"] = "much"
    data[2]["begndate"] = "soon"
    data[3]["brdy"] = "19900307x"
    lines = delimited(data, quoting=csv.QUOTE_MINIMAL).splitlines()
    lines.append(lines[1].replace(",", "", 3))
    lines.append(lines[1] + ",1,2")
    lines.append('"' + lines[1].replace("S1", 'S1"x'))
    path = tmp_path / "setl_d_202401.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said: list[str] = []
    [report] = land(home, path, say=said.append)
    assert report.rows_landed == 5 and report.rows_rejected == 4
    for needle in PLANTED:
        assert needle not in _everything(home), needle
        assert needle not in "\n".join(said), needle
    [(pseudonym, month)] = set(landed(home, "setl_d", "psn_no, brdy", "brdy IS NOT NULL"))
    assert len(pseudonym) == 32 and int(pseudonym, 16) and month == date(1990, 3, 1)


def test_identifiers_in_the_wrong_columns_are_not_repeated(home: Home, tmp_path: Path) -> None:
    """Line 2: a certificate for an amount and a telephone for a date. Line 3: a lost and a gained delimiter move
    everything between. Line 5: a name for an amount. A value that is merely wrong is shown as it is."""
    phone = "13900001234"
    data = rows(
        SETTLEMENT | {"psn_name": NAME, "certno": CERTIFICATE},
        {"medfee_sumamt": CERTIFICATE, "begndate": phone + "-"},
        {},
        {"setl_id": "S3", "medfee_sumamt": "much", "begndate": "昨天"},
        {"setl_id": "S4", "medfee_sumamt": NAME},
    )
    header, first, second, *others = delimited(data).splitlines()
    moved = f"{CERTIFICATE},{NAME}," + second.removesuffix(f",{NAME},{CERTIFICATE}")
    path = tmp_path / "setl_d.csv"
    path.write_text("\n".join([header, first, moved, *others]) + "\n", encoding="utf-8")
    said: list[str] = []
    with pytest.raises(Refused, match="4 rejected"):
        land(home, path, say=said.append)
    for needle in (*PLANTED, phone):
        assert needle not in _everything(home), needle
        assert needle not in "\n".join(said), needle
    shown = {row[0]: row[1:3] for row in rejects(home, "setl_d")}
    del shown[3]
    assert shown == {2: ("medfee_sumamt", "***"), 4: ("medfee_sumamt", "much"), 5: ("medfee_sumamt", "***")}
    assert '"begndate":"昨天"' in rejects(home, "setl_d")[2][4]


def test_identifiers_in_refused_files_are_not_repeated(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text(f"{NAME},{CERTIFICATE},{PERSON}\n{NAME},{CERTIFICATE},{PERSON}\n", encoding="utf-8")
    with pytest.raises(Refused) as error:
        land(home, path)
    assert not any(needle in str(error.value) for needle in PLANTED)


def test_a_person_has_one_pseudonym_in_every_table_and_another_in_another_home(
    home: Home, tmp_path: Path
) -> None:
    visit = {
        name: SETTLEMENT[name] for name in ("mdtrt_id", "psn_no", "insutype", "fixmedins_code", "med_type")
    }
    visit |= {"begntime": "2024-01-02", "vali_flag": "1", "updt_time": "2024-01-02"}
    paths = [write(tmp_path / "setl_d.csv", [SETTLEMENT]), write(tmp_path / "mdtrt_d.csv", [visit])]
    land(home, *paths)
    other = Home(tmp_path / "other")
    land(other, *paths)
    ours = landed(home, "setl_d", "psn_no")
    assert ours == landed(home, "mdtrt_d", "psn_no") != landed(other, "setl_d", "psn_no")
    assert home.pseudonym_key.stat().st_mode & 0o777 == 0o600


def test_payments_to_institutions_keep_their_code_and_those_to_persons_do_not(
    home: Home, tmp_path: Path
) -> None:
    notice = {
        "dfr_id": "1",
        "cashym": "202401",
        "dfr_obj": "1",
        "dfr_obj_code": "H99010100001",
        "dfr_sumamt": "1",
        "dfr_souc": "1",
        "fin_dspo_flag": "1",
        "vali_flag": "1",
    }
    land(home, write(tmp_path / "med_dfr_d.csv", [notice, notice | {"dfr_id": "2", "dfr_obj_code": PERSON}]))
    institution, person = landed(home, "med_dfr_d", "dfr_obj_code")
    assert institution == ("H99010100001",)
    assert person[0] != PERSON and len(person[0]) == 32


def test_a_broken_key_is_never_replaced_by_a_new_one(home: Home, tmp_path: Path) -> None:
    home.pseudonym_key.parent.mkdir(parents=True)
    home.pseudonym_key.write_text("not a key")
    with pytest.raises(MedfundError, match="not a pseudonym key"):
        land(home, write(tmp_path / "setl_d.csv", [SETTLEMENT]))
    assert home.pseudonym_key.read_text() == "not a key"
