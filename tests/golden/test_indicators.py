"""Indicators of a bureau small enough to work out by hand: five persons, three institutions, five months.

Persons A, B and C are employees and D a resident of 990101; Z is insured elsewhere. H1 is a tertiary hospital of ten beds, H2 a
secondary one, P1 a pharmacy. Of a stay 80 % is in scope, 10 % wholly self-paid, 60 % paid by funds (50 % pooled); of an
outpatient visit 50 %, 20 %, 30 % (30 %). The stays, by day:

    M1  A at H1  20 to 30 December            M5  C at H1  15 to 20 January; refunded and settled again in February
    M2  A at H2   9 to 12 January             M6  C at H2  20 January to 10 February
    M3  A at H1  27 to 28 January             M7  C at H1   5 to 20 February, while M6 still lasts
    M4  B at H1   5 to 10 January, settled    M8  D at H2  28 December 2024 to 2 January 2025, four days before the
        twice; B dies                             data end

M2, M6 and M7 are grouped, M8 could not be. Doctor D1 orders of outpatient visit V1, D2 of V2, D3 of stay M1; all lines are of
January 2024. Inspectors confirm one case at H1 in February 2024 (50 yuan back, 3.5 points) and find nothing in another; rule SR23
raised both in January.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

import duckdb
import pytest

from medfund.settings import Bureau
from tests.e2e.bureau import Office, Row
from tests.unit.ingest_files import INSTITUTION, LEDGER, SETTLEMENT

pytestmark = pytest.mark.build

H1, H2, P1 = "H99010100001", "H99010100002", "P99010100003"
PERSONS = {name: f"9901010000000000000{number}" for number, name in enumerate("ABCDZ")}
SHARES = {
    "21": ("0.8", "0.1", "0.6", "0.5"),
    "11": ("0.5", "0.2", "0.3", "0.3"),
    "41": ("0.5", "0.2", "0.3", "0.3"),
}
_serial = count(1)


def settled(
    name: str,
    visit: str,
    person: str,
    place: str,
    day: str,
    fee: int,
    *,
    kind: str = "21",
    stay: tuple[str, str] | None = None,
    **more: str,
) -> Row:
    """A settlement of `fee` yuan on a day, in the shares that its kind of care has in this bureau."""
    in_scope, own, fund, pooled = (str(Decimal(share) * fee) for share in SHARES[kind])
    begin, end = stay or (day, day)
    at = f"{day} 09:00:00"
    rest = str(fee - Decimal(fund))
    return (
        SETTLEMENT
        | {
            "setl_id": name,
            "mdtrt_id": visit,
            "psn_no": PERSONS[person],
            "insutype": "390" if person == "D" else "310",
            "fixmedins_code": place,
            "fix_blng_admdvs": "990101",
            "med_type": kind,
            "gend": "2",
            "age": "40",
            "begndate": begin,
            "enddate": end,
            "setl_time": at,
            "crte_time": at,
            "updt_time": at,
            "rid": f"R{next(_serial)}",
            "medfee_sumamt": str(fee),
            "fulamt_ownpay_amt": own,
            "overlmt_selfpay": "0.00",
            "preselfpay_amt": str(fee - Decimal(in_scope) - Decimal(own)),
            "inscp_amt": in_scope,
            "hifp_pay": pooled,
            "hifmi_pay": str(Decimal(fund) - Decimal(pooled)),
            "fund_pay_sumamt": fund,
            "psn_pay": rest,
            "acct_pay": "0.00",
            "cash_payamt": rest,
        }
        | more
    )


def visited(visit: str, person: str, place: str, begin: str, end: str, days: int, way: str = "1") -> Row:
    return {
        "mdtrt_id": visit,
        "psn_no": PERSONS[person],
        "fixmedins_code": place,
        "insutype": "310",
        "med_type": "21",
        "begntime": f"{begin} 10:00:00",
        "endtime": f"{end} 10:00:00",
        "ipt_days": str(days),
        "dscg_way": way,
        "updt_time": f"{end} 12:00:00",
        "vali_flag": "1",
    }


def line(settlement: str, kind: str, fee: int, own: int, quantity: int, doctor: str, **more: str) -> Row:
    number = next(_serial)
    return {
        "bkkp_sn": f"B{number}",
        "feedetl_sn": str(number),
        "setl_id": settlement,
        "mdtrt_id": f"V{number}",
        "psn_no": PERSONS["A"],
        "fixmedins_code": H1,
        "med_type": "11",
        "fee_ocur_time": "2024-01-03 08:00:00",
        "med_chrgitm_type": kind,
        "cnt": str(quantity),
        "pric": str(Decimal(fee) / quantity),
        "det_item_fee_sumamt": str(fee),
        "fulamt_ownpay_amt": str(own),
        "updt_time": "2024-01-05 12:00:00",
        "vali_flag": "1",
        "bilg_dr_code": doctor,
    } | more


def drug(code: str, name: str, level: str) -> dict[str, str]:
    return {"med_list_codg": code, "medins_list_name": name, "med_list_name": name, "chrgitm_lv": level}


def grouped(settlement: str, group: str, weight: str, standard: str, kind: str = "正常") -> Row:
    return {
        "setl_id": settlement,
        "grp_sys": "DRG",
        "grp_ver": "1.0",
        "grp_code": group,
        "rw_or_score": weight,
        "std_pay_amt": standard,
        "case_type": kind,
    }


def inspected(case: str, confirmed: bool, recovered: str, points: str) -> Row:
    return {
        "case_id": case,
        "fixmedins_code": H1,
        "source": "专项",
        "rule_id": "SR23",
        "open_date": "2024-01-15",
        "close_date": "2024-02-15",
        "verified_flag": "1" if confirmed else "0",
        "recovered_amt": recovered,
        "score_deducted": points,
    }


SETTLEMENTS = [
    settled("S1", "M1", "A", H1, "2023-12-30", 1000, stay=("2023-12-20", "2023-12-30")),
    settled("S2", "M2", "A", H2, "2024-01-12", 500, stay=("2024-01-09", "2024-01-12")),
    settled("S3", "M3", "A", H1, "2024-02-01", 300, stay=("2024-01-27", "2024-01-28")),
    settled("S4a", "M4", "B", H1, "2024-01-08", 200, stay=("2024-01-05", "2024-01-08")),
    settled("S4b", "M4", "B", H1, "2024-01-10", 300, stay=("2024-01-08", "2024-01-10")),
    settled("S5", "M5", "C", H1, "2024-01-20", 900, stay=("2024-01-15", "2024-01-20"), refd_setl_flag="1"),
    settled(
        "S5r",
        "M5",
        "C",
        H1,
        "2024-02-02",
        -900,
        stay=("2024-01-15", "2024-01-20"),
        refd_setl_flag="1",
        init_setl_id="S5",
    ),
    settled("S5n", "M5", "C", H1, "2024-02-02", 950, stay=("2024-01-15", "2024-01-20")),
    settled("S6", "M6", "C", H2, "2024-02-10", 2000, stay=("2024-01-20", "2024-02-10")),
    settled("S7", "M7", "C", H1, "2024-02-20", 700, stay=("2024-02-05", "2024-02-20")),
    settled("S8", "M8", "D", H2, "2025-01-05", 600, stay=("2024-12-28", "2025-01-02")),
    settled("O1", "V1", "A", H1, "2024-01-03", 60, kind="11"),
    settled("O2", "V2", "A", H1, "2024-01-04", 40, kind="11"),
    settled("O3", "V3", "B", H1, "2024-02-03", 100, kind="11"),
    settled("O4", "V4", "D", H2, "2024-02-04", 80, kind="11"),
    settled("O5", "V5", "A", H1, "2024-12-05", 50, kind="11"),
    settled("O6", "V6", "B", H1, "2025-01-06", 70, kind="11"),
    settled("P1", "V7", "D", P1, "2024-02-06", 30, kind="41"),
]
OUTSIDERS = [
    settled("X1", "N1", "Z", H1, "2024-01-14", 400, stay=("2024-01-10", "2024-01-14"), insu_admdvs="880101"),
    settled("X2", "N2", "Z", H1, "2024-01-20", 20, kind="11", insu_admdvs="880101"),
]
VISITS = [
    visited("M1", "A", H1, "2023-12-20", "2023-12-30", 10),
    visited("M2", "A", H2, "2024-01-09", "2024-01-12", 3),
    visited("M3", "A", H1, "2024-01-27", "2024-01-28", 1),
    visited("M4", "B", H1, "2024-01-05", "2024-01-10", 5, way="5"),
    visited("M5", "C", H1, "2024-01-15", "2024-01-20", 5),
    visited("M6", "C", H2, "2024-01-20", "2024-02-10", 21),
    visited("M7", "C", H1, "2024-02-05", "2024-02-20", 15),
    visited("M8", "D", H2, "2024-12-28", "2025-01-02", 5),
]
LINES = [
    line("O1", "09", 30, 5, 2, "D1", **drug("X1", "甲片", "01")),
    line("O1", "03", 20, 0, 1, "D1"),
    line("O1", "01", 10, 0, 1, "D1"),
    line("O2", "10", 40, 40, 4, "D2", **drug("X2", "乙草", "03")),
    line(
        "S1",
        "09",
        400,
        60,
        10,
        "D3",
        **drug("X3", "奥拉西坦注射液", "02"),
        prcu_drug_flag="1",
        hi_nego_drug_flag="1",
        inscp_amt="340",
    ),
    line("S1", "08", 200, 0, 3, "D3"),
    line("S1", "06", 300, 0, 1, "D3"),
    line("S1", "04", 100, 0, 2, "D3"),
]
GROUPS = [
    grouped("S2", "G1", "0.5", "620"),
    grouped("S6", "G2", "2.5", "1800"),
    grouped("S7", "G1", "0.9", "700", "高倍率"),
    grouped("S8", "", "", "", "未入组"),
]
CASES = [inspected("C1", True, "50", "3.5"), inspected("C2", False, "70", "9")]
INSTITUTIONS = [
    INSTITUTION | {"fixmedins_code": H1, "hosp_lv": "02", "aprv_bed_cnt": "10"},
    INSTITUTION | {"fixmedins_code": H2, "hosp_lv": "05", "fixmedins_name": "示例县第二人民医院"},
    INSTITUTION | {"fixmedins_code": P1, "fixmedins_type": "2", "fixmedins_name": "示例药房"},
]
INSURED = [
    {
        "psn_insu_rlts_id": f"L{person}",
        "psn_no": PERSONS[person],
        "insutype": "390" if person == "D" else "310",
        "psn_insu_stas": "1",
        "psn_insu_date": "2023-01-01",
        "begndate": "2023-01-01",
        "insu_admdvs": "990101",
        "psn_type": "1101" if person != "D" else "1501",
        "insutype_retr_flag": "0",
        "vali_flag": "1",
    }
    for person in "ABCD"
]

# indicator, institution, kind of care, month, period -> numerator, denominator.
BY_INSTITUTION = """
I01         H1 inpatient  2024-01 month      1800 3
I01         H1 outpatient 2024-01 month      120 3
I01         H1 all        2024-01 month      1920 6
I01         H1 inpatient  2024-02 month      1050 2
I01         H1 all        2024-02 ytd        3070 9
I01         H1 all        2024-12 rolling_12 3120 10
I01         H1 inpatient  2024-02 rolling_12 3850 6
I01         P1 pharmacy   2024-02 month      30 1
I02         H1 inpatient  2024-01 month      1400 10
I02         H1 inpatient  2024-02 month      1050 16
I03         H1 all        2024-01 month      30 100
I03         H1 all        2023-12 month      400 1000
I03         H1 all        2024-01 rolling_12 430 1100
I04         H1 all        2024-01 month      0 100
I04         H1 all        2023-12 month      200 1000
I05         H1 all        2024-01 month      20 100
I05         H1 all        2024-01 rolling_12 120 1100
I06         H1 all        2024-01 month      10 100
I06         H1 all        2023-12 month      300 1000
I07         H1 outpatient 2024-01 month      45 70
I07         H1 all        2024-01 rolling_12 105 470
I07.total   H1 inpatient  2024-01 month      140 1400
I07.total   H1 all        2024-01 month      160 1500
I08         H1 all        2024-01 month      160 1500
I09         H1 all        2024-01 month      6 4
I09         H1 inpatient  2024-01 month      3 3
I09         H1 outpatient 2024-01 month      3 2
I09         H1 inpatient  2024-02 month      2 2
I09         H1 all        2024-02 ytd        9 4
I09         H1 inpatient  2024-02 ytd        5 4
I09         H1 all        2024-02 rolling_12 10 4
I09         H1 all        2024-12 rolling_12 10 4
I09         H1 all        2025-01 rolling_12 5 3
I09         H1 inpatient  2025-01 rolling_12 2 2
I09         H1 all        2025-01 ytd        1 1
I10         H1 inpatient  2024-01 month      1120 2
I10         H1 outpatient 2024-01 month      50 2
I11         H1 inpatient  2023-12 month      1 1
I11.10      H1 inpatient  2023-12 month      1 1
I11.same    H1 inpatient  2023-12 month      0 1
I11         H2 inpatient  2024-01 month      1 1
I11.10      H2 inpatient  2024-01 month      0 1
I11.30      H2 inpatient  2024-01 month      1 1
I11.same    H2 inpatient  2024-01 month      0 1
I11         H1 inpatient  2024-02 month      1 3
I11.10      H1 inpatient  2024-02 month      1 3
I11.same    H1 inpatient  2024-02 month      0 3
I11         H2 inpatient  2024-02 month      0 1
I11         H1 inpatient  2024-02 rolling_12 2 4
I11.30      H2 inpatient  2025-01 month      0 1
I12         H1 inpatient  2024-01 month      0 2
I12         H1 inpatient  2024-02 month      1 2
I14         H1 inpatient  2024-01 month      1 3
I14         H2 inpatient  2024-01 month      0 1
I28         H1 inpatient  2024-01 month      10 310
I28         H1 inpatient  2024-02 month      16 290
I29         H1 all        2024-01 month      2 3
I29.intake  H1 all        2024-01 month      3 2
I30         H1 all        2024-01 month      2 3
I30.drug    H1 all        2024-01 month      2 3
I30.consumable H1 all     2023-12 month      3 1
I15         H2 inpatient  2024-02 ytd        3.0 2
I15         H1 inpatient  2024-02 month      0.9 1
I18         H2 inpatient  2024-02 ytd        2 2
I18         H2 inpatient  2025-01 month      0 1
I19         H2 inpatient  2024-02 ytd        2 -
I19.weight  H2 inpatient  2024-02 ytd        3.0 -
I21         H1 inpatient  2024-02 month      1 1
I21.high    H1 inpatient  2024-02 month      1 1
I21.low     H1 inpatient  2024-02 month      0 1
I21         H2 inpatient  2024-02 ytd        0 2
I22         H2 inpatient  2024-02 ytd        -80 -
I22.case    H2 inpatient  2024-02 ytd        -80 2
I22         H1 inpatient  2024-02 month      0 -
I24         H2 inpatient  2024-02 ytd        1420 1500
I25         H2 inpatient  2024-02 ytd        0 -
I25.shared  H2 inpatient  2024-02 ytd        48 -
I27         H1 all        2024-02 month      50 660
D01         H1 all        2024-01 month      100 2
D02         H1 all        2024-01 month      70 100
D03         H1 outpatient 2024-01 month      2 2
D01         H1 all        2024-01 rolling_12 1100 3
D02         H1 all        2024-01 rolling_12 470 1100
D04         H1 all        2024-02 ytd        3.5 -
"""

# indicator, scheme, kind of care, month, period -> numerator, denominator (persons enrolled: 3 employees, 1 resident; 990101
# states 8 residents and 10 registered at the end of 2023).
BY_DIVISION = """
U01         employee inpatient  2024-01 month      3 3
U01         all      inpatient  2024-02 month      3 4
U01         employee inpatient  2024-02 ytd        6 3
U02         employee outpatient 2024-01 month      2 3
U02         all      outpatient 2024-02 month      2 4
U03         employee all        2024-01 month      5 3
U03         all      all        2024-02 month      6 4
U03         resident pharmacy   2024-02 month      1 1
U04         employee inpatient  2024-01 month      13 3
U04         employee inpatient  2024-02 month      37 3
U05         employee inpatient  2024-01 month      1900 3
U06         employee outpatient 2024-01 month      100 2
U06         employee all        2024-01 month      2000 5
U06         resident pharmacy   2024-02 month      30 1
U07         employee inpatient  2024-01 month      1140 1520
U07.basic   employee inpatient  2024-01 month      950 1520
U07         employee all        2024-01 month      1170 1570
U08         employee inpatient  2024-01 month      1140 1900
U08         employee outpatient 2024-01 month      30 100
U09         employee inpatient  2024-01 month      760 1900
U09         employee all        2024-01 month      830 2000
U10         employee inpatient  2024-01 month      190 1900
U10         employee all        2024-01 month      210 2000
U11         resident all        2024-02 month      0 1
U12         employee all        2024-01 month      5 5
U13         employee all        2024-01 month      30 980
E01         all      all        2023-12 month      4 8
E01         all      all        2024-02 month      4 8
E01.registered all   all        2024-01 month      4 10
E02         all      all        2024-01 month      0 4
E04         all      all        2024-01 month      3 4
E05         employee all        2024-01 month      0 3
E07         employee all        2024-01 month      0 3
G01         all      all        2024-01 month      430 470
G02         all      all        2024-01 month      400 470
G03         all      all        2024-01 month      10 10
G04         all      all        2024-01 month      470 470
G04.top5    all      all        2024-01 month      470 470
G04.hhi     all      all        2024-01 month      345.7447 470
G05         all      all        2024-01 month      1 -
G05.amount  all      all        2024-01 month      340 -
"""


MARTS = (
    "institution_indicator_monthly",
    "org_indicator_monthly",
    "institution_monthly",
    "utilisation_monthly",
    "rule_indicator_monthly",
)


def _transformed(root: Path, turned: bool) -> duckdb.DuckDBPyConnection:
    """The marts of this bureau; its files with their rows from last to first where `turned`."""
    stated = [
        {"org": "990101", "year": 2023, "basis": basis, "persons": persons, "source": "手工示例"}
        for basis, persons in (("resident", 8), ("registered", 10))
    ]
    office = Office(root, Bureau.model_validate({"code": "990100", "populations": stated}))
    tables = {
        "setl_d": SETTLEMENTS,
        "outmed_setl_d": OUTSIDERS,
        "mdtrt_d": VISITS,
        "fee_list_d": LINES,
        "drg_dip_rslt_d": GROUPS,
        "audit_case_d": CASES,
        "fixmedins_b": INSTITUTIONS,
        "psn_insu_d_20231231": INSURED,
        "psn_insu_d_20240229": INSURED,
        "fund_acct_bal": [LEDGER],
    }
    landed = office.deliver(**{name: rows[::-1] if turned else rows for name, rows in tables.items()})
    assert [(batch.problem, batch.rows_rejected) for batch in landed] == [(None, 0)] * 10
    return office.transform(MARTS)


@pytest.fixture(scope="module")
def candidate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with _transformed(tmp_path_factory.mktemp("golden"), turned=False) as connection:
        yield connection


def _month(text: str) -> date:
    year, month = text.split("-")
    return date(int(year), int(month), 1)


def _is_quotient(
    found: list[tuple[Decimal, Decimal | None, float]], numerator: str, denominator: str
) -> None:
    """One row with both sums and their quotient; an amount or a count has no denominator (-)."""
    below = None if denominator == "-" else Decimal(denominator)
    assert [each[:2] for each in found] == [(Decimal(numerator), below)]
    assert found[0][2] == pytest.approx(float(Decimal(numerator) / (below or 1)), rel=1e-6)


@pytest.mark.parametrize("row", BY_INSTITUTION.split("\n")[1:-1])
def test_indicator_of_an_institution(candidate: duckdb.DuckDBPyConnection, row: str) -> None:
    indicator, place, bucket, month, period, numerator, denominator = row.split()
    code = {"H1": H1, "H2": H2, "P1": P1}[place]
    found = candidate.execute(
        "select numerator, denominator, value from marts.institution_indicator_monthly where institution_code = ? "
        "and indicator_id = ? and visit_bucket = ? and month = ? and period_kind = ?",
        [code, indicator, bucket, _month(month), period],
    ).fetchall()
    _is_quotient(found, numerator, denominator)


@pytest.mark.parametrize("row", BY_DIVISION.split("\n")[1:-1])
def test_indicator_of_the_insured(candidate: duckdb.DuckDBPyConnection, row: str) -> None:
    indicator, scheme, bucket, month, period, numerator, denominator = row.split()
    found = candidate.execute(
        "select numerator, denominator, value from marts.org_indicator_monthly where org_code = '990101' "
        "and scheme = ? and indicator_id = ? and visit_bucket = ? and month = ? and period_kind = ?",
        [scheme, indicator, bucket, _month(month), period],
    ).fetchall()
    _is_quotient(found, numerator, denominator)


@pytest.mark.parametrize(
    ("indicator", "month", "period", "numerator", "denominator"),
    [
        ("S02", "2024-02", "month", "1", "2"),
        ("S02.false", "2024-02", "ytd", "1", "2"),
        ("S02.open", "2024-01", "month", "2", "-"),
    ],
)
def test_indicator_of_a_rule(
    candidate: duckdb.DuckDBPyConnection,
    indicator: str,
    month: str,
    period: str,
    numerator: str,
    denominator: str,
) -> None:
    """Of two cases that rule SR23 raised in January, one is confirmed and one is not, both in February."""
    for rule in ("SR23", "all"):
        found = candidate.execute(
            "select numerator, denominator, value from marts.rule_indicator_monthly where rule_id = ? "
            "and indicator_id = ? and month = ? and period_kind = ?",
            [rule, indicator, _month(month), period],
        ).fetchall()
        _is_quotient(found, numerator, denominator)


def test_the_last_days_of_the_data_are_counted_and_provisional(candidate: duckdb.DuckDBPyConnection) -> None:
    """D leaves four days before the data end: no window is closed yet. Stays of the year before are final."""
    found = candidate.execute(
        "select month, indicator_id, is_provisional from marts.institution_indicator_monthly "
        "where institution_code = ? and period_kind = 'month' and indicator_id like 'I11%'",
        [H2],
    ).fetchall()
    ids = ("I11", "I11.10", "I11.30", "I11.same")
    assert set(found) == {
        (date(year, month, 1), indicator, year == 2025)
        for year, month in ((2024, 1), (2024, 2), (2025, 1))
        for indicator in ids
    }


def test_a_year_before_is_the_same_period(candidate: duckdb.DuckDBPyConnection) -> None:
    """Outpatients of H1: 70 yuan each in January 2025; (60 + 40 + 20) ÷ 3 = 40 in January 2024."""
    assert candidate.execute(
        "select value, value_prior_year from marts.institution_indicator_monthly where institution_code = ? and "
        "indicator_id = 'I01' and visit_bucket = 'outpatient' and month = '2025-01-01' and period_kind = 'month'",
        [H1],
    ).fetchall() == [(70.0, 40.0)]


def test_few_cases_are_shown_and_never_ranked(candidate: duckdb.DuckDBPyConnection) -> None:
    assert candidate.execute(
        "select count(*) > 0, count(peer_percentile), count(flag), bool_or(is_ranked) "
        "from marts.institution_indicator_monthly"
    ).fetchone() == (True, 0, 0, False)


def test_every_value_is_the_ratio_of_its_sums(candidate: duckdb.DuckDBPyConnection) -> None:
    for mart in ("institution_indicator_monthly", "org_indicator_monthly"):
        rows, apart, shown_at_zero = candidate.execute(
            f"""
            select count(*),
                count(*) filter (denominator <> 0 and abs(value * denominator - numerator) > 0.001),
                count(value) filter (denominator = 0)
            from marts.{mart} where indicator_id <> 'U14'
            """
        ).fetchone() or (0, 0, 0)
        assert rows > 100
        assert (apart, shown_at_zero) == (0, 0)


def test_parts_add_up(candidate: duckdb.DuckDBPyConnection) -> None:
    """Fee classes to the lines, kinds of care to all of them, months to the year to date; persons do not."""
    classes = "drug_fee + herbal_fee + consumable_fee + exam_fee + service_fee + other_fee"
    assert candidate.execute(
        f"select sum({classes}), sum(line_fee), count(line_fee) from marts.institution_monthly"
    ).fetchone() == (1100, 1100, 2)
    by_bucket = """
        select institution_code, indicator_id, month, period_kind,
            sum(case when visit_bucket = 'all' then numerator else -numerator end) as rest
        from marts.institution_indicator_monthly where indicator_id in ('I01', 'I07', 'I07.total', 'I10')
        group by all having rest <> 0
    """
    assert candidate.execute(by_bucket).fetchall() == []
    by_month = """
        select period.institution_code, period.indicator_id, period.visit_bucket, period.month
        from marts.institution_indicator_monthly as period
        join marts.institution_indicator_monthly as part
            on part.institution_code = period.institution_code and part.indicator_id = period.indicator_id
            and part.visit_bucket = period.visit_bucket and part.period_kind = 'month'
            and part.month between date_trunc('year', period.month) and period.month
        where period.period_kind = 'ytd' and period.indicator_id in ('I01', 'I02', 'I11', 'I12', 'I14')
        group by period.institution_code, period.indicator_id, period.visit_bucket, period.month,
            period.numerator, period.denominator
        having sum(part.numerator) <> period.numerator or sum(part.denominator) <> period.denominator
    """
    assert candidate.execute(by_month).fetchall() == []


def test_the_order_of_rows_changes_nothing(
    candidate: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # The pseudonym's key differs between homes; none of these tables holds a person.
    with _transformed(tmp_path_factory.mktemp("turned"), turned=True) as turned:
        for mart in MARTS:
            query = f"select * from marts.{mart} order by all"
            assert turned.execute(query).fetchall() == candidate.execute(query).fetchall(), mart
