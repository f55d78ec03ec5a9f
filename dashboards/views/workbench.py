"""Workbench: read-only SQL within bounds, saved questions, what tables hold, what indicators mean."""

import streamlit as st

from dashboards.lib import blocks, workbench

view = blocks.screen()
blocks.header(view, "workbench")

asking, looking = st.columns([3, 2])
with asking:
    workbench.sql(view)
with looking:
    workbench.schema(view)
    workbench.dictionary(view)

blocks.page_export(view, "workbench")
