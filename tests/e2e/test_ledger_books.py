"""Books of every kind through ingest and build, four months around a year's end, with numbers worked by hand.

Most sets of books live through the same four months: 900 taken in and 600 spent from January to October, then
income 100, 120, 50, 70 and expenditure 80, 90, 60, 20. Net assets start the year at 1000.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from medfund.errors import Refused
from medfund.release import diff_releases, waive
from tests.e2e.books import Books, changed
from tests.e2e.bureau import LEDGER_MARTS, Office, Row

pytestmark = pytest.mark.build

MONTHS = ("202411", "202412", "202501", "202502")
INCOME, SPENT = (100, 120, 50, 70), (80, 90, 60, 20)
FLOWS = {"3001": "一般基金结余", "4001": "社会保险费收入", "5001": "社会保险待遇支出"}
SHEET = {"1003": "财政专户存款", **FLOWS}
START = {"3001": 1000, "4001": 900, "5001": 600, "1003": 1300}
ROLLED_START = {**START, "3001": 1300}

Month = Callable[[Books, int], object]


def year_end(books: Books, n: int) -> None:
    """Books that are closed once a year."""
    books.receive("4001", INCOME[n]).pay("5001", SPENT[n])
    if n == 1:
        books.close()


def every_month(books: Books, n: int) -> None:
    """Books that are closed every month."""
    books.receive("4001", INCOME[n]).pay("5001", SPENT[n]).close()


def rolled(books: Books, n: int) -> None:
    """Books whose result is added to net assets every month while the subjects go on to the year's end."""
    books.receive("4001", INCOME[n]).pay("5001", SPENT[n]).roll()
    if n == 1:
        books.empty()


def with_refund(books: Books, n: int) -> None:
    """In December 20 of the contributions are paid back before the books are closed."""
    books.receive("4001", INCOME[n]).pay("5001", SPENT[n])
    if n == 1:
        books.book("4001", "1003", 20).close()


def restated_in_the_month(books: Books, n: int) -> None:
    """January corrects the net assets of earlier years by 7."""
    year_end(books, n)
    if n == 2:
        books.add_to_net_assets(7)


def with_details(books: Books, n: int) -> None:
    """Contributions in two parts; of the benefits 50 inpatient and 20 outpatient a month, the rest not told."""
    books.receive("400101", 60).receive("400102", INCOME[n] - 60)
    if n == 3:
        books.pay("500101", 15).pay("500102", 2).pay("5001", 3)
    else:
        books.pay("500101", 40).pay("500102", 10).pay("5001", SPENT[n] - 50)
    if n == 1:
        books.close()


def beside_details(books: Books, n: int) -> None:
    """As `with_details`, but February books 7 of the contributions on the subject above its two parts."""
    with_details(books, n)
    if n == 3:
        books.receive("4001", 7)


def in_details(books: Books, n: int) -> None:
    """Benefits are booked as inpatient, outpatient and another kind that no item is made for."""
    books.receive("4001", INCOME[n]).pay("500101", 5).pay("500102", 4).pay("500109", SPENT[n] - 9)
    if n == 1:
        books.close()


def other_item_below(books: Books, n: int) -> None:
    """Critical illness insurance (10) is kept as a detail of benefits."""
    books.receive("4001", INCOME[n]).pay("500103", 10).pay("5001", SPENT[n] - 10)
    if n == 1:
        books.close()


def run(books: Books, month: Month = year_end) -> list[Row]:
    rows: list[Row] = []
    for n, name in enumerate(MONTHS):
        month(books, n)
        rows += books.export(name)
    return rows


def book_of(org: str, listed: dict[str, str] = SHEET, opening: dict[str, int] = START, **how: Any) -> Books:
    return Books(org, "310_pool", listed, opening, **how)


DETAILS = {
    "400101": "单位缴费",
    "400102": "灵活就业人员缴费",
    "500101": "住院费用支出",
    "500102": "门诊费用支出",
}
ONLY_DETAILS = {
    "1003": "财政专户存款",
    "3001": "一般基金结余",
    "4001": "社会保险费收入",
    "500101": "住院费用支出",
    "500102": "门诊费用支出",
    "500109": "其他补偿",
}
DETAILS_START = {"1003": 1300, "3001": 1000, "400101": 500, "400102": 400, "500101": 300, "5001": 300}

