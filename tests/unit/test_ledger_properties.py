"""Random books, whose truth is known by construction, through the SQL of the ledger.

dbt makes the ledger marts once, from nothing; its compiled SQL then runs on every example, in memory. Charts of accounts
nest subjects of one item, of parts of it (其中), of other items and of none; books close once a year, every month or
roll their result; amounts come in 元 or 万元, with or without a balance sheet, negative balances on either side.
"""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from medfund.contract import load_contract
from medfund.ingest.landing import batch_dir
from medfund.ingest.superseded import write_superseded
from tests.e2e.books import Books, changed, months
from tests.e2e.bureau import Office, Row

pytestmark = pytest.mark.build

ZERO = Decimal(0)


@dataclass(frozen=True)
class Subject:
    """A subject that a bureau may keep: its item, whether that is a part (其中) of `root`, and its details."""

    code: str
    name: str
    item: str
    root: str = ""
    details: tuple[Subject, ...] = field(default=(), repr=False)
    declared: bool = False

    @property
    def is_memo(self) -> bool:
        return self.root not in ("", self.item)

    @property
    def counts_as(self) -> str:
        return self.root or self.item


def _of(
    code: str, name: str, item: str, *details: Subject, root: str = "", declared: bool = False
) -> Subject:
    return Subject(code, name, item, root, details, declared)


_COMMON = (
    _of("4201", "利息收入", "interest"),
    _of("4288", "杂项", "interest", declared=True),
    _of(
        "4501",
        "其他收入",
        "other_in",
        _of("450101", "滞纳金", "other_in"),
        _of("450102", "违约金", "other_in"),
    ),
    _of("4401", "上级补助收入", "from_upper"),
    _of("4402", "下级上解收入", "from_lower"),
    _of(
        "4999",
        "待查款项",
        "unmapped",
        _of("499901", "利息收入", "interest"),
        _of("499902", "待查", "unmapped"),
    ),
    _of("5101", "大病保险支出", "catastrophic"),
    _of("5301", "补助下级支出", "to_lower"),
    _of("5302", "上解上级支出", "to_upper"),
    _of("5401", "其他支出", "other_out"),
    _of("5999", "待查款项", "unmapped"),
)
_BENEFITS = (
    _of(
        "500101", "住院费用支出", "benefit_ipt",
        _of("50010101", "三级医院住院", "benefit_ipt", root="benefit"),
        _of("50010102", "二级医院住院", "benefit_ipt", root="benefit"),
        root="benefit",
    ),
    _of("500102", "门诊费用支出", "benefit_opt", root="benefit"),
    _of("500103", "大病保险支出", "catastrophic"),
    _of("500109", "其他补偿", "benefit"),
)  # fmt: skip
# By fund, what is found in its books.
CHARTS: dict[str, tuple[Subject, ...]] = {
    "310_pool": (
        *_COMMON,
        _of(
            "4001", "社会保险费收入", "premium",
            _of("400101", "单位缴费", "premium"), _of("400102", "灵活就业人员缴费", "premium"),
        ),
        _of(
            "5001", "社会保险待遇支出", "benefit", *_BENEFITS,
            _of(
                "500104", "生育待遇支出", "benefit_matn",
                _of("50010401", "生育医疗费用支出", "benefit_matn_med", root="benefit"),
                _of("50010402", "生育津贴支出", "benefit_matn_alwn", root="benefit"),
                root="benefit",
            ),
        ),
    ),
    "390": (
        *_COMMON,
        _of(
            "4001", "社会保险费收入", "premium",
            _of("400101", "个人缴费", "premium"),
            _of("400102", "城乡医疗救助资助收入", "maf_sponsored", root="premium"),
            _of("400103", "财政为困难人员代缴收入", "fiscal_paid_for_poor", root="premium"),
        ),
        _of("4103", "集体扶持收入", "collective_aid", root="premium"),
        _of(
            "4101", "财政补贴收入", "fiscal_subsidy",
            _of("410101", "中央财政补贴", "subsidy_central", root="fiscal_subsidy"),
            _of("410102", "省级财政补贴", "subsidy_province", root="fiscal_subsidy"),
            _of("410109", "待定", "unmapped"),
        ),
        _of("5001", "社会保险待遇支出", "benefit", *_BENEFITS),
    ),
}  # fmt: skip
TRANSFERS = {"from_upper", "from_lower", "to_upper", "to_lower"}


