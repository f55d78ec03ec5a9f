"""Real sub-national publications, turned into ledger balances: the marts give every printed figure back to the fen,
and what does not tie in a publication stands as a gap or an adjustment of exactly the printed size.

The conversion reads cells as an accountant would book them, one set of books per fund and period:

* a printed ledger item is a subject of its own; 其中 lines are details of the line they stand under;
* what a printed total holds beyond its printed items is booked as not listed (未列明), which maps to no item;
* opening is printed, or the closing printed for the period before, or implied by closing and current balance;
* books of a whole year are closed into net assets, others have their result added to net assets and stay open.
"""

from __future__ import annotations

import copy
import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from medfund.checker.document import Block, Document, parse_document, unit_kind
from medfund.errors import Refused
from medfund.release import waive
from medfund.settings import PROJECT_ROOT
from tests.e2e.bureau import Office, Row

pytestmark = pytest.mark.build

GOLDEN = PROJECT_ROOT / "tests" / "golden" / "published_disclosures.yml"
CODES = PROJECT_ROOT / "seeds" / "codes"
MAPPED = "staging.stg_fund_acct_bal.subjects_mapped"
WAN = Decimal(10_000)

# The chart of accounts the figures are booked in.
CHART = {
    "premium": "4001", "fiscal_subsidy": "4101", "interest": "4201", "invest": "4202", "transfer_in": "4301",
    "from_upper": "4401", "from_lower": "4402", "other_in": "4501",
    "benefit": "5001", "catastrophic": "5101", "transfer_out": "5201", "to_lower": "5301", "to_upper": "5302",
    "other_out": "5401",
}  # fmt: skip
# Lines of the layouts that are no ledger item: the item they are a detail of, the subject's name, and the item key
# where neither name nor number tells it.
OTHER_LINES = {
    "premium_individual": ("premium", "个人缴费收入", ""),
    "income_pool": ("premium", "统筹基金缴费收入", ""),
    "income_acct": ("premium", "个人账户缴费收入", ""),
    "subsidy_standard": ("fiscal_subsidy", "按规定标准补助收入", "fiscal_subsidy"),
    "subsidy_special": ("fiscal_subsidy", "专项补助收入", "fiscal_subsidy"),
    "benefit_active": ("benefit", "在职人员待遇支出", ""),
    "benefit_retired": ("benefit", "退休人员待遇支出", ""),
    "benefit_and_transfer": ("benefit", "待遇及转移支出", ""),
    "expense_pool": ("benefit", "统筹基金待遇支出", ""),
    "expense_acct": ("benefit", "个人账户待遇支出", "benefit"),
    "premium_out_supplement": ("other_out", "划转大额补助保费支出", ""),
    "refund_prior_year": ("other_out", "退还以前年度收入", ""),
    "maternity_benefit": ("benefit", "生育待遇支出", ""),
}
NOT_LISTED = {"4": ("4999", "公示未列明收入"), "5": ("5999", "公示未列明支出")}
ACCOUNTS = {"310": ("310_pool", "310_acct"), "320": ("320", "320_acct")}


