"""The application: menu, sidebar, and the page chosen. Runs again at every click; holds nothing itself."""

from __future__ import annotations

import streamlit as st

from dashboards.lib import blocks, data, i18n, sidebar, state, theme
from dashboards.lib.navigation import GROUPS, PAGES

state.read_url()
lang = sidebar.language()
st.set_page_config(
    page_title="medfund",
    page_icon=":material/health_and_safety:",
    layout="wide",
    initial_sidebar_state="collapsed" if sidebar.is_large() else "auto",
)
menu = st.navigation(
    {
        i18n.t(f"group.{group}", lang): [
            st.Page(
                info.file,
                title=i18n.t(f"page.{info.key}", lang),
                icon=info.icon,
                url_path=info.key,
                default=info.key == "home",
            )
            for info in PAGES
            if info.group == group
        ]
        for group in GROUPS
    },
    expanded=True,
)
screen = sidebar.build(lang)
state.write_url()
theme.apply(sidebar.wanted_theme(), large=sidebar.is_large(), lang=lang)
if screen is None:
    sidebar.nothing_to_show(lang)
else:
    blocks.keep(screen)
    try:
        menu.run()
    except data.ReleaseUnreadableError as error:
        st.error(screen.t("error.release", detail=str(error)))