@dataclass
class Kept:
    """Subjects one set of books lists, those amounts are posted to, and the books themselves."""

    org: str
    fund: str
    kind: str
    listed: dict[str, Subject]
    posted: list[str]
    first: str
    carried: dict[str, Decimal]
    flows: list[dict[str, tuple[Decimal, Decimal]]]
    net_assets: Decimal
    has_sheet: bool
    unit: str
    flip_negative: bool
    has_vouchers: bool
    rows: list[Row] = field(default_factory=list, repr=False)
    vouchers: list[Row] = field(default_factory=list, repr=False)

    @property
    def months(self) -> list[str]:
        return months(self.first, len(self.flows))

    def moved(self, n: int, code: str) -> Decimal:
        """What the subject and all below it moved in the n-th month."""
        return sum((up - down for c, (up, down) in self.flows[n].items() if c.startswith(code)), ZERO)

    def totals(self, n: int) -> dict[str, Decimal]:
        """Items that make up the totals: every yuan belongs to the subject it was posted to."""
        found: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for code, (up, down) in self.flows[n].items():
            side = "income" if code[0] == "4" else "expenditure"
            found[f"{side}.{self.listed[code].counts_as}"] += up - down
        return found

    def memos(self, n: int) -> dict[str, Decimal]:
        """Parts (其中): a subject of one moves by itself and all below it; its details of the same part repeat it."""
        found: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for code, subject in self.listed.items():
            if subject.is_memo and not has_detail_of_its_item(code, self.listed):
                found[f"{'income' if code[0] == '4' else 'expenditure'}.{subject.item}"] += self.moved(
                    n, code
                )
        return found

    def result(self, n: int, own: bool = False) -> tuple[Decimal, Decimal]:
        """Income and expenditure of the n-th month."""
        income = expenditure = ZERO
        for key, amount in self.totals(n).items():
            side, item = key.split(".")
            if own and item in TRANSFERS:
                continue
            income, expenditure = (
                (income + amount, expenditure) if side == "income" else (income, expenditure + amount)
            )
        return income, expenditure

    def export(self) -> None:
        """Fill `rows` and `vouchers`."""
        subjects = {code: subject.name for code, subject in sorted(self.listed.items())}
        declared = {code: subject.item for code, subject in self.listed.items() if subject.declared}
        held = sum((amount if code[0] == "4" else -amount for code, amount in self.carried.items()), ZERO)
        net = self.net_assets + (held if self.kind == "rolled" else ZERO)
        opening = {"3001": net, "100301": self.net_assets + held, **self.carried}
        sheet = {"1003": "财政专户存款", "100301": "活期"} if self.has_sheet else {}
        books = Books(
            self.org, self.fund, {"3001": "一般基金结余", **sheet, **subjects}, opening,
            unit=self.unit, flip_negative=self.flip_negative, declared=declared,
        )  # fmt: skip
        for month, flows in zip(self.months, self.flows, strict=True):
            for code, (up, down) in flows.items():
                put, take = (books.receive, books.pay) if code[0] == "4" else (books.pay, books.receive)
                put(code, up, "100301")
                if down:
                    take(code, down, "100301")
            if self.kind == "rolled":
                books.roll()
            if self.kind == "monthly" or (self.kind == "annual" and month.endswith("12")):
                books.close()
            elif month.endswith("12"):
                books.empty()
            if self.has_vouchers:
                self.vouchers += books.vouchers(month)
            self.rows += books.export(month)


def has_detail_of_its_item(code: str, listed: dict[str, Subject]) -> bool:
    item = listed[code].item
    return any(c != code and c.startswith(code) and s.item == item for c, s in listed.items())


def only_checked(code: str, listed: dict[str, Subject]) -> bool:
    """Its details make up the whole subject, so nothing is posted to it."""
    has_details = any(c != code and c.startswith(code) for c in listed)
    return has_detail_of_its_item(code, listed) or (listed[code].item == "unmapped" and has_details)


