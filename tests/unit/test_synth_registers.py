"""Registers of the synthetic bureau: they agree with the settlements and with each other, and land without a question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from medfund.ingest import ingest
from medfund.settings import Bureau, Home
from medfund.synth import city, contributions, doctors, export, write
from medfund.synth.claims import members_for
from medfund.synth.contributions import Contributions, premiums_received
from medfund.synth.scene import Output, Scene, Window

REGISTERS = (
    "psn_insu_d", "psn_clct_detl_d", "acct_inc_detl_d", "acct_pay_detl_d", "out_appy_d", "opsp_reg_d", "dr_info_b",
    "fixmedins_cntr_reg_d", "outmed_setl_d",
)  # fmt: skip
MONTHS = ("2022-09", "2024-02")
SIZE = 4_000


def say(_: str) -> None:
    pass


def load(directory: Path) -> duckdb.DuckDBPyConnection:
    """Tables of text as exported; empty values are null."""
    con = duckdb.connect()
    for table in ("setl_d", "fixmedins_b", "fund_acct_bal", *REGISTERS):
        con.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{directory}/{table}_*.csv', all_varchar=true, header=true, "
            "filename=true)"
            if list(directory.glob(f"{table}_*.csv"))
            else f"CREATE TABLE {table} AS FROM read_csv('{directory}/{table}.csv', all_varchar=true, header=true)"
        )
    return con


def members() -> city.People:
    """The people behind the exports."""
    return city.make_people(members_for(SIZE), np.random.default_rng([1, 0]))


def none(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """The query lists what is wrong; nothing may be."""
    assert con.execute(query).fetchall()[:5] == []


def one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("registers") / "bureau"
    write(folder, settlements=SIZE, months=MONTHS, form="csv", say=say)
    return folder


@pytest.fixture(scope="module")
def con(directory: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with load(directory) as connection:
        yield connection


# ---- landing -------------------------------------------------------------------------------------------------------


def test_every_row_of_every_register_lands_and_every_code_is_listed(directory: Path, tmp_path: Path) -> None:
    files = sorted(p for table in REGISTERS for p in directory.glob(f"{table}*.csv"))
    reports = ingest(Home(tmp_path / "home"), Bureau.load(directory / "bureau.toml"), files)
    assert {r.table_name for r in reports} == set(REGISTERS)
    for report in reports:
        assert (report.status, report.rows_landed) == ("landed", report.rows_read), report.sentence()
        assert (report.rows_superseded, report.values_nulled, report.warnings) == (0, 0, []), (
            report.source_file
        )
        assert "unlisted_codes" not in report.details


def test_names_and_certificates_are_made_up(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT dr_name FROM dr_info_b WHERE NOT regexp_full_match(dr_name, '合成医师[0-9]{6}')")
    none(con, "SELECT psn_name FROM outmed_setl_d WHERE NOT regexp_full_match(psn_name, '合成[0-9]{7}')")
    none(con, "SELECT certno FROM outmed_setl_d WHERE NOT regexp_full_match(certno, '990000[0-9]{12}')")


# ---- enrolment -----------------------------------------------------------------------------------------------------


def test_a_snapshot_is_named_after_its_day_and_holds_each_relation_once(
    con: duckdb.DuckDBPyConnection,
) -> None:
    days = con.execute(
        "SELECT DISTINCT regexp_extract(filename, '([0-9]{8})[.]csv', 1) FROM psn_insu_d ORDER BY 1"
    ).fetchall()
    assert [d for (d,) in days][-2:] == ["20240131", "20240229"]
    none(con, "SELECT filename FROM psn_insu_d GROUP BY filename, psn_insu_rlts_id HAVING count(*) > 1")


def test_whoever_is_treated_is_enrolled_in_that_scheme_and_place_then(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT s.setl_id, s.psn_no, s.begndate FROM setl_d s WHERE NOT EXISTS (
            FROM psn_insu_d i WHERE i.psn_no = s.psn_no AND i.insutype = s.insutype AND i.insu_admdvs = s.insu_admdvs
            AND s.begndate BETWEEN i.crt_insu_date AND coalesce(i.paus_insu_date, '9999'))""",
    )


