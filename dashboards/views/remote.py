"""Remote care: flows out and in, by place; direct settlement; age of clearing; price difference."""

import streamlit as st

from dashboards.lib import blocks, people, remote

view = blocks.screen()
blocks.header(view, "remote", chosen=True)
remote.facts(view)

visits, money = st.columns(2)
with visits:
    remote.flows(view, "visits", "count")
with money:
    remote.flows(view, "fund_pay", "money")

out, came = st.columns(2)
with out:
    remote.places(view, "outflow")
with came:
    remote.places(view, "inflow")

remote.direct(view)
remote.clearing(view)
remote.kinds(view)
people.indicators(view, "remote")
blocks.page_export(view, "remote")
