"""Forecast and scenarios: each fund two years ahead, how sure that is, what a policy would change, when a floor is reached."""

import streamlit as st

from dashboards.lib import blocks, forecast

view = blocks.screen()
blocks.header(view, "forecast", chosen=True)

series = forecast.state_of_series(view)
if series is None or series["state"] != "forecast":
    forecast.none(view, series)
else:
    forecast.facts(view, series)
    forecast.fan(view)
    left, right = st.columns(2)
    if forecast.has_scenarios(view):
        with left:
            forecast.sensitivity(view)
    if forecast.has_floor(view):
        with right:
            forecast.floors(view)
    if forecast.has_scenarios(view):
        forecast.effects(view)
        forecast.compare(view)
    forecast.scores(view)

forecast.national(view)
blocks.page_export(view, "forecast")