def test_the_enrolled_are_as_many_as_the_city_has_members(con: duckdb.DuckDBPyConnection) -> None:
    people = members()
    here = people.enrolled(2024 * 12 + 1) & ~(people.died_on < np.datetime64("2024-03-01"))
    last = "filename LIKE '%20240229%' AND psn_insu_stas = '1'"
    for scheme, code in enumerate(("310", "390")):
        enrolled = one(
            con, f"SELECT count(DISTINCT psn_no) FROM psn_insu_d WHERE {last} AND insutype = '{code}'"
        )
        late_or_twice = one(
            con,
            f"""SELECT count(*) FROM (SELECT psn_no FROM psn_insu_d WHERE {last}
            GROUP BY psn_no HAVING count(*) > 1)""",
        )
        expected = int(np.sum(here & (people.scheme == scheme)))
        assert expected <= enrolled <= expected + late_or_twice


def test_a_closed_relation_has_an_end_and_an_open_one_has_none(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "FROM psn_insu_d WHERE (psn_insu_stas = '1') <> (paus_insu_date IS NULL)")
    none(
        con, "FROM psn_insu_d WHERE crt_insu_date > coalesce(paus_insu_date, '9999') OR brdy > crt_insu_date"
    )
    none(con, "FROM psn_insu_d WHERE surv_stas = '2' AND psn_insu_stas = '1'")


# ---- contributions -------------------------------------------------------------------------------------------------

LINE = (
    "SELECT *, clct_sumamt::DECIMAL(16, 2) AS total, psn_clctstd::DECIMAL(16, 2) AS base FROM psn_clct_detl_d"
)


def test_a_line_is_the_sum_of_its_payers_parts(con: duckdb.DuckDBPyConnection) -> None:
    parts = ("emp_clct_amt", "psn_clct_amt", "oth_clct_amt", "finsubs_amt")
    total = " + ".join(f"{p}::DECIMAL(16, 2)" for p in parts)
    none(con, f"FROM ({LINE}) WHERE total <> {total}")
    none(con, f"FROM ({LINE}) WHERE (revs_flag = '-') <> (total < 0)")


def test_an_employee_and_the_employer_pay_two_and_eight_per_cent_of_the_base(
    con: duckdb.DuckDBPyConnection,
) -> None:
    working = "insutype = '310' AND psn_type IN ('1101', '1102') AND clct_type = '10' AND revs_flag = 'Z'"
    none(
        con,
        f"""FROM ({LINE}) WHERE {working}
        AND (emp_clct_amt::DECIMAL(16, 2) <> round(base * 0.08, 2) OR psn_clct_amt::DECIMAL(16, 2) <> round(base * 0.02, 2)
            OR psn_clct_into_acct_amt <> psn_clct_amt OR emp_no IS NULL)""",
    )
    assert one(con, f"SELECT count(*) FROM ({LINE}) WHERE {working}") > 200


def test_a_resident_of_2024_brings_400_yuan_and_670_of_subsidy(con: duckdb.DuckDBPyConnection) -> None:
    year = "insutype = '390' AND accrym_end = '202412' AND revs_flag = 'Z'"
    found = con.execute(f"""
        SELECT DISTINCT psn_clct_amt::DECIMAL(16, 2) + oth_clct_amt::DECIMAL(16, 2), finsubs_amt::DECIMAL(16, 2)
        FROM psn_clct_detl_d WHERE {year} AND clct_flag = '1'
    """).fetchall()
    assert [(float(a), float(b)) for a, b in found] == [(400.0, 670.0)]
    # Paid from September on; those whom assistance sponsors pay less themselves.
    assert one(con, f"SELECT min(cashym) FROM psn_clct_detl_d WHERE {year}") == "202309"
    none(con, f"FROM psn_clct_detl_d WHERE {year} AND psn_idet_type = '2304' AND psn_clct_amt::DOUBLE <> 0")


