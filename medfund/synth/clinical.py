"""What was done behind each settlement: visits, diagnoses, operations, groups, fee lines, funds, and the catalogue.

Everything is worked out from a month's settlements in SQL. A refund repeats the lines and funds of its original with the
sign turned; the visit, its diagnoses and its group belong to the original alone. Settlements on paper have no visit and no
lines, as their bills were never sent in.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from medfund.synth import calibration as cal
from medfund.synth import catalogue, city, groups, lines, permits
from medfund.synth import doctors as dr
from medfund.synth.city import CITY
from medfund.synth.claims import MED_TYPES
from medfund.synth.export import text_list
from medfund.synth.lifecycle import HORIZON_END, HORIZON_FIRST
from medfund.synth.scene import Part, Scene

_MED = {code: i for i, code in enumerate(MED_TYPES)}
# Share of outpatient visits whose diagnosis is sent in, by place: from none to a quarter (practice: 75-100 % missing).
_DIAGNOSED_AT_MOST = 25
# Doctors asked for, by theme: internal medicine, surgery, obstetrics, paediatrics.
_SPECIALTY = tuple(
    {"bone": dr.SURGERY, "kidney": dr.SURGERY, "eye_ear": dr.SURGERY, "women": dr.OBSTETRICS,
     "child": dr.PAEDIATRICS}.get(theme, dr.INTERNAL) for theme in groups.THEMES
)  # fmt: skip

# Grouping results. Tertiary hospitals are paid by DRG weight, the others by DIP score, from the month they move over.
DRG_VERSIONS = ((2025 * 12, "CHS-DRG 2.0"), (0, "CHS-DRG 1.1"))
DIP_VERSIONS = ((2025 * 12, "DIP 2.0"), (0, "DIP 1.0"))
POINTS = 1000  # score of the mean case; a weight of 1
# What a year's budget allows over the expected cost of its cases (assumed: tighter every year).
BUDGET_OVER_COST = {2021: 1.03, 2022: 1.02, 2023: 1.01, 2024: 0.99, 2025: 0.975, 2026: 0.965}
# Outliers: a case above `HIGH` times its standard (weights below and from 2), below `LOW`; part of the excess paid.
DRG_HIGH, DRG_HIGH_HEAVY, DRG_LOW, DRG_EXCESS_SHARE = 2.2, 1.8, 0.4, 0.7
DIP_HIGH, DIP_LOW = 2.0, 0.5


class Clinical(Part):
    """mdtrt_d, setl_list_diag_d, setl_list_oprn_d, drg_dip_rslt_d, setl_fund_detl, fee_list_d and hilist_b."""

    whole_period = True

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        con = scene.con
        book = groups.make_casebook()
        for name, table in (
            ("listed_item", catalogue.item_table()),
            ("item_slot", catalogue.slot_table()),
            ("bill_layout", lines.layout_table()),
            ("stay_slot", _slots(book.stay_slots, "disease")),
            ("visit_slot", _slots(book.visit_slots, "condition")),
            ("disease", _disease_table(book)),
            ("condition", _condition_table()),
            ("person_condition", permits.condition_table(scene.people, scene.seed)),
            ("coded", _coded_table()),
            ("case_rate", _rate_table(book)),
        ):
            con.register("incoming", table)
            con.execute(f"CREATE TEMP TABLE {name} AS FROM incoming")
            con.unregister("incoming")

    def exported(self, month: int) -> None:
        """Write the children of the settlements of a file's months."""
        con, out = self.scene.con, self.scene.out
        con.execute(f"CREATE OR REPLACE TEMP TABLE clinical AS {_visit_query(self.scene.seed)}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE bill AS {lines.plan_query('clinical')}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE bill_line AS {lines.ordinary_query()}")
        con.execute(f"INSERT INTO bill_line {lines.daily_query()}")
        con.execute(f"CREATE OR REPLACE TEMP TABLE last_line AS {lines.last_query()}")
        out.month(con, "fee_list_d", _FEE_LINES, month)
        out.month(con, "mdtrt_d", _VISITS, month)
        out.month(con, "setl_list_diag_d", _DIAGNOSES, month)
        out.month(con, "setl_list_oprn_d", _OPERATIONS, month)
        out.month(con, "drg_dip_rslt_d", _RESULTS, month)
        out.month(con, "setl_fund_detl", _FUNDS, month)

    def finish(self) -> None:
        """Write the catalogue."""
        con = self.scene.con
        end = self.scene.window.end
        query = f"FROM ({catalogue.catalogue_query()}) WHERE begndate < DATE '{end}' ORDER BY hilist_code, begndate"
        self.scene.out.table(con, "hilist_b", query, "hilist_b")
        for name in ("clinical", "bill", "bill_line", "last_line"):
            con.execute(f"DROP TABLE IF EXISTS {name}")


