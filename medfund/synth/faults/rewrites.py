"""Faults planted into rows as they are written: the table `touched` holds them, `fault_mark` says where to plant.

A line that is swapped for another item keeps its amount and the part it belongs to, so bills still add up. Each act notes
in `fault_row` which rows it planted and their money.
"""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from medfund.synth.export import text_list
from medfund.synth.faults import knowledge

Con = duckdb.DuckDBPyConnection

_PLAIN_LINE = """t.selfpay_prop = 0 AND coalesce(t.overlmt_selfpay, 0) = 0 AND t.cnt > 0 AND t.fulamt_ownpay_amt = 0
    AND t.med_chrgitm_type NOT IN ('01', '02', '07')"""


def _note(
    con: Con, kind: str, table: str, key: str, rows: str, amount: str = "NULL", note: str = "NULL"
) -> None:
    """Note planted rows. `key` names a column of `touched`, `rows` joins `m` (fault_mark) to `t` (touched)."""
    con.execute(f"""INSERT INTO fault_row
        SELECT '{kind}', m.incident, '{table}', '{key}', t.{key}::VARCHAR, ({amount})::DECIMAL(16, 2), m.setl_id, {note}
        FROM touched t JOIN fault_mark m ON m.kind = '{kind}' AND m.role = 1 AND {rows}""")


# ---- lines ---------------------------------------------------------------------------------------------------


def _swap(
    con: Con,
    kind: str,
    codes: list[str],
    count: str,
    *,
    turn: int = 1,
    least: int = 4,
    same_day: bool = False,
) -> None:
    """Swap a line of each marked bill for the item that fits its amount best, of those in `codes`.

    `count` is SQL for how many are charged, of `amount` (yuan), `price` (yuan) and `days`. With `turn` 2 another line
    than the one swapped before, on its day if `same_day`.
    """
    con.execute(f"""CREATE OR REPLACE TEMP TABLE swapped AS
        WITH line AS (
            SELECT t.bkkp_sn, t.setl_id, t.det_item_fee_sumamt AS amount, m.incident,
                split_part(t.medins_list_codg, '-', 1) AS place, count(DISTINCT t.fee_ocur_time::DATE) OVER (
                    PARTITION BY t.setl_id) AS days
            FROM touched t JOIN fault_mark m ON m.kind = '{kind}' AND m.setl_id = t.setl_id
            WHERE {_PLAIN_LINE} AND t.det_item_fee_sumamt > {least}
                AND NOT EXISTS (FROM fault_row f WHERE f.kind = '{kind}' AND f.key_values = t.bkkp_sn)
        ),
        offered AS (
            SELECT l.*, i.item, i.code, i.name, i.fee_class, i.list_type, i.chrgitm_lv, i.price / 10000.0 AS price
            FROM line l, listed_item i WHERE i.code IN {tuple(codes)}
        ),
        counted AS (SELECT *, greatest({count}, 1)::INTEGER AS n FROM offered)
        SELECT * FROM counted
        QUALIFY row_number() OVER (PARTITION BY setl_id ORDER BY abs(ln(amount / (price * n))), bkkp_sn, code) = 1""")
    con.execute("""UPDATE touched SET med_list_codg = s.code, hilist_code = s.code, hilist_name = s.name,
            medins_list_codg = s.place || '-' || s.item, list_type = s.list_type, med_chrgitm_type = s.fee_class,
            cnt = s.n, pric = (s.amount / s.n)::DECIMAL(16, 6), pric_uplmt_amt = NULL, rx_drord_no = NULL,
            dosform_name = NULL, dscg_tkdrug_flag = NULL, prd_days = NULL, bas_medn_flag = NULL,
            hi_nego_drug_flag = NULL, prcu_drug_flag = NULL, lmt_used_flag = '0'
        FROM swapped s WHERE touched.bkkp_sn = s.bkkp_sn""")
    if same_day and turn == 2:
        con.execute(f"""UPDATE touched SET fee_ocur_time = f.fee_ocur_time
            FROM swapped s JOIN fault_row r ON r.kind = '{kind}' AND r.incident = s.incident
            JOIN touched f ON f.bkkp_sn = r.key_values WHERE touched.bkkp_sn = s.bkkp_sn""")
    con.execute(f"""INSERT INTO fault_row SELECT '{kind}', incident, 'fee_list_d', 'bkkp_sn', bkkp_sn,
        amount, setl_id, name || ' × ' || n FROM swapped""")


