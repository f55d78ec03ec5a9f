"""Fund: from opening to closing, what came in and went out, by item, org, budget and against the nation."""

import streamlit as st

from dashboards.lib import blocks, figures, fund, money, overview, report, story

view = blocks.screen()
blocks.header(view, "fund", chosen=True)

now = overview.latest(view)
if now is None:
    blocks.empty(view, ("balance",))
else:
    fund.facts(view, now)

    roll = view.one("roll_forward")
    items = view.rows("items")
    steps = story.steps(view, roll, items)
    blocks.figure(
        view,
        "waterfall",
        view.t("title.waterfall", book=view.book_name, fund=view.name(view.fund_row)),
        figures.waterfall(view, steps),
        story.waterfall(view, roll),
        fund.steps_table(steps),
        layout="waterfall",
        queries=("roll_forward", "items"),
        indicators=("F01", "F02", "F06"),
        note=view.t("note.waterfall"),
    )

    income, expenditure = st.columns(2)
    with income:
        blocks.figure(
            view,
            "income",
            view.t("title.income"),
            figures.item_bars(view, items, "income"),
            story.items(view, items, "income"),
            items.where(direction="income"),
            layout="items",
            queries=("items",),
            indicators=("F01",),
            note=view.t("note.memo"),
        )
    with expenditure:
        blocks.figure(
            view,
            "expenditure",
            view.t("title.expenditure"),
            figures.item_bars(view, items, "expenditure"),
            story.items(view, items, "expenditure"),
            items.where(direction="expenditure"),
            layout="items",
            queries=("items",),
            indicators=("F02",),
            note=view.t("note.memo"),
        )

    money.flow(view)
    fund.drivers(view)

    history = view.rows("balance")
    blocks.figure(
        view,
        "flows",
        view.t("title.flows"),
        figures.monthly_flows(view, history),
        story.flows(view, now),
        history,
        layout="flows",
        queries=("balance",),
        indicators=("F01", "F02", "F08", "F09"),
        note=view.t("note.hatched"),
    )

    kinds = view.rows("flows_by_kind")
    blocks.figure(
        view,
        "kinds",
        view.t("title.kinds"),
        None,
        view.t("note.kinds"),
        kinds,
        layout="kinds",
        queries=("flows_by_kind",),
        indicators=("F06",),
    )

    heat = view.rows("payable_by_org")
    blocks.figure(
        view,
        "heat",
        view.t("title.heat"),
        figures.payable_heat(view, heat),
        story.heat(view, heat),
        heat,
        layout="payable_by_org",
        queries=("payable_by_org",),
        indicators=("F07",),
        note=view.t("note.heat"),
    )

    fund.budget(view)
    money.clearing(view)
    money.deposits(view)
    money.accounts(view)
    money.arrears(view)

fund.national(view)
report.buttons(view)
blocks.page_export(view, "fund")