# ---- tables of the chances -----------------------------------------------------------------------------------


def _slots(slots: np.ndarray, name: str) -> pa.Table:
    flat = slots.ravel()
    return pa.table({"at": pa.array(np.arange(len(flat)), pa.int32()), name: pa.array(flat, pa.int16())})


def _disease_table(book: groups.Casebook) -> pa.Table:
    return pa.table(
        {
            "disease": pa.array(range(len(groups.GROUPS)), pa.int16()),
            "adrg": [g.code for g in groups.GROUPS],
            "mdc": [g.mdc for g in groups.GROUPS],
            "disease_name": [g.name for g in groups.GROUPS],
            "kind": pa.array([g.kind for g in groups.GROUPS], pa.int8()),
            "theme": pa.array([g.theme for g in groups.GROUPS], pa.int8()),
            "diagnoses": pa.array([len(g.diagnoses) for g in groups.GROUPS], pa.int8()),
            "procedures": pa.array([len(g.procedures) for g in groups.GROUPS], pa.int8()),
            "mean": book.mean,
            "worth": [list(row) for row in book.worth],
        }
    )


def _condition_table() -> pa.Table:
    return pa.table(
        {
            "condition": pa.array(range(len(groups.CONDITIONS)), pa.int16()),
            "condition_code": [c.diagnosis.code for c in groups.CONDITIONS],
            "condition_name": [c.diagnosis.name for c in groups.CONDITIONS],
            "theme": pa.array([c.theme for c in groups.CONDITIONS], pa.int8()),
        }
    )