def _swap_one(kind: str, codes: Callable[[], list[str]], count: str) -> Callable[[Con], None]:
    return lambda con: _swap(con, kind, codes(), count)


def _contained(con: Con) -> None:
    kind = "contained_item_charged"
    whole, part = zip(*knowledge.contained(), strict=True)
    # One pair of names for the whole table, so that what was swapped first and second always belong together.
    first = [code for code in dict.fromkeys(whole) if (code, part[0]) in set(knowledge.contained())]
    second = [p for w, p in knowledge.contained() if w == first[0]]
    _swap(con, kind, first, "1")
    _swap(con, kind, second, "1", turn=2, same_day=True)
    # The whole may be charged; the part may not.
    con.execute(f"""UPDATE fault_row SET amount = 0 WHERE kind = '{kind}' AND key_values IN
        (SELECT bkkp_sn FROM touched WHERE hilist_code IN {tuple(first)})""")


def _same_drug(con: Con) -> None:
    for kind in ("multi_institution_drug", "two_institution_drug"):
        con.execute(f"""CREATE OR REPLACE TEMP TABLE swapped AS
            WITH drug AS (
                SELECT *, row_number() OVER (ORDER BY item) - 1 AS at, count(*) OVER () AS drugs FROM listed_item
                WHERE fee_class = '09' AND chrgitm_lv = '1' AND price BETWEEN 50000 AND 600000 AND item < 90
            )
            SELECT t.bkkp_sn, t.setl_id, m.incident, t.det_item_fee_sumamt AS amount, d.*,
                greatest(round(t.det_item_fee_sumamt * 10000 / d.price), 1)::INTEGER AS n
            FROM touched t JOIN fault_mark m ON m.kind = '{kind}' AND m.setl_id = t.setl_id
            JOIN drug d ON d.at = m.incident % d.drugs
            WHERE {_PLAIN_LINE} AND t.det_item_fee_sumamt > 3
            QUALIFY row_number() OVER (PARTITION BY t.setl_id ORDER BY t.det_item_fee_sumamt DESC, t.bkkp_sn) = 1""")
        con.execute("""UPDATE touched SET med_list_codg = s.code, hilist_code = s.code, hilist_name = s.name,
                medins_list_codg = split_part(medins_list_codg, '-', 1) || '-' || s.item, list_type = s.list_type,
                med_chrgitm_type = s.fee_class, cnt = s.n, pric = (s.amount / s.n)::DECIMAL(16, 6), pric_uplmt_amt = NULL,
                dosform_name = s.form, prd_days = 14, bas_medn_flag = s.is_basic::INTEGER::VARCHAR,
                hi_nego_drug_flag = '0', prcu_drug_flag = '0', lmt_used_flag = '0'
            FROM swapped s WHERE touched.bkkp_sn = s.bkkp_sn""")
        con.execute(f"""INSERT INTO fault_row SELECT '{kind}', incident, 'fee_list_d', 'bkkp_sn', bkkp_sn, amount, setl_id,
            name || ' × ' || n FROM swapped""")


def _first_day_only(kind: str) -> Callable[[Con], None]:
    """Move whatever isn't bed, nursing or rounds to the first day of the stay."""

    def act(con: Con) -> None:
        con.execute(f"""CREATE OR REPLACE TEMP TABLE moved AS
            SELECT t.setl_id, any_value(m.incident) AS incident, min(t.fee_ocur_time) AS first,
                sum(t.det_item_fee_sumamt) FILTER (t.med_chrgitm_type IN ('01', '02', '07')) AS kept
            FROM touched t JOIN fault_mark m ON m.kind = '{kind}' AND m.setl_id = t.setl_id GROUP BY t.setl_id
            HAVING kept > 0""")
        con.execute("""UPDATE touched SET fee_ocur_time = v.first + INTERVAL 1 MINUTE FROM moved v
            WHERE touched.setl_id = v.setl_id AND med_chrgitm_type NOT IN ('01', '02', '07')
                AND fee_ocur_time::DATE > v.first::DATE""")
        con.execute(f"""INSERT INTO fault_row SELECT '{kind}', incident, 'setl_d', 'setl_id', setl_id, kept, setl_id, NULL
            FROM moved""")

    return act