def seed(name: str) -> list[dict[str, str]]:
    with (CODES / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def items() -> dict[str, dict[str, str]]:
    """Income and expenditure items by key."""
    return {row["item_key"]: row for row in seed("fund_item") if row["class_digit"] in ("4", "5")}


@cache
def kept() -> set[tuple[str, str]]:
    return {(row["item_key"], row["fund_code"]) for row in seed("fund_item_fund")}


@dataclass
class Line:
    """One subject with its movement in 万元; `inside` another line of the same books."""

    code: str
    name: str
    item_key: str
    amount: Decimal
    inside: bool


@dataclass
class Books:
    """A set of books of one period, in 万元. None is what the publication leaves open."""

    document: str
    label: str
    org: str
    fund: str
    year: int
    month: int
    lines: list[Line]
    opening: Decimal | None
    current: Decimal | None
    closing: Decimal | None
    printed: dict[str, Decimal] = field(default_factory=dict)

    def booked(self, side: str) -> Decimal:
        return sum((x.amount for x in self.lines if x.code[0] == side and not x.inside), Decimal(0))

    def rows(self) -> Iterator[Row]:
        whole_year = self.month == 12
        for line in self.lines:
            income = line.code[0] == "4"
            emptied = line.amount if whole_year else Decimal(0)
            yield self._row(
                line.code, line.name, line.item_key, "贷" if income else "借", Decimal(0),
                *((emptied, line.amount) if income else (line.amount, emptied)), line.amount - emptied,
            )  # fmt: skip
        if self.closing is not None and self.opening is not None:
            flows = self.booked("5"), self.booked("4")
            yield self._row("3001", "一般基金结余", "", "贷", self.opening, *flows, self.closing)

    def _row(
        self, code: str, name: str, item: str, side: str, opening: Decimal, debit: Decimal, credit: Decimal,
        closing: Decimal,
    ) -> Row:  # fmt: skip
        return {
            "book_org": self.org, "fund_code": self.fund, "ym": f"{self.year}{self.month:02d}",
            "subj_code": code, "subj_name": name, "item_key": item, "bal_dir": side,
            "open_bal": opening, "debit_amt": debit, "credit_amt": credit, "close_bal": closing, "unit": "万元",
        }  # fmt: skip


def in_wan(block: Block) -> dict[str, Decimal]:
    """Cells that hold a number, in 万元, in the order printed."""
    cells = {key: block.number(key) for key in block.cells}
    return {key: cell.number * cell.factor / WAN for key, cell in cells.items() if cell is not None}


def book_lines(cells: dict[str, Decimal], fund: str) -> list[Line]:
    """Subjects of the printed lines, and of what the totals hold beyond them."""
    lines: list[Line] = []
    details: Counter[str] = Counter()

    def add(parent_code: str, name: str, item_key: str, amount: Decimal, inside: bool) -> None:
        details[parent_code] += 1
        lines.append(Line(f"{parent_code}{details[parent_code]:02d}", name, item_key, amount, inside))

    above = ""
    for key, amount in cells.items():
        inner = key.removeprefix("of_which_")
        if inner != key and inner.startswith("acct_"):
            inner = inner.removeprefix("acct_")
        item, other = items().get(inner), OTHER_LINES.get(inner)
        if item is None and other is None:
            continue
        name = item["name_zh"] if item else other[1]
        declared = (inner if (inner, fund) not in kept() else "") if item else other[2]
        root = other[0] if other else inner
        while items()[root]["parent_item_key"]:
            root = items()[root]["parent_item_key"]
        if inner != key:
            add(above, name, declared, amount, True)
            continue
        if root == inner:
            lines.append(Line(CHART[root], name, declared, amount, False))
        else:
            add(CHART[root], name, declared, amount, root in cells)
        above = lines[-1].code
    for side, total in (("4", cells.get("income_total")), ("5", cells.get("expense_total"))):
        listed = sum((x.amount for x in lines if x.code[0] == side and not x.inside), Decimal(0))
        if total is not None and total > listed:
            lines.append(Line(*NOT_LISTED[side], "", total - listed, False))
    return lines


def by_account(block: Block) -> dict[str, dict[str, Decimal]]:
    """Cells by fund code. A fund whose pool and accounts are printed with flows and closing is two sets of books;
    where only balances are split, no one knows whose the flows are and the fund stays whole."""
    cells = in_wan(block)
    whole, account = ACCOUNTS.get(block.fund, (block.fund, ""))
    flows = [(name, {f"{name}_pool", f"{name}_acct"} & set(cells)) for name in ("income", "expense")]
    if not {"close_bal_pool", "close_bal_acct"} <= set(cells) or not all(printed for _, printed in flows):
        return {whole: cells}
    split: dict[str, dict[str, Decimal]] = {whole: {}, account: {}}
    for name, _ in flows:
        total = cells[f"{name}_total"]
        pool = cells.get(f"{name}_pool", total - cells.get(f"{name}_acct", Decimal(0)))
        split[whole][f"{name}_total"], split[account][f"{name}_total"] = pool, total - pool
    split[whole]["close_bal"], split[account]["close_bal"] = cells["close_bal_pool"], cells["close_bal_acct"]
    return split


def fund_blocks(document: Document) -> list[Block]:
    """Blocks that are the figures of one fund."""
    known = {row["fund_code"] for row in seed("fund_kind")} | set(ACCOUNTS)
    return [
        block
        for block in document.blocks
        if block.fund in known
        and unit_kind(block.unit) == "money"
        and {"income_total", "expense_total"} & set(block.cells)
    ]


def to_books(document: Document, org: str) -> list[Books]:
    """The publication as sets of books; none when it prints no balance."""
    blocks = fund_blocks(document)
    if not any(block.number("close_bal") for block in blocks):
        return []
    books: list[Books] = []
    last_closing: dict[str, Decimal] = {}
    for block in blocks:
        assert block.span is not None
        for fund, cells in by_account(block).items():
            closing, current = cells.get("close_bal"), cells.get("current_balance")
            opening = cells.get("open_bal")
            if opening is None and current is None:
                opening = last_closing.get(fund)
            if opening is None and closing is not None:
                opening = closing - (
                    cells["income_total"] - cells["expense_total"] if current is None else current
                )
            books.append(
                Books(
                    document.id, block.label, org, fund, block.span.year, block.span.last_month,
                    book_lines(cells, fund), opening, current, closing, cells,
                )
            )  # fmt: skip
            if closing is not None:
                last_closing[fund] = closing
    return books


@cache
def raw_documents() -> list[dict[str, Any]]:
    """The nine publications, and a copy of one with two digits of a printed balance swapped (-3754 as -3745)."""
    documents = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))["disclosures"]
    edited = copy.deepcopy(next(d for d in documents if d["id"] == "jingning_2023q1"))
    edited["id"] = "edited_copy"
    next(b for b in edited["blocks"] if b["label"] == "res")["cells"]["current_balance"] = "-3745"
    return [*documents, edited]


