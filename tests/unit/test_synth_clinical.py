"""Behind every synthetic settlement: lines that add up, visits that make sense, groups that cost what they are worth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from medfund.ingest import ingest
from medfund.settings import PROJECT_ROOT, Bureau, Home
from medfund.synth import catalogue, groups, write

CHILDREN = (
    "fee_list_d", "setl_fund_detl", "mdtrt_d", "setl_list_diag_d", "setl_list_oprn_d", "drg_dip_rslt_d", "hilist_b",
)  # fmt: skip
STAYS = "('21', '24', '28')"


def say(_: str) -> None:
    pass


def one(con: duckdb.DuckDBPyConnection, query: str) -> Any:
    return con.execute(query).fetchall()[0][0]


def none(con: duckdb.DuckDBPyConnection, query: str) -> None:
    """The query lists what is wrong; nothing may be."""
    assert con.execute(query).fetchall()[:5] == []


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """Half a year of a city: `s` settlements, `l` fee lines with short names, `v` visits as last sent in, the rest as is."""
    folder = tmp_path_factory.mktemp("clinical") / "bureau"
    write(folder, settlements=160_000, months=("2025-01", "2025-06"), form="parquet", say=say)
    with duckdb.connect() as con:
        for table in ("setl_d", "fixmedins_b", "dr_info_b", *CHILDREN):
            con.execute(f"CREATE VIEW {table} AS FROM read_parquet('{folder}/{table}*.parquet')")
        con.execute("""
            CREATE TABLE s AS SELECT *, coalesce(nullif(hosp_part_amt, 0), ownpay_hosp_part, 0) AS hosp,
                init_setl_id IS NOT NULL AS is_refund, med_type IN ('21', '24', '28') AS is_stay,
                fixmedins_code IS NULL AS on_paper
            FROM setl_d
        """)
        con.execute("""
            CREATE TABLE l AS SELECT setl_id, mdtrt_id, bkkp_sn, fixmedins_code, med_list_codg AS item, hilist_name AS name,
                med_chrgitm_type AS cls, chrgitm_lv AS lv, cnt, pric, det_item_fee_sumamt AS amount,
                fulamt_ownpay_amt AS own, overlmt_selfpay AS excess, preselfpay_amt AS prior, inscp_amt AS scope,
                selfpay_prop AS rate, pric_uplmt_amt AS cap, fee_ocur_time AS charged, bilg_dr_code AS doctor,
                prcu_drug_flag AS procured
            FROM fee_list_d
        """)
        con.execute("""
            CREATE TABLE v AS FROM mdtrt_d
            QUALIFY row_number() OVER (PARTITION BY mdtrt_id ORDER BY updt_time DESC) = 1
        """)
        yield con


# ---- identities ----------------------------------------------------------------------------------------------------


def test_lines_are_the_settlement_to_the_fen(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT s.setl_id FROM s LEFT JOIN (SELECT setl_id, sum(amount) a, sum(own) o, sum(excess) e, sum(prior) p,
            sum(scope) c FROM l GROUP BY setl_id) l USING (setl_id)
        WHERE NOT on_paper AND (a, o, e, p, c) IS DISTINCT FROM
            (medfee_sumamt, fulamt_ownpay_amt, overlmt_selfpay, preselfpay_amt, inscp_amt)""",
    )