def _tests_only(con: Con) -> None:
    """Every line but the daily ones becomes a test of the same class, paid the same way."""
    con.execute(f"""CREATE OR REPLACE TEMP TABLE swapped AS
        SELECT t.bkkp_sn, t.det_item_fee_sumamt AS amount, i.*
        FROM touched t JOIN fault_mark m ON m.kind = 'checkup_stay' AND m.setl_id = t.setl_id
        JOIN listed_item i ON i.fee_class IN ('03', '04') AND i.chrgitm_lv = t.chrgitm_lv
            AND (i.chrgitm_lv <> '2' OR i.tier = t.selfpay_prop * 100) AND i.name NOT IN {knowledge.LIMITED_NAMES}
        WHERE t.med_chrgitm_type NOT IN ('01', '02', '07', '03', '04') AND t.det_item_fee_sumamt > 0
            AND i.code NOT IN {tuple(knowledge.for_women() + knowledge.for_children())}
        QUALIFY row_number() OVER (PARTITION BY t.bkkp_sn
            ORDER BY abs(ln(t.det_item_fee_sumamt * 10000.0 / i.price)), hash(t.bkkp_sn || i.code)) = 1""")
    con.execute("""UPDATE touched SET med_list_codg = s.code, hilist_code = s.code, hilist_name = s.name,
            medins_list_codg = split_part(medins_list_codg, '-', 1) || '-' || s.item, list_type = s.list_type,
            med_chrgitm_type = s.fee_class, cnt = 1, pric = s.amount, pric_uplmt_amt = CASE WHEN overlmt_selfpay > 0
                THEN s.amount - overlmt_selfpay END, rx_drord_no = NULL, dosform_name = NULL,
            dscg_tkdrug_flag = NULL, prd_days = NULL, bas_medn_flag = NULL, hi_nego_drug_flag = NULL,
            prcu_drug_flag = NULL, lmt_used_flag = '0'
        FROM swapped s WHERE touched.bkkp_sn = s.bkkp_sn""")
    con.execute("""INSERT INTO fault_row
        SELECT 'checkup_stay', any_value(m.incident), 'setl_d', 'setl_id', t.setl_id, sum(t.det_item_fee_sumamt), t.setl_id,
            'tests ' || round(100 * sum(t.det_item_fee_sumamt) FILTER (t.med_chrgitm_type IN ('03', '04'))
                / sum(t.det_item_fee_sumamt))::INTEGER || ' %'
        FROM touched t JOIN fault_mark m ON m.kind = 'checkup_stay' AND m.setl_id = t.setl_id GROUP BY t.setl_id""")


def _bed_days(con: Con) -> None:
    """Only where bed days are charged already, so that the sum is too large."""
    con.execute("""CREATE OR REPLACE TEMP TABLE has_bed AS SELECT DISTINCT setl_id FROM touched t
        WHERE med_chrgitm_type = '01' AND setl_id IN (SELECT setl_id FROM fault_mark WHERE kind = 'bed_days_over_stay')""")
    con.execute("""DELETE FROM fault_mark WHERE kind = 'bed_days_over_stay' AND setl_id NOT IN (FROM has_bed)
        AND setl_id IN (SELECT setl_id FROM touched)""")
    beds = [code for (code,) in con.execute("SELECT code FROM listed_item WHERE fee_class = '01'").fetchall()]
    _swap(con, "bed_days_over_stay", beds, "greatest(least(round(amount / price), days + 4), 3)", least=20)


def _over_ceiling(con: Con) -> None:
    where = f"t.setl_id = m.setl_id AND {_PLAIN_LINE}"
    con.execute(f"""CREATE OR REPLACE TEMP TABLE swapped AS
        SELECT t.bkkp_sn, m.incident, t.setl_id, (t.pric * 0.8)::DECIMAL(16, 6) AS cap, t.pric, t.cnt FROM touched t
        JOIN fault_mark m ON m.kind = 'price_over_ceiling' AND {where}
        QUALIFY row_number() OVER (PARTITION BY t.setl_id ORDER BY t.det_item_fee_sumamt DESC, t.bkkp_sn) = 1""")
    con.execute("UPDATE touched SET pric_uplmt_amt = s.cap FROM swapped s WHERE touched.bkkp_sn = s.bkkp_sn")
    con.execute("""INSERT INTO fault_row SELECT 'price_over_ceiling', incident, 'fee_list_d', 'bkkp_sn', bkkp_sn,
        round((pric - cap) * cnt, 2), setl_id, 'ceiling ' || cap FROM swapped""")


