"""Money in all its forms on the fund page: where it flows, what clearing holds, deposits, personal accounts, arrears."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import streamlit as st

from dashboards.lib import blocks, figures, formats, people
from dashboards.lib.data import Table
from dashboards.lib.state import Screen

_STOCKS = ("unbooked_balance", "unasked_balance", "deposit_balance", "advance_balance")


@dataclass(frozen=True)
class Link:
    """Money from one node to another, never below zero; `tone` says what colours it."""

    source: str
    target: str
    amount: Decimal
    tone: str


def flow(view: Screen) -> None:
    """From source to use to place: the chart, what it says, and every link."""
    rows = view.rows("money_flow")
    links = list(_links(view, rows))
    blocks.figure(
        view,
        "money_flow",
        view.t("title.money_flow", fund=view.name(view.fund_row)),
        figures.money_flow(view, [(one.source, one.target, one.amount, one.tone) for one in links]),
        flow_words(view, rows),
        flow_table(view, rows),
        layout="money_flow",
        queries=("money_flow",),
        indicators=("F01", "F02", "F03"),
        note=view.t("note.money_flow"),
    )


def flow_table(view: Screen, rows: Table) -> Table:
    """Every link as a line: source, target, amount in yuan."""
    lines = tuple((link.source, link.target, link.amount) for link in _links(view, rows))
    return Table(("source", "target", "amount"), lines)


def _links(view: Screen, rows: Table) -> Iterator[Link]:
    """The links of a span, each drawn the way its money went: an amount below zero goes back where it came from."""
    fund = view.name(view.fund_row)
    for row in rows.where(grain="node", stage="income"):
        yield _link(_item(view, row), fund, row["amount"], "income")
    for stage in ("care", "expenditure"):
        for row in rows.where(grain="node", stage=stage):
            yield _link(fund, _item(view, row), row["amount"], stage)
    for row in rows.where(grain="node", stage="difference"):
        if row["amount"] > 0:
            yield Link(fund, view.t("flow_node.besides", cause=_item(view, row)), row["amount"], "difference")
        else:
            yield Link(view.t("flow_node.unpaid", cause=_item(view, row)), fund, -row["amount"], "difference")
    for row in rows.where(grain="node", stage="balance"):
        if row["amount"] > 0:
            yield Link(fund, view.t("flow_node.balance"), row["amount"], "balance")
        else:
            yield Link(view.t("flow_node.drawn"), fund, -row["amount"], "balance")
    for row in rows.where(grain="place", stage="care"):
        yield _link(_item(view, row), view.t(f"care_place.{row['place']}"), row["amount"], "care")


def _link(source: str, target: str, amount: Decimal, tone: str) -> Link:
    return Link(source, target, amount, tone) if amount > 0 else Link(target, source, -amount, tone)


def _item(view: Screen, row: dict[str, Any]) -> str:
    """The words for a node: an item or a cause by its own name, a kind of care or what has no name by ours."""
    if row["stage"] == "care":
        return view.t(f"bucket.{row['node']}")
    if row["node"] == "transfer_imbalance":
        return view.t("flow_node.transfer_imbalance")
    if row["node"] in ("allowance", "not_compared"):
        return view.t(f"flow_cause.{row['node']}")
    return view.name(row)


def flow_words(view: Screen, rows: Table) -> str:
    """What came in, what the largest use was, and what is left; empty where nothing flowed."""
    if not len(rows):
        return ""

    def total(stage: str) -> str:
        row = rows.where(grain="stage", stage=stage).first
        signed = stage in ("difference", "balance")
        return formats.money(row["amount"] if row else Decimal(0), view.lang, sign=signed)

    def largest(stage: str) -> tuple[str, str]:
        found = list(rows.where(grain="node", stage=stage))
        if not found:
            return formats.MISSING, formats.MISSING
        row = max(found, key=lambda row: row["amount"])
        return _item(view, row), formats.money(row["amount"], view.lang)

    source, source_amount = largest("income")
    use, use_amount = largest("care")
    words = view.t(
        "story.money_flow",
        span=people.span_words(view),
        fund=view.name(view.fund_row),
        income=total("income"),
        source=source,
        source_amount=source_amount,
        care=total("care"),
        use=use,
        use_amount=use_amount,
        other=total("expenditure"),
        difference=total("difference"),
        balance=total("balance"),
    )
    return f"{words} {view.t('note.premium_season')}" if view.is_resident else words


def clearing(view: Screen) -> None:
    """Advances, deposits and money on its way, month by month; then what year-end clearing leaves with institutions."""
    rows = view.rows("clearing")
    blocks.figure(
        view,
        "clearing",
        view.t("title.clearing"),
        figures.month_lines(view, [(view.t(f"col.{name}"), rows, name) for name in _STOCKS], "money"),
        clearing_words(view, rows),
        rows,
        layout="clearing",
        queries=("clearing",),
        note=view.t("note.clearing"),
    )
    years = view.rows("year_end_clearing")
    if not len(years):  # not asked of this fund, or no grouping loaded: the page of payment says which
        return
    blocks.figure(
        view,
        "year_end_clearing",
        view.t("title.year_end_clearing"),
        None,
        year_end_words(view, years),
        years,
        layout="year_end_clearing",
        queries=("year_end_clearing",),
        indicators=("I25",),
        note=view.t("note.year_end_clearing"),
    )


def clearing_words(view: Screen, rows: Table) -> str:
    """Where advances, deposits and what is on its way stand this month; empty without the month."""
    now = rows.where(month=view.period).first
    if now is None:
        return ""
    return view.t(
        "story.clearing",
        month=formats.month(view.period, view.lang),
        unbooked=formats.money(now["unbooked_balance"], view.lang),
        unasked=formats.money(now["unasked_balance"], view.lang),
        deposit=formats.money(now["deposit_balance"], view.lang),
        advance=formats.money(now["advance_balance"], view.lang),
        prepaid=formats.money(now["ledger_prepaid"], view.lang),
        paid=formats.money(now["paid"], view.lang),
        reviewed=formats.money(now["reviewed"], view.lang),
        offset=formats.money(now["advance_offset"], view.lang),
        kept=formats.money(now["deposit_kept"], view.lang),
    )


def year_end_words(view: Screen, years: Table) -> str:
    """The last year that is over, or the running one until there is one; empty where no year is."""
    over = view.period.year if view.period.month == 12 else view.period.year - 1
    last = years.where(year=over).first or years.last
    if last is None:
        return ""
    return view.t(
        "story.year_end_clearing",
        year=last["year"],
        institutions=formats.count(last["institutions"]),
        due=formats.money(last["due"], view.lang),
        accrued=formats.money(last["accrued"], view.lang),
        kept=formats.money(last["retained_surplus"], view.lang),
        shared=formats.money(last["shared_overspend"], view.lang),
    )


def deposits(view: Screen) -> None:
    """Deposits at call and for a term, and the interest received beside the ledger's."""
    rows = view.rows("deposits")
    total = rows.where(account="total")
    blocks.figure(
        view,
        "deposits",
        view.t("title.deposits"),
        figures.month_bars(
            view,
            total,
            [(name, view.t(f"col.{name}")) for name in ("demand_balance", "term_balance")],
            "money",
        ),
        deposit_words(view, total),
        rows,
        layout="deposits",
        queries=("deposits", "deposit_interest"),
        indicators=("F24",),
        note=view.t("note.deposits"),
    )


