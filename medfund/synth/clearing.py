"""From settled claims to payment notices: clearing, deductions, advances, deposits, year-end clearing, failed payments.

All of it is SQL on tables of one connection, money in whole fen. Chance is a digest of seed and keys, so that what happens
to a claim does not depend on how many months are written. A month is counted since year 0 (year * 12 + month - 1); `org`
and `fund` are indices into city.ORGS and chart.FUNDS.

The rules, with the constants below: a month's claims of an institution are cleared one or two months later, remote care
two or three, papers handed in by persons one to three. Review deducts, 5 % of stays is kept as a deposit until the yearly
assessment, an advance of January is offset from January to October, and a hospital's year is settled against its budget
between April and June: below 85 % of what is due it keeps what it got, below 100 % it gets what is due, above it
bears 40 % of the excess and all of it above 110 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from medfund.synth import calibration as cal
from medfund.synth.chart import FUNDS
from medfund.synth.city import CITY, ORGS, People, psn_no
from medfund.synth.visits import MED_TYPES, WAY_CROSS_PROVINCE, WAY_IN_PROVINCE, WAY_LOCAL, WAY_MANUAL

Con = duckdb.DuckDBPyConnection
Ints = NDArray[np.int64]
Columns = dict[str, NDArray]

# Share of a month's claims that is cleared in the next month already, January to December; the rest a month later.
# Assumed: slow at the start of the year, and before it ends all is paid that can be (published: 12 to 13 % of a year's
# money flows in January and February, 20 % in November and December).
PAID_NEXT_MONTH = (0.50, 0.55, 0.65, 0.70, 0.70, 0.70, 0.70, 0.70, 0.55, 0.65, 1.00, 0.35)
DEPOSIT = 0.05  # assumed: kept of stays until the yearly assessment
ADVANCE_OF_MONTH = 0.5  # assumed: advance of January over an average month of stays
ADVANCE_MONTHS = 10
REVIEWED_SHARE = 0.35  # assumed: lines of which something is deducted
INSPECTED_SHARE = 0.008  # assumed: institution-months with an inspection
FAILED_SHARE = 0.004  # assumed: payments the bank sends back
YEAR_END_MONTHS = (4, 5, 5, 6)  # a digest picks one; posted March to June in practice
RELEASE_MONTHS = (5, 6)
KEPT_FROM = 0.85
SHARED_TO = 1.10
FUND_SHARE_OF_EXCESS = 0.6

# Subjects of stays: what advances, deposits and year-end clearing are counted on.
STAY_SUBJECT = "500101"
_CLAIM_COLUMNS = (
    "person",
    "scheme",
    "bucket",
    "med",
    "way",
    "place",
    "setl_id",
    "pool",
    "hifob",
    "acct",
    "maf",
)


@dataclass(frozen=True)
class Booked:
    """What the notices put on the books: tag of the voucher, subject and fen by [org, month of the simulation].

    `net` is what leaves the expenditure account, `offset` what is set against advances paid earlier.
    """

    tag: str
    day: int
    digest: str
    expense: dict[str, Ints]
    net: Ints
    offset: Ints


# Voucher of each kind of notice: tag, day of booking, digest.
VOUCHERS = {
    "clear_late": (12, "拨付医药机构结算款（上上月）"),
    "clear": (25, "拨付医药机构结算款（上月）"),
    "remote_in": (18, "上缴省内异地清算资金"),
    "remote_cross": (19, "上缴跨省异地清算资金"),
    "manual": (16, "支付零星报销"),
    "allowance": (20, "支付生育津贴"),
    "advance": (8, "拨付医保预付金"),
    "advance_back": (28, "收回医保预付金"),
    "release": (22, "返还质量保证金"),
    "year_end": (24, "年终清算"),
    "returned": (6, "冲销支付失败款"),
    "repaid": (14, "重新支付失败款"),
}
# The kinds whose notices ask for money that is no expenditure but an advance.
ADVANCES = ("advance", "advance_back")


def text_list(values: Sequence[str]) -> str:
    """A SQL list of texts. The values are constants of this package."""
    return "[" + ", ".join(f"'{v}'" for v in values) + "]"


def chance(seed: int, purpose: str, *keys: str) -> str:
    """SQL for a number in [0, 1) that only seed, purpose and the keys (SQL expressions) decide."""
    texts = ", ".join(f"coalesce(({key})::VARCHAR, '')" for key in keys)
    return f"(md5_number_lower(concat_ws('|', '{seed}', '{purpose}', {texts})) % 1000003 / 1000003.0::DOUBLE)"


def grid(con: Con, query: str, first: int, size: int) -> Ints:
    """Rows (org, month, fen) of a query as [org, month - first]; other months are left out."""
    org, month, amount = (
        column.to_numpy().astype(np.int64) for column in con.sql(query).to_arrow_table().columns
    )
    out = np.zeros((len(ORGS), size), dtype=np.int64)
    inside = (month >= first) & (month < first + size)
    out[org[inside], (month - first)[inside]] = amount[inside]
    return out


def start(con: Con) -> None:
    """Make the empty table of claims: a row per month, books, way, payee and kind of care."""
    con.execute("""CREATE TABLE claim_cell (
        month BIGINT, org BIGINT, fund BIGINT, way BIGINT, payee VARCHAR, scheme BIGINT, bucket BIGINT, med BIGINT,
        subject VARCHAR, amount BIGINT)""")


def collect(con: Con, rows: Columns) -> None:
    """Add what valid settlements put on each fund. `rows` are those of `valid_claims`, of one month or many.

    A payee is an institution's code, a person's number and settlement for papers handed in, nothing for remote care.
    Needs the table `place`.
    """
    con.register("claimed", pa.table(rows))
    stay = f"bucket IN ({cal.INPATIENT}, {cal.MATERNITY})"
    con.execute(f"""
    INSERT INTO claim_cell
    WITH part AS (
        SELECT *, scheme * 2 AS fund, pool AS amount,
            CASE WHEN bucket = {cal.INPATIENT} OR (bucket = {cal.MATERNITY} AND scheme = 1) THEN '{STAY_SUBJECT}'
                WHEN bucket = {cal.CHRONIC} THEN '500103' WHEN bucket = {cal.MATERNITY} THEN '50010401'
                ELSE '500102' END AS subject FROM claimed
        UNION ALL SELECT *, 0, hifob, '5101' FROM claimed
        UNION ALL SELECT *, 1, acct, CASE WHEN {stay} THEN '500102' WHEN bucket = {cal.PHARMACY} THEN '500103'
            ELSE '500101' END FROM claimed
        UNION ALL SELECT *, 3, maf, CASE WHEN {stay} THEN '500101' ELSE '500102' END FROM claimed
    )
    SELECT month, org, fund, way, CASE way WHEN {WAY_LOCAL} THEN place.code
            WHEN {WAY_MANUAL} THEN {psn_no("identity")} || '#97' || setl_id END AS payee,
        scheme, bucket, med, subject, sum(amount)::BIGINT
    FROM part LEFT JOIN place USING (place) WHERE amount <> 0 GROUP BY ALL""")
    con.unregister("claimed")


def valid_claims(month: int, rows: Columns, people: People) -> Columns:
    """What `collect` needs of a month's settlements (claims.make_month)."""
    ok = rows["valid"]
    columns: Columns = {name: rows[name][ok] for name in _CLAIM_COLUMNS}
    person = columns.pop("person")
    return columns | {
        "org": people.org[person],
        "identity": people.identity[person],
        "month": np.full(len(person), month),
    }