def _excess_paid(con: Con) -> None:
    _note(
        con, "excess_paid_by_patient", "fee_list_d", "bkkp_sn",
        "m.setl_id = t.setl_id AND t.overlmt_selfpay > 0 AND t.pric > t.pric_uplmt_amt", "t.overlmt_selfpay",
    )  # fmt: skip


def _one_line(kind: str) -> str:
    """Picks the largest line of each marked bill into `picked`."""
    return f"""CREATE OR REPLACE TEMP TABLE picked AS SELECT t.bkkp_sn, t.setl_id, m.incident,
            t.det_item_fee_sumamt AS amount, count(*) OVER (PARTITION BY t.setl_id) AS lines
        FROM touched t JOIN fault_mark m ON m.kind = '{kind}' AND m.setl_id = t.setl_id
        QUALIFY row_number() OVER (PARTITION BY t.setl_id ORDER BY t.det_item_fee_sumamt DESC, t.bkkp_sn) = 1"""


def _note_picked(con: Con, kind: str) -> None:
    con.execute(f"""INSERT INTO fault_row SELECT '{kind}', incident, 'fee_list_d', 'bkkp_sn', bkkp_sn, amount, setl_id, NULL
        FROM picked""")


def _line_missing(con: Con) -> None:
    con.execute(_one_line("line_missing"))
    con.execute("DELETE FROM picked WHERE lines < 2")
    con.execute("DELETE FROM touched WHERE bkkp_sn IN (SELECT bkkp_sn FROM picked)")
    _note_picked(con, "line_missing")


def _line_twice(con: Con) -> None:
    con.execute(_one_line("line_sent_twice"))
    con.execute("INSERT INTO touched SELECT * FROM touched WHERE bkkp_sn IN (SELECT bkkp_sn FROM picked)")
    _note_picked(con, "line_sent_twice")


def _unmapped_item(con: Con) -> None:
    con.execute(_one_line("unmapped_item"))
    con.execute("""UPDATE touched SET hilist_code = 'U96' || right(hilist_code, 6), med_list_codg = 'U96' || right(hilist_code, 6)
        WHERE bkkp_sn IN (SELECT bkkp_sn FROM picked)""")
    _note_picked(con, "unmapped_item")


def _default_doctor(con: Con) -> None:
    _note(
        con, "default_doctor", "fee_list_d", "bkkp_sn",
        "m.setl_id = t.setl_id AND t.bilg_dr_code IS NOT NULL", "t.det_item_fee_sumamt",
    )  # fmt: skip
    con.execute("""UPDATE touched SET bilg_dr_code = 'D99999' WHERE bilg_dr_code IS NOT NULL AND setl_id IN (
        SELECT setl_id FROM fault_mark WHERE kind = 'default_doctor')""")


def _earlier_lines(con: Con) -> None:
    con.execute("""UPDATE touched SET fee_ocur_time = fee_ocur_time - INTERVAL 1 DAY * m.shift FROM fault_mark m
        WHERE m.shift > 0 AND m.setl_id = touched.setl_id""")


# ---- other tables --------------------------------------------------------------------------------------------


def _earlier_visits(con: Con) -> None:
    con.execute("""UPDATE touched SET begntime = begntime - INTERVAL 1 DAY * m.shift,
        endtime = endtime - INTERVAL 1 DAY * m.shift FROM fault_mark m
        WHERE m.shift > 0 AND m.mdtrt_id = touched.mdtrt_id""")


def _earlier_diagnoses(con: Con) -> None:
    con.execute("""UPDATE touched SET diag_time = diag_time - INTERVAL 1 DAY * m.shift FROM fault_mark m
        WHERE m.shift > 0 AND m.setl_id = touched.setl_id""")