ORDINARY: dict[str, list[Row]] = {
    "annual": run(book_of("990121")),
    "annual_without_sheet": run(book_of("990122", FLOWS)),
    "rolled": run(book_of("990125", opening=ROLLED_START), rolled),
    "rolled_without_sheet": run(book_of("990126", FLOWS, ROLLED_START), rolled),
    "monthly": run(book_of("990127", opening={"1003": 1300, "3001": 1300}), every_month),
    "monthly_without_sheet": run(book_of("990128", FLOWS, {"3001": 1300}), every_month),
    "in_wan": run(book_of("990129", unit="万元")),
    "details": run(book_of("990130", SHEET | DETAILS, DETAILS_START), with_details),
    "only_details": run(
        book_of("990131", ONLY_DETAILS, {"1003": 1300, "3001": 1000, "4001": 900, "500101": 600}), in_details
    ),
    "other_item_below": run(book_of("990132", SHEET | {"500103": "大病保险支出"}), other_item_below),
    "debit_sides": run(book_of("990133", flip_negative=True)),
}
ORG = {name: str(rows[0]["book_org"]) for name, rows in ORDINARY.items()}

REFUND = book_of("990123")
REFUND_VOUCHERS: list[Row] = []
REFUND_ROWS: list[Row] = []
for _n, _month in enumerate(MONTHS):
    with_refund(REFUND, _n)
    REFUND_VOUCHERS += REFUND.vouchers(_month)
    REFUND_ROWS += REFUND.export(_month)


def fen_books() -> list[Row]:
    """万元 with six decimals: 100.01 and 33.34 yuan of income, 0.02 spent."""
    books = Books("990134", "310_pool", SHEET, {"3001": "0.01", "1003": "0.01"}, unit="万元")
    rows = books.receive("4001", "100.01").pay("5001", "0.02").export("202501")
    return rows + books.receive("4001", "33.34").export("202502")


def restated_opening() -> list[Row]:
    """The export of January opens net assets at 1357 although December closed them at 1350; the cash is there too."""
    rows = run(book_of("990135"))
    for month, opening, closing in (("202501", 1357, 1357), ("202502", 1357, 1357)):
        rows = changed(rows, {"ym": month, "subj_code": "3001"}, open_bal=opening, close_bal=closing)
    for month, opening, closing in (("202501", 1357, 1347), ("202502", 1347, 1397)):
        rows = changed(rows, {"ym": month, "subj_code": "1003"}, open_bal=opening, close_bal=closing)
    return rows


def printed_closing(org: str, listed: dict[str, str]) -> list[Row]:
    """November prints net assets of 1005, December opens with the right 1000."""
    return changed(run(book_of(org, listed)), {"ym": "202411", "subj_code": "3001"}, close_bal=1005)


def overdrawn() -> list[Row]:
    """Net assets of -500, printed as 500 on the debit side; income 100, expenditure 80, then 0 and 30."""
    books = Books("990138", "310_pool", FLOWS, {"3001": -500}, flip_negative=True)
    rows = books.receive("4001", 100).pay("5001", 80).export("202501")
    return rows + books.pay("5001", 30).export("202502")


def city_and_counties() -> list[Row]:
    """Fund 410 at three levels. January: counties remit 300 and 200, the city books 450 of it. February: the city
    passes 60 down and the county books 75, 15 of which the city books only in March."""
    cash = {"1003": "财政专户存款", "3001": "一般基金结余", "4001": "保险费收入", "5001": "待遇支出"}
    city = Books(
        "990199", "410", cash | {"4402": "下级上解收入", "5301": "补助下级支出"}, {"3001": 5000, "1003": 5000}
    )
    one = Books(
        "990121", "410", cash | {"4401": "上级补助收入", "5302": "上解上级支出"}, {"3001": 100, "1003": 100}
    )
    two = Books("990122", "410", cash | {"5302": "上解上级支出"}, {"3001": 50, "1003": 50})
    rows = city.receive("4001", 1000).pay("5001", 900).receive("4402", 450).export("202501")
    rows += one.receive("4001", 400).pay("5001", 100).pay("5302", 300).export("202501")
    rows += two.receive("4001", 300).pay("5001", 80).pay("5302", 200).export("202501")
    rows += city.receive("4001", 10).pay("5301", 60).export("202502")
    rows += one.receive("4401", 75).export("202502")
    return rows + two.pay("5001", 1).export("202502")