def test_a_wrong_line_is_taken_back_whole_and_booked_anew() -> None:
    people = city.make_people(3_000, np.random.default_rng(5))
    lines = Contributions(people, seed=5).employee_lines(2023 * 12 + 3)
    marked = lines["reversed"] < contributions.NEVER
    wrong, back, anew = lines["person"][marked], lines["reverses"], lines["part"] == 2
    assert len(wrong) > 0
    assert sorted(wrong) == sorted(lines["person"][back]) == sorted(lines["person"][anew])
    for name in ("emp", "psn", "emp_into", "psn_into"):
        assert lines[name][marked].sum() == -lines[name][back].sum()
        assert lines[name][anew].sum() >= lines[name][marked].sum()
    # Both happen in the month in which the wrong line is marked, after it was paid.
    assert sorted(lines["reversed"][marked]) == sorted(lines["cash"][back]) == sorted(lines["cash"][anew])
    assert (lines["reversed"][marked] > lines["cash"][marked]).all()


def test_everyone_who_owes_a_contribution_has_paid_it_or_dropped_out(con: duckdb.DuckDBPyConnection) -> None:
    unpaid = one(
        con,
        """SELECT avg((NOT EXISTS (FROM psn_clct_detl_d c WHERE c.psn_no = i.psn_no AND c.insutype = i.insutype
            AND c.clct_flag = '1' AND c.revs_flag = 'Z' AND '202401' BETWEEN c.accrym_begn AND c.accrym_end))::INT)
        FROM psn_insu_d i WHERE filename LIKE '%20240131%' AND psn_insu_stas = '1' AND insutype_retr_flag = '0'""",
    )
    # Employers who pay late, and residents whose turn comes in the tail of the season.
    assert unpaid < 0.1
    # A year earlier everything has arrived.
    none(
        con,
        """SELECT psn_no FROM psn_insu_d i WHERE filename LIKE '%20230228%' AND psn_insu_stas = '1'
        AND insutype_retr_flag = '0' AND insutype = '310' AND paus_insu_date IS NULL AND NOT EXISTS (
            FROM psn_clct_detl_d c WHERE c.psn_no = i.psn_no AND c.revs_flag = 'Z'
            AND (c.clct_flag = '1' OR c.accrym_begn = '202302') AND '202302' BETWEEN c.accrym_begn AND c.accrym_end)""",
    )


def test_the_lines_that_arrive_in_a_month_are_the_books_premiums(con: duckdb.DuckDBPyConnection) -> None:
    """Cash basis: by the month of arrival at the treasury, every unit and fund to the fen."""
    people = members()
    months = np.arange(2022 * 12 + 8, 2024 * 12 + 2)
    books = premiums_received(people, months, seed=1)
    exported = con.execute("""
        SELECT r.insu_admdvs, c.insutype, strftime(c.intsury_time::TIMESTAMP, '%Y%m'),
            sum(100 * (c.clct_sumamt::DECIMAL(16, 2) - c.finsubs_amt::DECIMAL(16, 2)))::BIGINT
        FROM psn_clct_detl_d c
        JOIN (SELECT DISTINCT psn_insu_rlts_id, insu_admdvs FROM psn_insu_d) r USING (psn_insu_rlts_id)
        WHERE clct_flag = '1' GROUP BY ALL
    """).fetchall()
    found = {(city.ORGS.index(org), scheme, month): fen for org, scheme, month, fen in exported}
    # Months before the first exported one made some of the lines that arrive in its first months.
    for i, month in enumerate(months.tolist()):
        text = Window.text(month)
        if text < "202301":
            continue
        for org in range(len(city.ORGS)):
            employee = sum(int(v[org, i]) for k, v in books.received.items() if k.startswith("310"))
            resident = sum(int(v[org, i]) for k, v in books.received.items() if k.startswith("390"))
            assert found.get((org, "310", text), 0) == employee, (org, text)
            assert found.get((org, "390", text), 0) == resident, (org, text)


