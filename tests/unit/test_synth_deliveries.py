"""Monthly deliveries of the synthetic bureau: loaded in order they make one export, and earlier ones don't change."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest

from medfund.contract import load_contract
from medfund.synth import SynthReport, write

WINDOW = ("2024-11", "2025-02")
SIZE = 24_000
# Contributions, notices, cases and contracts are handed over as they stand at the end of the window.
IMMUTABLE = (
    "setl_d", "fee_list_d", "mdtrt_d", "setl_list", "setl_fund_detl", "outmed_setl_d", "acct_", "fund_", "opsp_reg_d",
    "out_appy_d", "psn_insu_d", "fixmedins_b",
)  # fmt: skip


def say(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deliveries")


@pytest.fixture(scope="module")
def full(folder: Path) -> SynthReport:
    return write(folder / "full", settlements=SIZE, months=WINDOW, form="csv", say=say)


@pytest.fixture(scope="module")
def delivered(folder: Path) -> SynthReport:
    return write(folder / "delivered", settlements=SIZE, months=WINDOW, form="csv", deliveries=True, say=say)


BUDGET_KEY = ("记账单位（区划/层级）", "基金代码", "预算年度", "项目键", "预算版本")


def newest(con: duckdb.DuckDBPyConnection, name: str, report: SynthReport, table: str) -> None:
    """Table `name`: the last version of each row of a table, as text; deliveries in the order of their folders."""
    paths = [str(p) for p in sorted(report.paths) if re.fullmatch(rf"{table}(_20[0-9_]+)?(_late)?", p.stem)]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE lines AS FROM read_csv({paths}, all_varchar=true, header=true, delim=',', "
        "filename='file')"
    )
    key = BUDGET_KEY if table == "fund_budg_a" else load_contract().tables[table].key
    columns = {c[0] for c in con.execute("DESCRIBE lines").fetchall()}
    order = "updt_time DESC, " if "updt_time" in columns else ""
    listed = ", ".join(f'"{column}"' for column in key)
    con.execute(f"""CREATE OR REPLACE TEMP TABLE {name} AS SELECT * EXCLUDE (file) FROM lines
        QUALIFY row_number() OVER (PARTITION BY {listed} ORDER BY {order}file DESC) = 1""")


def test_deliveries_in_order_make_the_export(full: SynthReport, delivered: SynthReport) -> None:
    assert set(full.rows) == set(delivered.rows)
    with duckdb.connect() as con:
        for table in full.rows:
            newest(con, "once", full, table)
            newest(con, "parts", delivered, table)
            odd = con.execute(
                "(FROM parts EXCEPT FROM once) UNION ALL (FROM once EXCEPT FROM parts)"
            ).fetchall()
            assert (table, odd[:2]) == (table, [])
            assert con.execute("SELECT count(*) > 0 FROM once").fetchall() == [(True,)], table


def test_deliveries_correct_earlier_months(delivered: SynthReport) -> None:
    late = [p for p in delivered.paths if p.name.startswith("setl_d") and p.stem.endswith("_late")]
    assert [p.parent.name for p in late] == ["2024-12", "2025-01", "2025-02", "2025-03"]
    with duckdb.connect() as con:
        for name, paths in (
            ("late", late),
            ("all_rows", [p for p in delivered.paths if p.name.startswith("setl_d")]),
        ):
            con.execute(f"CREATE TABLE {name} AS FROM read_csv({[str(p) for p in paths]}, all_varchar=true)")
        changes = """SELECT count(*) FROM all_rows a JOIN all_rows b ON a.setl_id = b.setl_id
            AND a.updt_time < b.updt_time AND a.refd_setl_flag = '0' AND b.refd_setl_flag = '1'"""
        assert con.execute(changes).fetchall()[0][0] > 0
        same = "SELECT (SELECT count(*) FROM all_rows) - (SELECT count(*) FROM (SELECT DISTINCT * FROM all_rows))"
        assert 0 < con.execute(same).fetchall()[0][0] < 20
        # About three in a hundred come after their month has closed, for the first time.
        share = """SELECT count(*) FILTER (setl_id IN (FROM first_late)) / count(*) FROM (SELECT DISTINCT setl_id FROM all_rows)"""
        con.execute("""CREATE TABLE first_late AS SELECT setl_id FROM late GROUP BY setl_id
            HAVING count(*) = (SELECT count(*) FROM all_rows a WHERE a.setl_id = late.setl_id)""")
        assert 0.015 < con.execute(share).fetchall()[0][0] < 0.05


def test_a_longer_window_keeps_the_deliveries_of_settlements(folder: Path, delivered: SynthReport) -> None:
    longer = write(
        folder / "longer",
        settlements=SIZE,
        months=(WINDOW[0], "2025-03"),
        form="csv",
        deliveries=True,
        say=say,
    )
    here = {p.relative_to(longer.directory): p for p in longer.paths}
    compared = 0
    for path in delivered.paths:
        name = path.relative_to(delivered.directory)
        if name.parts[0] > "2025-02" or not name.name.startswith(IMMUTABLE):
            continue
        assert path.read_bytes() == here[name].read_bytes(), name
        compared += 1
    assert compared > 40