@cache
def all_books() -> list[Books]:
    return [
        books
        for number, raw in enumerate(raw_documents(), 1)
        for books in to_books(parse_document(raw), f"9901{number:02d}")
    ]


@dataclass
class Release:
    """The marts of the one build: balances by (document, fund, year), items by the same and item key."""

    balances: dict[tuple[str, str, int], dict[str, Any]]
    items: dict[tuple[str, str, int], dict[str, tuple[Decimal, bool]]]
    refusal: str
    office: Office


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    office = Office(Path(tmp_path_factory.mktemp("published")))
    office.deliver(fund_acct_bal=[row for books in all_books() for row in books.rows()])
    with pytest.raises(Refused) as refusal:
        office.build()
    until = date.today() + timedelta(days=30)
    waive(office.home, MAPPED, "publications that list only some items", "tests", until)
    office.build()
    documents = {books.org: books.document for books in all_books()}
    with_names = office.ask(
        """
        select org_code, fund_code, year(month), opening_balance, opening_adjustment, income, expenditure,
            current_balance, closing_balance, ledger_closing_balance, unexplained_gap
        from fund_balance_monthly
        """
    )
    names = [
        "opening_balance", "opening_adjustment", "income", "expenditure", "current_balance", "closing_balance",
        "ledger_closing_balance", "unexplained_gap",
    ]  # fmt: skip
    balances = {
        (documents[org], fund, year): dict(zip(names, values, strict=True))
        for org, fund, year, *values in with_names
    }
    by_item: dict[tuple[str, str, int], dict[str, tuple[Decimal, bool]]] = defaultdict(dict)
    for side in ("income", "expenditure"):
        for org, fund, year, item, amount, is_memo in office.ask(
            f"select org_code, fund_code, year(month), item_key, amount, is_memo from fund_{side}_monthly"
        ):
            name = f"{side}.unmapped" if item == "unmapped" else item
            by_item[documents[org], fund, year][name] = (amount, is_memo)
    return Release(balances, by_item, str(refusal.value), office)


def book_id(books: Books) -> str:
    return f"{books.document}-{books.label}-{books.fund}"


def yuan(amount: Decimal) -> Decimal:
    return amount * WAN


def of(release: Release, books: Books) -> dict[str, Any]:
    return release.balances[books.document, books.fund, books.year]


def test_every_document_with_balances_became_books(release: Release) -> None:
    assert {books.document for books in all_books()} == {raw["id"] for raw in raw_documents()} - {
        "city_z_2024_02"  # prints flows of two months, no balance
    }
    assert len(release.balances) == len(all_books()) == 30
    (read, landed, rejected) = release.office.ask(
        "select sum(rows_read), sum(rows_landed), sum(rows_rejected) from load_batch"
    )[0]
    assert (read, rejected) == (landed, 0)


@pytest.mark.parametrize("books", all_books(), ids=book_id)
def test_printed_figures_come_back_to_the_fen(release: Release, books: Books) -> None:
    mart = of(release, books)
    for side, cell, measure in (("4", "income_total", "income"), ("5", "expense_total", "expenditure")):
        # Items may exceed a printed total; then the ledger is the items.
        assert mart[measure] == yuan(max(books.printed[cell], books.booked(side)))
    if books.closing is None:
        assert mart["closing_balance"] is mart["ledger_closing_balance"] is mart["unexplained_gap"] is None
        return
    assert mart["ledger_closing_balance"] == yuan(books.closing)
    assert mart["opening_balance"] + mart["opening_adjustment"] == yuan(books.opening)
    assert mart["closing_balance"] == (
        mart["opening_balance"] + mart["opening_adjustment"] + mart["income"] - mart["expenditure"]
    )
    if mart["unexplained_gap"] == 0:
        assert mart["closing_balance"] == yuan(books.closing)
        assert books.current is None or mart["current_balance"] == yuan(books.current)