def test_the_ledgers_premium_income_is_what_the_lines_brought(con: duckdb.DuckDBPyConnection) -> None:
    """By unit, scheme and month; both funds of the employees together. Subsidies come by a way of their own."""
    assert (
        one(con, "SELECT count(*) FROM fund_acct_bal WHERE subj_code = '4001' AND credit_amt::DOUBLE > 0")
        > 100
    )
    none(
        con,
        """WITH booked AS (
            SELECT book_org, left(fund_code, 3) AS scheme, ym,
                sum(credit_amt::DECIMAL(20, 6) * CASE unit WHEN '万元' THEN 10000 ELSE 1 END)::DECIMAL(18, 2) AS amount
            FROM fund_acct_bal WHERE subj_code = '4001' AND fund_code <> '610' GROUP BY ALL),
        arrived AS (
            SELECT r.insu_admdvs AS book_org, c.insutype AS scheme, strftime(c.intsury_time::TIMESTAMP, '%Y%m') AS ym,
                sum(c.clct_sumamt::DECIMAL(16, 2) - c.finsubs_amt::DECIMAL(16, 2))::DECIMAL(18, 2) AS amount
            FROM psn_clct_detl_d c
            JOIN (SELECT DISTINCT psn_insu_rlts_id, insu_admdvs FROM psn_insu_d) r USING (psn_insu_rlts_id)
            WHERE c.clct_flag = '1' GROUP BY ALL)
        SELECT book_org, scheme, ym, b.amount, a.amount FROM booked b LEFT JOIN arrived a USING (book_org, scheme, ym)
        WHERE ym >= '202301' AND b.amount <> coalesce(a.amount, 0)""",
    )


def test_credits_to_accounts_are_the_account_funds_premium(con: duckdb.DuckDBPyConnection) -> None:
    people = members()
    months = np.arange(2022 * 12 + 8, 2024 * 12 + 2)
    books = premiums_received(people, months, seed=1).received["310_acct.credited"].sum(axis=0)
    credited = con.execute("""
        SELECT sum(100 * inc_sumamt::DECIMAL(16, 2))::BIGINT FROM acct_inc_detl_d
        GROUP BY strftime(opt_time::TIMESTAMP, '%Y%m') ORDER BY strftime(opt_time::TIMESTAMP, '%Y%m')
    """).fetchall()
    assert [fen for (fen,) in credited] == books.tolist()


@pytest.fixture(scope="module")
def city_of_20000() -> tuple[city.People, contributions.Premiums]:
    """Contributions of 2022 to 2025 of a larger city."""
    people = city.make_people(20_000, np.random.default_rng(7))
    return people, premiums_received(people, np.arange(2022 * 12, 2026 * 12), seed=7)


def members_at_end(people: city.People, year: int, scheme: int) -> int:
    return int(np.sum(people.enrolled(year * 12 + 11) & (people.scheme == scheme)))


def of_year(premiums: contributions.Premiums, year: int, funds: str) -> float:
    """Yuan received in a year."""
    at = slice((year - 2022) * 12, (year - 2021) * 12)
    return float(sum(int(v[:, at].sum()) for k, v in premiums.received.items() if k.startswith(funds))) / 100


@pytest.mark.parametrize(
    ("year", "per_member", "account_share"),
    # National bulletins: income of the employee funds per member, and the accounts' share of it (2022 remembered).
    [(2022, 5737, 0.367), (2023, 6182, 0.277), (2024, 6254, 0.269), (2025, 6353, 0.259)],
)
def test_employee_contributions_are_as_published(
    city_of_20000: tuple[city.People, contributions.Premiums],
    year: int,
    per_member: int,
    account_share: float,
) -> None:
    people, premiums = city_of_20000
    received = of_year(premiums, year, "310")
    # 94.5 % of the income are contributions (quick report of 2022).
    assert received / members_at_end(people, year, 0) == pytest.approx(0.945 * per_member, rel=0.03)
    assert of_year(premiums, year, "310_acct") / received == pytest.approx(account_share, abs=0.03)


@pytest.mark.parametrize(
    ("months", "share"),
    # Share of the year's income of the employee funds, monthly reports of 2023.
    [
        ((1, 2), 15.9),
        ((3,), 8.8),
        ((4,), 7.8),
        ((5,), 7.8),
        ((6,), 7.9),
        ((7,), 8.0),
        ((9, 10), 16.5),
        ((11, 12), 19.1),
    ],
)
def test_employee_contributions_have_the_published_season(
    city_of_20000: tuple[city.People, contributions.Premiums], months: tuple[int, ...], share: float
) -> None:
    received = sum(
        v[:, 12:24].sum(axis=0) for k, v in city_of_20000[1].received.items() if k.startswith("310")
    )
    assert isinstance(received, np.ndarray)
    got = sum(received[m - 1] for m in months) / received.sum() * 100
    assert got == pytest.approx(share, abs=0.8)


