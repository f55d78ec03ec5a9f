"""Enrolment and financing: who is insured, who came, left or is insured twice, what is due, received and in arrears."""

import streamlit as st

from dashboards.lib import blocks, enrolment, people

view = blocks.screen()
blocks.header(view, "enrolment", chosen=True)
enrolment.facts(view)

heads, moves = st.columns(2)
with heads:
    enrolment.heads(view)
with moves:
    enrolment.moves(view)

ages, groups = st.columns(2)
with ages:
    enrolment.ages(view)
with groups:
    enrolment.groups(view)

due, arrears = st.columns(2)
with due:
    enrolment.contributions(view)
with arrears:
    enrolment.arrears(view)

enrolment.payers(view)

per_head, duplicates = st.columns(2)
with per_head:
    enrolment.per_head(view)
with duplicates:
    enrolment.duplicates(view)

enrolment.coverage(view)
enrolment.orgs(view)
people.indicators(view, "enrolment")
blocks.page_export(view, "enrolment")