def _set(kind: str, table: str, key: str, change: str, amount: str = "NULL") -> Callable[[Con], None]:
    """Change columns of the marked rows of a table."""
    parent = "mdtrt_id" if table == "mdtrt_d" else "setl_id"

    def act(con: Con) -> None:
        _note(con, kind, table, key, f"m.{parent} = t.{parent}", amount)
        con.execute(f"""UPDATE touched SET {change} WHERE {parent} IN (
            SELECT {parent} FROM fault_mark WHERE kind = '{kind}' AND role = 1)""")

    return act


def _fund_short(con: Con) -> None:
    pool = text_list(["310100", "390100", "999997"])
    _note(
        con, "fund_detail_short", "setl_fund_detl", "setl_id",
        f"m.setl_id = t.setl_id AND list_contains({pool}, t.fund_pay_type)", "5.00", "t.fund_pay_type",
    )  # fmt: skip
    con.execute(f"""UPDATE touched SET fund_payamt = fund_payamt - 5 WHERE list_contains({pool}, fund_pay_type)
        AND setl_id IN (SELECT setl_id FROM fault_mark WHERE kind = 'fund_detail_short')""")


def _upcoded(con: Con) -> None:
    """The case stays as it was grouped; the key says what the group pays over the cost."""
    _note(
        con, "upcoding", "drg_dip_rslt_d", "setl_id",
        "m.setl_id = t.setl_id AND t.std_pay_amt > m.medfee / 100.0 * 1.25", "t.std_pay_amt - m.medfee / 100.0",
        "t.grp_code",
    )  # fmt: skip


# In this order, by table; the kinds that an act needs to be wanted, or none for those that follow the marks.
ACTS: dict[str, tuple[tuple[tuple[str, ...], Callable[[Con], None]], ...]] = {
    "fee_list_d": (
        (("checkup_stay",), _tests_only),
        (("bed_days_over_stay",), _bed_days),
        (("contained_item_charged",), _contained),
        (("over_daily_frequency",), _swap_one(
            "over_daily_frequency", knowledge.limited, f"greatest(least(round(amount / price), 12), {knowledge.PER_DAY + 1})")),
        (("overrecorded_hours",), _swap_one(
            "overrecorded_hours", knowledge.hourly, f"greatest(least(round(amount / price), 60), {knowledge.HOURS + 2})")),
        (("sex_conflict",), _swap_one("sex_conflict", knowledge.for_women, "1")),
        (("age_conflict",), _swap_one("age_conflict", knowledge.for_children, "1")),
        (("multi_institution_drug", "two_institution_drug"), _same_drug),
        (("price_over_ceiling",), _over_ceiling),
        (("excess_paid_by_patient",), _excess_paid),
        (("hanging_bed",), _first_day_only("hanging_bed")),
        (("per_diem_stay",), _first_day_only("per_diem_stay")),
        (("line_missing",), _line_missing),
        (("unmapped_item",), _unmapped_item),
        (("default_doctor",), _default_doctor),
        ((), _earlier_lines),
        (("line_sent_twice",), _line_twice),
    ),
    "mdtrt_d": (
        ((), _earlier_visits),
        (("wrong_death_date",), _set("wrong_death_date", "mdtrt_d", "mdtrt_id", "die_date = endtime::DATE")),
        (("sex_misrecorded",), _set(
            "sex_misrecorded", "mdtrt_d", "mdtrt_id", "gend = CASE gend WHEN '1' THEN '2' ELSE '1' END")),
        (("discharge_before_admission",), _set(
            "discharge_before_admission", "mdtrt_d", "mdtrt_id", "endtime = begntime - INTERVAL 1 DAY")),
    ),
    "setl_list_diag_d": (((), _earlier_diagnoses),),
    "drg_dip_rslt_d": ((("upcoding",), _upcoded),),
    "setl_fund_detl": ((("fund_detail_short",), _fund_short),),
    "setl_d": (
        (("unknown_institution",), _set(
            "unknown_institution", "setl_d", "setl_id", "fixmedins_code = 'H' || right(fixmedins_code, 6) || '99999'",
            "t.medfee_sumamt::DECIMAL(16, 2)")),
        (("orphan_refund",), _set(
            "orphan_refund", "setl_d", "setl_id", "init_setl_id = '97000000' || right(init_setl_id, 8)",
            "t.medfee_sumamt::DECIMAL(16, 2)")),
        (("certificate_as_float",), _set(
            "certificate_as_float", "setl_d", "setl_id", "certno = '9.90000E+17'")),
    ),
}  # fmt: skip