def test_residents_pay_from_september_to_february(
    city_of_20000: tuple[city.People, contributions.Premiums],
) -> None:
    """Collected from September to December with a tail to February; newborns and newcomers pay in between."""
    people, premiums = city_of_20000
    received = sum(v[:, 12:24].sum(axis=0) for k, v in premiums.received.items() if k.startswith("390"))
    assert isinstance(received, np.ndarray)
    assert received[8:].sum() / received.sum() > 0.7
    assert 0 < received[2:8].sum() / received.sum() < 0.03
    # Members of 2024 each bring the subsidy of that year, 670 yuan.
    assert premiums.subsidy[2024].sum() / 67_000 == pytest.approx(members_at_end(people, 2024, 1), rel=0.04)


def test_shares_of_members_who_pay_otherwise(
    city_of_20000: tuple[city.People, contributions.Premiums],
) -> None:
    people, _ = city_of_20000
    paying = Contributions(people, seed=7)
    here = people.enrolled(2025 * 12 + 11)
    employee, resident = here & (people.scheme == 0), here & (people.scheme == 1)
    # Published for 2025: 6.5 % of employees without an account, 8.1 % of residents sponsored.
    assert paying.is_pool_only[employee].mean() == pytest.approx(0.065, abs=0.008)
    sponsored = np.isin(paying.identity_kind, (1, 2, 3))
    assert sponsored[resident].mean() == pytest.approx(0.081, abs=0.008)