class Clearing:
    """Makes the tables `notice` and `notice_line` from `claim_cell`.

    `first` is the simulation's first month (its claims and those of two months before must be there), `last` the
    last month anything is booked. `allowance` is what maternity allowances cost, [org, month from `first` on].
    """

    def __init__(self, con: Con, first: int, last: int, seed: int) -> None:
        self.con, self.first, self.last, self.seed = con, first, last, seed

    def run(self, allowance: Ints) -> None:
        """Make both tables."""
        self._lines()
        self._institution_notices()
        self._year_end()
        self._release()
        self._allowances(allowance)
        self._advances()
        self._failures()

    def booked(self) -> dict[int, list[Booked]]:
        """What each fund books, vouchers in the order of VOUCHERS."""
        entries = self._grids(
            """SELECT fund, tag, subject, org, booked, sum(amount) FROM notice_entry GROUP BY ALL"""
        )
        paid = self._grids("""SELECT fund, tag, 'net', org, booked, sum(net) FROM notice GROUP BY ALL
            UNION ALL SELECT fund, tag, 'offset', org, booked, sum(advance_offset) FROM notice GROUP BY ALL""")
        zero = np.zeros((len(ORGS), self.last - self.first + 1), dtype=np.int64)
        out: dict[int, list[Booked]] = {fund: [] for fund in range(len(FUNDS))}
        for fund, vouchers in out.items():
            for tag, (day, digest) in VOUCHERS.items():
                expense = {
                    subject: amount for (f, t, subject), amount in entries.items() if (f, t) == (fund, tag)
                }
                net, offset = (paid.get((fund, tag, what), zero) for what in ("net", "offset"))
                if net.any() or any(amount.any() for amount in expense.values()):
                    vouchers.append(Booked(tag, day, digest, expense, net, offset))
        return out

    def _grids(self, query: str) -> dict[tuple[int, str, str], Ints]:
        """Rows (fund, tag, name, org, month, fen) as one [org, month] for each of the first three, in their order."""
        table = self.con.sql(query).to_arrow_table()
        fund, org, month, amount = (table.column(i).to_numpy().astype(np.int64) for i in (0, 3, 4, 5))
        keys = list(zip(fund.tolist(), table.column(1).to_pylist(), table.column(2).to_pylist(), strict=True))
        order = {key: i for i, key in enumerate(sorted(set(keys)))}
        at = np.array([order[key] for key in keys], dtype=np.int64)
        cube = np.zeros((len(order), len(ORGS), self.last - self.first + 1), dtype=np.int64)
        inside = (month >= self.first) & (month <= self.last)
        cube[at[inside], org[inside], (month - self.first)[inside]] = amount[inside]
        return {key: cube[i] for key, i in order.items()}

    def _chance(self, purpose: str, *keys: str) -> str:
        return chance(self.seed, purpose, *keys)

    @staticmethod
    def _prefix() -> str:
        """SQL for the beginning of a notice's number: its period and books."""
        return "'D', month // 12, lpad((month % 12 + 1)::VARCHAR, 2, '0'), '-', org, fund"

    # ---- claims that are cleared ---------------------------------------------------------------------------

    def _lines(self) -> None:
        """Each claim cell with what review and inspection deduct and what is kept as a deposit."""
        keys = ("month", "org", "fund", "payee", "scheme", "med", "subject")
        self.con.execute(f"""CREATE TEMP TABLE cleared AS
        WITH seen AS (
            SELECT *, way = {WAY_LOCAL} AND fund IN (0, 2) AND amount > 0 AS is_reviewed,
                {self._chance("inspected", "month", "payee")} < {INSPECTED_SHARE} AS is_inspected,
                {self._chance("reviewed", *keys)} AS u_review, {self._chance("deducted", *keys)} AS u_rate
            FROM claim_cell WHERE month >= {self.first - 3}
        )
        SELECT month, org, fund, way, payee, scheme, bucket, med, subject, amount,
            CASE WHEN is_reviewed AND is_inspected THEN '20' WHEN is_reviewed AND u_review < {REVIEWED_SHARE} THEN '10' END
                AS det_type,
            CASE WHEN is_reviewed AND is_inspected THEN round(amount * (0.04 + 0.06 * u_rate))
                WHEN is_reviewed AND u_review < {REVIEWED_SHARE} THEN round(amount * (0.002 + 0.025 * u_rate))
                ELSE 0 END::BIGINT AS deducted,
            CASE WHEN is_reviewed AND subject = '{STAY_SUBJECT}' THEN round(amount * {DEPOSIT}) ELSE 0 END::BIGINT
                AS deposit
        FROM seen""")

    def _institution_notices(self) -> None:
        """One notice per institution, clearing centre or person's papers, with the advance set off where there is one."""
        con = self.con
        shares = "[" + ", ".join(str(s) for s in PAID_NEXT_MONTH) + "]"
        # The advance of January: half an average month of last year's stays, by hospital.
        con.execute(f"""CREATE TEMP TABLE advance AS
            SELECT month // 12 + 1 AS year, org, fund, payee,
                round(sum(amount) * {ADVANCE_OF_MONTH} / 12)::BIGINT AS amount
            FROM claim_cell
            WHERE way = {WAY_LOCAL} AND fund IN (0, 2) AND subject = '{STAY_SUBJECT}'
                AND month // 12 + 1 BETWEEN {self.first // 12} AND {self.last // 12}
            GROUP BY ALL HAVING round(sum(claim_cell.amount) * {ADVANCE_OF_MONTH} / 12) > 0""")
        con.execute(f"""CREATE TABLE notice AS
        WITH asked AS (
            SELECT month, org, fund, way, payee, sum(amount)::BIGINT AS gross,
                sum(deducted)::BIGINT AS deducted, sum(deposit)::BIGINT AS deposit,
                bool_or(bucket = {cal.MATERNITY}) AS is_maternity
            FROM cleared GROUP BY ALL
        ), dated AS (
            SELECT *, {self._chance("paper", "payee")} AS u_paper, CASE way
                WHEN {WAY_LOCAL} THEN CASE WHEN {self._chance("lag", "month", "org", "payee")}
                    < {shares}[month % 12 + 1] THEN 1 ELSE 2 END
                WHEN {WAY_IN_PROVINCE} THEN 2 WHEN {WAY_CROSS_PROVINCE} THEN 3
                ELSE 1 + (u_paper > 0.6)::INT + (u_paper > 0.9)::INT END AS lag
            FROM asked
        ), offset_from AS (
            SELECT dated.*, CASE WHEN advance.amount IS NULL THEN 0 ELSE least(
                    greatest(gross - deducted - deposit, 0),
                    CASE WHEN month % 12 = {ADVANCE_MONTHS - 1}
                        THEN advance.amount - {ADVANCE_MONTHS - 1} * (advance.amount // {ADVANCE_MONTHS})
                        ELSE advance.amount // {ADVANCE_MONTHS} END) END::BIGINT AS advance_offset
            FROM dated LEFT JOIN advance ON dated.way = {WAY_LOCAL} AND advance.year = dated.month // 12
                AND dated.month % 12 < {ADVANCE_MONTHS} AND advance.org = dated.org AND advance.fund = dated.fund
                AND advance.payee = dated.payee
        )
        SELECT concat({self._prefix()}, 'CPXM'[way + 1], split_part(payee, '#', CASE way WHEN {WAY_LOCAL} THEN 1 ELSE 2 END))
                AS dfr_id,
            month, org, fund,
            CASE way WHEN {WAY_LOCAL} THEN '201' WHEN {WAY_IN_PROVINCE} THEN '99901' WHEN {WAY_CROSS_PROVINCE} THEN '99902'
                ELSE CASE WHEN fund = 3 THEN '104' WHEN is_maternity THEN '102' ELSE '101' END END AS souc,
            CASE way WHEN {WAY_LOCAL} THEN '1' WHEN {WAY_MANUAL} THEN '2' ELSE '3' END AS obj,
            coalesce(split_part(payee, '#', 1), '{CITY[:2]}0000') AS payee,
            CASE WHEN way = {WAY_LOCAL} AND lag = 1 THEN 'clear' WHEN way = {WAY_LOCAL} THEN 'clear_late'
                WHEN way = {WAY_IN_PROVINCE} THEN 'remote_in' WHEN way = {WAY_CROSS_PROVINCE} THEN 'remote_cross'
                ELSE 'manual' END AS tag,
            month + lag AS booked,
            -- Late ones are written at the end of the month before they are paid.
            CASE WHEN way = {WAY_LOCAL} AND lag = 2 THEN month + 1 ELSE month + lag END AS written,
            gross - deducted - deposit - advance_offset AS net,
            advance_offset, false AS is_failed, way, payee AS claim_payee
        -- Visits and their refunds may leave nothing to pay.
        FROM offset_from WHERE gross <> 0 OR net <> 0""")
        clr_type = f"""CASE WHEN c.bucket = {cal.INPATIENT} OR c.med = {MED_TYPES.index("52")} THEN '21'
            WHEN c.bucket = {cal.PHARMACY} THEN '41' ELSE '11' END"""
        con.execute(f"""CREATE TABLE notice_line AS
        WITH claim AS (
            SELECT n.dfr_id, ['310', '390'][c.scheme + 1] AS insutype, {text_list(MED_TYPES)}[c.med + 1] AS med_type,
                {clr_type} AS clr_type, c.subject, c.amount, c.det_type, c.deducted, c.deposit
            FROM cleared c JOIN notice n ON n.month = c.month AND n.org = c.org AND n.fund = c.fund AND n.way = c.way
                AND n.claim_payee IS NOT DISTINCT FROM c.payee
        ), line AS (
            SELECT dfr_id, insutype, med_type, clr_type, subject, amount AS dfr_amt, det_type, deducted AS det_amt, 0 AS kind
            FROM claim
            UNION ALL
            SELECT dfr_id, insutype, med_type, clr_type, subject, 0, '40', deposit, 1 FROM claim WHERE deposit <> 0
            UNION ALL
            SELECT dfr_id, CASE WHEN fund = 0 THEN '310' ELSE '390' END, NULL, NULL, NULL, 0, '30', advance_offset, 2
            FROM notice WHERE advance_offset <> 0
        )
        SELECT dfr_id, row_number() OVER (PARTITION BY dfr_id ORDER BY kind, insutype, med_type, clr_type, subject) AS seq,
            * EXCLUDE (dfr_id, kind)
        FROM line""")

    # ---- what comes once a year ----------------------------------------------------------------------------

    def _add(self, query: str, kind: str) -> None:
        """Notices of one line each. `query` gives month, org, fund, souc, obj, payee, booked, amount, insutype,
        med_type, subject, serial."""
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE adding AS {query}")
        self.con.execute(f"""INSERT INTO notice BY NAME SELECT concat({self._prefix()}, '{kind[0].upper()}', serial) AS dfr_id,
            month, org, fund, souc, obj, payee, '{kind}' AS tag, booked, booked AS written, amount AS net,
            0 AS advance_offset, false AS is_failed FROM adding""")
        self.con.execute(f"""INSERT INTO notice_line BY NAME SELECT concat({self._prefix()}, '{kind[0].upper()}', serial) AS dfr_id,
            1 AS seq, insutype, med_type, subject, amount AS dfr_amt, 0 AS det_amt FROM adding""")

    def _year_end(self) -> None:
        """Year-end clearing of stays: retained surplus paid on top, excess beyond the budget taken back."""
        months = "[" + ", ".join(str(m) for m in YEAR_END_MONTHS) + "]"
        due = f"round(spent * (1 + 0.19 * {self._chance('budget', 'year', 'org', 'fund', 'payee')} - 0.085))"
        self._add(
            f"""WITH spent AS (
                SELECT month // 12 AS year, org, fund, payee, sum(amount)::BIGINT AS spent FROM claim_cell
                WHERE way = {WAY_LOCAL} AND fund IN (0, 2) AND subject = '{STAY_SUBJECT}'
                    AND month // 12 BETWEEN {self.first // 12 - 1} AND {self.last // 12 - 1}
                GROUP BY ALL HAVING sum(amount) > 0
            ), held AS (SELECT *, {due} AS due FROM spent)
            SELECT year * 12 + 11 AS month, org, fund, '204' AS souc, '1' AS obj, payee,
                (year + 1) * 12 - 1 + {months}[(1 + floor({len(YEAR_END_MONTHS)}
                    * {self._chance("year_end", "year", "org", "fund")}))::INT] AS booked,
                CASE WHEN spent < due * {KEPT_FROM} THEN 0 WHEN spent <= due THEN due - spent
                    ELSE round(least(spent - due, due * {SHARED_TO} - due) * {FUND_SHARE_OF_EXCESS}) + due - spent END::BIGINT
                    AS amount,
                CASE fund WHEN 0 THEN '310' ELSE '390' END AS insutype, '21' AS med_type,
                '{STAY_SUBJECT}' AS subject, payee AS serial
            FROM held WHERE amount <> 0""",
            "year_end",
        )

    def _release(self) -> None:
        """The deposit of a year, paid out by the score of its assessment; what is forfeited stays in the fund."""
        score = self._chance("score", "year", "payee")
        self._add(
            f"""WITH held AS (
                SELECT month // 12 AS year, org, fund, payee, sum(deposit)::BIGINT AS deposit FROM cleared
                WHERE deposit <> 0 AND month // 12 >= {self.first // 12} GROUP BY ALL
            )
            SELECT year * 12 + 11 AS month, org, fund, '203' AS souc, '1' AS obj, payee,
                (year + 1) * 12 - 1 + {list(RELEASE_MONTHS)}[
                    (1 + floor(2 * {self._chance("release", "year", "org", "fund")}))::INT] AS booked,
                round(deposit * CASE WHEN {score} < 0.7 THEN 1 WHEN {score} < 0.95 THEN 0.95 ELSE 0.8 END)::BIGINT AS amount,
                CASE fund WHEN 0 THEN '310' ELSE '390' END AS insutype, '21' AS med_type,
                '{STAY_SUBJECT}' AS subject, payee AS serial
            FROM held WHERE amount <> 0""",
            "release",
        )

    def _allowances(self, allowance: Ints) -> None:
        """Maternity allowances, paid to employers in equal parts of about 18,000 yuan; no settlement stands behind them."""
        org, month = np.nonzero(allowance)
        self.con.register(
            "allowed", pa.table({"org": org, "month": month + self.first, "amount": allowance[org, month]})
        )
        self._add(
            f"""WITH part AS (
                SELECT *, greatest(1, amount // 1_800_000) AS parts FROM allowed
            ), numbered AS (
                SELECT *, unnest(range(parts)) AS i FROM part
            )
            SELECT month, org, 0 AS fund, '103' AS souc, '4' AS obj,
                'U' || {text_list(ORGS)}[org + 1] || lpad((1 + floor(200 * {self._chance("employer", "month", "org", "i")}))
                    ::INT::VARCHAR, 5, '0') AS payee,
                month AS booked, (amount // parts + CASE WHEN i < amount % parts THEN 1 ELSE 0 END)::BIGINT AS amount,
                '310' AS insutype, '51' AS med_type, '50010402' AS subject, lpad(i::VARCHAR, 5, '0') AS serial
            FROM numbered""",
            "allowance",
        )
        self.con.unregister("allowed")

    def _advances(self) -> None:
        """January's advances, and in December what could not be offset."""
        columns = """'207' AS souc, '1' AS obj, payee, CASE fund WHEN 0 THEN '310' ELSE '390' END AS insutype,
            NULL AS med_type, '1101' AS subject, payee AS serial"""
        self._add(
            f"SELECT year * 12 AS month, org, fund, year * 12 AS booked, amount, {columns} FROM advance",
            "advance",
        )
        self._add(
            f"""WITH used AS (SELECT month // 12 AS year, org, fund, payee, sum(advance_offset)::BIGINT AS used
                FROM notice WHERE advance_offset <> 0 GROUP BY ALL)
            SELECT year * 12 + 11 AS month, org, fund, year * 12 + 11 AS booked,
                coalesce(used, 0) - advance.amount AS amount, {columns}
            FROM advance LEFT JOIN used USING (year, org, fund, payee) WHERE coalesce(used, 0) <> advance.amount""",
            "advance_back",
        )

    # ---- failures and books --------------------------------------------------------------------------------

    def _failures(self) -> None:
        """Payments the bank sends back: the notice, its mirror in red, and the same sum paid again."""
        con = self.con
        con.execute(f"""CREATE TEMP TABLE failing AS SELECT * FROM notice
            WHERE souc = '201' AND net > 0 AND {self._chance("failed", "dfr_id")} < {FAILED_SHARE}""")
        con.execute("UPDATE notice SET is_failed = true WHERE dfr_id IN (SELECT dfr_id FROM failing)")
        for suffix, tag, sign in (("R", "returned", -1), ("S", "repaid", 1)):
            con.execute(f"""INSERT INTO notice BY NAME SELECT * REPLACE (dfr_id || '{suffix}' AS dfr_id, '{tag}' AS tag,
                booked + 1 AS booked, booked + 1 AS written, net * {sign} AS net, advance_offset * {sign} AS advance_offset,
                {str(suffix == "R").lower()} AS is_failed) FROM failing""")
            con.execute(f"""INSERT INTO notice_line BY NAME SELECT * REPLACE (dfr_id || '{suffix}' AS dfr_id,
                dfr_amt * {sign} AS dfr_amt, det_amt * {sign} AS det_amt)
                FROM notice_line WHERE dfr_id IN (SELECT dfr_id FROM failing)""")
        con.execute("""CREATE TABLE notice_entry AS
            SELECT n.org, n.fund, n.booked, n.tag, l.subject,
                sum(l.dfr_amt - l.det_amt)::BIGINT AS amount
            FROM notice_line l JOIN notice n USING (dfr_id) WHERE l.subject IS NOT NULL GROUP BY ALL""")


