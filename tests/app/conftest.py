"""A release of hand-made marts and the application on it, for every module of page tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.app.fixture_release import APP, write_release


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one release; a module's `MARTS` is the SQL of what it holds besides."""
    home = tmp_path_factory.mktemp("home")
    write_release(home, extra_sql=getattr(request.module, "MARTS", ""))
    return home


@pytest.fixture
def app_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], AppTest]]:
    """Gives the application on a home, not run yet."""

    def application(home: Path) -> AppTest:
        monkeypatch.setenv("MEDFUND_HOME", str(home))
        return AppTest.from_file(APP, default_timeout=60)

    yield application
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def app(app_on: Callable[[Path], AppTest], filled: Path) -> AppTest:
    """The application on the module's release."""
    return app_on(filled)