def _coded_table() -> pa.Table:
    """Codes and names by list and place in it: `d` diagnoses and `p` procedures of a disease, `c` further diagnoses."""
    rows = [
        ("d", g, i, d.code, d.name)
        for g, group in enumerate(groups.GROUPS)
        for i, d in enumerate(group.diagnoses)
    ]
    rows += [
        ("p", g, i, d.code, d.name)
        for g, group in enumerate(groups.GROUPS)
        for i, d in enumerate(group.procedures)
    ]
    rows += [
        ("c", a, i, d.code, d.name) for a, many in enumerate(groups.COMORBID) for i, d in enumerate(many)
    ]
    names = ("list", "owner", "place_in_list", "code", "name")
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def _rate_table(book: groups.Casebook) -> pa.Table:
    """Yuan that a case of weight 1 is worth, by year, scheme and level, such that the budget is spent."""
    rows = []
    for year in range(HORIZON_FIRST // 12, HORIZON_END // 12):
        budget = BUDGET_OVER_COST[min(max(year, min(BUDGET_OVER_COST)), max(BUDGET_OVER_COST))]
        for scheme in range(2):
            for level in range(3):
                rate = groups.area_mean(year) * float(book.drg_share[scheme, level]) * budget
                rows.append((year, scheme, level, round(rate * 100)))
    names = ("year", "scheme", "level", "rate_fen")
    return pa.table({name: pa.array([row[i] for row in rows], pa.int64()) for i, name in enumerate(names)})


# ---- a month's visits ----------------------------------------------------------------------------------------


def _fen(column: str) -> str:
    return f"abs((r.{column} * 100)::BIGINT)"


def _draw(n: int, of: str = "h") -> str:
    """SQL for a whole number for one purpose, from the digest of the settlement (h) or of the visit (hv)."""
    return f"({lines.digest(of, n)} >> 8)::BIGINT"


def _visit_query(seed: int) -> str:
    """`clinical`: what the other queries need of each settlement that isn't on paper. Amounts positive, in fen."""
    listed = text_list(city.ORGS)
    edges = " ".join(f"WHEN age < {first} THEN {i}" for i, first in enumerate(groups.AGE_EDGES))
    means = ", ".join(str(groups.area_mean(y)) for y in range(HORIZON_FIRST // 12, HORIZON_END // 12))
    tilt = "CASE WHEN habit_drug > 1 THEN 250 * (habit_drug - 1) ELSE 1500 * (habit_drug - 1) END"
    return f"""
    WITH base AS (
        SELECT r.setl_id AS id, CASE WHEN r.init_setl_id > 0 THEN r.init_setl_id ELSE r.setl_id END AS origin,
            r.mdtrt_id, r.sign, r.bucket, r.med, r.way, r.scheme, r.place, r.draw, r.by_score, r.refunded, r.valid,
            r.setl_time::TIMESTAMP AS setl_time, r.updated::TIMESTAMP AS updated, r."begin"::DATE AS "begin",
            r."end"::DATE AS ends, r.upgraded,
            {_fen("medfee")} AS medfee, {_fen("own")} AS own, {_fen("over")} AS over, {_fen("prior")} AS prior,
            r.bucket = {cal.INPATIENT} OR r.med = {_MED["52"]} AS in_bed,
            {city.psn_no("r.identity")} AS psn_no, '合成' || lpad((r.identity + 1)::VARCHAR, 7, '0') AS psn_name,
            '990000' || lpad((r.identity + 1)::VARCHAR, 12, '0') AS certno,
            {text_list(city.PSN_TYPES)}[r.psn_type + 1] AS psn_type, p.insutype, p.gend, p.brdy::DATE AS brdy,
            p.cvlserv_flag, r.died, {listed}[p.person_org + 1] AS insu_admdvs,
            ['2', '3', '4', '1'][r.way + 1] AS pay_loc, {text_list(MED_TYPES)}[r.med + 1] AS med_type,
            -- Listed care is for the disease that the patient is registered for. Faults may say otherwise.
            coalesce(v.condition, o.condition) AS registered, v.disease AS given_disease,
            coalesce(v.alike, r.mdtrt_id) AS alike,
            i.level, i.code AS fixmedins_code, i.name AS fixmedins_name, i.admdvs, i.hosp_lv, i.habit_drug,
            -- What a stay settled for the second time adds was charged after the first settlement.
            CASE WHEN r.continued
                THEN greatest(r."begin"::DATE, date_trunc('month', r.setl_time::TIMESTAMP)::DATE)
                ELSE r."begin"::DATE END AS begins
        FROM month_rows r
        JOIN person p ON p.person = r.person
        JOIN place i ON i.place = r.place
        LEFT JOIN given_care v ON v.mdtrt_id = r.mdtrt_id
        LEFT JOIN person_condition o ON o.person = r.person
            AND o.kind = CASE r.med WHEN {_MED["14"]} THEN 0 WHEN {_MED["140104"]} THEN 0 WHEN {_MED["140201"]} THEN 1 END
    ),
    aged AS (
        SELECT *, {lines.digest("hash(origin::BIGINT)", seed)} AS h,
            {lines.digest("hash(alike::BIGINT)", seed)} AS hv, date_diff('year', brdy, "begin") AS age,
            year(ends) * 12 + month(ends) - 1 AS month,
            greatest(ends - begins, 1)::INTEGER AS days,
            CASE WHEN level = 3 THEN 2 ELSE level END AS care_level
        FROM base
    ),
    banded AS (
        SELECT *, CASE {edges} ELSE {len(groups.AGE_EDGES)} END AS band, (gend = '2')::INTEGER AS sex,
            CASE WHEN med = {_MED["28"]} THEN {groups.DAY_CASE}
                WHEN med = {_MED["52"]} THEN {groups.DELIVERY} ELSE {groups.GENERAL_STAY} END AS stay_kind,
            least(greatest(floor((ln(medfee / 100.0 / [{means}][year(ends) - {HORIZON_FIRST // 12} + 1])
                - ({groups.COST_FIRST})) / {groups.COST_STEP}), 0), {groups.COST_CLASSES - 1})::INTEGER AS step,
            CASE med WHEN {_MED["13"]} THEN 1 WHEN {_MED["14"]} THEN 2 WHEN {_MED["140104"]} THEN 2
                WHEN {_MED["140201"]} THEN 3 WHEN {_MED["51"]} THEN 4 ELSE 0 END AS visit_kind
        FROM aged
    ),
    known AS (
        SELECT b.*,
            CASE WHEN level = 3 THEN 0 WHEN age >= 15 AND coalesce(d.theme, c.theme) = {groups.THEMES.index("child")}
                THEN 0 ELSE coalesce(d.theme, c.theme) END::INTEGER AS theme,
            d.disease, d.kind, d.mean, d.diagnoses, d.procedures,
            CASE WHEN NOT in_bed AND level < 3 THEN c.condition END AS condition, c.condition_code, c.condition_name
        FROM banded b
        LEFT JOIN stay_slot s ON in_bed AND s.at = ((((stay_kind * 2 + sex) * {groups.BANDS} + band) * 3 + care_level)
            * {groups.COST_CLASSES} + step) * {groups.SLOTS} + ({_draw(11, "hv")} % {groups.SLOTS})::INTEGER
        LEFT JOIN disease d ON in_bed AND d.disease = coalesce(b.given_disease, s.disease)
        LEFT JOIN visit_slot v ON NOT in_bed AND level < 3
            AND v.at = ((visit_kind * 2 + sex) * {groups.BANDS} + band) * {groups.VISIT_SLOTS}
                + ({_draw(11)} % {groups.VISIT_SLOTS})::INTEGER
        LEFT JOIN condition c ON c.condition = CASE WHEN v.at IS NOT NULL THEN coalesce(b.registered, v.condition) END
    ),
    timed AS (
        SELECT *,
            CASE WHEN med = {_MED["41"]} THEN {lines.RETAIL} WHEN med = {_MED["9216"]} THEN {lines.DUAL}
                WHEN NOT in_bed THEN {lines.OUTPATIENT} + care_level
                WHEN kind = {groups.SURGERY} OR kind = {groups.PROCEDURE} AND mean > 1
                THEN {lines.SURGICAL} + care_level ELSE {lines.MEDICAL} + care_level END AS profile,
            [{", ".join(map(str, lines.LEVEL_PRICE))}][level + 1] AS price_level,
            ({tilt})::INTEGER AS drug_tilt,
            CASE WHEN kind = {groups.SURGERY} AND theme <> {groups.THEMES.index("women")} THEN {dr.SURGERY}
                ELSE [{", ".join(map(str, _SPECIALTY))}][theme + 1] END AS specialty,
            setl_time - INTERVAL 1 SECOND * (60 + {_draw(13)} % CASE WHEN in_bed THEN 3000 ELSE 300 END)::BIGINT AS endtime,
            {text_list([code for code, _ in groups.DEPARTMENTS])}[theme + 1] AS dept_code,
            {text_list([name for _, name in groups.DEPARTMENTS])}[theme + 1] AS dept_name
        FROM known
    ),
    begun AS (
        SELECT *, CASE WHEN NOT in_bed THEN endtime - INTERVAL 1 SECOND * (300 + {_draw(12, "hv")} % 5400)::BIGINT
            WHEN "begin" = ends THEN endtime - INTERVAL 3 HOUR
            ELSE "begin" + INTERVAL 1 SECOND * (27000 + {_draw(12, "hv")} % 28000)::BIGINT END AS begntime
        FROM timed
    )
    SELECT k.*, doctor.dr_code, doctor.dr_name FROM begun k {dr.doctor_join("k", "k.specialty")}
    """


def _yuan(fen: str) -> str:
    return f"(({fen}) * 0.01::DECIMAL(3, 2))::DECIMAL(16, 2)"


_DRUG_CLASSES = "('09', '10', '11')"
# A line on the first day of a stay comes after admission, one of an outpatient visit within it; what takes lines back
# comes with the refund.
_CLOCK = lines.digest("c.h", "l.k + 100000")
_FEE_TIME = f"""CASE WHEN c.sign < 0 THEN c.setl_time - INTERVAL 1 SECOND * (30 + l.k % 90)
    WHEN c.in_bed AND c."begin" < c.ends THEN least(greatest(c.begins + INTERVAL 1 DAY * l.day
        + INTERVAL 1 SECOND * (28800 + {_CLOCK} % 33000)::BIGINT, c.begntime + INTERVAL 1 SECOND * (l.k % 7200)), c.endtime)
    ELSE c.begntime + INTERVAL 1 SECOND * ({_CLOCK}
        % greatest(date_diff('second', c.begntime, c.endtime), 1))::BIGINT END"""
_IS_PROCURED = "i.procured_from > 0 AND c.month >= i.procured_from"
_FEE_LINES = f"""
WITH l AS (
    SELECT id, k, part, item, cnt, price, amount, prior, day, 0::BIGINT AS over FROM bill_line
    UNION ALL
    SELECT id, k, part, item, cnt, price, amount, prior, day, over FROM last_line
)
SELECT '97' || c.id || lpad(l.k::VARCHAR, 4, '0') AS bkkp_sn,
    c.id || lpad(l.k::VARCHAR, 4, '0') AS feedetl_sn,
    CASE WHEN c.sign < 0 THEN c.origin || lpad(l.k::VARCHAR, 4, '0') END AS init_feedetl_sn,
    '97' || c.id AS setl_id,
    '98' || c.mdtrt_id AS mdtrt_id,
    c.psn_no, c.insu_admdvs, c.pay_loc, c.fixmedins_code, c.med_type,
    CASE WHEN i.fee_class IN {_DRUG_CLASSES} AND (c.level < 3 OR l.item % 5 < 3)
        THEN 'RX' || c.id || (l.k // 5) END AS rx_drord_no,
    CASE WHEN c.profile = {lines.DUAL} THEN '1' ELSE '0' END AS rx_circ_flag,
    {_FEE_TIME} AS fee_ocur_time,
    i.code AS med_list_codg,
    i.code AS hilist_code,
    i.name AS hilist_name,
    c.place || '-' || l.item AS medins_list_codg,
    i.list_type,
    i.fee_class AS med_chrgitm_type,
    i.chrgitm_lv,
    (l.cnt * c.sign)::DECIMAL(16, 4) AS cnt,
    (l.price * 0.000001::DECIMAL(7, 6))::DECIMAL(16, 6) AS pric,
    {_yuan("l.amount * c.sign")} AS det_item_fee_sumamt,
    (CASE WHEN l.over > 0 THEN l.price - l.over * 10000 // l.cnt
        WHEN i.cap IS NULL THEN CASE WHEN l.item % 3 = 0 THEN 999999000000 END
        WHEN {_IS_PROCURED} THEN i.cap * i.procured_price // 100 * 100 ELSE i.cap * 100 END
        * 0.000001::DECIMAL(7, 6))::DECIMAL(16, 6) AS pric_uplmt_amt,
    (CASE l.part WHEN 0 THEN 0 WHEN 1 THEN i.tier ELSE 100 END * 0.01::DECIMAL(3, 2))::DECIMAL(5, 4) AS selfpay_prop,
    {_yuan("CASE WHEN l.part = 2 THEN l.amount * c.sign ELSE 0 END")} AS fulamt_ownpay_amt,
    {_yuan("l.over * c.sign")} AS overlmt_selfpay,
    {_yuan("l.prior * c.sign")} AS preselfpay_amt,
    {_yuan("CASE WHEN l.part = 2 THEN 0 ELSE (l.amount - l.over - l.prior) * c.sign END")} AS inscp_amt,
    i.form AS dosform_name,
    c.dept_code AS bilg_dept_codg,
    c.dept_name AS bilg_dept_name,
    c.dr_code AS bilg_dr_code,
    CASE WHEN i.fee_class IN {_DRUG_CLASSES} AND c.in_bed
        THEN CASE WHEN l.day = c.days - 1 AND l.item % 4 = 0 THEN '1' ELSE '0' END END AS dscg_tkdrug_flag,
    CASE WHEN c.bucket = {cal.MATERNITY} THEN '1' ELSE '0' END AS matn_fee_flag,
    CASE WHEN i.fee_class IN ('09', '11') AND NOT c.in_bed AND c.level < 3
        THEN CASE WHEN c.bucket = {cal.CHRONIC} THEN 28 ELSE 3 + l.k % 5 END END::DECIMAL(4, 2) AS prd_days,
    CASE WHEN i.fee_class IN {_DRUG_CLASSES} THEN i.is_basic::INTEGER::VARCHAR END AS bas_medn_flag,
    CASE WHEN i.fee_class IN {_DRUG_CLASSES} THEN i.is_negotiated::INTEGER::VARCHAR END AS hi_nego_drug_flag,
    i.is_negotiated::INTEGER::VARCHAR AS lmt_used_flag,
    CASE WHEN i.list_type IN ('101', '301') THEN ({_IS_PROCURED})::INTEGER::VARCHAR END AS prcu_drug_flag,
    c.valid::INTEGER::VARCHAR AS vali_flag,
    c.setl_time AS crte_time,
    c.updated AS updt_time
FROM l
JOIN clinical c ON c.id = l.id
JOIN listed_item i ON i.item = l.item
ORDER BY c.id, l.k
"""

# Main diagnosis of a stay: its place in the disease's list, the first the most frequent.
_MAIN_PLACE = f"floor(c.diagnoses * power(({_draw(21, 'hv')} % 1000) / 1000.0, 1.8))::INTEGER"
_PROCEDURE_PLACE = f"({_draw(22, 'hv')} % greatest(c.procedures, 1))::INTEGER"
_DIED = "c.died"
_DSCG_DRAW = f"({_draw(23)} % 1000)"
_DSCG_WAY = f"""CASE WHEN NOT c.in_bed THEN NULL WHEN {_DIED} THEN '5'
    WHEN {_DSCG_DRAW} < 920 THEN '1' WHEN {_DSCG_DRAW} < 945 THEN '2' WHEN {_DSCG_DRAW} < 957 THEN '3'
    WHEN {_DSCG_DRAW} < 992 THEN '4' ELSE '9' END"""

_VISITS = f"""
SELECT '98' || c.mdtrt_id AS mdtrt_id,
    c.psn_no, c.psn_name, c.certno, c.gend, c.brdy,
    CASE WHEN date_sub('year', c.brdy, c."begin") >= 1 THEN date_sub('year', c.brdy, c."begin")
        ELSE round(greatest(date_sub('month', c.brdy, c."begin"), 0) / 12, 1) END::DECIMAL(4, 1) AS age,
    c.insutype, c.psn_type, c.cvlserv_flag, c.insu_admdvs, c.fixmedins_code, c.fixmedins_name,
    CASE WHEN c.level < 3 THEN CASE WHEN c.upgraded THEN '03' ELSE nullif(c.hosp_lv, '') END END AS hosp_lv,
    c.admdvs AS fix_blng_admdvs, c.pay_loc, c.med_type,
    CASE WHEN c.draw < 550 THEN '01' ELSE '03' END AS mdtrt_cert_type,
    c.certno AS mdtrt_cert_no,
    c.begntime, c.endtime,
    CASE WHEN c.in_bed THEN 'ZY' ELSE 'MZ' END || c.mdtrt_id AS ipt_otp_no,
    c.dr_code AS chfpdr_code, c.dr_name AS chfpdr_name,
    CASE WHEN c.in_bed THEN d.name END AS adm_diag_dscr,
    CASE WHEN c.level < 3 THEN c.dept_code END AS adm_dept_codg,
    CASE WHEN c.level < 3 THEN c.dept_name END AS adm_dept_name,
    CASE WHEN c.in_bed THEN c.dept_code END AS dscg_dept_codg,
    CASE WHEN c.in_bed THEN c.dept_name END AS dscg_dept_name,
    CASE WHEN c.in_bed THEN d.code END AS dscg_maindiag_code,
    CASE WHEN c.in_bed THEN d.name END AS dscg_maindiag_name,
    CASE WHEN c.bucket = {cal.CHRONIC} THEN c.condition_code END AS dise_no,
    CASE WHEN c.bucket = {cal.CHRONIC} THEN c.condition_name END AS dise_name,
    CASE WHEN c.in_bed THEN o.code END AS oprn_oprt_code,
    CASE WHEN c.in_bed THEN o.name END AS oprn_oprt_name,
    CASE WHEN c.in_bed THEN '0' END AS inhosp_stas,
    CASE WHEN c.in_bed THEN greatest(c.ends - c."begin", 1) END::INTEGER AS ipt_days,
    {_DSCG_WAY} AS dscg_way,
    CASE WHEN {_DIED} THEN c.ends END AS die_date,
    CASE WHEN c.in_bed THEN (year(c."begin") < year(c.ends))::INTEGER::VARCHAR END AS ars_year_ipt_flag,
    year(c."begin")::VARCHAR AS year,
    '{CITY}' AS poolarea_no,
    c.valid::INTEGER::VARCHAR AS vali_flag,
    'V98' || c.mdtrt_id AS rid,
    c.setl_time AS crte_time,
    c.updated AS updt_time
FROM clinical c
LEFT JOIN coded d ON d.list = 'd' AND d.owner = c.disease AND d.place_in_list = {_MAIN_PLACE}
LEFT JOIN coded o ON o.list = 'p' AND o.owner = c.disease AND o.place_in_list = {_PROCEDURE_PLACE}
WHERE c.sign > 0
ORDER BY c.id
"""

_SENT_IN = f"{lines.digest('hash(c.place::BIGINT)', 5)} % {_DIAGNOSED_AT_MOST + 1}"
_IS_DIAGNOSED = f"(c.in_bed OR c.level < 3 AND {_draw(24)} % 100 < {_SENT_IN})"
_DIAGNOSES = f"""
WITH main AS (
    SELECT c.id, 0 AS rank, coalesce(d.code, c.condition_code) AS code, coalesce(d.name, c.condition_name) AS name
    FROM clinical c
    LEFT JOIN coded d ON d.list = 'd' AND d.owner = c.disease AND d.place_in_list = {_MAIN_PLACE}
    WHERE c.sign > 0 AND {_IS_DIAGNOSED}
),
-- Further diagnoses grow with age and cost; the frequent ones of the age come first.
wanted AS (
    SELECT c.id, c.h, CASE WHEN c.band <= 2 THEN 0 WHEN c.band <= 5 THEN 1 ELSE 2 END AS owner,
        unnest(range(1, 1 + least(c.band // 2 + {_draw(25)} % (2 + c.band // 2) + greatest(c.step - 10, 0) // 3, 9)))
            ::INTEGER AS rank
    FROM clinical c WHERE c.sign > 0 AND c.in_bed
),
picked AS (
    SELECT w.id, min(w.rank) AS rank, d.code, d.name
    FROM wanted w
    JOIN (SELECT *, count(*) OVER (PARTITION BY owner) AS size FROM coded WHERE list = 'c') d ON d.owner = w.owner
        AND d.place_in_list = floor(d.size * power(({lines.digest("w.h", "600 + w.rank")} >> 8) % 1000 / 1000.0, 2.2))::INTEGER
    ANTI JOIN main m ON m.id = w.id AND m.code = d.code
    GROUP BY w.id, d.code, d.name
),
numbered AS (
    SELECT id, row_number() OVER (PARTITION BY id ORDER BY rank, code) AS srt, code, name
    FROM (FROM main UNION ALL SELECT id, rank, code, name FROM picked)
)
SELECT '97' || c.id AS setl_id, '98' || c.mdtrt_id AS mdtrt_id, c.psn_no, '1' AS diag_type, n.srt AS diag_srt_no,
    CASE WHEN n.srt = 1 THEN '1' ELSE '0' END AS maindiag_flag,
    n.code AS diag_code, n.name AS diag_name,
    CASE WHEN c.in_bed THEN (1 + {lines.digest("c.h", "900 + n.srt")} % 3)::VARCHAR END AS adm_cond_type,
    c.dept_code AS diag_dept, c.dr_code AS dise_dor_no, c.dr_name AS dise_dor_name,
    c.begntime + INTERVAL 5 MINUTE AS diag_time, c.valid::INTEGER::VARCHAR AS vali_flag,
    'G97' || c.id || n.srt AS rid, c.setl_time AS crte_time, c.updated AS updt_time
FROM numbered n JOIN clinical c ON c.id = n.id
ORDER BY c.id, n.srt
"""

_OPERATIONS = f"""
WITH done AS (
    SELECT c.*, o.code, o.name, (o.place_in_list <> {_PROCEDURE_PLACE}) AS is_second,
        least(({_draw(26)} % 3)::INTEGER, c.days - 1) AS day
    FROM clinical c
    JOIN coded o ON o.list = 'p' AND o.owner = c.disease
        AND (o.place_in_list = {_PROCEDURE_PLACE} OR {_draw(27)} % 100 < 45)
    WHERE c.sign > 0 AND c.in_bed
)
SELECT '97' || id AS setl_id, CASE WHEN is_second THEN 2 ELSE 1 END AS seq, '98' || mdtrt_id AS mdtrt_id, psn_no,
    CASE WHEN is_second THEN '2' ELSE '1' END AS main_oprn_flag,
    code AS oprn_oprt_code, name AS oprn_oprt_name, ("begin" + day)::DATE AS oprn_oprt_date,
    CASE WHEN kind = {groups.SURGERY} THEN CASE WHEN mean > 1.2 THEN '01' ELSE '02' END END AS anst_way,
    dr_code AS oper_dr_code, dr_name AS oper_dr_name, valid::INTEGER::VARCHAR AS vali_flag,
    'O97' || id || is_second::INTEGER AS rid, setl_time AS crte_time, updated AS updt_time
FROM done
ORDER BY id, seq
"""


def _version(versions: tuple[tuple[int, str], ...]) -> str:
    return "CASE " + " ".join(f"WHEN month >= {since} THEN '{name}'" for since, name in versions) + " END"


# Which of the groups of a disease a case falls into: by its cost, but coding isn't cost.
_RATIO = f"""(g.medfee / 100.0 / g.area_mean / g.mean * [{", ".join(map(str, groups.SEVERITY_NOISE))}]
    [({_draw(28)} % {len(groups.SEVERITY_NOISE)})::INTEGER + 1])"""
_OF_VERSION = lines.digest("hash(g.disease::BIGINT)", "g.month // 12 // 2025")
_OF_PLACE = lines.digest("hash(g.place::BIGINT)", 3)
_RESULTS = f"""
WITH graded AS (
    SELECT c.*, CASE WHEN c.level = 0 THEN 'DRG' ELSE 'DIP' END AS grp_sys,
        CASE WHEN c.level = 0 THEN {_version(DRG_VERSIONS)} ELSE {_version(DIP_VERSIONS)} END AS grp_ver,
        [{", ".join(str(groups.area_mean(y)) for y in range(HORIZON_FIRST // 12, HORIZON_END // 12))}]
            [year(c.ends) - {HORIZON_FIRST // 12} + 1] AS area_mean,
        CASE WHEN {_draw(29)} % 1000 < 8 THEN '未入组' WHEN {_draw(29)} % 1000 < 12 THEN 'QY' END AS odd
    FROM clinical c
    WHERE c.by_score AND c.sign > 0 AND c.valid AND NOT c.refunded
),
grouped AS (
    SELECT g.*, d.adrg, d.mdc, d.disease_name, d.worth,
        CASE WHEN {_RATIO} < {groups.SEVERITY_BOUNDS[0]} THEN 0 WHEN {_RATIO} < {groups.SEVERITY_BOUNDS[1]} THEN 1
            ELSE 2 END AS severity
    FROM graded g JOIN disease d USING (disease)
),
-- Versions value a group a little differently; hospitals have a coefficient near 1.
valued AS (
    SELECT g.*, round(g.worth[severity + 1] * (0.96 + {_OF_VERSION} % 81 / 1000.0), 4) AS weight,
        round(r.rate_fen * (0.97 + {_OF_PLACE} % 61 / 1000.0)) / 100 AS rate
    FROM grouped g JOIN case_rate r ON r.year = year(g.ends) AND r.scheme = g.scheme AND r.level = g.care_level
),
judged AS (
    SELECT *, medfee / 100.0 AS cost, round(weight * rate, 2) AS standard,
        coalesce(odd, CASE WHEN grp_sys = 'DRG' THEN
            CASE WHEN cost > standard * CASE WHEN weight < 2 THEN {DRG_HIGH} ELSE {DRG_HIGH_HEAVY} END THEN '高倍率'
                WHEN cost < standard * {DRG_LOW} THEN '低倍率' ELSE '正常' END
            ELSE CASE WHEN cost > standard * {DIP_HIGH} THEN '高倍率' WHEN cost < standard * {DIP_LOW} THEN '低倍率'
                ELSE '正常' END END) AS case_type
    FROM valued
)
SELECT '97' || j.id AS setl_id, grp_sys, grp_ver,
    CASE WHEN odd = '未入组' THEN NULL ELSE mdc END AS mdc,
    CASE WHEN odd = '未入组' THEN NULL ELSE adrg END AS adrg,
    CASE odd WHEN '未入组' THEN '00' WHEN 'QY' THEN mdc[4] || 'QY'
        ELSE CASE WHEN grp_sys = 'DRG' THEN adrg || {text_list([code for code, _ in groups.SEVERITIES])}[severity + 1]
            ELSE left(d.code, 5) || ':' || coalesce(o.code, '') || '-' || (severity + 1) END END AS grp_code,
    CASE WHEN odd IS NULL THEN CASE WHEN grp_sys = 'DRG'
        THEN disease_name || '，' || {text_list([name for _, name in groups.SEVERITIES])}[severity + 1]
        ELSE d.name || '：' || coalesce(o.name, '保守治疗') END END AS grp_name,
    CASE WHEN odd IS NULL THEN CASE WHEN grp_sys = 'DRG' THEN weight
        WHEN case_type = '低倍率' THEN weight * {POINTS} * cost / standard
        WHEN case_type = '高倍率' THEN weight * {POINTS} * (1 + cost / standard - {DIP_HIGH})
        ELSE weight * {POINTS} END END::DECIMAL(16, 6) AS rw_or_score,
    CASE WHEN odd IS NULL THEN CASE WHEN grp_sys = 'DRG' THEN rate ELSE rate / {POINTS} END END::DECIMAL(16, 6)
        AS rate_or_point_value,
    CASE WHEN odd IS NULL THEN CASE WHEN grp_sys = 'DRG' THEN CASE case_type WHEN '低倍率' THEN cost
            WHEN '高倍率' THEN standard + round({DRG_EXCESS_SHARE} * (cost - standard
                * CASE WHEN weight < 2 THEN {DRG_HIGH} ELSE {DRG_HIGH_HEAVY} END), 2) ELSE standard END
        ELSE CASE case_type WHEN '低倍率' THEN cost
            WHEN '高倍率' THEN round(standard * (1 + cost / standard - {DIP_HIGH}), 2) ELSE standard END
        END END::DECIMAL(16, 2) AS std_pay_amt,
    case_type,
    strftime(setl_time, '%Y%m') AS grp_period
FROM judged j
LEFT JOIN coded d ON d.list = 'd' AND d.owner = j.disease AND d.place_in_list = {_MAIN_PLACE.replace("c.", "j.")}
LEFT JOIN coded o ON o.list = 'p' AND o.owner = j.disease AND o.place_in_list = {_PROCEDURE_PLACE.replace("c.", "j.")}
ORDER BY j.id
"""

# One row for each fund, and one for the patient's part of stays, which repeats acct_pay and cash_payamt. On refunds the
# hospital's part stands under 999997, and so do some remote payments; the pool area's code then says what it is.
_FUNDS = f"""
WITH paid AS (
    SELECT r.*, unnest([
        {{'code': CASE WHEN r.scheme = 1 THEN '390100' WHEN r.bucket = {cal.MATERNITY} THEN '310103' ELSE '310100' END,
          'area': CASE WHEN r.scheme = 0 AND r.bucket <> {cal.MATERNITY} THEN '310101' END, 'amount': r.pool,
          'scope': r.in_scope}},
        {{'code': '320100', 'area': NULL, 'amount': r.cvlserv, 'scope': NULL}},
        {{'code': '390200', 'area': NULL, 'amount': r.hifmi, 'scope': NULL}},
        {{'code': '330100', 'area': NULL, 'amount': r.hifob, 'scope': NULL}},
        {{'code': '610100', 'area': '610101', 'amount': r.maf, 'scope': NULL}},
        {{'code': '310200', 'area': NULL, 'amount': r.acct, 'scope': NULL}},
        {{'code': '999996', 'area': '999996', 'amount': r.hosp, 'scope': NULL}},
        {{'code': '999999', 'area': NULL, 'amount': CASE WHEN r.bucket = {cal.INPATIENT} THEN r.person_pay ELSE 0 END,
          'scope': NULL}}
    ], recursive := true)
    FROM month_rows r
)
SELECT '97' || setl_id AS setl_id,
    CASE WHEN code = '999996' AND sign < 0 OR way = 2 AND draw % 40 = 0 AND code IN ('310100', '390100')
        THEN '999997' ELSE code END AS fund_pay_type,
    1 AS seq,
    CASE WHEN way = 2 AND draw % 40 = 0 AND code IN ('310100', '390100') THEN code ELSE area END
        AS poolarea_fund_pay_type,
    scope AS inscp_scp_amt,
    amount AS fund_payamt
FROM paid WHERE amount <> 0
ORDER BY paid.setl_id, code
"""