WRONG_ORG = "990141"
RIGHT = run(book_of(WRONG_ORG))
# January's export said 500 instead of 50, in the subject and in the cash.
WRONG = changed(RIGHT, {"ym": "202501", "subj_code": "4001"}, credit_amt=500, close_bal=500)
WRONG = changed(WRONG, {"ym": "202501", "subj_code": "1003"}, debit_amt=500, close_bal=1790)

LEDGER: list[Row] = [
    *(row for rows in ORDINARY.values() for row in rows),
    *REFUND_ROWS,
    *run(book_of("990124"), with_refund),
    *fen_books(),
    *restated_opening(),
    *printed_closing("990136", SHEET),
    *printed_closing("990137", FLOWS),
    *overdrawn(),
    *(row for row in run(book_of("990139")) if row["ym"] != "202412"),
    *run(book_of("990140", FLOWS), restated_in_the_month),
    *run(book_of("990144", SHEET | DETAILS, DETAILS_START), beside_details),
    *run(book_of("990100", consolidated=True)),
    *city_and_counties(),
]

BALANCE = """
    select month, opening_balance, opening_adjustment, income, expenditure, current_balance, closing_balance,
        ledger_closing_balance, unexplained_gap
    from fund_balance_monthly where org_code = '{org}' and fund_code = '{fund}' order by month
"""


