"""Identifiers of persons, planted in good rows, bad rows, wrong places and broken files, are nowhere afterwards.

Looked through: every file of the home with the values of Parquet and DuckDB files decoded, the disclosure bundle, and
all that the commands wrote to standard output and error, while landing, building, failing to build and disclosing.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest

from medfund.settings import Home

pytestmark = [pytest.mark.build, pytest.mark.timeout(900)]

CLI = [str(Path(sys.executable).with_name("medfund"))]

NAME, DOCTOR = "测试甲某", "测试乙医"
CERTIFICATE, CIPHERTEXT = "990101199003077777", "u8JkQ0vT+planted/9sZrA==xY"
PERSON, RELATION = "99010000000000098765", "98010000000000054321"
CARD, PHONE, ADDRESS = "6217009900012345678", "19900001234", "示例市测试路九十九号"
BORN = ("1990-03-07", "19900307")
PLANTED = (NAME, DOCTOR, CERTIFICATE, CIPHERTEXT, PERSON, RELATION, CARD, PHONE, ADDRESS, *BORN)

Row = dict[str, str]


def text(rows: list[Row]) -> str:
    out = io.StringIO(newline="")
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(out, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def plant(raw: Path) -> None:
    """Put the identifiers into a delivery: files that land, in part or whole, and files that are refused."""
    (path,) = raw.glob("setl_d_202610*")
    rows = list(csv.DictReader(path.open(encoding="utf-8-sig")))
    planted = {
        "psn_no": PERSON,
        "psn_insu_rlts_id": RELATION,
        "psn_name": NAME,
        "certno": CERTIFICATE,
        "mdtrt_cert_no": CARD,
        "brdy": BORN[0],
        "联系电话": PHONE,
        "家庭住址": ADDRESS,
    }
    good = rows[0] | planted
    bad = [
        good | {"setl_id": "BAD1", "medfee_sumamt": "much"},
        good | {"setl_id": "BAD2", "insutype": ""},
        good | {"setl_id": "BAD3", "brdy": BORN[1] + "x", "certno": CIPHERTEXT, "begndate": "soon"},
        good | {"setl_id": "BAD4", "setl_time": CERTIFICATE, "begndate": PHONE + "x", "age": f"{CARD}."},
        good | {"setl_id": "BAD5", "psn_no": "9.90101E+19"},
    ]
    lines = text([good, *bad, *rows[1:]]).splitlines()
    first = lines[1]
    lines += [
        first.replace(",", "", 3),
        f"{NAME},{first}",
        first.replace(f"{NAME},", f'"{NAME},', 1),
        f"{CERTIFICATE},{NAME}," + first.rsplit(",", 2)[0],
        " ".join(PLANTED),
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    people = [dict(zip(("姓名", "证件", "电话", "住址"), (NAME, CERTIFICATE, PHONE, ADDRESS), strict=True))]
    (raw / "people.csv").write_text(text(people), encoding="utf-8")
    headerless = "\n".join(",".join(PLANTED) for _ in range(3)) + "\n"
    (raw / "mdtrt_d_1.csv").write_text(headerless, encoding="utf-8")
    (raw / "mdtrt_d_2.csv").write_bytes(headerless.encode("utf-16"))
    (raw / "mdtrt_d_3.csv").write_text(headerless.replace(DOCTOR, "\ufffd" * 9), encoding="utf-8")
    (raw / "mdtrt_d_4.csv.gz").write_bytes(gzip.compress(headerless.encode() * 50)[:-9])
    book = openpyxl.Workbook()
    book.active.append(list(PLANTED))  # type: ignore[union-attr]
    book.save(raw / "mdtrt_d_5.xlsx")
    names = ", ".join(f"'{value}' AS c{n}" for n, value in enumerate(PLANTED))
    duckdb.execute(f"COPY (SELECT {names}) TO '{raw / 'mdtrt_d_6.parquet'}' (FORMAT parquet)")
    whole = raw / "mdtrt_d_7.parquet"
    duckdb.execute(f"COPY (SELECT {names}) TO '{whole}' (FORMAT parquet)")
    whole.write_bytes(whole.read_bytes()[:-30] + b"?" * 22 + whole.read_bytes()[-8:])

    line = {
        "fixmedins_code": rows[0]["fixmedins_code"],
        "mdtrt_id": rows[0]["mdtrt_id"],
        "feedetl_sn": "1",
        "psn_no": PERSON,
        "med_type": "11",
        "fee_ocur_time": "2026-10-01",
        "med_chrgitm_type": "09",
        "cnt": "1",
        "pric": "1",
        "det_item_fee_sumamt": "1",
        "bilg_dr_name": DOCTOR,
        "orders_dr_name": DOCTOR,
        "vali_flag": "1",
        "updt_time": "2026-10-01",
    }
    twice = [line, line | {"feedetl_sn": "2", "pric": "cheap"}, line]
    (raw / "fee_list_d_planted.csv").write_text(text(twice), encoding="gb18030")
    notice = {
        "dfr_id": "PLANTED1",
        "cashym": "202610",
        "dfr_obj": "2",
        "dfr_obj_code": PERSON,
        "dfr_obj_name": NAME,
        "dfr_sumamt": "1",
        "dfr_souc": "1",
        "fin_dspo_flag": "1",
        "vali_flag": "1",
    }
    (raw / "med_dfr_d_planted.csv").write_text(
        text([notice, notice | {"dfr_sumamt": NAME}]), encoding="utf-8"
    )


@pytest.fixture(scope="module")
def said_and_done(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, subprocess.CompletedProcess[str]]]:
    """The folder with the home and the bundle after the whole way, and what each command answered."""
    folder = tmp_path_factory.mktemp("privacy")
    home, raw = Home(folder / "home"), folder / "raw"
    done: dict[str, subprocess.CompletedProcess[str]] = {}

    def medfund(step: str, *arguments: str) -> None:
        done[step] = subprocess.run(
            [*CLI, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
            env=os.environ | {"MEDFUND_HOME": str(home.root)},
        )

    medfund("synth", "synth", str(raw), "--settlements", "1000", "--months", "2026-08:2026-10")
    # The core exports are enough; what is planted makes up for the others.
    core = ("setl_d", "fixmedins_b", "fund_acct_bal", "bureau")
    for path in raw.iterdir():
        if not path.name.startswith(core):
            path.unlink()
    plant(raw)
    home.root.mkdir()
    (home.root / "bureau.toml").write_bytes((raw / "bureau.toml").read_bytes())
    medfund("dry run", "ingest", str(raw), "--dry-run")
    medfund("ingest", "ingest", str(raw))
    medfund("build", "build")
    medfund(
        "disclose", "disclose", "monthly-indicators", "--period", "2026-10", "--out", str(folder / "bundle")
    )
    medfund("status", "status", "--json")
    landed = next((home.landing / "setl_d").glob("batch=*[1-9]/rows.parquet"))
    whole = landed.read_bytes()
    landed.write_bytes(whole[: len(whole) // 2])
    medfund("failed build", "build", "--full-refresh")
    landed.write_bytes(whole)
    for path in raw.iterdir():
        path.unlink()
    return folder, done


def decoded(path: Path) -> Iterator[str]:
    """The bytes of a file as text, and every value in it where it is Parquet, DuckDB or a workbook."""
    yield path.read_bytes().decode("utf-8", errors="replace")
    if path.suffix == ".parquet":
        yield str(duckdb.execute(f"SELECT * FROM read_parquet('{path}')").fetchall())
    elif path.suffix == ".duckdb":
        with duckdb.connect(str(path), read_only=True) as con:
            tables = con.execute(
                "SELECT schema_name, table_name FROM duckdb_tables() WHERE NOT internal"
            ).fetchall()
            for schema, table in tables:
                yield str(con.execute(f'SELECT * FROM "{schema}"."{table}"').fetchall())
    elif path.suffix == ".xlsx":
        for sheet in openpyxl.load_workbook(path):
            yield str([[cell.value for cell in row] for row in sheet.iter_rows()])


def test_the_whole_way_was_gone(
    said_and_done: tuple[Path, dict[str, subprocess.CompletedProcess[str]]],
) -> None:
    """The steps did what they should, so that there is something to look through."""
    folder, done = said_and_done
    codes = {step: answer.returncode for step, answer in done.items()}
    assert codes == {
        "synth": 0,
        "dry run": 0,
        "ingest": 0,
        "build": 0,
        "disclose": 0,
        "status": 0,
        "failed build": 1,
    }, done["build"].stderr
    said = done["ingest"].stdout + done["ingest"].stderr
    assert "9 rejected, 2 values set to null" in said and " 8 refused" in said, said
    assert list((folder / "bundle").iterdir())
    assert list((folder / "home" / "landing").glob("*/batch=*/rejects.parquet"))


@pytest.mark.parametrize("place", ["home", "bundle"])
def test_planted_identifiers_are_in_no_file(
    said_and_done: tuple[Path, dict[str, subprocess.CompletedProcess[str]]], place: str
) -> None:
    folder, _ = said_and_done
    files = [path for path in (folder / place).rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    found = {
        (needle, path.relative_to(folder).as_posix())
        for path in files
        for content in decoded(path)
        for needle in PLANTED
        if needle in content
    }
    assert not found


def test_planted_identifiers_are_in_no_message(
    said_and_done: tuple[Path, dict[str, subprocess.CompletedProcess[str]]],
) -> None:
    _, done = said_and_done
    found = {
        (needle, step)
        for step, answer in done.items()
        for needle in PLANTED
        if needle in answer.stdout + answer.stderr
    }
    assert not found