def deposit_words(view: Screen, total: Table) -> str:
    """Deposits at call and for a term, and interest received beside the ledger's; empty without the month."""
    now, interest = total.where(month=view.period).first, view.one("deposit_interest")
    if now is None:
        return ""
    return view.t(
        "story.deposits",
        month=formats.month(view.period, view.lang),
        closing=formats.money(now["closing_balance"], view.lang),
        term=formats.money(now["term_balance"], view.lang),
        demand=formats.money(now["demand_balance"], view.lang),
        span=people.span_words(view),
        received=formats.money(interest["interest_received"], view.lang),
        booked=formats.money(interest["ledger_interest"], view.lang),
        difference=formats.money(interest["interest_difference"], view.lang, sign=True),
        rate=formats.ratio(now["annual_rate"], places=2),
    )


def accounts(view: Screen) -> None:
    """Personal accounts of the chosen fund's scheme, apart from every pooled figure; nothing where it has none."""
    rows = view.rows("accounts")
    for span in view.rows("account_span"):
        mine = rows.where(fund_code=span["fund_code"])
        fund = view.name(span, "fund")
        blocks.figure(
            view,
            f"accounts_{span['fund_code']}",
            view.t("title.accounts", fund=fund),
            figures.month_bars(
                view,
                mine,
                [("credited", view.t("col.credited")), ("spent", view.t("col.account_spent"))],
                "money",
                stacked=False,
            ),
            account_words(view, span),
            mine,
            layout="accounts",
            queries=("accounts", "account_span"),
            note=view.t("note.accounts"),
        )


def account_words(view: Screen, span: dict[str, Any]) -> str:
    """What a row of `account_span` says: opening, credited, spent and carried on."""
    words = view.t(
        "story.accounts",
        span=people.span_words(view),
        fund=view.name(span, "fund"),
        opening=formats.money(span["opening_balance"], view.lang),
        credited=formats.money(span["credited"], view.lang),
        spent=formats.money(span["spent"], view.lang),
        closing=formats.money(span["closing_balance"], view.lang),
        settled=formats.money(span["settled"], view.lang),
    )
    if span["register_spent_of_carried"] is not None:
        carried = formats.money(span["register_spent_of_carried"], view.lang)
        words += view.t("story.accounts_carried", amount=carried)
    return words


def arrears(view: Screen) -> None:
    """What of the contributions is unpaid or relieved, in one sentence; the page of enrolment has the whole of it."""
    now = view.rows("contributions", scheme=people.scheme(view)).where(month=view.period).first
    if now is None:
        return
    with st.container(key="figure_fund_arrears", border=True):
        with blocks.heading("fund_arrears", view.t("title.fund_arrears")):
            blocks.explain(view, "fund_arrears", ("F11",), ("contributions",), view.t("note.arrears"))
        st.markdown(
            view.t(
                "story.fund_arrears",
                month=formats.month(view.period, view.lang),
                due=formats.money(now["due"], view.lang),
                received=formats.money(now["received"], view.lang),
                relief=formats.money(now["relief"], view.lang),
                arrears=formats.money(now["arrears"], view.lang),
                old=formats.money(now["arrears_over_12_months"], view.lang),
            )
        )
        blocks.link(view, "enrolment", view.t("link.enrolment"))