def test_employers_were_let_off_half_in_early_2020() -> None:
    people = city.make_people(400, np.random.default_rng(5))
    paying = Contributions(people, seed=5)
    for month, relieved in ((2020 * 12 + 0, False), (2020 * 12 + 2, True), (2020 * 12 + 6, False)):
        lines = paying.employee_lines(month)
        let_off = lines["state"] == contributions.COUNTED_AS_PAID
        assert let_off.any() == relieved
        usual = (lines["type"] == contributions.NORMAL) & ~let_off & (lines["part"] == 0)
        person = lines["person"][usual]
        company = ~people.is_flexible[person] & ~people.is_civil_servant[person]
        base, paid = lines["base"][usual][company], lines["emp"][usual][company]
        full = np.rint(base * 0.08).astype(np.int64)
        assert (paid == (full // 2 if relieved else full)).all()
        if relieved:
            # What was let off and what was paid make the whole; only the employer's part is let off.
            assert lines["emp"][let_off].sum() + paid.sum() == full.sum()
            assert lines["psn"][let_off].sum() == 0
            assert (lines["cash"][let_off] == contributions.NEVER).all()


# ---- accounts ------------------------------------------------------------------------------------------------------


def test_each_settlement_spends_its_account_payment_from_accounts(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """WITH spent AS (SELECT setl_id, sum(pay_sumamt::DECIMAL(16, 2)) AS amount FROM acct_pay_detl_d GROUP BY 1)
        SELECT setl_id, amount, acct_pay FROM spent FULL JOIN
            (SELECT setl_id, acct_pay FROM setl_d WHERE acct_pay::DECIMAL(16, 2) <> 0) USING (setl_id)
        WHERE amount IS DISTINCT FROM acct_pay::DECIMAL(16, 2)""",
    )
    # Family mutual aid is taken from somebody else's account.
    helped = one(
        con,
        """SELECT count(*) FROM acct_pay_detl_d a JOIN setl_d s USING (setl_id)
        WHERE a.psn_no <> s.psn_no AND coalesce(s.acct_mulaid_pay, a.pay_sumamt) <> a.pay_sumamt""",
    )
    assert helped == 0
    assert (
        one(
            con,
            "SELECT count(*) FROM acct_pay_detl_d a JOIN setl_d s USING (setl_id) WHERE a.psn_no <> s.psn_no",
        )
        > 0
    )


def test_the_reform_of_2023_leaves_the_own_two_per_cent_to_active_members(
    con: duckdb.DuckDBPyConnection,
) -> None:
    into = "emp_clct_into_acct_amt::DECIMAL(16, 2) <> 0"
    assert (
        one(con, f"SELECT max(accrym_begn) FROM psn_clct_detl_d WHERE {into} AND clct_type = '10'")
        == "202212"
    )
    retired = con.execute("""
        SELECT DISTINCT left(opt_time, 4), inc_sumamt::DECIMAL(16, 2)::INT FROM acct_inc_detl_d
        WHERE rid LIKE 'J%' AND substr(rid, 7, 1) = '9' ORDER BY ALL
    """).fetchall()
    assert retired == [
        ("2022", 175), ("2022", 205), ("2023", 145), ("2023", 170), ("2024", 145), ("2024", 170),
    ]  # fmt: skip


# ---- permits -------------------------------------------------------------------------------------------------------


def test_most_remote_care_is_covered_by_a_filing_for_that_place(con: duckdb.DuckDBPyConnection) -> None:
    covered = one(
        con,
        """SELECT avg(EXISTS (FROM out_appy_d a WHERE a.psn_no = s.psn_no AND a.rloc_admdvs = s.fix_blng_admdvs
            AND s.begndate BETWEEN a.begndate AND a.enddate)::INT)
        FROM setl_d s WHERE pay_loc IN ('3', '4') AND init_setl_id IS NULL""",
    )
    assert 0.85 < covered < 0.97
    assert {k for (k,) in con.execute("SELECT DISTINCT fil_kind FROM out_appy_d").fetchall()} == {
        "安置",
        "转诊",
    }
    none(con, "FROM out_appy_d WHERE begndate > enddate OR rloc_admdvs LIKE '9701%'")


def test_chronic_care_has_one_valid_registration_of_the_disease(con: duckdb.DuckDBPyConnection) -> None:
    matched = con.execute("""
        SELECT count(*), avg((valid = 1)::INT), max(valid) FROM (
            SELECT (SELECT count(*) FROM opsp_reg_d r WHERE r.psn_no = s.psn_no
                AND r.dise_type_code = CASE s.med_type WHEN '140201' THEN '2' ELSE '1' END
                AND s.begndate BETWEEN r.begndate AND r.enddate) AS valid
            FROM setl_d s WHERE med_type LIKE '14%' AND pay_loc <> '1' AND init_setl_id IS NULL AND vali_flag = '1')
    """).fetchall()[0]
    assert matched[0] > 100
    assert matched[1] > 0.99
    assert matched[2] == 1
    none(con, "SELECT psn_no FROM opsp_reg_d GROUP BY psn_no, opsp_dise_code, begndate HAVING count(*) > 1")


# ---- institutions and outsiders ------------------------------------------------------------------------------------


def test_outsiders_pay_their_own_bureaus_and_keep_the_identities(con: duckdb.DuckDBPyConnection) -> None:
    money = "::DECIMAL(16, 2)"
    none(
        con,
        f"""FROM outmed_setl_d WHERE medfee_sumamt{money} <> fund_pay_sumamt{money} + acct_pay{money} + cash_payamt{money}
        + coalesce(nullif(hosp_part_amt{money}, 0), ownpay_hosp_part{money}, 0)""",
    )
    none(
        con,
        """FROM outmed_setl_d WHERE insu_admdvs LIKE '9701%' OR fix_blng_admdvs NOT LIKE '9701%'
        OR pay_loc <> CASE WHEN insu_admdvs LIKE '97%' THEN '3' ELSE '4' END""",
    )
    none(con, "SELECT psn_no FROM outmed_setl_d INTERSECT SELECT psn_no FROM psn_insu_d")
    none(con, "SELECT setl_id FROM outmed_setl_d INTERSECT SELECT setl_id FROM setl_d")
    share = one(con, "SELECT (SELECT count(*) FROM outmed_setl_d) / (SELECT count(*) FROM setl_d)")
    assert 0.01 < share < 0.06


def test_every_local_institution_has_one_main_agreement_a_year(con: duckdb.DuckDBPyConnection) -> None:
    per_year = con.execute("""
        SELECT cntr_sign_year, count(*), count(DISTINCT fixmedins_code) FROM fixmedins_cntr_reg_d
        WHERE fix_cntr_type = '1' GROUP BY 1 ORDER BY 1
    """).fetchall()
    institutions = one(con, "SELECT count(DISTINCT fixmedins_code) FROM fixmedins_b")
    assert per_year == [(str(year), institutions, institutions) for year in range(2018, 2025)]


def test_a_visit_is_seen_by_one_doctor_of_the_place_under_contract(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    people, places = city.make_people(300, rng), city.make_institutions(20_000, rng)
    n = 20_000
    with duckdb.connect() as con:
        export.load_place(con, places, city.person_table(people))
        window = Window(2023 * 12, 2023 * 12 + 11)
        doctors.Doctors(Scene(con, Output(tmp_path), people, places, window, 1, n))
        visits = {
            "place": rng.integers(0, len(places.code), n),
            "mdtrt_id": 202301_00000000 + np.arange(n),
            "begin": np.datetime64("2019-01-01", "D") + rng.integers(0, 2500, n),
            "asked": rng.integers(0, 4, n),
        }
        con.register("visits", pa.table(visits))
        con.execute(
            f"CREATE TABLE seen AS SELECT v.*, doctor.* FROM visits v {doctors.doctor_join('v', 'v.asked')}"
        )
        assert one(con, "SELECT count(*) FROM seen") == n
        none(con, "FROM seen JOIN place USING (place) WHERE (dr_code IS NULL) <> (level = 3)")
        none(
            con,
            """FROM seen s JOIN place p USING (place) JOIN doctor d USING (dr_code)
            WHERE d.medins_code <> p.code OR s."begin" NOT BETWEEN d.since AND d.until""",
        )
        # A doctor of the specialty asked for sees the visit wherever the place has one.
        none(
            con,
            """FROM seen s WHERE s.specialty <> s.asked AND EXISTS (
                FROM doctor d WHERE d.place = s.place AND d.specialty = s.asked)""",
        )
        # A few doctors see many: volumes are skewed within a place.
        top = one(
            con,
            """SELECT sum(n) FILTER (rank <= 0.2) / sum(n) FROM (
                SELECT count(*) AS n, percent_rank() OVER (ORDER BY count(*) DESC) AS rank FROM seen
                JOIN place USING (place) WHERE level = 0 AND is_local GROUP BY dr_code)""",
        )
        assert top > 0.35


def test_a_months_rows_do_not_depend_on_the_months_written(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write(tmp_path / "short", settlements=SIZE, months=("2023-05", "2023-09"), form="csv", say=say)
    later = "BETWEEN '202306' AND '202309'"
    with load(tmp_path / "short") as short:
        for table, key, moment in (
            ("acct_inc_detl_d", "rid, psn_no, inc_sumamt", "opt_time"),
            ("acct_pay_detl_d", "rid, psn_no, pay_sumamt", "opt_time"),
            ("outmed_setl_d", "setl_id, psn_no, medfee_sumamt, fund_pay_sumamt", "setl_time"),
            ("psn_clct_detl_d", "rid, psn_no, clct_sumamt, accrym_begn", "dcla_prd"),
            ("out_appy_d", "evtsn, psn_no, begndate, enddate", "substr(evtsn, 3, 6)"),
            ("opsp_reg_d", "evtsn, psn_no, opsp_dise_code, begndate", "substr(evtsn, 3, 6)"),
        ):
            mine = f"SELECT {key} FROM {table} WHERE left(replace({moment}, '-', ''), 6) {later} ORDER BY ALL"
            expected = con.execute(mine).fetchall()
            assert expected, table
            assert short.execute(mine).fetchall() == expected, table
        snapshot = "SELECT * EXCLUDE (filename) FROM psn_insu_d WHERE filename LIKE '%20230930%' ORDER BY ALL"
        assert short.execute(snapshot).fetchall() == con.execute(snapshot).fetchall() != []
