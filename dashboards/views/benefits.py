"""Benefits and use: visits and expense, by kind, level and place; layers of protection; costly stays; why it moved."""

import streamlit as st

from dashboards.lib import benefits, blocks, fund, people

view = blocks.screen()
blocks.header(view, "benefits", chosen=True)
benefits.facts(view)

visits, expense = st.columns(2)
with visits:
    benefits.use(view, "use_visits", "visits", "count")
with expense:
    benefits.use(view, "use_expense", "med_fee", "money")

benefits.layers(view)

levels, costly = st.columns(2)
with levels:
    benefits.levels(view)
with costly:
    benefits.costly(view)

fund.drivers(view)
people.indicators(view, "utilisation")
blocks.page_export(view, "benefits")
