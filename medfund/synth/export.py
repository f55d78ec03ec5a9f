"""Write raw exports as bureaus do: one file per month or year, in mixed encodings, delimiters and packings."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import tomli_w

from medfund.synth import calibration as cal
from medfund.synth import city
from medfund.synth.chart import BENEFIT_YEAR_FROM, BENEFIT_YEAR_ORG, FUNDS, WAN_ORG
from medfund.synth.city import Institutions, first_day
from medfund.synth.claims import MED_TYPES, decimals
from medfund.synth.ledger import Books
from medfund.synth.scene import Window

# How the n-th monthly settlement file is written; the rest is UTF-8 with commas.
MONTH_FORMS = {3: "gz", 7: "gb18030", 11: "tab", 15: "utf-8-sig", 19: "gz", 23: "gb18030"}


def text_list(values: tuple[str, ...] | list[str]) -> str:
    """A SQL list of texts. The values are constants of this package."""
    return "[" + ", ".join(f"'{v}'" for v in values) + "]"


# ---- settlements -----------------------------------------------------------------------------------------

_SETTLEMENT_SQL = f"""
SELECT
    '97' || r.setl_id AS setl_id,
    CASE WHEN r.init_setl_id > 0 THEN '97' || r.init_setl_id END AS init_setl_id,
    '98' || r.mdtrt_id AS mdtrt_id,
    {city.psn_no("r.identity")} AS psn_no,
    '合成' || lpad((r.identity + 1)::VARCHAR, 7, '0') AS psn_name,
    '01' AS psn_cert_type,
    '990000' || lpad((r.identity + 1)::VARCHAR, 12, '0') AS certno,
    p.gend,
    p.brdy::DATE AS brdy,
    CASE WHEN date_sub('year', p.brdy::DATE, r.setl_time::DATE) >= 1
        THEN date_sub('year', p.brdy::DATE, r.setl_time::DATE)
        ELSE round(date_sub('month', p.brdy::DATE, r.setl_time::DATE) / 12, 1) END::DECIMAL(4, 1) AS age,
    p.insutype,
    {text_list(city.PSN_TYPES)}[r.psn_type + 1] AS psn_type,
    p.cvlserv_flag,
    {text_list(city.ORGS)}[p.person_org + 1] AS insu_admdvs,
    '{city.CITY}' AS poolarea_no,
    i.code AS fixmedins_code,
    i.name AS fixmedins_name,
    i.admdvs AS fix_blng_admdvs,
    CASE WHEN i.code IS NULL OR i.hosp_lv = '' THEN NULL
        WHEN r.way = 2 AND r.draw < 300 THEN '0'
        WHEN r.upgraded THEN '03' ELSE i.hosp_lv END AS hosp_lv,
    CASE WHEN i.code IS NOT NULL AND i.hosp_lv <> '' THEN ['3', '2', '1'][r.level + 1] END AS dedc_hosp_lv,
    ['2', '3', '4', '1'][r.way + 1] AS pay_loc,
    CASE WHEN r.way = 3 THEN '1' ELSE '2' END AS setl_type,
    {text_list(MED_TYPES)}[r.med + 1] AS med_type,
    CASE WHEN r.way = 3 THEN '02' WHEN r.draw < 550 THEN '01' ELSE '03' END AS mdtrt_cert_type,
    '990000' || lpad((r.identity + 1)::VARCHAR, 12, '0') AS mdtrt_cert_no,
    r."begin"::DATE AS begndate,
    r."end"::DATE AS enddate,
    r.setl_time::TIMESTAMP AS setl_time,
    {text_list(city.ORGS)}[p.person_org + 1] AS clr_optins,
    CASE WHEN r.bucket = 2 OR r.med = {MED_TYPES.index("52")} THEN '21' WHEN r.bucket = 3 THEN '41'
        ELSE '11' END AS clr_type,
    CASE WHEN NOT r.by_score THEN '1' WHEN i.level = 0 THEN '40' ELSE '30' END AS clr_way,
    '01' AS psn_setlway,
    r.medfee AS medfee_sumamt,
    r.own AS fulamt_ownpay_amt,
    r.over AS overlmt_selfpay,
    r.prior AS preselfpay_amt,
    r.in_scope AS inscp_amt,
    r.agreed AS hi_agre_sumfee,
    r.dedc_std,
    r.crt_dedc,
    r.act_dedc AS act_pay_dedc,
    r.pool AS hifp_pay,
    r.ratio::DECIMAL(5, 4) AS pool_prop_selfpay,
    r.cvlserv AS cvlserv_pay,
    0.00 AS hifes_pay,
    r.hifmi AS hifmi_pay,
    r.hifob AS hifob_pay,
    r.maf AS maf_pay,
    0.00 AS othfund_pay,
    r.fund AS fund_pay_sumamt,
    CASE WHEN r.sign > 0 OR r.draw >= 500 THEN r.person_pay END AS psn_pay,
    r.acct AS acct_pay,
    CASE WHEN r.sign > 0 OR r.draw >= 500 THEN r.mulaid END AS acct_mulaid_pay,
    r.cash AS cash_payamt,
    CASE WHEN r.sign < 0 THEN NULL WHEN r.draw < 200 THEN 0.00 ELSE r.hosp END AS hosp_part_amt,
    CASE WHEN r.sign < 0 OR r.draw < 200 THEN r.hosp ELSE 0.00 END AS ownpay_hosp_part,
    r.balc,
    CASE WHEN r.refunded THEN '1' ELSE '0' END AS refd_setl_flag,
    strftime(r.setl_time, '%Y') AS year,
    CASE WHEN r.way = 3 THEN '1' END AS manl_reim_rea,
    CASE WHEN r.valid THEN '1' ELSE '0' END AS vali_flag,
    'R97' || r.setl_id AS rid,
    r.setl_time::TIMESTAMP AS crte_time,
    r.updated::TIMESTAMP AS updt_time
