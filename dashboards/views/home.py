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

    line, words = st.columns([3, 2], gap="small")
    with line:
        history = view.rows("balance")
        forecast = view.rows("forecast")
        blocks.figure(
            view,
            "balance",
            view.t("title.balance"),
            figures.balance_line(view, history, forecast),
            story.balance(view, now),
            history,
            layout="balance",
            queries=("balance", "forecast"),
            indicators=("F06",),
            note=overview.forecast_note(view, forecast),
            compact=True,
        )
    with words:
        overview.why(view)
        overview.signals(view)

    blocks.page_export(view, "home")
