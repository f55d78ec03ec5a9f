"""Payment: gain and loss by institution and group, kinds of cases, year-end settlement."""

import streamlit as st

from dashboards.lib import blocks, payment

view = blocks.screen()
blocks.header(view, "payment")
payment.institutions(view)
groups, kinds = st.columns(2)
with groups:
    payment.groups(view)
with kinds:
    payment.case_types(view)
blocks.page_export(view, "payment")