@dataclass
class Story:
    """The office, and its releases: as first delivered, and after January of one county was sent again."""

    office: Office
    first: str
    corrected: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two deliveries, by year, make the first release; a correction of one county and month the second."""
    office = Office(Path(tmp_path_factory.mktemp("books")))
    rows = LEDGER + WRONG
    office.deliver(fund_acct_bal=[row for row in rows if row["ym"] < "2025"], fund_vchr_d=REFUND_VOUCHERS)
    office.deliver(fund_acct_bal=[row for row in rows if row["ym"] > "2025"])
    first = office.build().release
    (report,) = office.deliver(fund_acct_bal=[row for row in RIGHT if row["ym"] == "202501"])
    assert (report.rows_landed, report.rows_superseded) == (
        2,
        2,
    )  # net assets and benefits were right already
    second = office.build()
    return Story(office, first.release_id, second.release.release_id)


def rolls(
    story: Story, org: str, fund: str = "310_pool", release: str | None = None
) -> list[tuple[int | str, ...]]:
    """Rows of the roll-forward; whole amounts as int, others as text, the month as YYYYMM."""

    def plain(value: Any) -> Any:
        if isinstance(value, date):
            return f"{value:%Y%m}"
        if isinstance(value, Decimal):
            return int(value) if value == int(value) else str(value)
        return value

    rows = story.office.ask(BALANCE.format(org=org, fund=fund), release)
    return [tuple(plain(value) for value in row) for row in rows]


def items(story: Story, org: str, month: str) -> dict[str, tuple[int, bool]]:
    rows = story.office.ask(
        f"""
        select item_key, amount, is_memo from
        (select * from fund_income_monthly union all select * from fund_expenditure_monthly)
        where org_code = '{org}' and fund_code = '310_pool' and month = strptime('{month}', '%Y%m')
        """
    )
    return {item: (int(amount), is_memo) for item, amount, is_memo in rows}


ROLLED = [
    ("202411", 1300, 0, 100, 80, 20, 1320, 1320, 0),
    ("202412", 1320, 0, 120, 90, 30, 1350, 1350, 0),
    ("202501", 1350, 0, 50, 60, -10, 1340, 1340, 0),
    ("202502", 1340, 0, 70, 20, 50, 1390, 1390, 0),
]


class TestKindsOfBooks:
    @pytest.mark.parametrize("kind", ORDINARY)
    def test_every_kind_tells_the_same_story(self, story: Story, kind: str) -> None:
        assert rolls(story, ORG[kind]) == ROLLED

    @pytest.mark.parametrize(
        ("kind", "mode"),
        [
            ("annual", "annual"), ("annual_without_sheet", "annual"), ("rolled", "monthly"),
            ("rolled_without_sheet", "monthly"), ("monthly", "annual"), ("in_wan", "annual"),
        ],
    )  # fmt: skip
    def test_the_mode_is_detected(self, story: Story, kind: str, mode: str) -> None:
        """Books that are closed every month hold no result, so either reading is the same for them."""
        found = story.office.ask(
            f"select distinct closing_mode from fund_balance_monthly where org_code = '{ORG[kind]}' and fund_code = '310_pool'"
        )
        assert found == [(mode,)]

    @pytest.mark.parametrize("kind", ORDINARY)
    def test_year_to_date(self, story: Story, kind: str) -> None:
        found = story.office.ask(
            f"""select income_ytd, expenditure_ytd from fund_balance_monthly
            where org_code = '{ORG[kind]}' and fund_code = '310_pool' order by month"""
        )
        # What the subjects carried by November counts; books emptied every month carry nothing.
        last_year = [(None, None)] * 2 if kind.startswith("monthly") else [(1000, 680), (1120, 770)]
        assert found == [*last_year, (50, 60), (120, 80)]

    def test_wan_with_six_decimals_is_exact(self, story: Story) -> None:
        assert rolls(story, "990134") == [
            ("202501", "0.01", 0, "100.01", "0.02", "99.99", 100, 100, 0),
            ("202502", 100, 0, "33.34", 0, "33.34", "133.34", "133.34", 0),
        ]

    def test_vouchers_tell_a_refund_from_the_closing_entry(self, story: Story) -> None:
        assert rolls(story, "990123") == [
            ROLLED[0],
            ("202412", 1320, 0, 100, 90, 10, 1330, 1330, 0),
            ("202501", 1330, 0, 50, 60, -10, 1320, 1320, 0),
            ("202502", 1320, 0, 70, 20, 50, 1370, 1370, 0),
        ]

    def test_without_vouchers_the_refund_is_a_gap_of_its_size(self, story: Story) -> None:
        assert rolls(story, "990124")[1:3] == [
            ("202412", 1320, 0, 120, 90, 30, 1350, 1330, -20),
            ("202501", 1350, -20, 50, 60, -10, 1320, 1320, 0),
        ]


class TestItems:
    def test_parent_with_details(self, story: Story) -> None:
        assert items(story, ORG["details"], "202412") == {
            "premium": (120, False),
            "benefit": (90, False),
            "benefit_ipt": (40, True),
            "benefit_opt": (10, True),  # 50 of 90: an incomplete list
        }

    def test_money_booked_beside_the_details_is_named(self, story: Story) -> None:
        check = "staging.stg_fund_acct_bal.details_add_up"
        assert check in story.office.failed_checks("major")
        [(key, detail)] = story.office.ask(
            f"select key_json, detail from quality_failure where check_id = '{check}'"
        )
        assert json.loads(key) | {"month": None} == {
            "org_code": "990144", "fund_code": "310_pool", "month": None, "subject_code": "4001"
        }  # fmt: skip
        assert "7.00" in detail

    def test_only_details(self, story: Story) -> None:
        assert items(story, ORG["only_details"], "202501") == {
            "premium": (50, False),
            "benefit": (60, False),
            "benefit_ipt": (5, True),
            "benefit_opt": (4, True),
        }

    def test_detail_of_another_item(self, story: Story) -> None:
        assert items(story, ORG["other_item_below"], "202502") == {
            "premium": (70, False),
            "benefit": (10, False),
            "catastrophic": (10, False),
        }


class TestWhatDoesNotTie:
    def test_restated_opening(self, story: Story) -> None:
        assert rolls(story, "990135")[1:] == [
            ROLLED[1],
            ("202501", 1350, 7, 50, 60, -10, 1347, 1347, 0),
            ("202502", 1347, 0, 70, 20, 50, 1397, 1397, 0),
        ]

    @pytest.mark.parametrize("org", ["990136", "990137"], ids=["with_sheet", "without_sheet"])
    def test_printed_closing_that_differs(self, story: Story, org: str) -> None:
        assert rolls(story, org) == [("202411", 1300, 0, 100, 80, 20, 1320, 1325, 5), *ROLLED[1:]]

    def test_net_assets_restated_within_a_month_do_not_change_the_mode(self, story: Story) -> None:
        assert rolls(story, "990140")[2:] == [
            ("202501", 1350, 0, 50, 60, -10, 1340, 1347, 7),
            ("202502", 1340, 7, 70, 20, 50, 1397, 1397, 0),
        ]

    def test_negative_balances(self, story: Story) -> None:
        assert rolls(story, "990138") == [
            ("202501", -500, 0, 100, 80, 20, -480, -480, 0),
            ("202502", -480, 0, 0, 30, -30, -510, -510, 0),
        ]
        assert "marts.fund_balance_monthly.not_overdrawn" in story.office.failed_checks("major")

    def test_missing_month_is_an_adjustment(self, story: Story) -> None:
        assert rolls(story, "990139") == [
            ROLLED[0],
            ("202501", 1320, 30, 50, 60, -10, 1340, 1340, 0),
            ROLLED[3],
        ]

    def test_the_checks_count_them(self, story: Story) -> None:
        counts = dict(
            story.office.ask(
                """select check_id, unexpected_count from quality_check
                where check_id like '%.no_opening_adjustment' or check_id like '%.fund_acct_bal.no_month_missing'
                    or check_id like '%.no_unexplained_gap'"""
            )
        )
        assert counts == {
            "marts.fund_balance_monthly.no_unexplained_gap": 4,  # 990124, 990136, 990137, 990140
            "marts.fund_balance_monthly.no_opening_adjustment": 4,  # 990124, 990135, 990139, 990140
            "raw.fund_acct_bal.no_month_missing": 1,
        }
        assert story.office.failed_checks("critical") == set()


class TestLevels:
    def test_consolidated_rows_are_never_added(self, story: Story) -> None:
        assert rolls(story, "990100") == []

    def test_transfers_are_eliminated_and_the_imbalance_rolls(self, story: Story) -> None:
        found = story.office.ask(
            """
            select opening_balance, opening_adjustment, income, expenditure, eliminated_transfers, transfer_imbalance,
                closing_balance, ledger_closing_balance, unexplained_gap
            from fund_balance_consolidated_monthly where fund_code = '410' order by month
            """
        )
        assert found == [
            (5150, 0, 1700, 1080, 450, -50, 5720, 5720, 0),
            (5720, 0, 10, 1, 60, 15, 5744, 5744, 0),
        ]
        assert rolls(story, "990199", "410")[1] == ("202502", 5550, 0, 10, 60, -50, 5500, 5500, 0)
        own = "select own_income, own_expenditure from fund_balance_monthly where org_code = '990121' and fund_code = '410'"
        assert story.office.ask(own + " order by month") == [(400, 100), (0, 0)]

    def test_consolidated_is_the_sum_of_the_levels(self, story: Story) -> None:
        assert story.office.ask(
            """
            select pooled.fund_code, pooled.month from fund_balance_consolidated_monthly as pooled
            join (
                select fund_code, month, sum(own_income) as income, sum(own_expenditure) as expenditure,
                    sum(closing_balance) as closing, count(*) as orgs
                from fund_balance_monthly group by all
            ) as level using (fund_code, month)
            where pooled.income <> level.income or pooled.expenditure <> level.expenditure
                or pooled.closing_balance <> level.closing or pooled.org_count <> level.orgs
            """
        ) == []  # fmt: skip


class TestCorrection:
    def test_before_and_after(self, story: Story) -> None:
        assert rolls(story, WRONG_ORG, release=story.first)[2:] == [
            ("202501", 1350, 0, 500, 60, 440, 1790, 1790, 0),
            ("202502", 1790, -450, 70, 20, 50, 1390, 1390, 0),
        ]
        assert rolls(story, WRONG_ORG) == ROLLED

    def test_the_difference_names_what_changed_and_nothing_else(self, story: Story) -> None:
        found = diff_releases(story.office.home, story.first, story.corrected)
        assert [batch.rows_superseded for batch in found.batches_added] == [2]
        assert {change.table_name for change in found.changes} == {
            "fund_balance_monthly",
            "fund_balance_consolidated_monthly",
            "fund_income_monthly",
            "fund_indicator_monthly",
            "fund_money_flow_monthly",
            "fund_signal_monthly",
        }
        assert {str(change.period) for change in found.changes} <= {"2025-01-01", "2025-02-01"}
        of_balance = {
            (f"{change.period:%Y%m}", change.measure): int(change.difference)
            for change in found.changes
            if change.table_name == "fund_balance_monthly"
        }
        income = ("income", "own_income", "income_ytd", "own_income_ytd")
        balance = ("current_balance", "current_balance_ytd", "closing_balance", "ledger_closing_balance")
        assert of_balance == {
            **{("202501", measure): -450 for measure in (*income, *balance)},
            ("202502", "opening_balance"): -450,
            ("202502", "opening_adjustment"): 450,
            ("202502", "income_ytd"): -450,
            ("202502", "own_income_ytd"): -450,
            ("202502", "current_balance_ytd"): -450,
        }
        assert [
            (c.table_name, c.measure, int(c.difference)) for c in found.changes if "_income_" in c.table_name
        ] == [("fund_income_monthly", "amount", -450)]

    def test_what_was_known_when_and_why_it_changed(self, story: Story) -> None:
        """January had 500 too much income by 450; February was right but for the opening that January left it."""
        versions = story.office.ask(
            f"""
            select strftime(month, '%Y%m'), version_no, release_id, opening_adjustment, income, closing_balance, reason
            from fund_balance_version where org_code = '{WRONG_ORG}' and month >= date '2025-01-01' order by all
            """
        )
        assert versions == [
            ("202501", 1, story.first, 0, 500, 1790, "first"),
            ("202501", 2, story.corrected, 0, 50, 1340, "new_rows"),
            ("202502", 1, story.first, -450, 70, 1390, "first"),
            ("202502", 2, story.corrected, 0, 70, 1390, "carried_forward"),
        ]
        revised = story.office.ask(
            f"""
            select strftime(month, '%Y%m'), income_revision, closing_revision, revision.reason, batch.rows_superseded
            from fund_balance_revision as revision
            inner join load_batch as batch using (batch_id)
            where org_code = '{WRONG_ORG}' and is_revised order by all
            """
        )
        assert revised == [("202501", -450, -450, "new_rows", 2), ("202502", 0, 0, "carried_forward", 2)]
        others = f"select count(*) from fund_balance_revision where is_revised and basis = 'own' and org_code <> '{WRONG_ORG}'"
        assert story.office.ask(others) == [(0,)]

    def test_other_books_are_untouched(self, story: Story) -> None:
        for mart in (*LEDGER_MARTS, "fund_indicator_monthly"):
            if "consolidated" not in mart:
                query = f"select * from {mart} where org_code <> '{WRONG_ORG}' order by all"
                assert story.office.ask(query) == story.office.ask(query, story.first)

    def test_one_delivery_gives_the_same_books(
        self, story: Story, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        at_once = Office(Path(tmp_path_factory.mktemp("at_once")))
        at_once.deliver(fund_acct_bal=LEDGER + RIGHT, fund_vchr_d=REFUND_VOUCHERS)
        with at_once.transform_ledger() as candidate:
            for mart in LEDGER_MARTS:
                query = f"select * from marts.{mart} order by all"
                assert candidate.execute(query).fetchall() == story.office.ask(query, story.corrected)


class TestUnknown:
    def test_refused_until_waived_and_totals_foot(self, story: Story) -> None:
        """5999 maps to nothing; fund 999 is in no list, and so its subjects are in no fund's items either."""
        office, served = story.office, story.office.build().release.release_id
        strange = Books("990142", "310_pool", FLOWS | {"5999": "神秘支出"}, {"3001": 1000})
        unknown = Books("990143", "999", FLOWS, {"3001": 10})
        rows = strange.receive("4001", 100).pay("5001", 50).pay("5999", 40).export("202501")
        office.deliver(fund_acct_bal=rows + unknown.receive("4001", 5).export("202501"))
        with pytest.raises(Refused) as refusal:
            office.build()
        mapped, known = "staging.stg_fund_acct_bal.subjects_mapped", "staging.stg_fund_acct_bal.fund_known"
        assert office.failed_checks("critical", "candidate") == {mapped, known}
        assert mapped in str(refusal.value) and known in str(refusal.value)
        assert f"Release {served} goes on being served" in str(refusal.value)
        assert rolls(story, "990142") == []

        until = date.today() + timedelta(days=30)
        waive(office.home, mapped, "a new subject, its item follows", "finance desk", until)
        waive(office.home, known, "a pilot fund", "finance desk", until)
        assert office.build().gate == "waived"

        assert rolls(story, "990142") == [("202501", 1000, 0, 100, 90, 10, 1010, 1010, 0)]
        assert items(story, "990142", "202501") == {
            "premium": (100, False),
            "benefit": (50, False),
            "unmapped": (40, False),
        }
        assert rolls(story, "990143", "999") == [("202501", 10, 0, 5, 0, 5, 15, 15, 0)]