def notice_query(first: int, last: int, year: int) -> str:
    """Headers whose period (cashym) lies in a year, as the bureau knows them at the end of the month `last`.

    Needs the table `voucher_number` (org, fund, month, tag, vchr_no). `souc_sn` begins with the books that pay,
    `<book_org>-<fund_code>-`, and `docno` is the voucher of the month of fin_acen_time.
    """
    return _headers(first, last, year) + " ORDER BY dfr_id"


def line_query(first: int, last: int, year: int) -> str:
    """Lines of the same headers. A header's sum is that of dfr_amt less that of det_amt."""
    return f"""WITH header AS ({_headers(first, last, year)})
        SELECT l.dfr_id, l.seq, l.insutype, l.med_type, l.clr_type, {yuan("l.dfr_amt")} AS dfr_amt, l.det_type,
            {yuan("l.det_amt")} AS det_amt, '1' AS vali_flag, 'L' || l.dfr_id || '-' || l.seq AS rid, h.crte_time, h.updt_time
        FROM notice_line l JOIN header h USING (dfr_id) ORDER BY l.dfr_id, l.seq"""


def yuan(fen: str) -> str:
    """SQL for whole fen as an exact amount in yuan."""
    return f"({fen}::DECIMAL(16, 0) * 0.01::DECIMAL(3, 2))::DECIMAL(16, 2)"