@st.composite
def listings(draw: st.DrawFn, fund: str) -> dict[str, Subject]:
    """Which subjects of the chart a set of books lists: headings, headings with details, or details alone."""
    listed: dict[str, Subject] = {}

    def descend(subject: Subject, depth: int) -> None:
        shape = draw(
            st.sampled_from(("no", "alone", "with details", "details")[: 4 if subject.details else 2])
        )
        if shape in ("alone", "with details"):
            listed[subject.code] = subject
        if "details" in shape:
            for detail in subject.details:
                descend(detail, depth + 1)

    for heading in CHARTS[fund]:
        descend(heading, 0)
    for side, code in (("4", "4001"), ("5", "5001")):
        if not any(c[0] == side for c in listed):
            heading = next(s for s in CHARTS[fund] if s.code == code)
            listed[code] = heading
    return listed


fen = st.integers(0, 10**8).map(lambda n: Decimal(n) / 100)


@st.composite
def kept_books(draw: st.DrawFn) -> Kept:
    """One set of books without its division. Where nothing could tell an entry that empties the subjects from other
    bookings, the truth would be a guess: so some money comes in each month, and a month that is closed pays none back
    unless there are vouchers."""
    fund = draw(st.sampled_from(sorted(CHARTS)))
    kind = draw(st.sampled_from(("annual", "rolled", "monthly")))
    listed = draw(listings(fund))
    posted = sorted(code for code in listed if not only_checked(code, listed))
    first = draw(st.sampled_from(("202410", "202411", "202412", "202501", "202502")))
    count = draw(st.integers(2, 4))
    has_vouchers = kind != "rolled" and draw(st.booleans())
    carries = kind != "monthly" and not first.endswith("01")
    carried = {code: draw(fen) for code in posted} if carries else {}
    flows = []
    for month in months(first, count):
        is_emptied = kind == "monthly" or month.endswith("12")
        flow = {}
        for code in posted:
            up = draw(fen)
            paid_back = (ZERO, up / 2 // Decimal("0.01") / 100, up)
            down = ZERO if is_emptied and not has_vouchers else draw(st.sampled_from(paid_back))
            flow[code] = (up, down)
        # More comes in than goes out, and the subjects' balances grow.
        spent = sum((up - down for code, (up, down) in flow.items() if code[0] == "5"), ZERO)
        code = next(c for c in posted if c[0] == "4")
        flow[code] = (flow[code][0] + spent + 1, flow[code][1])
        flows.append(flow)
    return Kept(
        org="", fund=fund, kind=kind, listed=listed, posted=posted, first=first, carried=carried, flows=flows,
        net_assets=draw(fen) - 500_000, has_sheet=draw(st.booleans()), unit=draw(st.sampled_from(("元", "万元"))),
        flip_negative=draw(st.booleans()), has_vouchers=has_vouchers,
    )  # fmt: skip


@dataclass
class Bureaus:
    """Several sets of books, and how they are handed over."""

    kept: list[Kept]
    wrong_first: bool
    consolidated_too: bool

    def batches(self) -> Iterator[list[Row]]:
        rows = [row for kept in self.kept for row in kept.rows]
        if self.wrong_first:
            yield changed(
                rows, {"book_org": rows[0]["book_org"]}, credit_amt="9.99", close_bal="1", unit="元"
            )
        if self.consolidated_too:
            rows += changed(rows, {"unit": rows[0]["unit"]}, book_org="990000", is_consolidated="1")[:20]
        yield rows


@st.composite
def bureaus(draw: st.DrawFn) -> Bureaus:
    kept = draw(st.lists(kept_books(), min_size=1, max_size=5))
    for number, books in enumerate(kept, 1):
        books.org = f"9901{number:02d}"
        books.export()
    return Bureaus(kept, draw(st.booleans()), draw(st.booleans()))


BALANCE_MONEY = ("open_bal", "debit_amt", "credit_amt", "close_bal")
VOUCHER_MONEY = ("debit_amt", "credit_amt")
MONEY = pa.decimal128(24, 6)
BOOK = [
    ("book_org", pa.string()),
    ("fund_code", pa.string()),
    ("ym", pa.date32()),
    ("subj_code", pa.string()),
]
LANDED = [("unit", pa.string()), ("_row_no", pa.int64()), ("_load_ts", pa.timestamp("us"))]
TABLES = {
    "fund_acct_bal": pa.schema(
        BOOK
        + [(name, pa.string()) for name in ("subj_name", "item_key", "bal_dir", "is_consolidated")]
        + [(name, MONEY) for name in BALANCE_MONEY]
        + LANDED
    ),
    "fund_vchr_d": pa.schema(
        BOOK
        + [("vchr_no", pa.string()), ("line_no", pa.int32()), ("vchr_date", pa.date32())]
        + [(name, MONEY) for name in VOUCHER_MONEY]
        + LANDED
    ),
}


class Ledger:
    """The ledger's SQL as dbt compiled it, in the order dbt ran it, on databases in memory."""

    def __init__(self, office: Office) -> None:
        with office.transform_ledger():
            pass
        cache = office.home.root / "cache" / "dbt"
        nodes = json.loads((cache / "manifest.json").read_text(encoding="utf-8"))["nodes"]
        ran = json.loads((cache / "run_results.json").read_text(encoding="utf-8"))["results"]
        self.statements = [
            f"create or replace table {result['relation_name']} as {result['compiled_code']}"
            for result in ran
            if nodes[result["unique_id"]]["resource_type"] == "model"
        ]
        self.home = office.home
        self.contract = load_contract(None)
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{office.home.candidate_db}' as made (read_only)")
        for catalog, schemas in (
            ("medfund", ("marts", "reference")),
            ("scratch", ("staging", "intermediate")),
        ):
            self.connection.execute(f"attach ':memory:' as {catalog}")
            for schema in schemas:
                self.connection.execute(f"create schema {catalog}.{schema}")
        for (seed,) in self.connection.execute(
            "select table_name from duckdb_tables() where database_name = 'made' and schema_name = 'reference'"
        ).fetchall():
            self.connection.execute(f"create table medfund.reference.{seed} as from made.reference.{seed}")

    def close(self) -> None:
        self.connection.close()

    def run(self, bureau: Bureaus) -> None:
        for table in TABLES:
            for old in (self.home.landing / table).glob("batch=*"):
                if old.name != "batch=000000":
                    shutil.rmtree(old)
        batches = [
            self.land("fund_acct_bal", number, rows) for number, rows in enumerate(bureau.batches(), 1)
        ]
        batches.append(self.land("fund_vchr_d", 1, [row for kept in bureau.kept for row in kept.vouchers]))
        inputs = self.home.candidate / "inputs"
        write_superseded(
            self.home, self.contract, batches, inputs / "superseded_row.parquet", self.home.candidate
        )
        for statement in self.statements:
            self.connection.execute(statement)

    def land(self, table: str, batch: int, rows: list[Row]) -> dict[str, Any]:
        """Land the rows as a batch; any batch but the first may replace what came before."""
        batch_id = f"{batch:06d}"
        folder = batch_dir(self.home, table, batch_id)
        folder.mkdir()
        typed = [as_landed(row, n) for n, row in enumerate(rows, 1)]
        pq.write_table(pa.Table.from_pylist(typed, schema=TABLES[table]), folder / "rows.parquet")
        return {
            "table_name": table, "batch_id": batch_id, "rows_landed": len(rows), "rows_superseded": batch - 1,
        }  # fmt: skip

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self.connection.execute(query).fetchall()


def as_landed(row: Row, number: int) -> dict[str, Any]:
    """The row with the types it lands with."""
    values: dict[str, Any] = {key: value for key, value in row.items() if value != ""}
    for name in {*BALANCE_MONEY, *VOUCHER_MONEY} & set(values):
        values[name] = Decimal(values[name])
    month = values["ym"]
    values["ym"] = date(int(month[:4]), int(month[4:]), 1)
    if "vchr_date" in values:
        values["vchr_date"] = date.fromisoformat(values["vchr_date"])
    return {**values, "_row_no": number, "_load_ts": datetime(2025, 6, 1)}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    made = Ledger(Office(Path(tmp_path_factory.mktemp("properties"))))
    yield made
    made.close()


def money(values: dict[str, Decimal]) -> dict[str, Decimal]:
    return {key: value for key, value in values.items() if value}


def check_books(ledger: Ledger, kept: Kept) -> None:
    """Roll-forward, totals and items of one set of books, against its truth."""
    where = f"org_code = '{kept.org}' and fund_code = '{kept.fund}' and month = strptime('{{month}}', '%Y%m')"
    closing = kept.net_assets + sum((a if c[0] == "4" else -a for c, a in kept.carried.items()), ZERO)
    carried_in, carried_out = (
        sum((a for c, a in kept.carried.items() if c[0] == side), ZERO) for side in ("4", "5")
    )
    ytd = (carried_in, carried_out)
    for n, month in enumerate(kept.months):
        (row,) = ledger.ask(
            f"""select opening_balance, opening_adjustment, income, expenditure, current_balance, closing_balance,
                ledger_closing_balance, unexplained_gap, own_income, own_expenditure, income_ytd, expenditure_ytd
            from medfund.marts.fund_balance_monthly where {where.format(month=month)}"""
        )
        income, expenditure = kept.result(n)
        opening, closing = closing, closing + income - expenditure
        if month.endswith("01"):
            ytd = (ZERO, ZERO)
        ytd = (ytd[0] + income, ytd[1] + expenditure)
        own = kept.result(n, own=True)
        assert row[:10] == (opening, 0, income, expenditure, income - expenditure, closing, closing, 0, *own)
        # Books emptied every month carry nothing, so the year to date before their first January is unknown.
        if kept.kind != "monthly" or month[:4] > kept.first[:4] or kept.first.endswith("01"):
            assert row[10:] == ytd
        found = ledger.ask(
            f"""select 'income.' || item_key, amount, is_memo, is_transfer from medfund.marts.fund_income_monthly
            where {where.format(month=month)}
            union all
            select 'expenditure.' || item_key, amount, is_memo, is_transfer from medfund.marts.fund_expenditure_monthly
            where {where.format(month=month)}"""
        )
        assert {k: v for k, v, is_memo, _ in found if v and not is_memo} == money(kept.totals(n))
        assert {k: v for k, v, is_memo, _ in found if v and is_memo} == money(kept.memos(n))
        assert {k.split(".")[1] for k, *_, is_transfer in found if is_transfer} <= TRANSFERS
        # Items of the totals add up to them.
        for side, total in (("income", income), ("expenditure", expenditure)):
            assert sum(v for k, v, is_memo, _ in found if k.startswith(f"{side}.") and not is_memo) == total


def check_levels(ledger: Ledger, all_kept: list[Kept]) -> None:
    """The whole area: own flows and closings of all levels, transfers eliminated as far as both sides booked them."""
    cells: dict[tuple[str, str], list[tuple[Kept, int]]] = defaultdict(list)
    for kept in all_kept:
        for n, month in enumerate(kept.months):
            cells[kept.fund, month].append((kept, n))
    found = {
        (fund, f"{month:%Y%m}"): values
        for fund, month, *values in ledger.ask(
            """select fund_code, month, income, expenditure, eliminated_transfers, transfer_imbalance, closing_balance,
                ledger_closing_balance, unexplained_gap,
                opening_balance + opening_adjustment + income - expenditure + transfer_imbalance
            from medfund.marts.fund_balance_consolidated_monthly"""
        )
    }
    assert set(found) == set(cells)
    for key, books in cells.items():
        flows = [kept.result(n, own=True) for kept, n in books]
        moved: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for kept, n in books:
            for name, amount in kept.totals(n).items():
                moved[name.split(".")[1]] += amount
        closing = sum(
            (
                kept.net_assets
                + sum((a if c[0] == "4" else -a for c, a in kept.carried.items()), ZERO)
                + sum((income - spent for income, spent in (kept.result(m) for m in range(n + 1))), ZERO)
                for kept, n in books
            ),
            ZERO,
        )
        assert found[key] == [
            sum(income for income, _ in flows),
            sum(spent for _, spent in flows),
            min(moved["to_upper"], moved["from_lower"]) + min(moved["to_lower"], moved["from_upper"]),
            moved["from_lower"] + moved["from_upper"] - moved["to_upper"] - moved["to_lower"],
            closing,
            closing,
            0,
            closing,
        ]


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(bureau=bureaus())
def test_marts_are_the_truth_to_the_fen(ledger: Ledger, bureau: Bureaus) -> None:
    ledger.run(bureau)
    for kept in bureau.kept:
        event(f"{kept.kind}, {'sheet' if kept.has_sheet else 'no sheet'}")
        check_books(ledger, kept)
    check_levels(ledger, bureau.kept)