def gaps_by_checks(document: dict[str, Any]) -> Iterator[tuple[str, Decimal]]:
    """Label and size in 万元 of what the footing checks of the document say about a fund's own balances: an implied
    opening follows the printed current balance, so K2's difference is what the closing misses; items beyond their total
    (K3, K4) and a closing that does not follow the one before (K9) are missed as they are."""
    unit = parse_document(document)
    for check in document["checks"]:
        label, _, cell = check["target"].partition(":")
        block = next((b for b in fund_blocks(unit) if b.label == label), None)
        closing = block and block.number("close_bal")
        if closing is None:
            continue
        diff = Decimal(check["left"]) - Decimal(check["right"])
        factor = closing.factor / WAN
        rule = check["rule"]
        beyond_total = diff > 0 and (rule, cell.split("_")[0]) in {("K3", "income"), ("K4", "expense")}
        if (rule, cell) in {
            ("K2", "current_balance"),
            ("K1", "close_bal"),
            ("K9", "close_bal"),
        } or beyond_total:
            yield label, diff * factor * (1 if rule == "K4" else -1)


@pytest.mark.parametrize(
    "document", [d for d in raw_documents() if d["id"] != "edited_copy"], ids=lambda d: d["id"]
)
def test_gaps_are_what_the_footing_checks_find(release: Release, document: dict[str, Any]) -> None:
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for label, size in gaps_by_checks(document):
        expected[label] += yuan(size)
    found: dict[str, Decimal] = defaultdict(Decimal)
    for books in all_books():
        if books.document == document["id"] and books.closing is not None:
            found[books.label] += of(release, books)["unexplained_gap"]
    assert {k: v for k, v in found.items() if v} == {k: v for k, v in expected.items() if v}


def test_what_does_not_tie_by_hand(release: Release) -> None:
    """Worked by hand from the printed strings, in yuan."""
    gaps = {key: m["unexplained_gap"] for key, m in release.balances.items() if m["unexplained_gap"]}
    assert gaps == {
        # 4799.27 - 3861.57 = 937.70, printed 937.30
        ("hekou_2024q2", "310_pool", 2024): Decimal("-4000.00"),
        # 15435.65 - 15439.62 = -3.97, printed -3.96
        ("xinping_2021", "310_pool", 2021): Decimal("100.00"),
        # 27751.05 + 2789.58 + 1859.71 + 2956.26 + 246.34 = 35602.94, printed 35356.77
        ("county_x_2024", "390", 2024): Decimal("2461700.00"),
        # 3674.71 - 3527.20 = 147.51, printed 147.50
        ("county_x_2024", "610", 2024): Decimal("-100.00"),
        # 1115895 + 2634826 - 2258200 = 1492521, printed 1492522; 1492522 + 3035478 - 2401314 = 2126686, printed 2126684
        ("tianjin_2014_2018", "310_pool", 2016): Decimal("10000.00"),
        ("tianjin_2014_2018", "310_pool", 2017): Decimal("-20000.00"),
        # 9046 - 3754 = 5292, printed 5301: the digits swapped in the copy
        ("edited_copy", "390", 2023): Decimal("90000.00"),
    }
    # The closing that was off is the opening of the year after.
    adjustments = {
        key: m["opening_adjustment"] for key, m in release.balances.items() if m["opening_adjustment"]
    }
    assert adjustments == {
        ("tianjin_2014_2018", "310_pool", 2017): Decimal("10000.00"),
        ("tianjin_2014_2018", "310_pool", 2018): Decimal("-20000.00"),
    }
    assert release.office.ask(
        "select unexpected_count from quality_check where check_id = 'marts.fund_balance_monthly.no_unexplained_gap'"
    ) == [(len(gaps),)]


def test_known_balances_by_hand(release: Release) -> None:
    def rolled(*key: Any) -> list[str]:
        mart = release.balances[key]
        names = ("opening_balance", "income", "expenditure", "current_balance", "closing_balance")
        return [str(mart[name]) for name in names]

    # 35226 + 79653 - 78034 = 36845, and the budget year goes on from there.
    assert rolled("county_b_budget_2024", "390", 2023) == [
        "352260000.00", "796530000.00", "780340000.00", "16190000.00", "368450000.00",
    ]  # fmt: skip
    assert rolled("county_b_budget_2024", "390", 2024) == [
        "368450000.00", "784990000.00", "778720000.00", "6270000.00", "374720000.00",
    ]  # fmt: skip
    # 亿元, split: pool 30.30 - 15.82 with 61.24 left; accounts 41.89 - 30.30 and 28.63 - 15.82 with 37.55 left.
    assert rolled("sichuan_provincial_2023", "310_pool", 2023) == [
        "4676000000.00", "3030000000.00", "1582000000.00", "1448000000.00", "6124000000.00",
    ]  # fmt: skip
    assert rolled("sichuan_provincial_2023", "310_acct", 2023) == [
        "3877000000.00", "1159000000.00", "1281000000.00", "-122000000.00", "3755000000.00",
    ]  # fmt: skip
    # The parts of the misprinted balance, 234.23 + 703.47, are what the flows give.
    assert release.balances["hekou_2024q2", "310_pool", 2024]["current_balance"] == Decimal("9377000.00")


