"""Payment: gain and loss by institution, group and department, case mix, kinds of cases, year-end settlement, cash."""

import streamlit as st

from dashboards.lib import blocks, payment

view = blocks.screen()
blocks.header(view, "payment", chosen=True)
payment.institutions(view)
payment.quadrant(view)
groups, kinds = st.columns(2)
with groups:
    payment.groups(view)
with kinds:
    payment.case_types(view)
payment.departments(view)
payment.values(view)
payment.cash(view)
payment.advances(view)
blocks.page_export(view, "payment")