FROM month_rows r
JOIN person p ON p.person = r.person
LEFT JOIN place i ON i.place = r.place
ORDER BY r.setl_time, r.setl_id
"""


def load_place(con: duckdb.DuckDBPyConnection, places: Institutions, people: pa.Table) -> None:
    """Make the tables `place` and `person` that settlements refer to."""
    table = pa.table(
        {
            "place": np.arange(len(places.code)),
            "code": places.code,
            "name": places.name,
            "admdvs": places.admdvs,
            "hosp_lv": places.hosp_lv,
            "level": places.level,
            "is_private": places.is_private,
            "is_local": places.is_local,
            "beds": places.beds,
            "habit_drug": places.habit_drug,
            "dip_from": places.dip_from,
        }
    )
    for name, data in (("place", table), ("person", people)):
        con.register("incoming", data)
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")
        con.unregister("incoming")


def stage_month(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `settlement` out of `month_rows`: the month as it will be exported."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE settlement AS {_SETTLEMENT_SQL}")


# ---- institutions ----------------------------------------------------------------------------------------


def institution_query(places: Institutions, window: Window) -> str:
    """The agreement versions known at the end: one hospital upgraded (half-open interval), one renewed (to 23:59:59)."""
    upgraded_on = str(first_day(cal.UPGRADE_MONTH)) + " 00:00:00"
    renewal_year = cal.RENEWAL_YEAR
    return f"""
    WITH planned AS (
        SELECT *, TIMESTAMP '2017-01-01 00:00:00' AS begntime,
            CASE place WHEN {places.upgraded} THEN TIMESTAMP '{upgraded_on}'
                WHEN {places.renewed} THEN TIMESTAMP '{renewal_year}-12-31 23:59:59' END AS endtime,
            hosp_lv AS lv, level AS band, beds AS bed_count
        FROM place WHERE is_local
        UNION ALL
        SELECT *, TIMESTAMP '{upgraded_on}', NULL, '03', 0, beds + 300 FROM place WHERE place = {places.upgraded}
        UNION ALL
        SELECT *, TIMESTAMP '{renewal_year + 1}-01-01 00:00:00', NULL, hosp_lv, level, beds + 50
        FROM place WHERE place = {places.renewed}
    ),
    version AS (
        SELECT * REPLACE (CASE WHEN endtime < TIMESTAMP '{window.end}' THEN endtime END AS endtime)
        FROM planned WHERE begntime < TIMESTAMP '{window.end}'
    )
    SELECT code AS fixmedins_code,
        name AS fixmedins_name,
        CASE WHEN level = 3 THEN '2' ELSE '1' END AS fixmedins_type,
        nullif(lv, '') AS hosp_lv,
        CASE WHEN level < 3 THEN ['3', '2', '1'][band + 1] END AS dedc_hosp_lv,
        CASE WHEN level < 3 THEN ['3', '2', '1'][band + 1] END AS medinslv,
        CASE WHEN is_private THEN '2' ELSE '1' END AS medins_natu,
        CASE WHEN is_private THEN '2' ELSE '1' END AS biznat,
        CASE WHEN is_private THEN '170' ELSE '110' END AS econ_type,
        admdvs AS fix_blng_admdvs,
        '1' AS fix_onln_open_flag,
        CASE WHEN level < 3 THEN bed_count END AS aprv_bed_cnt,
        CASE WHEN level = 2 THEN '1' ELSE '0' END AS grst_hosp_flag,
        CASE WHEN is_private THEN '0' ELSE '1' END AS npmo_flag,
        begntime,
        coalesce(endtime, CASE WHEN place % 2 = 0 THEN TIMESTAMP '2099-12-31 23:59:59' END) AS endtime,
        '{city.CITY}' AS poolarea_no,
        '1' AS vali_flag,
        'F' || code || strftime(begntime, '%Y%m') AS rid,
        begntime AS crte_time,
        greatest(begntime, endtime) AS updt_time
    FROM version ORDER BY fixmedins_code, begntime
    """


# ---- books -----------------------------------------------------------------------------------------------


def load_books(con: duckdb.DuckDBPyConnection, books: Books) -> None:
    """Make the tables `ledger`, `voucher`, `voucher_number` and `budget`: all text in place, money in yuan."""
    money = {"open_bal", "debit_amt", "credit_amt", "close_bal", "budg_amt"}
    for name, columns in (("b", books.balances), ("v", books.vouchers), ("a", books.budget)):
        con.register(
            f"raw_{name}", pa.table({k: decimals(c) if k in money else c for k, c in columns.items()})
        )
    org = f"{text_list(city.ORGS)}[org + 1] AS book_org, {text_list(FUNDS)}[fund + 1] AS fund_code"
    ym = "printf('%04d%02d', month // 12, month % 12 + 1) AS ym"
    unit = f"CASE WHEN org = {WAN_ORG} THEN '万元' ELSE '元' END AS unit"
    con.execute(f"""
        CREATE TABLE ledger AS SELECT {org}, {ym}, subj_code, subj_name, bal_dir,
            open_bal, debit_amt, credit_amt, close_bal, {unit},
            CASE WHEN fund = {FUNDS.index("390")} AND subj_code LIKE '4001%' THEN
                CASE WHEN org = {BENEFIT_YEAR_ORG} AND month >= {BENEFIT_YEAR_FROM * 12} THEN 'benefit_year'
                    ELSE 'on_receipt' END END AS rev_recog_mode
        FROM raw_b
    """)
    con.execute(f"""
        CREATE TABLE voucher AS SELECT {org}, {ym},
            '记-' || lpad((dense_rank() OVER (PARTITION BY org, fund, month ORDER BY day, kind))::VARCHAR, 4, '0')
                AS vchr_no,
            row_number() OVER (PARTITION BY org, fund, month, kind ORDER BY line) AS line_no,
            make_date(month // 12, month % 12 + 1,
                least(day, day(last_day(make_date(month // 12, month % 12 + 1, 1))))) AS vchr_date,
            subj_code, digest, debit_amt, credit_amt, {unit}, org, fund, month, tag
        FROM raw_v
    """)
    con.execute("CREATE TABLE voucher_number AS SELECT DISTINCT org, fund, month, tag, vchr_no FROM voucher")
    con.execute(f"""
        CREATE TABLE budget AS SELECT {org}, year::VARCHAR AS year, item_key, budg_amt, {unit},
            ['年初', '调整1'][version + 1] AS ver, make_date(eff_month // 12, eff_month % 12 + 1, 1) AS eff_date
        FROM raw_a
    """)
    for name in "bva":
        con.unregister(f"raw_{name}")


def _in_unit(column: str) -> str:
    """Yuan as the bookkeeping unit writes it: 万元 with six decimals loses nothing."""
    wan = f"({column} * 0.0001::DECIMAL(4, 4))::DECIMAL(28, 6)::VARCHAR"
    return f"CASE WHEN unit = '万元' THEN {wan} ELSE {column}::VARCHAR END"


def ledger_query(year: int) -> str:
    """Rows of one year as exported."""
    money = ", ".join(f"{_in_unit(c)} AS {c}" for c in ("open_bal", "debit_amt", "credit_amt", "close_bal"))
    return f"""SELECT book_org, fund_code, ym, subj_code, subj_name, bal_dir, {money}, unit, rev_recog_mode,
        '0' AS is_consolidated
        FROM ledger WHERE ym LIKE '{year}%' ORDER BY ledger.ym, book_org, fund_code, ledger.subj_code"""


def voucher_query(year: int) -> str:
    """Voucher lines of one year as exported."""
    return f"""SELECT book_org, fund_code, vchr_no, line_no, vchr_date, ym, subj_code, digest,
        {_in_unit("debit_amt")} AS debit_amt, {_in_unit("credit_amt")} AS credit_amt, unit
        FROM voucher WHERE ym LIKE '{year}%'
        ORDER BY voucher.ym, book_org, fund_code, voucher.vchr_no, voucher.line_no"""


def budget_query() -> str:
    """The budget under Chinese headers, as finance offices hand it over."""
    return f"""SELECT book_org AS "记账单位（区划/层级）", fund_code AS "基金代码", year AS "预算年度",
        item_key AS "项目键", {_in_unit("budg_amt")} AS "预算金额", unit AS "金额单位", ver AS "预算版本",
        eff_date AS "生效日期"
        FROM budget ORDER BY book_org, fund_code, year, item_key, eff_date"""


def bureau_toml(populations: dict[int, int]) -> bytes:
    """The bureau file of the synthetic city (see medfund.settings.Bureau); `populations` are its residents by year."""
    orgs: list[dict[str, str]] = [
        {"code": city.CITY, "name_zh": city.CITY_NAME, "name_en": "Shili City", "level": "city"}
    ]
    for code, zh, en in zip(city.ORGS, city.ORG_NAMES, city.ORG_NAMES_EN, strict=True):
        level = "city_direct" if code.endswith("99") else "county"
        orgs.append({"code": code, "name_zh": zh, "name_en": en, "level": level, "parent": city.CITY})
    bureau = {
        "code": city.CITY,
        "name_zh": "示例市医疗保障局（合成数据）",
        "name_en": "Shili City Healthcare Security Bureau (synthetic)",
        "pool_area": [city.CITY[:4]],
        "orgs": orgs,
        "populations": [
            {
                "org": city.CITY,
                "year": year,
                "basis": "resident",
                "persons": persons,
                "source": f"示例市{year}年统计公报，合成数据",
            }
            for year, persons in populations.items()
        ],
    }
    return tomli_w.dumps(bureau).encode("utf-8")
