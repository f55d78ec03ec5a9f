"""The synthetic bureau: its exports are consistent to the fen, repeatable, and full of the forms bureaus use."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.errors import UsageError
from medfund.settings import PROJECT_ROOT, Bureau
from medfund.synth import FAULTS, SynthReport, write

MONEY = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_amt", "act_pay_dedc", "hifp_pay",
    "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "othfund_pay", "fund_pay_sumamt", "psn_pay",
    "acct_pay", "acct_mulaid_pay", "cash_payamt", "hosp_part_amt", "ownpay_hosp_part",
)  # fmt: skip
TABLES = ("setl_d", "fixmedins_b", "fund_acct_bal", "fund_vchr_d", "fund_budg_a")


def say(_: str) -> None:
    pass


def decode(path: Path) -> str:
    """The text of an export in whichever form it was written."""
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def load(directory: Path, work: Path) -> duckdb.DuckDBPyConnection:
    """Tables of text as exported, and views with money: `s` settlements, `l` balances, `v` voucher lines (yuan)."""
    con = duckdb.connect()
    work.mkdir(exist_ok=True)
    for table in TABLES:
        for path in sorted(directory.glob(f"{table}*.csv*")):
            text = decode(path)
            if "\t" in text.partition("\n")[0]:
                text = text.replace("\t", ",")
            (work / f"{path.name}.{table}").write_text(text, encoding="utf-8")
        con.execute(
            f"CREATE TABLE {table} AS FROM read_csv('{work}/*.{table}', all_varchar=true, header=true, delim=',', "
            "filename=true)"
        )
    money = ", ".join(f"{c}::DECIMAL(16, 2) AS {c}" for c in MONEY)
    con.execute(
        f"CREATE TABLE s AS SELECT * REPLACE ({money}, setl_time::TIMESTAMP AS setl_time) FROM setl_d"
    )

    def yuan(column: str) -> str:
        return f"({column}::DECIMAL(24, 6) * CASE unit WHEN '万元' THEN 10000 WHEN '元' THEN 1 END)"

    sides = [("open_bal", "o"), ("debit_amt", "d"), ("credit_amt", "c"), ("close_bal", "e")]
    for table, name, columns in (("fund_acct_bal", "l", sides), ("fund_vchr_d", "v", sides[1:3])):
        cast = ", ".join(f"{yuan(long)} AS {short}" for long, short in columns)
        con.execute(f"CREATE TABLE {name} AS SELECT *, {cast} FROM {table}")
    return con


def one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


def none(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """The query lists what is wrong; nothing may be."""
    assert con.execute(query).fetchall()[:5] == []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> SynthReport:
    return write(tmp_path_factory.mktemp("synth") / "tiny", size="tiny", say=say)


@pytest.fixture(scope="module")
def con(report: SynthReport, tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    with load(report.directory, tmp_path_factory.mktemp("loaded")) as connection:
        yield connection


# ---- files ---------------------------------------------------------------------------------------------------------


def test_report_names_every_file_and_counts_every_row(
    report: SynthReport, con: duckdb.DuckDBPyConnection
) -> None:
    there = {p.name for p in report.directory.iterdir() if not p.name.startswith(".")}
    assert {p.name for p in report.paths} == there
    for table in TABLES:
        assert one(con, f"SELECT count(*) FROM {table}") == report.rows[table], table
    assert 19_500 <= report.rows["setl_d"] <= 20_500


def test_a_month_of_settlements_is_a_file_and_holds_only_that_month(con: duckdb.DuckDBPyConnection) -> None:
    assert one(con, "SELECT count(DISTINCT filename) FROM s") == 48
    none(
        con, "SELECT setl_id FROM s WHERE regexp_extract(filename, '[0-9]{6}') <> strftime(setl_time, '%Y%m')"
    )
    assert con.execute("SELECT min(setl_time)::DATE::TEXT, max(setl_time)::DATE::TEXT FROM s").fetchall() == [
        ("2022-11-01", "2026-10-31")
    ]


def test_exports_come_in_the_forms_bureaus_use(report: SynthReport) -> None:
    def starts(name: str) -> bytes:
        return (report.directory / name).read_bytes()[:3]

    assert starts("setl_d_202302.csv.gz")[:2] == b"\x1f\x8b"
    assert starts("setl_d_202402.csv") == b"\xef\xbb\xbf"
    assert "\t" in decode(report.directory / "setl_d_202310.csv").partition("\n")[0]
    with pytest.raises(UnicodeDecodeError):
        (report.directory / "fixmedins_b.csv").read_bytes().decode("utf-8")
    assert decode(report.directory / "fund_budg_a.csv").startswith("记账单位（区划/层级）,基金代码,预算年度")


def test_one_county_keeps_its_books_in_wan_yuan_without_losing_a_fen(con: duckdb.DuckDBPyConnection) -> None:
    units = con.execute("SELECT book_org, unit FROM fund_acct_bal GROUP BY ALL ORDER BY ALL").fetchall()
    assert [org for org, unit in units if unit == "万元"] == ["970125"]
    assert len(units) == 6
    none(con, "SELECT close_bal FROM l WHERE e <> round(e, 2)")


def test_bureau_file_is_read_by_the_settings(report: SynthReport) -> None:
    bureau = Bureau.load(report.directory / "bureau.toml")
    assert bureau.code == "970100"
    assert bureau.pool_area == ["9701"]
    assert [(o.code, o.level) for o in bureau.orgs][:2] == [("970100", "city"), ("970199", "city_direct")]
    assert [o.level for o in bureau.orgs].count("county") == 5
    # The residents of the city at the year ends that its months need: none for its divisions, and said to be made up.
    assert {(p.org, p.basis) for p in bureau.populations} == {("970100", "resident")}
    assert all("合成数据" in p.source for p in bureau.populations)
    years = [p.year for p in bureau.populations]
    assert years == list(range(years[0], years[-1] + 1))


def test_identifiers_are_recognisable_as_made_up(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT psn_name FROM s WHERE NOT regexp_full_match(psn_name, '合成[0-9]{7}')")
    none(con, "SELECT certno FROM s WHERE NOT regexp_full_match(certno, '990000[0-9]{12}')")
    none(con, "SELECT psn_no FROM s WHERE right(psn_no, 10)::INT <> substr(psn_name, 3)::INT")


# ---- settlements ---------------------------------------------------------------------------------------------------

HOSPITAL_PART = "coalesce(nullif(hosp_part_amt, 0), ownpay_hosp_part, 0)"


@pytest.mark.parametrize(
    "holds",
    [
        pytest.param(
            "medfee_sumamt = fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_amt",
            id="I1 cost parts",
        ),
        pytest.param(
            "coalesce(psn_pay, acct_pay + cash_payamt) = acct_pay + cash_payamt", id="I2 person's part"
        ),
        pytest.param(
            "abs(coalesce(acct_mulaid_pay, 0)) <= abs(acct_pay)", id="I2 mutual aid is inside the account"
        ),
        pytest.param(
            f"medfee_sumamt = fund_pay_sumamt + coalesce(psn_pay, acct_pay + cash_payamt) + {HOSPITAL_PART}",
            id="I3 who pays",
        ),
        pytest.param(
            "fund_pay_sumamt = hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + othfund_pay",
            id="I4 funds",
        ),
        pytest.param(
            "begndate::DATE <= enddate::DATE AND enddate::DATE <= setl_time::DATE", id="dates in order"
        ),
        pytest.param(
            "init_setl_id IS NOT NULL OR least(medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, "
            "inscp_amt, hifp_pay, cvlserv_pay, hifmi_pay, hifob_pay, maf_pay, acct_pay, cash_payamt) >= 0",
            id="only refunds are negative",
        ),
        pytest.param(
            "med_type <> '41' OR (fulamt_ownpay_amt = medfee_sumamt AND fund_pay_sumamt = 0)",
            id="pharmacy purchases are wholly own pay",
        ),
        pytest.param(
            "(pay_loc = '1') = (fixmedins_code IS NULL) AND (pay_loc = '1') = (setl_type = '1')",
            id="manual reimbursements have no institution",
        ),
        pytest.param(
            "pay_loc NOT IN ('3', '4') OR fix_blng_admdvs NOT LIKE '9701%'",
            id="remote care lies outside the city",
        ),
        pytest.param("brdy::DATE < begndate::DATE", id="nobody is treated before birth"),
    ],
)
def test_holds_in_every_settlement(con: duckdb.DuckDBPyConnection, holds: str) -> None:
    none(con, f"SELECT setl_id FROM s WHERE ({holds}) IS NOT TRUE")


def test_refunds_mirror_their_original_and_net_to_zero(con: duckdb.DuckDBPyConnection) -> None:
    share = one(con, "SELECT count(*) FILTER (init_setl_id IS NOT NULL) / count(*) FROM s")
    assert 0.012 < share < 0.028
    skipped = {"psn_pay", "acct_mulaid_pay", "hosp_part_amt", "ownpay_hosp_part"}
    unequal = " OR ".join(f"m.{c} + o.{c} <> 0" for c in MONEY if c not in skipped)
    none(
        con,
        f"""SELECT m.setl_id FROM s m LEFT JOIN s o ON o.setl_id = m.init_setl_id
        WHERE m.init_setl_id >= '97202211' AND (o.setl_id IS NULL OR o.refd_setl_flag <> '1' OR m.refd_setl_flag <> '1'
            OR o.init_setl_id IS NOT NULL OR m.setl_time <= o.setl_time OR o.psn_no <> m.psn_no OR {unequal})""",
    )
    none(
        con,
        """SELECT o.setl_id FROM s o LEFT JOIN s m ON m.init_setl_id = o.setl_id
        WHERE o.refd_setl_flag = '1' AND o.init_setl_id IS NULL AND m.setl_id IS NULL""",
    )
    assert one(con, "SELECT count(*) FROM s WHERE init_setl_id IS NOT NULL AND psn_pay IS NULL") > 0
    crossing = """SELECT count(*) FROM s m JOIN s o ON o.setl_id = m.init_setl_id
        WHERE date_trunc('month', m.setl_time) <> date_trunc('month', o.setl_time)"""
    assert one(con, crossing) > 0


def test_keys_are_unique_and_long_stays_are_settled_more_than_once(con: duckdb.DuckDBPyConnection) -> None:
    assert one(con, "SELECT count(*) - count(DISTINCT setl_id) FROM s") == 0
    repeated = """SELECT mdtrt_id FROM s WHERE refd_setl_flag = '0' AND med_type LIKE '2%' GROUP BY 1
        HAVING count(*) = 2 AND count(DISTINCT begndate) = 1 AND count(DISTINCT fixmedins_code) = 1
            AND count(DISTINCT psn_no) = 1 AND count(DISTINCT enddate) = 2"""
    assert len(con.execute(repeated).fetchall()) >= 5
    none(
        con,
        """SELECT mdtrt_id FROM s WHERE init_setl_id IS NULL GROUP BY 1
        HAVING count(*) > 2 OR count(*) FILTER (med_type NOT LIKE '2%') > 1""",
    )


def test_institutions_exist_on_the_day_and_levels_agree(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""CREATE OR REPLACE TEMP VIEW version AS SELECT *, begntime::TIMESTAMP AS b,
        coalesce(endtime::TIMESTAMP, TIMESTAMP '9999-01-01') AS f FROM fixmedins_b""")
    none(
        con,
        """SELECT s.setl_id, count(x.fixmedins_code), any_value(s.hosp_lv), any_value(x.hosp_lv) FROM s
        LEFT JOIN version x ON x.fixmedins_code = s.fixmedins_code AND s.setl_time >= x.b AND s.setl_time < x.f
        WHERE s.pay_loc = '2' AND s.init_setl_id IS NULL
        GROUP BY 1 HAVING count(x.fixmedins_code) <> 1 OR any_value(s.hosp_lv) IS DISTINCT FROM any_value(x.hosp_lv)""",
    )
    versions = con.execute("""SELECT list(hosp_lv ORDER BY b), max(f) FILTER (f < '2090-01-01')::TEXT
        FROM version GROUP BY fixmedins_code HAVING count(*) = 2 ORDER BY 2""").fetchall()
    assert versions == [(["05", "03"], "2025-01-01 00:00:00"), (["05", "05"], "2025-12-31 23:59:59")]
    kinds = {
        row[0]
        for row in con.execute(
            "SELECT DISTINCT left(fixmedins_code, 1) || fixmedins_type FROM fixmedins_b"
        ).fetchall()
    }
    assert kinds == {"H1", "P2"}


