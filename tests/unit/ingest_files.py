"""Small raw exports for the ingest tests: rows of invented settlements and ledgers, written in any form."""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import openpyxl

from medfund.ingest import BatchReport, ingest
from medfund.settings import Bureau, Home

BUREAU = Bureau(code="990100")

# 1000.00 = 100.00 + 50.00 + 50.00 + 800.00; payers 600.00 + 100.00 account + 300.00 cash.
SETTLEMENT: dict[str, str] = {
    "setl_id": "S1",
    "init_setl_id": "",
    "mdtrt_id": "M1",
    "psn_no": "99010000000000000001",
    "insutype": "310",
    "psn_type": "1101",
    "insu_admdvs": "990101",
    "fixmedins_code": "H99010100001",
    "pay_loc": "2",
    "setl_type": "2",
    "med_type": "21",
    "begndate": "2024-01-02",
    "setl_time": "2024-01-05 09:30:00",
    "medfee_sumamt": "1000.00",
    "fulamt_ownpay_amt": "100.00",
    "overlmt_selfpay": "50.00",
    "preselfpay_amt": "50.00",
    "inscp_amt": "800.00",
    "hifp_pay": "600.00",
    "cvlserv_pay": "0.00",
    "hifes_pay": "0.00",
    "hifmi_pay": "0.00",
    "hifob_pay": "0.00",
    "maf_pay": "0.00",
    "othfund_pay": "0.00",
    "fund_pay_sumamt": "600.00",
    "psn_pay": "400.00",
    "acct_pay": "100.00",
    "cash_payamt": "300.00",
    "refd_setl_flag": "0",
    "vali_flag": "1",
    "rid": "R1",
    "crte_time": "2024-01-05 09:30:01",
    "updt_time": "2024-01-05 09:30:01",
}

LEDGER: dict[str, str] = {
    "book_org": "990101",
    "fund_code": "310_pool",
    "ym": "202401",
    "subj_code": "4001",
    "subj_name": "社会保险费收入",
    "bal_dir": "贷",
    "open_bal": "0.00",
    "debit_amt": "0.00",
    "credit_amt": "1234.56",
    "close_bal": "1234.56",
    "unit": "元",
}

INSTITUTION: dict[str, str] = {
    "fixmedins_code": "H99010100001",
    "fixmedins_name": "示例县人民医院",
    "fixmedins_type": "1",
    "fix_blng_admdvs": "990101",
    "begntime": "2020-01-01 00:00:00",
    "vali_flag": "1",
}


def rows(base: Mapping[str, str], *changes: Mapping[str, str]) -> list[dict[str, str]]:
    """One row per change of the base row."""
    return [dict(base) | dict(change) for change in changes]


def settlements(count: int, **changes: str) -> list[dict[str, str]]:
    """Settlements S1, S2, … of as many visits."""
    numbers = range(1, count + 1)
    return rows(
        SETTLEMENT, *({"setl_id": f"S{i}", "mdtrt_id": f"M{i}", "rid": f"R{i}"} | changes for i in numbers)
    )


def delimited(
    data: Sequence[Mapping[str, Any]], delimiter: str = ",", quoting: int = csv.QUOTE_MINIMAL
) -> str:
    """Rows as delimited text with a header."""
    out = io.StringIO(newline="")
    names = dict.fromkeys(name for row in data for name in row)
    writer = csv.DictWriter(
        out, list(names), restval="", delimiter=delimiter, quoting=quoting, lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(data)
    return out.getvalue()


def write(
    path: Path,
    data: Sequence[Mapping[str, Any]],
    encoding: str = "utf-8",
    delimiter: str = ",",
    quoting: int = csv.QUOTE_MINIMAL,
) -> Path:
    """Write rows in the form the name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(list(data[0]))
        for row in data:
            sheet.append(list(row.values()))
        book.save(path)
        return path
    if path.suffix == ".parquet":
        con = duckdb.connect()
        names = ", ".join(f'"{name}" VARCHAR' for name in data[0])
        con.execute(f"CREATE TABLE t ({names})")
        con.executemany(
            f"INSERT INTO t VALUES ({', '.join('?' * len(data[0]))})", [list(row.values()) for row in data]
        )
        con.execute(f"COPY t TO '{path}' (FORMAT parquet)")
        con.close()
        return path
    content = delimited(data, delimiter, quoting).encode(encoding)
    if path.suffix == ".gz":
        content = gzip.compress(content)
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(path.stem + ".csv", content)
        return path
    path.write_bytes(content)
    return path


def land(home: Home, *paths: Path, **options: Any) -> list[BatchReport]:
    """Ingest with the tests' bureau."""
    return ingest(home, options.pop("bureau", BUREAU), list(paths), **options)


def landed(home: Home, table: str, columns: str = "*", where: str = "true") -> list[tuple[Any, ...]]:
    """Rows of a landed table, in batch and file order."""
    con = duckdb.connect()
    try:
        return con.execute(
            f"SELECT {columns} FROM read_parquet('{home.landing}/{table}/batch=*/rows.parquet', "
            "hive_types = {'batch': 'varchar'}, union_by_name = true) "
            f"WHERE {where} ORDER BY batch, _row_no"
        ).fetchall()
    finally:
        con.close()


def rejects(home: Home, table: str, batch: str = "000001") -> list[tuple[Any, ...]]:
    """(line, column_name, value, reason, row_json) of a batch."""
    con = duckdb.connect()
    try:
        path = home.landing / table / f"batch={batch}" / "rejects.parquet"
        return con.execute(
            f"SELECT line, column_name, value, reason, row_json FROM read_parquet('{path}') ORDER BY line"
        ).fetchall()
    finally:
        con.close()


def balanced(reports: Iterable[BatchReport]) -> bool:
    """The account of every batch adds up."""
    return all(r.rows_read == r.rows_landed + r.rows_rejected + r.rows_identical for r in reports)
