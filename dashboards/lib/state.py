"""What the reader has chosen: kept across pages, and written to the URL so that a link shows the same figures.

The URL holds codes (`fund=390`), never labels, so a link works in either language. A choice equal to its
default is left out of the URL, and so a link without a period follows the newest month.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import streamlit as st

from dashboards.lib import data, formats
from dashboards.lib.data import Release, Table
from dashboards.lib.i18n import Lang, t

# Order is the order in the URL.
NAMES = (
    "lang",
    "theme",
    "screen",
    "release",
    "basis",
    "org",
    "fund",
    "period",
    "span",
    "direction",
    "series",
    "vintage",
    "measure",
    "scenario",
    "mart",
    "analysis",
    "table",
    "indicator",
    "institution",
    "bucket",
    "peers",
    "doctor",
)

_KEPT = "medfund.filters"
_WRITTEN = "medfund.url"


@dataclass
class Sheet:
    """A table as it leaves the page: its title, labelled columns with kinds, and exact values.

    Where rows measure different things, `row_kinds` says for each row how its columns of kind `number` are written.
    """

    name: str
    title: str
    labels: tuple[str, ...]
    kinds: tuple[formats.Kind, ...]
    rows: tuple[tuple[Any, ...], ...]
    row_kinds: tuple[formats.Kind, ...] = ()

    def kinds_of(self, line: int) -> tuple[formats.Kind, ...]:
        """How the cells of one row are written."""
        if not self.row_kinds:
            return self.kinds
        return tuple(self.row_kinds[line] if kind == "number" else kind for kind in self.kinds)


@dataclass
class Screen:
    """Everything a page needs to draw itself: the choices, the release, and names in the reader's language."""

    lang: Lang
    theme: Literal["light", "dark"]
    large: bool
    release: Release
    info: dict[str, Any]
    basis: str
    org: str
    fund: str
    period: date
    span: str
    orgs: Table
    funds: Table
    periods: list[date]
    indicators: dict[str, dict[str, Any]]
    sheets: list[Sheet] = field(default_factory=list)
    used_indicators: list[str] = field(default_factory=list)

    def t(self, key: str, **values: Any) -> str:
        """Text in the reader's language."""
        return t(key, self.lang, **values)

    def name(self, row: dict[str, Any] | None, prefix: str = "name") -> str:
        """The row's name in the reader's language."""
        return formats.MISSING if row is None else str(row[f"{prefix}_{self.lang}"] or row[f"{prefix}_zh"])

    @property
    def fund_row(self) -> dict[str, Any] | None:
        """The chosen fund."""
        return self.funds.where(fund_code=self.fund).first

    @property
    def is_resident(self) -> bool:
        """Whether the fund's premiums come once a year, so that a month's deficit says nothing."""
        return self.fund_row is not None and self.fund_row["scheme"] == "resident"

    @property
    def scope_org(self) -> str:
        """The org whose indicators are shown: the chosen book, or the whole pool area's top org."""
        return self.org if self.basis == "own" else top_org(self.release)

    @property
    def book_name(self) -> str:
        """Whose figures these are, in words."""
        if self.basis == "consolidated":
            return self.t("basis.consolidated")
        return self.name(self.orgs.where(org_code=self.org).first)

    def rows(self, query: str, **more: Any) -> Table:
        """Rows of a named query under the present choices."""
        chosen = {
            "basis": self.basis,
            "org": self.org,
            "scope_org": self.scope_org,
            "fund": self.fund,
            "period": self.period.isoformat(),
            "span": self.span,
        }
        return data.rows(self.release, query, **(chosen | more))

    def one(self, query: str, **more: Any) -> dict[str, Any]:
        """The first row of a named query; where there is none, its columns with nothing in them."""
        table = self.rows(query, **more)
        return table.first or dict.fromkeys(table.columns)


def open_screen(
    release: Release,
    *,
    lang: Lang,
    basis: str,
    org: str,
    fund: str,
    period: date,
    span: str = "ytd",
    theme: Literal["light", "dark"] = "light",
    large: bool = False,
) -> Screen:
    """A release under these choices, with the names and definitions that words and tables need."""
    return Screen(
        lang=lang,
        theme=theme,
        large=large,
        release=release,
        info=data.rows(release, "release_info").first or {},
        basis=basis,
        org=org,
        fund=fund,
        period=period,
        span=span,
        orgs=data.rows(release, "orgs"),
        funds=data.rows(release, "funds"),
        periods=data.rows(release, "months").column("month"),
        indicators={row["indicator_id"]: row for row in data.rows(release, "indicators")},
    )


def top_org(release: Release) -> str:
    """The org that stands for the whole pool area."""
    row = data.rows(release, "top_org").first
    return "" if row is None else str(row["org_code"])


def _kept() -> dict[str, str]:
    return st.session_state.setdefault(_KEPT, {})


def read_url() -> None:
    """Take choices from the URL on the first run and whenever the reader followed a link or went back."""
    url = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    # The menu opens a page without a query string; that is no wish to forget the choices.
    if url and url != st.session_state.get(_WRITTEN):
        st.session_state[_KEPT] = url


def write_url() -> None:
    """Put the choices into the URL."""
    url = {name: _kept()[name] for name in NAMES if name in _kept()}
    if dict(st.query_params) != url:
        st.query_params.from_dict(url)
    st.session_state[_WRITTEN] = url


def choice(name: str, options: Sequence[str], default: str) -> str:
    """The reader's choice among the options; the default when it is not there or no longer possible."""
    wanted = _kept().get(name, default)
    return wanted if wanted in options else default


def _take(name: str, key: str, default: str) -> None:
    value = st.session_state[key]
    if value is None:
        return
    if value == default:
        _kept().pop(name, None)
    else:
        _kept()[name] = value


def select(
    name: str,
    label: str,
    options: Sequence[str],
    default: str,
    lang: Lang,
    label_of: Callable[[str], str],
    *,
    buttons: bool = False,
    disabled: bool = False,
) -> str:
    """A widget for one choice: a list, or a row of buttons where there are few options. Returns the code chosen."""
    value = choice(name, options, default)
    # One widget per language: its options are labels, so a shared one would lose its value on a switch.
    key = f"{name}.{lang}"
    st.session_state[key] = value
    common: dict[str, Any] = {
        "key": key,
        "format_func": label_of,
        "on_change": _take,
        "args": (name, key, default),
        "disabled": disabled,
    }
    if buttons:
        st.segmented_control(label, options, required=True, width="stretch", **common)
    else:
        st.selectbox(label, options, filter_mode=None, **common)
    return value