def date_of(month: str, day: str) -> str:
    """SQL for a day of a counted month."""
    return f"make_date({month} // 12, {month} % 12 + 1, {day})"


def _headers(first: int, last: int, year: int) -> str:
    days = "MAP {" + ", ".join(f"'{tag}': {day}" for tag, (day, _) in VOUCHERS.items()) + "}"
    orgs, funds = (text_list(names) for names in (ORGS, FUNDS))
    day = f"({days})[n.tag]"
    written = date_of("n.written", f"CASE WHEN n.written < n.booked THEN 28 ELSE {day} - 5 END")
    return f"""SELECT n.dfr_id, printf('%04d%02d', n.month // 12, n.month % 12 + 1) AS cashym, '1' AS dfr_notc_type,
        CASE WHEN n.obj IN ('2', '4') THEN '2' ELSE '1' END AS trt_issu_way, n.obj AS dfr_obj,
        n.payee AS dfr_obj_code, {yuan("n.net")} AS dfr_sumamt, n.souc AS dfr_souc,
        {orgs}[n.org + 1] || '-' || {funds}[n.fund + 1] || '-' || substr(n.dfr_id, 2) AS souc_sn,
        v.vchr_no AS docno, CASE WHEN v.vchr_no IS NULL THEN '0' ELSE '1' END AS fin_dspo_flag,
        CASE WHEN v.vchr_no IS NOT NULL
            THEN {date_of("n.booked", day)}::TIMESTAMP + INTERVAL 16 HOUR END AS fin_acen_time,
        CASE WHEN n.is_failed AND n.booked + (n.tag <> 'returned')::INT <= {last}
            THEN '收款账户信息不符，银行退票' END AS pay_fail_desc,
        '1' AS vali_flag, 'N' || n.dfr_id AS rid, {written}::TIMESTAMP + INTERVAL 9 HOUR AS crte_time,
        coalesce(fin_acen_time, {written}::TIMESTAMP + INTERVAL 9 HOUR) AS updt_time
        FROM notice n LEFT JOIN voucher_number v
            ON v.org = n.org AND v.fund = n.fund AND v.month = n.booked AND v.tag = n.tag AND n.booked <= {last}
        WHERE n.month // 12 = {year} AND n.written <= {last} AND greatest(n.booked, n.written) >= {first}"""
