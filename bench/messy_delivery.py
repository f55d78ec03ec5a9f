"""A delivery as bureaus make them: twelve files in eight forms with planted dirt, landed and accounted for.

    python -m bench.messy_delivery --rows 1000000

What must become of every file is counted while the dirt is planted, without the loader; the table compares it with
the account that ingest gives. Ends with 1 where they differ. All persons and institutions are invented.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import resource
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb
import openpyxl

from medfund.ingest import ingest, read_batches
from medfund.release import writer_lock
from medfund.settings import Bureau, Home

# One settlement: 800.00 = 500.00 fund + 100.00 account + 200.00 cash, refined by the row's number.
_SETTLEMENT = """
    '97' || '{month}' || lpad(n::VARCHAR, 9, '0') AS setl_id, NULL AS init_setl_id,
    '98' || '{month}' || lpad(n::VARCHAR, 9, '0') AS mdtrt_id, '9701' || lpad((n * 7919 % 80000)::VARCHAR, 14, '0') AS psn_no,
    '合成' || n AS psn_name, '9900000' || lpad((n % 80000)::VARCHAR, 11, '0') AS certno,
    CASE n % 3 WHEN 0 THEN '310' ELSE '390' END AS insutype, '1101' AS psn_type, (20 + n % 60) || '.0' AS age,
    '970121' AS insu_admdvs, 'H97010000' || lpad((n % 300)::VARCHAR, 3, '0') AS fixmedins_code,
    '示例第' || n % 300 || '医院' AS fixmedins_name, '970121' AS fix_blng_admdvs, '06' AS hosp_lv,
    '2' AS pay_loc, '2' AS setl_type, CASE n % 4 WHEN 0 THEN '21' ELSE '11' END AS med_type,
    '{day}' AS begndate, '{day}' AS enddate, '{day} 0' || n % 10 || ':30:00' AS setl_time,
    '  ' || (800 + n % 100) || '.' || 10 + n % 90 AS medfee_sumamt, '0.00' AS fulamt_ownpay_amt, '0.00' AS overlmt_selfpay,
    '0.00' AS preselfpay_amt, (800 + n % 100) || '.' || 10 + n % 90 AS inscp_amt,
    (500 + n % 100) || '.' || 10 + n % 90 AS hifp_pay, '0' AS cvlserv_pay, '0' AS hifes_pay, '0' AS hifmi_pay,
    '0' AS hifob_pay, '0' AS maf_pay, '0' AS othfund_pay, (500 + n % 100) || '.' || 10 + n % 90 AS fund_pay_sumamt,
    '300.00' AS psn_pay, '100.00' AS acct_pay, '200.00' AS cash_payamt, '0' AS refd_setl_flag, '1' AS vali_flag,
    'R{month}' || n AS rid, '{day} 10:00:00' AS crte_time, '{day} 10:00:00' AS updt_time"""
_FEE_LINE = """
    'B' || n AS bkkp_sn, n % 7 AS feedetl_sn, '98202401' || lpad((n // 7)::VARCHAR, 9, '0') AS mdtrt_id,
    '9701' || lpad((n * 7919 % 80000)::VARCHAR, 14, '0') AS psn_no,
    'H97010000' || lpad((n % 300)::VARCHAR, 3, '0') AS fixmedins_code, '11' AS med_type, '2024-01-05' AS fee_ocur_time,
    '09' AS med_chrgitm_type, '示例药品, ' || n % 50 AS medins_list_name, '3.0000' AS cnt, '12.345600' AS pric,
    '37.04' AS det_item_fee_sumamt, CASE n % 2 WHEN 0 THEN '999999' ELSE '15.5' END AS pric_uplmt_amt,
    '1' AS vali_flag, '2024-01-06 00:00:00' AS updt_time"""
_RELATION = """
    '9801' || n AS psn_insu_rlts_id, '9701' || lpad(n::VARCHAR, 14, '0') AS psn_no, '390' AS insutype, '1401' AS psn_type,
    '1' AS psn_insu_stas, '0' AS insutype_retr_flag, '970121' AS insu_admdvs, '2024-01-20 10:00:00' AS updt_time"""
_LEDGER = """
    '9701' || 10 + n % 20 AS book_org, '310_pool' AS fund_code, '2024' || lpad((1 + n // 20 % 12)::VARCHAR, 2, '0') AS ym,
    (4000 + n // 240)::VARCHAR AS subj_code, '示例"科目"' || n // 240 AS subj_name, '贷' AS bal_dir, '0' AS open_bal,
    '×' AS item_key, '0.00' AS debit_amt, '0.123456' AS credit_amt, '0.123456' AS close_bal, '万元' AS unit"""

_LEDGER_ROWS = 24_000


@dataclass
class Wanted:
    """What must become of a file."""

    read: int
    rejected: int = 0
    identical: int = 0
    superseded: int = 0
    nulled: int = 0

    @property
    def landed(self) -> int:
        """The rest."""
        return self.read - self.rejected - self.identical


class Delivery:
    """Writes the files into `folder` and keeps what must become of each, by name in the order of landing."""

    def __init__(self, folder: Path, unit: int) -> None:
        self.folder, self.unit = folder, unit
        self.con = duckdb.connect()
        self.chance = random.Random(7)
        self.wanted: dict[str, Wanted] = {}
        self.struck: set[int] = set()
        self.odd_codes = 0

    def write(self) -> None:
        """All twelve files; `unit` is the rows of a month of settlements."""
        unit = self.unit
        january = self._settlements("202401", "2024-01-15")
        lines = list(january)
        rejected = self._strike(lines, unit // 500, lambda line: line.replace("  8", "much", 1))
        rejected += self._strike(lines, unit // 1000, lambda line: line.rsplit(",", 3)[0])
        repaired = set(self.struck)
        twice = [
            line for line in lines[1 : unit // 2000] if len(line.split(",")) == len(january[0].split(","))
        ]
        twice = [line for line in twice if "much" not in line]
        read = unit + len(twice)
        self._text("setl_d_202401.csv", [*lines, *twice, "", ""], "utf-8", Wanted(read, rejected, len(twice)))

        lines = self._settlements("202402", "2024-02-15")
        rejected = self._strike(lines, unit // 700, lambda line: re.sub(",3[19]0,1101,", ",-,1101,", line))
        nulled = self._strike(
            lines, unit // 900, lambda line: line.replace("-15,2024-02-15,", "-15,2024-02-31,", 1)
        )
        self._text("setl_d_202402.csv", lines, "gb18030", Wanted(unit, rejected, nulled=nulled))
        shutil.copy(self.folder / "setl_d_202402.csv", self.folder / "setl_d_202402_sent_twice.csv")
        self.wanted["setl_d_202402_sent_twice.csv"] = Wanted(unit, identical=unit)

        lines = [line.replace(",", "\t") for line in self._settlements("202403", "2024-03-15")]
        rejected = self._strike(
            lines, unit // 800, lambda line: re.sub("\t9701[0-9]+", "\t9.70100E+17", line, count=1)
        )
        lines[0] = lines[0].replace("psn_no", "PSN_NO ").replace("setl_time", "结算时间")
        self._text("setl_d_202403.tsv", lines, "utf-8-sig", Wanted(unit, rejected))

        lines = self._settlements("202404", "2024-04-15")
        rejected = self._strike(lines, unit // 2000, lambda line: line.replace(",示例", ',"示例', 1))
        self._packed("setl_d_202404.csv.gz", lines, "utf-8", Wanted(unit, rejected))

        lines = [line.replace(",", "\t") for line in self._settlements("202405", "2024-05-15")]
        rejected = self._strike(lines, unit // 2000, lambda line: line + "\tmore\tfields")
        self._zipped("setl_d_202405.zip", "setl_d_202405.txt", lines, Wanted(unit, rejected))

        lost = unit // 600
        self._make(_SETTLEMENT.format(month="202406", day="2024-06-15"), unit)
        self.con.execute(f"UPDATE made SET pay_loc = NULL WHERE rowid < {lost}")
        self.con.execute(f"UPDATE made SET age = '32 岁' WHERE rowid BETWEEN {lost} AND {2 * lost - 1}")
        self._parquet("setl_d_202406.parquet", Wanted(unit, lost, nulled=lost))

        # January anew: what was rejected is repaired, one in a hundred was refunded since, the rest is as before.
        lines, self.struck = january, set(repaired)
        flips = self._strike(
            lines, unit // 100, lambda line: line.replace(",0,1,R", ",1,1,R")[:-19] + "2024-03-01 00:00:00"
        )
        same = unit - flips - len(repaired)
        self._text("setl_d_202401_v2.csv", lines, "gb18030", Wanted(unit, 0, same, flips))

        self._make(_FEE_LINE, 2 * unit)
        lines = self._lines()
        rejected = self._strike(lines, unit // 400, lambda line: line.replace(",3.0000,", ",three,"))
        self.odd_codes = self._strike(lines, unit // 1000, lambda line: line.replace(",09,", ",0Z,"))
        self._packed("fee_list_d_202401.csv.gz", lines, "gb18030", Wanted(2 * unit, rejected))

        self._make(_RELATION, unit)
        self._parquet("psn_insu_d_20240131.parquet", Wanted(unit))

        self._make(_LEDGER, _LEDGER_ROWS)
        lines = self._lines()
        rejected = self._strike(lines, 90, lambda line: line.replace(",2024", ",2024-13#", 1))
        self._text(
            "fund_acct_bal.csv", ["示例市科目余额表", "", *lines], "gb18030", Wanted(_LEDGER_ROWS, rejected)
        )
        self._workbook("fixmedins_b.xlsx", 300, Wanted(300, 3))

    def _make(self, columns: str, rows: int) -> None:
        self.con.execute(f"CREATE OR REPLACE TABLE made AS SELECT {columns} FROM range({rows}) t(n)")

    def _settlements(self, month: str, day: str) -> list[str]:
        self._make(_SETTLEMENT.format(month=month, day=day), self.unit)
        return self._lines()

    def _lines(self) -> list[str]:
        """The table made last, as lines below a header; nothing is struck yet."""
        path = self.folder / ".made.csv"
        self.con.execute(f"COPY made TO '{path}' (FORMAT csv, HEADER)")
        lines = path.read_text(encoding="utf-8").splitlines()
        path.unlink()
        self.struck = set()
        return lines

    def _strike(self, lines: list[str], count: int, change: Callable[[str], str]) -> int:
        """Change so many lines that were not struck before; returns how many."""
        count = max(count, 1)
        free = [
            at
            for at in self.chance.sample(range(1, len(lines)), 2 * count + len(self.struck))
            if at not in self.struck
        ]
        for at in free[:count]:
            changed = change(lines[at])
            assert changed != lines[at], lines[at]
            lines[at] = changed
        self.struck |= set(free[:count])
        return count

    def _text(self, name: str, lines: list[str], encoding: str, wanted: Wanted) -> None:
        self.wanted[name] = wanted
        (self.folder / name).write_bytes(("\n".join(lines) + "\n").encode(encoding))

    def _packed(self, name: str, lines: list[str], encoding: str, wanted: Wanted) -> None:
        self.wanted[name] = wanted
        content = ("\r\n".join(lines) + "\r\n").encode(encoding)
        (self.folder / name).write_bytes(gzip.compress(content, compresslevel=1, mtime=0))

    def _zipped(self, name: str, member: str, lines: list[str], wanted: Wanted) -> None:
        self.wanted[name] = wanted
        with zipfile.ZipFile(self.folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr(member, "\n".join(lines) + "\n")

    def _parquet(self, name: str, wanted: Wanted) -> None:
        self.wanted[name] = wanted
        self.con.execute(f"COPY made TO '{self.folder / name}' (FORMAT parquet)")

    def _workbook(self, name: str, rows: int, wanted: Wanted) -> None:
        """Chinese headers below a title; every hundredth row has no begin, blank rows stand between."""
        self.wanted[name] = wanted
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append(["示例市定点医药机构"])
        sheet.append(
            [
                "定点医药机构编号",
                "定点医药机构名称",
                "定点医药机构类型",
                "定点归属医保区划",
                "开始时间",
                "有效标志",
            ]
        )
        for n in range(rows):
            begin = None if n % 100 == 0 else datetime(2020, 1, 1)
            sheet.append([f"H97010000{n:03d}", f"示例第{n}医院", 1, 970121, begin, 1])
            if n % 50 == 0:
                sheet.append([])
        book.save(self.folder / name)


_COUNTS = ("read", "landed", "rejected", "identical", "superseded", "nulled")


def land(delivery: Delivery, home: Home) -> tuple[list[str], bool]:
    """Land the files one after another in the order they were made; the lines of the report, and whether all tie."""
    lines = ["| file | table | " + " | ".join(_COUNTS) + " | as planted |", "| --- " * 9 + "|"]
    totals = dict.fromkeys(_COUNTS, 0)
    ties = True
    with writer_lock(home, "bench"):
        ingest(home, Bureau(code="970100"), [delivery.folder / name for name in delivery.wanted], say=say)
    batches = {batch["source_file"].split("/")[0]: batch for batch in read_batches(home)}
    for name, wanted in delivery.wanted.items():
        batch = batches[name]
        got = {c: batch["values_nulled" if c == "nulled" else f"rows_{c}"] for c in _COUNTS}
        same = all(got[count] == getattr(wanted, count) for count in _COUNTS)
        ties = ties and same and got["read"] == got["landed"] + got["rejected"] + got["identical"]
        shown = " | ".join(f"{got[count]:,}" for count in _COUNTS)
        lines.append(f"| {name} | {batch['table_name']} | {shown} | {'yes' if same else f'no: {wanted}'} |")
        totals = {count: totals[count] + got[count] for count in _COUNTS}
    lines.append(
        f"| {len(delivery.wanted)} files | | " + " | ".join(f"{totals[c]:,}" for c in _COUNTS) + " | |"
    )
    unlisted = batches["fee_list_d_202401.csv.gz"]["unlisted_codes"]["med_chrgitm_type"]
    ties = ties and [(one["code"], one["rows"]) for one in unlisted] == [("0Z", delivery.odd_codes)]
    lines.append(f"\nCodes in no dictionary: {unlisted}")
    return lines, ties


def say(line: str) -> None:
    """Messages of the ingest."""
    print(line, file=sys.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description="Land a delivery with planted dirt and compare the account.")
    parser.add_argument(
        "--rows", type=int, default=1_000_000, help="rows of the delivery, at least 24,000 and a few"
    )
    rows = max(parser.parse_args().rows, 100_000)
    folder = Path(tempfile.mkdtemp(prefix="medfund-messy-"))
    try:
        delivery = Delivery(folder, -(-(rows - _LEDGER_ROWS) // 11))
        delivery.write()
        size = sum(path.stat().st_size for path in folder.iterdir())
        wall, cpu = time.perf_counter(), time.process_time()
        lines, ties = land(delivery, Home(folder / "home"))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print("\n".join(lines))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(
            f"\n{size / 1e6:.0f} MB delivered; {wall:.0f} s, {cpu:.0f} s of processor, peak {peak} MB (making it included)"
        )
        return 0 if ties else 1
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