def test_visits_and_costs_lie_near_the_published_ones(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""CREATE OR REPLACE TEMP VIEW counted AS SELECT *, CASE WHEN med_type LIKE '1_' AND med_type <> '14'
        THEN 'outpatient' WHEN med_type LIKE '14%' THEN 'chronic' WHEN med_type LIKE '2%' THEN 'stay'
        WHEN med_type IN ('41', '9216') THEN 'pharmacy' ELSE 'maternity' END AS bucket
        FROM s WHERE vali_flag = '1' AND refd_setl_flag = '0'""")
    mix = {
        (scheme, bucket): (share, cost)
        for scheme, bucket, share, cost in con.execute("""SELECT insutype, bucket,
            count(*) / (sum(count(*)) OVER (PARTITION BY insutype)), avg(medfee_sumamt)
            FROM counted WHERE year(setl_time) = 2025 GROUP BY insutype, bucket""").fetchall()
    }
    for key, share, cost in (
        (("310", "outpatient"), 0.509, 242), (("310", "pharmacy"), 0.41, 96), (("390", "outpatient"), 0.774, 113),
        (("390", "chronic"), 0.151, 451), (("390", "stay"), 0.06, 7339),
    ):  # fmt: skip
        assert mix[key][0] == pytest.approx(share, rel=0.12), key
        assert mix[key][1] == pytest.approx(cost, rel=0.25), key
    ratio = dict(
        con.execute("""SELECT insutype, sum(fund_pay_sumamt) / sum(inscp_amt) FROM counted
            WHERE bucket = 'stay' GROUP BY 1""").fetchall()
    )
    assert ratio["310"] == pytest.approx(0.841, abs=0.03)
    assert ratio["390"] == pytest.approx(0.66, abs=0.04)
    february, march = (
        con.execute("""SELECT count(*) FILTER (month(setl_time) = 2), count(*) FILTER (month(setl_time) = 3)
        FROM counted""").fetchall()[0]
    )
    assert february < 0.9 * march


# ---- books ---------------------------------------------------------------------------------------------------------


def test_every_subject_rolls_forward_and_opens_where_it_closed(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT * FROM l WHERE e <> o + CASE bal_dir WHEN '借' THEN d - c WHEN '贷' THEN c - d END")
    none(
        con,
        """SELECT * FROM (SELECT *, lag(e) OVER w AS before, lag(ym) OVER w AS month_before FROM l
            WINDOW w AS (PARTITION BY book_org, fund_code, subj_code ORDER BY ym))
        WHERE before <> o OR date_diff('month', strptime(month_before, '%Y%m'), strptime(ym, '%Y%m')) <> 1""",
    )
    shape = "SELECT count(DISTINCT ym), count(DISTINCT book_org), count(DISTINCT fund_code) FROM l"
    assert con.execute(shape).fetchall() == [(48, 6, 4)]
    none(con, "SELECT 1 FROM l GROUP BY book_org, fund_code, subj_code HAVING count(*) <> 48")


def test_balance_sheets_balance_and_no_account_is_overdrawn(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT book_org, fund_code, ym FROM l WHERE length(subj_code) = 4 GROUP BY ALL
        HAVING sum(CASE WHEN subj_code[1] IN ('1', '5') THEN e ELSE -e END) <> 0""",
    )
    none(con, "SELECT * FROM l WHERE subj_code[1] IN ('1', '2') AND e < 0")


