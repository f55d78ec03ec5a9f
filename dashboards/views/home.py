"""Home: the first ten seconds of a leader, one screen."""

import streamlit as st

from dashboards.lib import blocks, figures, overview, story

view = blocks.screen()
blocks.header(view, "home", chosen=True)
overview.status_strip(view)

now = overview.latest(view)
if now is None:
    blocks.empty(view, ("balance",))
else:
    overview.tiles(view, now)

    moved = view.rows("spending_change")
    with st.container(border=True, key="why"):
        st.markdown(story.spending(view, moved))
        if len(moved):
            blocks.table(view, "spending_change", "spending_change", view.t("title.spending_change"), moved)
        else:
            blocks.empty(view, ("spending_change",))

    line, signals = st.columns([3, 2])
    with line:
        history = view.rows("balance")
        forecast = view.rows("forecast")
        blocks.figure(
            view,
            "balance",
            view.t("title.balance", fund=view.name(view.fund_row)),
            figures.balance_line(view, history, forecast),
            f"{story.balance(view, now)} {overview.forecast_note(view, forecast)}",
            history,
            layout="balance",
            queries=("balance", "forecast"),
            indicators=("F06",),
        )
    with signals:
        overview.signals(view)

    blocks.page_export(view, "home")