def test_a_line_is_count_times_price_and_the_sum_of_its_parts(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT * FROM l WHERE round(cnt * pric, 2) <> amount")
    none(con, "SELECT * FROM l WHERE amount <> own + excess + prior + scope")
    none(
        con,
        "SELECT * FROM l WHERE least(cnt * amount, amount * own, amount * prior, amount * scope, pric) < 0",
    )
    assert one(con, "SELECT count(*) FROM l WHERE cnt <> round(cnt)") == 0


def test_what_is_paid_first_is_the_rate_of_the_catalogue(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT * FROM l WHERE lv <> '3' AND own = 0 AND abs(prior - amount * rate) > 0.0151")
    none(
        con,
        """SELECT l.item, l.rate, h.selfpay_prop FROM l JOIN hilist_b h ON h.hilist_code = l.item
        JOIN s USING (setl_id) WHERE s.med_type <> '41' AND l.rate <> h.selfpay_prop""",
    )
    none(con, "SELECT * FROM l WHERE (lv = '3' OR rate = 1) AND scope <> 0")


def test_lines_name_items_that_the_catalogue_has_on_the_day(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT item, charged FROM l ANTI JOIN hilist_b h ON h.hilist_code = l.item AND h.hilist_name = l.name
            AND h.med_chrgitm_type = l.cls AND l.charged >= h.begndate
            AND l.charged < coalesce(h.enddate + INTERVAL 1 DAY, TIMESTAMP '2099-01-01')""",
    )
    assert len({i.code for i in catalogue.items()}) == len(catalogue.items())


def test_prices_keep_to_limits_and_what_lies_above_one_is_the_patients(
    con: duckdb.DuckDBPyConnection,
) -> None:
    none(con, "SELECT * FROM l WHERE pric > cap AND excess = 0")
    none(con, "SELECT * FROM l WHERE excess <> 0 AND abs((pric - cap) * cnt - excess) > 0.011")
    assert one(con, "SELECT count(*) FROM l WHERE excess <> 0") > 100


def test_fund_rows_are_the_payers(con: duckdb.DuckDBPyConnection) -> None:
    classes = PROJECT_ROOT / "seeds/codes/code_value.csv"
    none(
        con,
        f"""WITH paid AS (
            SELECT f.setl_id, coalesce(c.class, 'unknown') AS class, sum(f.fund_payamt) AS amount
            FROM setl_fund_detl f
            LEFT JOIN read_csv('{classes}', all_varchar=true) c ON c.dictionary = 'fund_pay_type'
                AND c.code = CASE WHEN f.fund_pay_type = '999997' THEN f.poolarea_fund_pay_type ELSE f.fund_pay_type END
            GROUP BY ALL),
        by_class AS (
            SELECT setl_id, coalesce(sum(amount) FILTER (class = 'hospital'), 0) AS hosp,
                coalesce(sum(amount) FILTER (class = 'personal_account'), 0) AS acct,
                coalesce(sum(amount) FILTER (class = 'pooled'), 0) AS pooled,
                coalesce(sum(amount) FILTER (class NOT IN ('hospital', 'personal_account', 'personal')), 0) AS funds
            FROM paid GROUP BY setl_id)
        SELECT s.setl_id FROM s LEFT JOIN by_class p USING (setl_id)
        WHERE (coalesce(p.hosp, 0), coalesce(p.acct, 0), coalesce(p.pooled, 0), coalesce(p.funds, 0))
            IS DISTINCT FROM (s.hosp, s.acct_pay, s.hifp_pay, s.fund_pay_sumamt)""",
    )
    assert one(con, "SELECT count(*) FROM setl_fund_detl WHERE fund_pay_type = '999997'") > 5


def test_a_refund_takes_back_the_lines_of_its_original(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT m.setl_id FROM s m JOIN s o ON o.setl_id = m.init_setl_id
        JOIN l ON l.setl_id IN (m.setl_id, o.setl_id)
        GROUP BY m.setl_id, l.item HAVING sum(l.amount) <> 0 OR sum(l.cnt) <> 0""",
    )
    none(
        con,
        """SELECT f.bkkp_sn FROM fee_list_d f JOIN s USING (setl_id) WHERE is_refund
        AND (init_feedetl_sn IS NULL OR cnt > 0)""",
    )
    none(con, "SELECT mdtrt_id, feedetl_sn FROM fee_list_d GROUP BY ALL HAVING count(*) > 1")
    none(con, "SELECT bkkp_sn FROM l GROUP BY ALL HAVING count(*) > 1")


# ---- calibration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("care", "level", "drugs", "herbal", "consumables", "tests", "services"),
    [
        ("stay", "3", 23, 1, 20, 23, 33),
        ("stay", "2", 25, 2, 13, 26, 34),
        ("stay", "1", 30, 5, 5, 22, 38),
        ("visit", "3", 40, 5, 3, 33, 19),
        ("visit", "2", 38, 7, 3, 32, 20),
        ("visit", "1", 58, 12, 2, 12, 16),
    ],
)
def test_fees_have_the_shares_remembered_for_the_level(
    con: duckdb.DuckDBPyConnection,
    care: str,
    level: str,
    drugs: int,
    herbal: int,
    consumables: int,
    tests: int,
    services: int,
) -> None:
    chosen = (
        f"med_type IN {STAYS}" if care == "stay" else "med_type IN ('11', '13', '14', '140104', '140201')"
    )
    kinds = (
        "'09', '11'",
        "'10'",
        "'08'",
        "'03', '04'",
        "'01', '02', '05', '06', '07', '12', '13', '14'",
    )
    sums = ", ".join(f"100 * coalesce(sum(amount) FILTER (cls IN ({k})), 0) / sum(amount)" for k in kinds)
    reached = con.execute(
        f"SELECT {sums} FROM l JOIN s USING (setl_id) WHERE {chosen} AND dedc_hosp_lv = '{level}'"
    ).fetchall()[0]
    # Points of per cent; half a year has some hundred stays by level, of which a few carry much of the money.
    for wanted, seen in zip((drugs, herbal, consumables, tests, services), reached, strict=True):
        assert abs(seen - wanted) <= 7, (care, level, reached)


def test_a_bill_has_as_many_lines_as_is_usual(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""CREATE TEMP TABLE counted AS SELECT any_value(CASE WHEN med_type IN ('21', '24') THEN 'stay'
            WHEN med_type IN ('11', '13') THEN 'visit' WHEN med_type LIKE '14%' THEN 'chronic'
            WHEN med_type = '41' THEN 'pharmacy' ELSE 'other' END) AS care, count(*) AS n
        FROM l JOIN s USING (setl_id) WHERE NOT is_refund GROUP BY setl_id""")
    median = dict(con.execute("SELECT care, median(n) FROM counted GROUP BY care").fetchall())
    assert 78 <= median["stay"] <= 102
    assert (median["visit"], median["chronic"], median["pharmacy"]) == (4, 4, 2)
    assert 8.5 <= one(con, "SELECT avg(n) FROM counted") <= 11.5
    # Lognormal: the mean of stays lies well above the median, and a few bills are very long.
    assert one(con, "SELECT avg(n) / median(n) FROM counted WHERE care = 'stay'") > 1.2
    assert one(con, "SELECT max(n) FROM counted") > 500


def test_drugs_have_classes_and_a_few_carry_most_of_the_money(con: duckdb.DuckDBPyConnection) -> None:
    share = dict(
        con.execute("""SELECT lv, 100 * sum(amount) / (SELECT sum(amount) FROM l JOIN s USING (setl_id)
                WHERE cls IN ('09', '11') AND med_type <> '41')
            FROM l JOIN s USING (setl_id) WHERE cls IN ('09', '11') AND med_type <> '41' GROUP BY lv""").fetchall()
    )
    assert abs(share["1"] - 38) <= 4
    assert abs(share["2"] - 55) <= 5
    assert abs(share["3"] - 7) <= 2.5
    assert (
        one(
            con,
            """WITH drug AS (SELECT item, sum(amount) AS m FROM l WHERE cls IN ('09', '11') GROUP BY item),
            ranked AS (SELECT m, row_number() OVER (ORDER BY m DESC) AS r, count(*) OVER () AS n FROM drug)
            SELECT sum(m) FILTER (r <= n / 20) / sum(m) FROM ranked""",
        )
        > 0.4
    )


def test_procured_drugs_are_cheaper_from_the_day_on_and_flagged(con: duckdb.DuckDBPyConnection) -> None:
    month = 2025 * 12 + 3  # the one month of the window in which prices can change: 2025-04
    changed = [
        i.code for i in catalogue.items() if i.procured_from == month and i.list_type == "101" and i.pool >= 0
    ]
    con.execute("CREATE TEMP TABLE changed AS SELECT unnest(?) AS item", [changed])
    rows = con.execute("""SELECT item, median(pric) FILTER (charged >= TIMESTAMP '2025-04-01') /
            median(pric) FILTER (charged < TIMESTAMP '2025-04-01'), max(procured) FILTER (charged < TIMESTAMP '2025-03-01'),
            min(procured) FILTER (charged >= TIMESTAMP '2025-05-01')
        FROM l JOIN changed USING (item) GROUP BY item HAVING count(*) > 60""").fetchall()
    assert rows
    for _, ratio, before, after in rows:
        assert 0.3 < ratio < 0.75
        assert (before, after) == ("0", "1")


def test_an_item_costs_much_the_same_at_one_place(con: duckdb.DuckDBPyConnection) -> None:
    assert (
        one(
            con,
            """SELECT avg((r NOT BETWEEN 0.7 AND 1.3)::INT) FROM (SELECT pric / avg(pric) OVER (
                PARTITION BY fixmedins_code, item ORDER BY charged ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING) AS r
            FROM l WHERE amount > 0) WHERE r IS NOT NULL""",
        )
        < 0.004
    )
    assert (
        one(
            con,
            """SELECT count(*) FROM (SELECT item FROM l WHERE cls = '08' AND cnt > 0
            GROUP BY item HAVING max(pric) > min(pric) * 1.03)""",
        )
        > 10
    )


# ---- visits and diagnoses ------------------------------------------------------------------------------------------


def test_every_bill_belongs_to_a_visit_and_lies_within_it(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT setl_id FROM s ANTI JOIN v USING (mdtrt_id) WHERE NOT on_paper AND NOT is_refund")
    none(con, "SELECT setl_id FROM s JOIN l USING (setl_id) WHERE on_paper")
    none(
        con,
        """SELECT l.setl_id, charged, begntime, endtime FROM l JOIN v USING (mdtrt_id)
        WHERE amount > 0 AND charged NOT BETWEEN begntime AND endtime""",
    )
    none(
        con,
        """SELECT s.setl_id FROM s JOIN v USING (mdtrt_id) WHERE NOT is_refund AND begntime::DATE <> begndate""",
    )


def test_no_stay_is_charged_for_more_days_than_it_has(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT mdtrt_id, cls FROM l JOIN v USING (mdtrt_id) WHERE cls IN ('01', '02', '07') AND ipt_days IS NOT NULL
        GROUP BY mdtrt_id, cls HAVING sum(cnt) > any_value(ipt_days) + 1""",
    )
    none(
        con,
        "SELECT * FROM v WHERE ipt_days <> greatest(date_diff('day', begntime::DATE, endtime::DATE), 1)",
    )


def test_who_dies_leaves_dead(con: duckdb.DuckDBPyConnection) -> None:
    none(con, "SELECT * FROM v WHERE (die_date IS NOT NULL) <> (coalesce(dscg_way, '') = '5')")
    none(con, "SELECT * FROM v WHERE die_date <> endtime::DATE")
    assert 0.003 < one(con, "SELECT avg((dscg_way = '5')::INT) FROM v WHERE ipt_days IS NOT NULL") < 0.014
    none(
        con,
        "SELECT v.mdtrt_id FROM v JOIN v died ON died.psn_no = v.psn_no AND died.die_date < v.begntime::DATE",
    )


def test_diseases_fit_sex_and_age(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con, "SELECT * FROM setl_list_diag_d JOIN s USING (setl_id) WHERE diag_code[1] = 'O' AND gend <> '2'"
    )
    none(
        con,
        "SELECT * FROM setl_list_diag_d JOIN s USING (setl_id) WHERE diag_code LIKE 'N40%' AND gend <> '1'",
    )
    none(con, "SELECT * FROM v WHERE dscg_maindiag_code[1] = 'P' AND age >= 1")
    none(con, "SELECT * FROM v WHERE oprn_oprt_code LIKE '74%' AND gend <> '2'")
    none(
        con,
        "SELECT * FROM l JOIN s USING (setl_id) WHERE regexp_matches(name, '子宫|剖宫产|妇科|产科|卵巢') AND gend <> '2'",
    )
    # Every woman who gives birth has a delivery, and the other way round.
    assert one(con, "SELECT count(*) FROM v WHERE med_type = '52' AND gend = '2'") > 10
    none(con, """SELECT v.mdtrt_id FROM v WHERE med_type = '52' AND gend = '2' AND age BETWEEN 19 AND 44
        AND dscg_maindiag_code[1] <> 'O'""")  # fmt: skip


def test_stays_have_diagnoses_and_most_visits_do_not(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT s.setl_id FROM s ANTI JOIN setl_list_diag_d d ON d.setl_id = s.setl_id AND maindiag_flag = '1'
        WHERE is_stay AND NOT is_refund AND NOT on_paper""",
    )
    none(
        con,
        "SELECT setl_id FROM setl_list_diag_d GROUP BY setl_id HAVING sum((maindiag_flag = '1')::INT) <> 1",
    )
    none(con, "SELECT setl_id FROM setl_list_diag_d GROUP BY setl_id, diag_code HAVING count(*) > 1")
    # By institution, 75 to 100 per cent of outpatient visits have none.
    con.execute("""CREATE TEMP TABLE missing AS SELECT fixmedins_code, count(*) AS n, avg((d.setl_id IS NULL)::INT) AS share
        FROM s LEFT JOIN (SELECT DISTINCT setl_id FROM setl_list_diag_d) d USING (setl_id)
        WHERE med_type IN ('11', '13') AND NOT is_refund AND NOT on_paper GROUP BY ALL""")
    assert one(con, "SELECT min(share) FROM missing WHERE n > 300") > 0.68
    assert one(con, "SELECT max(share) FROM missing WHERE n > 100") == 1
    # The old have more beside the main one.
    more = "SELECT count(*) / count(DISTINCT setl_id) FROM setl_list_diag_d JOIN s USING (setl_id) WHERE is_stay AND age"
    assert one(con, f"{more} >= 70") > one(con, f"{more} BETWEEN 5 AND 40") + 1


def test_operations_belong_to_groups_that_operate(con: duckdb.DuckDBPyConnection) -> None:
    coded = {d.code for g in groups.GROUPS for d in g.procedures}
    assert {row[0] for row in con.execute("SELECT oprn_oprt_code FROM setl_list_oprn_d").fetchall()} <= coded
    none(
        con,
        "SELECT setl_id FROM setl_list_oprn_d GROUP BY setl_id HAVING sum((main_oprn_flag = '1')::INT) <> 1",
    )
    none(
        con,
        """SELECT o.setl_id FROM setl_list_oprn_d o JOIN v USING (mdtrt_id)
        WHERE oprn_oprt_date NOT BETWEEN begntime::DATE AND endtime::DATE""",
    )


def test_doctors_are_under_contract_at_the_place(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT DISTINCT l.doctor FROM l SEMI JOIN fixmedins_b f USING (fixmedins_code)
        ANTI JOIN dr_info_b d ON d.dr_code = l.doctor AND d.medins_code = l.fixmedins_code WHERE l.doctor IS NOT NULL""",
    )
    none(con, "SELECT setl_id FROM l WHERE fixmedins_code LIKE 'H%' AND doctor IS NULL")


# ---- groups --------------------------------------------------------------------------------------------------------


def test_groups_are_of_the_system_that_pays_the_stay(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT s.setl_id FROM s FULL JOIN drg_dip_rslt_d g USING (setl_id)
        WHERE CASE g.grp_sys WHEN 'DRG' THEN '40' WHEN 'DIP' THEN '30' END IS DISTINCT FROM
            CASE WHEN s.clr_way IN ('30', '40') AND refd_setl_flag = '0' AND vali_flag = '1' THEN s.clr_way END""",
    )
    none(con, "SELECT * FROM drg_dip_rslt_d WHERE (case_type IN ('未入组', 'QY')) <> (rw_or_score IS NULL)")
    assert 0.004 < one(con, "SELECT avg((rw_or_score IS NULL)::INT) FROM drg_dip_rslt_d") < 0.03


def test_a_normal_case_is_paid_weight_times_rate(con: duckdb.DuckDBPyConnection) -> None:
    none(
        con,
        """SELECT * FROM drg_dip_rslt_d WHERE case_type = '正常'
        AND abs(std_pay_amt - rw_or_score * rate_or_point_value) > 0.02""",
    )
    # What costs too little is paid as it cost.
    none(
        con,
        """SELECT g.* FROM drg_dip_rslt_d g JOIN s USING (setl_id)
        WHERE case_type = '低倍率' AND std_pay_amt <> medfee_sumamt""",
    )
    high = one(con, "SELECT avg((case_type = '高倍率')::INT) FROM drg_dip_rslt_d")
    assert 0.005 < high < 0.06
    # All in all the budget comes near the cost.
    assert 0.88 < one(con, """SELECT sum(std_pay_amt) / sum(medfee_sumamt) FROM drg_dip_rslt_d JOIN s USING (setl_id)
        WHERE std_pay_amt IS NOT NULL""") < 1.08  # fmt: skip


def test_large_hospitals_have_heavier_cases_and_few_groups_take_much(con: duckdb.DuckDBPyConnection) -> None:
    mix = dict(
        con.execute("""SELECT dedc_hosp_lv, avg(CASE WHEN grp_sys = 'DRG' THEN rw_or_score ELSE rw_or_score / 1000 END)
        FROM drg_dip_rslt_d JOIN s USING (setl_id) GROUP BY dedc_hosp_lv""").fetchall()
    )
    assert mix["3"] > mix["2"] > mix["1"]
    assert (
        one(
            con,
            """WITH g AS (SELECT adrg, sum(medfee_sumamt) AS m FROM drg_dip_rslt_d JOIN s USING (setl_id)
                WHERE adrg IS NOT NULL GROUP BY adrg)
            SELECT (SELECT sum(m) FROM (SELECT m FROM g ORDER BY m DESC LIMIT 10)) / sum(m) FROM g""",
        )
        > 0.28
    )


# ---- the same everywhere -------------------------------------------------------------------------------------------


def test_a_month_is_the_same_whichever_months_and_threads_write_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "long", settlements=1_500, months=("2022-12", "2023-02"), form="csv", say=say)
    real = duckdb.connect
    monkeypatch.setattr(
        "medfund.synth.writer.duckdb.connect",
        lambda config: real(config=config | {"threads": "1"}),
    )
    write(tmp_path / "short", settlements=1_500, months=("2023-02", "2023-02"), form="csv", say=say)

    def digest(folder: Path, table: str) -> str:
        lines = [
            line
            for path in sorted(folder.glob(f"{table}_*.csv"))
            for line in path.read_text(encoding="utf-8").splitlines()
            if "97202302" in line or "98202302" in line
        ]
        assert lines, table
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    for table in ("fee_list_d", "mdtrt_d", "setl_list_diag_d", "setl_fund_detl"):
        assert digest(tmp_path / "long", table) == digest(tmp_path / "short", table), table


def test_everything_lands_and_every_code_is_listed(tmp_path: Path) -> None:
    folder = tmp_path / "bureau"
    write(folder, settlements=1_500, months=("2023-01", "2023-12"), say=say)
    files = [path for table in CHILDREN for path in sorted(folder.glob(f"{table}*"))]
    reports = ingest(Home(tmp_path / "home"), Bureau.load(folder / "bureau.toml"), files)
    assert {r.table_name for r in reports} == set(CHILDREN)
    for report in reports:
        assert (report.status, report.rows_landed) == ("landed", report.rows_read), report.sentence()
        assert (report.values_nulled, report.warnings) == (0, []), report.source_file
        assert "unlisted_codes" not in report.details, report.details["unlisted_codes"]
