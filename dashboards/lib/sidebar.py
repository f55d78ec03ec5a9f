"""The sidebar: every choice that holds across pages, and the watch for a new release."""

from __future__ import annotations

from datetime import date
from typing import cast

import streamlit as st

from dashboards.lib import data, formats, state, theme
from dashboards.lib.i18n import Lang, t
from dashboards.lib.state import Screen, select

_LANGUAGES = {"zh": "中文", "en": "English"}
_WATCH_SECONDS = 5
_SHOWN = "medfund.release"


def language() -> Lang:
    """The reader's language: Chinese unless chosen otherwise."""
    return cast(Lang, state.choice("lang", tuple(_LANGUAGES), "zh"))


def wanted_theme() -> str:
    """`auto` (as the browser), `light` or `dark`."""
    return state.choice("theme", ("auto", "light", "dark"), "auto")


def is_large() -> bool:
    """Whether the page is drawn for a wall screen."""
    return state.choice("screen", ("normal", "large"), "normal") == "large"


def build(lang: Lang) -> Screen | None:
    """Draw the sidebar and return what was chosen; None where there is no release or nothing in it."""
    with st.sidebar:
        choices = st.container()
        with st.container():
            _look(lang)
        ids = data.release_ids()
        options = (data.CURRENT, *ids)
        wanted = state.choice("release", options, data.CURRENT)
        release = data.find_release(wanted)
        _watch(lang)
        if release is None:
            return None
        st.session_state[_SHOWN] = release.release_id
        with choices:
            return _filters(lang, release, options)


def _filters(lang: Lang, release: data.Release, release_options: tuple[str, ...]) -> Screen | None:
    funds, orgs = data.rows(release, "funds"), data.rows(release, "orgs")
    months: list[date] = data.rows(release, "months").column("month")

    def labels(table: data.Table, key: str) -> dict[str, str]:
        return {row[key]: row[f"name_{lang}"] or row["name_zh"] or row[key] for row in table}

    fund_names, org_names = labels(funds, "fund_code"), labels(orgs, "org_code")
    iso = [month.isoformat() for month in months]
    if not iso:
        fund = org = ""
        period, basis, span = date.today().replace(day=1), "consolidated", "ytd"
    else:
        fund = select(
            "fund",
            t("filter.fund", lang),
            list(fund_names),
            next(iter(fund_names)),
            lang,
            fund_names.__getitem__,
        )
        basis = select(
            "basis",
            t("filter.basis", lang),
            ("consolidated", "own"),
            "consolidated",
            lang,
            lambda code: t(f"basis.{code}", lang),
            buttons=True,
        )
        org = select(
            "org",
            t("filter.org", lang),
            list(org_names),
            next(iter(org_names)),
            lang,
            org_names.__getitem__,
            disabled=basis == "consolidated",
        )
        period = date.fromisoformat(
            select(
                "period",
                t("filter.period", lang),
                iso,
                iso[0],
                lang,
                lambda text: formats.month(date.fromisoformat(text), lang),
            )
        )
        span = select(
            "span",
            t("filter.span", lang),
            ("ytd", "month", "rolling_12"),
            "ytd",
            lang,
            lambda code: t(f"span.{code}", lang),
            buttons=True,
        )
    select(
        "release",
        t("filter.release", lang),
        release_options,
        data.CURRENT,
        lang,
        lambda text: t("filter.newest", lang) if text == data.CURRENT else text,
    )
    return state.open_screen(
        release,
        lang=lang,
        basis=basis,
        org=org,
        fund=fund,
        period=period,
        span=span,
        theme=theme.resolve(wanted_theme()),
        large=is_large(),
    )


def _look(lang: Lang) -> None:
    st.divider()
    select(
        "lang",
        t("filter.language", lang),
        tuple(_LANGUAGES),
        "zh",
        lang,
        _LANGUAGES.__getitem__,
        buttons=True,
    )
    select(
        "theme",
        t("filter.theme", lang),
        ("auto", "light", "dark"),
        "auto",
        lang,
        lambda code: t(f"theme.{code}", lang),
        buttons=True,
    )
    select(
        "screen",
        t("filter.screen", lang),
        ("normal", "large"),
        "normal",
        lang,
        lambda code: t(f"screen.{code}", lang),
        buttons=True,
    )


@st.fragment(run_every=_WATCH_SECONDS)
def _watch(lang: Lang) -> None:
    """Look every few seconds whether another release is current, and draw the page again if so."""
    shown = st.session_state.get(_SHOWN)
    follows = state.choice("release", (data.CURRENT, *data.release_ids()), data.CURRENT) == data.CURRENT
    current = data.current_id()
    if follows and current is not None and shown is not None and current != shown:
        st.session_state[_SHOWN] = current
        st.toast(t("status.moved", lang, release=current))
        st.rerun()


def nothing_to_show(lang: Lang) -> None:
    """What to do where no release can be opened yet."""
    st.title(t("page.home", lang), anchor=False)
    st.info(t("empty.no_release", lang, home=str(data.home().root)))