@pytest.mark.parametrize("books", all_books(), ids=book_id)
def test_printed_items_come_back_to_the_fen(release: Release, books: Books) -> None:
    mart = release.items[books.document, books.fund, books.year]
    for key, amount in books.printed.items():
        if key in items():
            assert mart[key] == (yuan(amount), items()[key]["place"] == "memo"), key
    balance = of(release, books)
    for side, measure in (("4", "income"), ("5", "expenditure")):
        keys = {key for key, item in items().items() if item["class_digit"] == side} | {f"{measure}.unmapped"}
        total = sum(amount for key, (amount, is_memo) in mart.items() if key in keys and not is_memo)
        assert total == balance[measure]


def test_details_of_other_items_are_taken_out_of_the_line_they_stand_under(release: Release) -> None:
    mart = release.items["xinping_2021", "310_pool", 2021]
    assert {key: str(amount) for key, (amount, _) in mart.items()} == {
        "premium": "153158700.00",  # 8059.51 + 7279.73 - 23.37 of transfers
        "transfer_in": "233700.00",
        "fiscal_subsidy": "397300.00",
        "other_in": "66800.00",
        "interest": "500000.00",
        "benefit": "85431100.00",  # 3702.81 + 4889.42 - 27.26 - 21.86
        "benefit_matn": "6922200.00",
        "other_out": "272600.00",
        "transfer_out": "218600.00",
        "to_upper": "68473900.00",
    }
    # Only details of contributions and of benefits are printed: their sum is the item.
    mart = release.items["county_x_2024", "390", 2024]
    assert mart["premium"] == (Decimal("127857300.00"), False)  # 12002.41 + 605.35 + 177.97
    assert mart["benefit"] == (Decimal("324003400.00"), False)  # 27751.05 + 2789.58 + 1859.71


def test_what_the_totals_hold_beyond_their_items_is_unmapped(release: Release) -> None:
    assert MAPPED in release.refusal
    assert release.refusal.startswith("The gate refused this candidate: 1 critical checks failed")
    assert release.office.ask("select gate from release_info") == [("waived",)]
    for document in raw_documents():
        for finding in document["expected"]["findings"]:
            if finding["class"] == "incomplete_list":
                missing = {
                    amount
                    for key, by_item in release.items.items()
                    for name, (amount, _) in by_item.items()
                    if key[0] == document["id"] and name == "income.unmapped"
                }
                assert yuan(Decimal(finding["amount"])) in missing
    # A table that lists every item leaves nothing unmapped.
    for year in (2023, 2024):
        assert not [k for k in release.items["county_b_budget_2024", "390", year] if k.endswith("unmapped")]


def test_funds_add_up_to_the_printed_totals_over_all_funds(release: Release) -> None:
    """The blocks over all funds are no books; the funds' marts add up to them, and miss them by what K6 says."""
    compared = Counter()
    for raw in raw_documents():
        document = parse_document(raw)
        for block in document.blocks:
            if block.fund != "all" or unit_kind(block.unit) != "money":
                continue
            assert block.span is not None
            funds = [m for key, m in release.balances.items() if key[::2] == (document.id, block.span.year)]
            assert len(funds) == 2
            for cell, measure in (
                ("income_total", "income"), ("expense_total", "expenditure"),
                ("current_balance", "current_balance"), ("close_bal", "closing_balance"),
            ):  # fmt: skip
                printed = in_wan(block).get(cell)
                if printed is None or any(m[measure] is None for m in funds):
                    continue
                check = next(
                    c for c in raw["checks"] if c["rule"] == "K6" and c["target"] == f"{block.label}:{cell}"
                )
                difference = sum(m[measure] for m in funds) - yuan(printed)
                assert difference == yuan(Decimal(check["diff"])), (document.id, block.label, cell)
                compared[difference] += 1
    # Expenditure of one year misses its total by one 万元.
    assert compared == {Decimal(0): 13, Decimal(10_000): 1}