def test_books_close_once_a_year(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT * FROM l WHERE subj_code[1] IN ('4', '5') AND ym LIKE '%12' AND e <> 0")
    none(con, "SELECT * FROM l WHERE subj_code = '3001' AND ym NOT LIKE '%12' AND o <> e")
    none(
        con,
        """SELECT book_org, fund_code, ym FROM l WHERE ym LIKE '%12' AND length(subj_code) = 4 GROUP BY ALL
        HAVING sum(e - o) FILTER (subj_code = '3001')
            <> sum(CASE subj_code[1] WHEN '4' THEN d WHEN '5' THEN -c ELSE 0 END)""",
    )
    # The first month opens with the result of January to October.
    assert one(con, "SELECT min(o) FROM l WHERE ym = '202211' AND subj_code IN ('4001', '5001')") >= 0
    assert one(con, "SELECT sum(o) FROM l WHERE ym = '202211' AND subj_code = '5001'") > 0


def test_vouchers_balance_and_add_up_to_the_ledger(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT book_org, fund_code, ym, vchr_no FROM v GROUP BY ALL HAVING sum(d) <> sum(c)")
    none(con, "SELECT * FROM v WHERE strftime(vchr_date::DATE, '%Y%m') <> ym")
    none(con, "SELECT 1 FROM v GROUP BY book_org, fund_code, ym, vchr_no, line_no HAVING count(*) > 1")
    # A subject's row carries the lines booked on it and on the subjects below it.
    none(
        con,
        """SELECT l.book_org, l.fund_code, l.ym, l.subj_code FROM l LEFT JOIN v ON v.book_org = l.book_org
            AND v.fund_code = l.fund_code AND v.ym = l.ym AND starts_with(v.subj_code, l.subj_code)
        GROUP BY ALL HAVING any_value(l.d) <> coalesce(sum(v.d), 0) OR any_value(l.c) <> coalesce(sum(v.c), 0)""",
    )
    none(con, "SELECT subj_code FROM v ANTI JOIN l USING (book_org, fund_code, ym, subj_code)")


def test_transfers_between_levels_eliminate(con: duckdb.DuckDBPyConnection) -> None:
    flow = "sum(CASE WHEN subj_code[1] = '5' THEN d ELSE c END) FILTER (subj_code = '{}')"
    for paid, received in (("5302", "4402"), ("5301", "4401")):
        none(
            con,
            f"""SELECT fund_code, ym FROM l WHERE subj_code IN ('{paid}', '{received}') GROUP BY ALL
            HAVING {flow.format(paid)} <> {flow.format(received)}""",
        )
        assert one(con, f"SELECT sum(c) FROM l WHERE subj_code = '{received}'") > 0
    none(con, "SELECT * FROM l WHERE subj_code IN ('5301', '4402') AND book_org <> '970199'")
    none(con, "SELECT * FROM l WHERE subj_code IN ('5302', '4401') AND book_org = '970199'")


def test_what_assistance_sponsors_arrives_in_the_resident_fund(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT a.book_org, a.ym FROM l a JOIN l b ON a.book_org = b.book_org AND a.ym = b.ym
        WHERE a.fund_code = '610' AND a.subj_code = '500103' AND b.fund_code = '390' AND b.subj_code = '400101'
            AND a.d <> b.c""",
    )
    assert one(con, "SELECT sum(c) FROM l WHERE fund_code = '390' AND subj_code = '400101'") > 0


def test_income_has_its_seasons_surplus_and_cover(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""CREATE OR REPLACE TEMP TABLE flow AS SELECT fund_code, book_org, ym, left(ym, 4) AS year,
        sum(CASE subj_code[1] WHEN '4' THEN c END) AS income, sum(CASE subj_code[1] WHEN '5' THEN d END) AS expense,
        sum(CASE WHEN subj_code[1] IN ('3', '4') THEN e WHEN subj_code[1] = '5' THEN -e END) AS closing
        FROM l WHERE length(subj_code) = 4 AND subj_code NOT LIKE '44%' AND subj_code NOT LIKE '53%' GROUP BY ALL""")
    rates = {
        (fund, year): float(rate)
        for fund, year, rate in con.execute(
            "SELECT fund_code, year, 1 - sum(expense) / sum(income) FROM flow GROUP BY ALL"
        ).fetchall()
    }
    # A city of 750 people is not its nation: what people pay and what they cost comes near the published surpluses
    # (29.7, 23.8 and 25.7 %) in a city of a million settlements, here by some points. Residents' subsidies follow need.
    for year in ("2023", "2024", "2025"):
        assert 0.10 < rates["310_pool", year] < 0.42, year
    for year, rate in (("2023", 0.011), ("2024", 0.046), ("2025", 0.050)):
        assert rate - 0.02 < rates["390", year] < rate + 0.06, year
    # Closings need the transfers too, which cancel out over all books.
    months = dict(
        con.execute("""SELECT fund_code, sum(closing) FILTER (ym = '202412') / (sum(expense) FILTER (year = '2024') / 12)
            FROM flow GROUP BY 1""").fetchall()
    )
    assert 20 < months["310_pool"] < 40
    assert 6 < months["390"] < 14
    out_of_season = con.execute("""SELECT sum(c) FILTER (ym[5:] BETWEEN '03' AND '08') / sum(c) FROM l
        WHERE fund_code = '390' AND subj_code = '4001'""").fetchall()[0][0]
    assert 0 <= out_of_season < 0.1
    january, may = (
        con.execute("""SELECT sum(income) FILTER (ym[5:] = '01'), sum(income) FILTER (ym[5:] = '05')
        FROM flow WHERE fund_code = '390'""").fetchall()[0]
    )
    assert january > 2 * may


def test_one_county_holds_next_years_premiums_from_2026_on(con: duckdb.DuckDBPyConnection) -> None:
    modes = con.execute(
        """SELECT book_org, min(ym) FROM l WHERE rev_recog_mode = 'benefit_year' GROUP BY 1"""
    ).fetchall()
    assert modes == [("970121", "202601")]
    held = """SELECT e - o FROM l WHERE book_org = '970121' AND fund_code = '390' AND ym = '202610' AND subj_code = '{}'"""
    assert one(con, held.format("2001")) > 10 * abs(one(con, held.replace("202610", "202510").format("2001")))


def test_budget_has_two_versions_of_every_item(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT 1 FROM fund_budg_a GROUP BY "记账单位（区划/层级）", "基金代码", "预算年度", "项目键"
        HAVING list("预算版本" || right("生效日期", 6) ORDER BY "生效日期") <> ['年初-01-01', '调整1-07-01']""",
    )
    close = one(
        con,
        """WITH actual AS (SELECT book_org, sum(d) AS actual FROM l
            WHERE fund_code = '310_pool' AND subj_code = '5001' AND ym LIKE '2025%' GROUP BY 1)
        SELECT max(abs("预算金额"::DECIMAL(24, 6) * CASE "金额单位" WHEN '万元' THEN 10000 ELSE 1 END / actual - 1))
        FROM fund_budg_a JOIN actual ON book_org = "记账单位（区划/层级）"
        WHERE "基金代码" = '310_pool' AND "预算年度" = '2025' AND "项目键" = 'benefit'""",
    )
    assert 0 < close < 0.08


# Every subject of the chart and the ledger item it must be read as; 400101 and 400102 of the employee pool share
# their parent's item, so that the deepest level has to count.
EXPECTED_ITEMS = {
    "310_pool": {
        "1002": "income_acct", "1003": "fiscal_acct", "1004": "expense_acct", "1005": "treasury_acct",
        "1101": "prepaid", "1202": "entrusted", "2001": "received_in_advance", "3001": "fund_general",
        "3101": "fund_risk", "4001": "premium", "400101": "premium", "400102": "premium", "4101": "fiscal_subsidy",
        "4201": "interest", "4202": "invest", "4401": "from_upper", "4402": "from_lower", "4501": "other_in",
        "5001": "benefit", "500101": "benefit_ipt", "500102": "benefit_opt", "500103": "benefit_chronic",
        "500104": "benefit_matn", "50010401": "benefit_matn_med", "50010402": "benefit_matn_alwn",
        "5101": "catastrophic", "5301": "to_lower", "5302": "to_upper", "5401": "other_out",
    },
    "310_acct": {
        "1002": "income_acct", "1003": "fiscal_acct", "1004": "expense_acct", "2001": "received_in_advance",
        "3001": "fund_general", "4001": "premium", "4201": "interest", "4301": "transfer_in", "4501": "other_in",
        "5001": "benefit", "500101": "benefit_acct", "500102": "benefit_acct", "500103": "benefit_acct",
        "5201": "transfer_out", "5401": "other_out",
    },
    "390": {
        "1002": "income_acct", "1003": "fiscal_acct", "1004": "expense_acct", "1005": "treasury_acct",
        "1101": "prepaid", "2001": "received_in_advance", "3001": "fund_general", "4001": "premium",
        "400101": "maf_sponsored", "400102": "fiscal_paid_for_poor", "400103": "collective_aid",
        "4101": "fiscal_subsidy", "410101": "subsidy_central", "410102": "subsidy_province",
        "410103": "subsidy_city", "410104": "subsidy_county", "4201": "interest", "4401": "from_upper",
        "4402": "from_lower", "4501": "other_in", "5001": "benefit", "500101": "benefit_ipt",
        "500102": "benefit_opt", "500103": "benefit_chronic", "5101": "catastrophic", "5301": "to_lower",
        "5302": "to_upper", "5401": "other_out",
    },
    "610": {
        "1002": "income_acct", "1003": "fiscal_acct", "1004": "expense_acct", "2001": "received_in_advance",
        "3001": "fund_general", "4101": "fiscal_subsidy", "410101": "subsidy_central", "410102": "subsidy_province",
        "410104": "subsidy_county", "4201": "interest", "4501": "other_in", "5001": "benefit",
        "500101": "benefit_ipt", "500102": "benefit_opt", "500103": "maf_sponsor_out", "5401": "other_out",
    },
}  # fmt: skip


def seed(name: str) -> list[dict[str, str]]:
    with (PROJECT_ROOT / "seeds" / "codes" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def item_of(fund: str, code: str, name: str) -> str | None:
    """The ledger item of a subject by the seeded patterns: names before bare codes, the deepest item first."""
    held = {row["item_key"] for row in seed("fund_item_fund") if row["fund_code"] == fund}
    items = {
        r["item_key"]: r for r in seed("fund_item") if r["item_key"] in held and r["class_digit"] == code[0]
    }
    found: list[tuple[int, int, int, int, str]] = []
    for key, item in items.items():
        patterns = [r for r in seed("fund_item_pattern") if r["item_key"] == key]
        words = [len(r["pattern"]) for r in patterns if r["pattern_kind"] == "name" and r["pattern"] in name]
        prefixes = [r for r in patterns if r["pattern_kind"] == "prefix" and code.startswith(r["pattern"])]
        prefix = max((len(r["pattern"]) for r in prefixes), default=0)
        bare = any(r["needs_name"] == "false" for r in prefixes)
        step = 3 if words and prefix else 2 if words else 1 if bare else 0
        if step:
            found.append((step, int(item["depth"]), max(words, default=0), prefix, key))
    return max(found)[-1] if found else None


def test_every_subject_is_read_as_the_item_it_is_meant_for(con: duckdb.DuckDBPyConnection) -> None:
    read: dict[str, dict[str, str | None]] = {}
    query = "SELECT DISTINCT fund_code, subj_code, subj_name FROM fund_acct_bal ORDER BY ALL"
    for fund, code, name in con.execute(query).fetchall():
        read.setdefault(fund, {})[code] = item_of(fund, code, name)
    assert read == EXPECTED_ITEMS


# ---- repeatability and arguments -----------------------------------------------------------------------------------


def digests(directory: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in directory.iterdir()}


def small(directory: Path, **arguments: Any) -> SynthReport:
    defaults: dict[str, Any] = {"settlements": 2_000, "months": ("2024-11", "2025-12"), "say": say}
    return write(directory, **(defaults | arguments))


def test_same_arguments_give_the_same_bytes(tmp_path: Path) -> None:
    faults = tuple(FAULTS)
    first, second, other = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    small(first, faults=faults)
    small(second, faults=faults[::-1])
    assert digests(first) == digests(second)
    small(other, faults=faults, seed=2)
    assert digests(first)["setl_d_202501.csv"] != digests(other)["setl_d_202501.csv"]


def test_a_second_run_replaces_its_own_files_only(tmp_path: Path) -> None:
    small(tmp_path / "raw", faults=["messy_values"])
    report = small(tmp_path / "raw", months=("2025-01", "2025-03"))
    names = {p.name for p in (tmp_path / "raw").iterdir() if not p.name.startswith(".")}
    assert names == {p.name for p in report.paths}
    assert {n for n in names if n.startswith("setl_d")} == {f"setl_d_20250{m}.csv" for m in (1, 2, 3)}
    (tmp_path / "raw" / "setl_d_202504.csv").write_text("someone's own export\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"setl_d_202504\.csv"):
        small(tmp_path / "raw")
    assert {p.name for p in (tmp_path / "raw").iterdir() if not p.name.startswith(".")} == names | {
        "setl_d_202504.csv"
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"size": "huge", "settlements": None}, "tiny, city, metro"),
        ({"settlements": 10}, "1,000"),
        ({"months": ("2025-12", "2025-11")}, "after"),
        ({"months": ("2025-13", "2026-11")}, "2025-13"),
        ({"faults": ["no_such"]}, "unmapped_subject"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_that_cannot_be_meant_are_refused(
    tmp_path: Path, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        small(tmp_path / "raw", **arguments)
    assert not (tmp_path / "raw").exists()


# ---- faults --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faulty(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[duckdb.DuckDBPyConnection, dict[str, Any]]]:
    """All faults of the books and of the claims at once, but those that change a month's spelling and keys."""
    directory = tmp_path_factory.mktemp("faulty") / "raw"
    names = [n for n in FAULTS if n not in ("duplicate_keys", "messy_values")]
    small(directory, settlements=6_000, faults=names)
    key = json.loads((directory / "answer_key.json").read_text(encoding="utf-8"))
    assert {a["fault"] for a in key["planted"]} == set(names)
    with load(directory, tmp_path_factory.mktemp("faulty_loaded")) as connection:
        yield connection, key


def planted(key: dict[str, Any], name: str) -> dict[str, Any]:
    return next(a for a in key["planted"] if a["fault"] == name)


def test_unmapped_subject_is_the_only_one_no_rule_knows(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "unmapped_subject")
    subjects = con.execute(
        "SELECT DISTINCT fund_code, subj_code, subj_name FROM l WHERE fund_code <> '888'"
    ).fetchall()
    assert [(f, c) for f, c, n in subjects if item_of(f, c, n) is None] == [("390", "5901")]
    total = one(con, "SELECT sum(d) FROM l WHERE subj_code = '5901'")
    assert total == Decimal(answer["amount"]) and total > 0
    none(
        con,
        """SELECT l.ym FROM l LEFT JOIN v USING (book_org, fund_code, ym, subj_code) WHERE l.subj_code = '5901'
        GROUP BY l.ym HAVING any_value(l.d) <> coalesce(sum(v.d), 0)""",
    )


def test_opening_break_is_one_month_of_one_book(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "opening_break")
    broken = con.execute("""SELECT book_org, fund_code, ym, o - before FROM (SELECT *, lag(e) OVER (
            PARTITION BY book_org, fund_code, subj_code ORDER BY ym) AS before FROM l)
        WHERE o <> before AND subj_code = '3001'""").fetchall()
    assert broken == [(answer["org_code"], answer["fund_code"], answer["month"], Decimal(answer["amount"]))]


def test_unexplained_gap_is_one_closing(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "unexplained_gap")
    rows = con.execute("""SELECT book_org, fund_code, ym, e - o - CASE bal_dir WHEN '借' THEN d - c ELSE c - d END AS gap
        FROM l WHERE gap <> 0 ORDER BY subj_code""").fetchall()
    assert rows == [(answer["org_code"], answer["fund_code"], answer["month"], Decimal(answer["amount"]))] * 2


def test_transfer_imbalance_is_one_remittance(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "transfer_imbalance")
    rows = con.execute("""SELECT fund_code, ym, sum(CASE subj_code WHEN '4402' THEN c ELSE -d END) AS imbalance FROM l
        WHERE subj_code IN ('4402', '5302') AND ym NOT LIKE '%12' GROUP BY ALL HAVING imbalance <> 0""").fetchall()
    assert rows == [(answer["fund_code"], answer["month"], Decimal(answer["amount"]))]


def test_unknown_fund_is_one_month_of_one_book(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "unknown_fund")
    rows = con.execute("SELECT book_org, ym, count(*) FROM l WHERE fund_code = '888' GROUP BY ALL").fetchall()
    assert rows == [(answer["org_code"], answer["month"], answer["rows"])]


def test_payer_mismatch_breaks_the_rows_the_key_counts(faulty: Any) -> None:
    con, key = faulty
    answer = planted(key, "payer_mismatch")
    wrong = con.execute("""SELECT strftime(setl_time, '%Y%m'), count(*) FROM s WHERE fund_pay_sumamt - 1.23 =
        hifp_pay + cvlserv_pay + hifes_pay + hifmi_pay + hifob_pay + maf_pay + othfund_pay GROUP BY 1 ORDER BY 1""").fetchall()
    assert wrong == list(answer["rows_by_month"].items())
    assert sum(n for _, n in wrong) == answer["rows"]
    assert 0.003 < sum(n for _, n in wrong) / one(con, "SELECT count(*) FROM s") < 0.01


def test_duplicate_keys_repeat_old_and_newer_rows(tmp_path: Path) -> None:
    small(tmp_path / "raw", faults=["duplicate_keys"])
    answer = json.loads((tmp_path / "raw" / "answer_key.json").read_text(encoding="utf-8"))["planted"][0]
    assert answer["file"] == "setl_d_202512_resync.csv"
    with load(tmp_path / "raw", tmp_path / "loaded") as con:
        pairs = con.execute("""SELECT count(*) FILTER (a.updt_time = b.updt_time AND a.clr_way = b.clr_way),
            count(*) FILTER (b.updt_time > a.updt_time AND b.clr_way = '99' AND a.clr_way <> '99')
            FROM s a JOIN s b ON a.setl_id = b.setl_id AND a.filename NOT LIKE '%resync%' AND b.filename LIKE '%resync%'
            """).fetchall()
        assert pairs == [(answer["rows_identical"], answer["rows_superseded"])] == [(20, 20)]
        assert one(con, "SELECT count(*) FROM s WHERE filename LIKE '%resync%'") == 40


def test_messy_values_change_the_spelling_and_not_the_money(tmp_path: Path) -> None:
    clean = small(tmp_path / "clean")
    messy = small(tmp_path / "messy", faults=["messy_values"])
    answer = json.loads((tmp_path / "messy" / "answer_key.json").read_text(encoding="utf-8"))["planted"][0]
    assert answer["rows_rejected"] == 5
    assert messy.rows["setl_d"] == clean.rows["setl_d"] + 5

    def rows(path: Path) -> list[dict[str, str]]:
        return list(csv.DictReader(decode(path).splitlines()))

    before, after = (rows(tmp_path / d / "setl_d_202512.csv") for d in ("clean", "messy"))
    assert [r["medfee_sumamt"] for r in before] == [r["medfee_sumamt"].strip() for r in after]
    assert before != after
    assert {r["init_setl_id"] for r in after} >= {"null", "-", " ", "nan", ""}
    assert [r["age"] for r in after].count("约六十") == answer["values_nulled"]["age"] == 1
    assert [r["brdy"] for r in after].count("2024-02-31") == answer["values_nulled"]["brdy"] == 1
    bad = rows(tmp_path / "messy" / answer["file"])
    assert [bad[0]["setl_id"], bad[1]["medfee_sumamt"], bad[2]["insutype"], bad[3]["setl_time"], bad[4]["hifp_pay"]] == [
        "", "一百", " ", "2026-13-45", "1e308",
    ]  # fmt: skip
