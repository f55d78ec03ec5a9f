"""The dashboards in a real Chromium: every page draws, files download, links hold, a new release arrives."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from dashboards.lib.navigation import PAGES
from tests.app.fixture_release import FIRST_RELEASE, PROJECT, SECOND_RELEASE, write_release

pytestmark = pytest.mark.browser

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_SERVE = "import sys; from pathlib import Path; from dashboards.serve import serve; "
_SERVE += "sys.exit(serve(Path(sys.argv[1]), '127.0.0.1', int(sys.argv[2])))"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("home")
    write_release(root)
    return root


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (home / "serve.log").open("wb")
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(home), str(port)], cwd=PROJECT, stdout=log, stderr=log
    )
    try:
        _wait(f"http://127.0.0.1:{port}/_stcore/health", server, home / "serve.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        code = server.wait(timeout=20)
        log.close()
    assert code == 0, "stopping the server is not a failure"


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(120):
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.25)
    raise AssertionError(f"no answer from {url}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "Chromium is not installed; tests/e2e/ensure_browser.sh installs it"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="zh-CN", color_scheme="light"
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


def _settled(page: Page, title: str) -> None:
    expect(page.locator(".stMainBlockContainer h1")).to_have_text(title, timeout=30_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=30_000)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_page_opened_first_by_its_own_address_draws(address: str, page: Page) -> None:
    page.goto(f"{address}/fund")
    _settled(page, "基金收支")
    expect(page.locator(".js-plotly-plot")).to_have_count(7)
    described = page.locator(
        "[data-testid=stPlotlyChart] [aria-label], [data-testid=stPlotlyChart][aria-label]"
    )
    assert described.count() >= 7


def test_every_page_of_the_menu_draws_in_chinese_without_english_widgets(address: str, page: Page) -> None:
    page.goto(address)
    _settled(page, "首页")
    titles = page.get_by_test_id("stSidebarNavLink").all_inner_texts()
    assert len(titles) == len(PAGES)
    for link, title in zip(page.get_by_test_id("stSidebarNavLink").all(), titles, strict=True):
        link.click()
        _settled(page, title.split("\n")[-1])
        text = page.locator("body").inner_text()
        for english in ("Choose", "No results", "Deploy", "Fullscreen", "Press", "Running", "Download as"):
            assert english not in text, (title, english)


def test_choices_hold_across_pages_and_a_link_shows_the_same(
    address: str, page: Page, browser: Browser
) -> None:
    page.goto(f"{address}/?fund=390&basis=own&org=430121")
    _settled(page, "首页")
    expect(page.locator(".stMainBlockContainer")).to_contain_text("城乡居民医保基金 · 甲县")
    page.get_by_test_id("stSidebarNavLink").filter(has_text="基金收支").click()
    _settled(page, "基金收支")
    page.wait_for_url("**/fund?basis=own&org=430121&fund=390")
    expect(page.locator(".stMainBlockContainer")).to_contain_text("城乡居民医保基金 · 甲县")
    page.get_by_text("English", exact=True).click()
    _settled(page, "Fund")
    page.wait_for_url("**/fund?lang=en&basis=own&org=430121&fund=390")
    again = browser.new_context().new_page()
    again.goto(page.url)
    _settled(again, "Fund")
    expect(again.locator(".stMainBlockContainer")).to_contain_text("Resident fund · County A")
    again.context.close()


def test_a_signal_leads_to_the_page_that_answers_it(address: str, page: Page) -> None:
    page.goto(address)
    _settled(page, "首页")
    page.get_by_role("link", name="去看：数据可信").first.click()
    _settled(page, "数据可信")
    page.wait_for_url(
        lambda url: (
            parse_qs(urlsplit(url).query) == {"basis": ["own"], "org": ["430122"], "fund": ["310_pool"]}
        )
    )


def test_tables_and_pages_download(address: str, page: Page) -> None:
    page.goto(f"{address}/trust")
    _settled(page, "数据可信")
    with page.expect_download() as started:
        page.locator(".st-key-csv_batches button").click()
    text = Path(started.value.path()).read_bytes().decode("utf-8-sig")
    assert text.splitlines()[0].startswith("批次,表,来源文件")
    assert '"\'=HYPERLINK(""http://x"")"' in text
    with page.expect_download() as started:
        page.locator(".st-key-export_trust button").click()
    assert started.value.suggested_filename == f"medfund_trust_{FIRST_RELEASE}.xlsx"
    assert Path(started.value.path()).read_bytes().startswith(b"PK")


def test_the_monthly_report_is_made_when_its_button_is_pressed(address: str, page: Page) -> None:
    page.goto(f"{address}/fund?fund=390&basis=own&org=430121&period=2026-09-01")
    _settled(page, "基金收支")
    for ending, start in (("pdf", b"%PDF-"), ("xlsx", b"PK")):
        with page.expect_download() as started:
            page.locator(f".st-key-report_{ending} button").click()
        name = f"medfund_report_2026-09_390_430121_zh_{FIRST_RELEASE}.{ending}"
        assert started.value.suggested_filename == name
        assert Path(started.value.path()).read_bytes().startswith(start)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_wins_over_the_browsers(address: str, browser: Browser, theme: str) -> None:
    other = "light" if theme == "dark" else "dark"
    page = browser.new_context(color_scheme=other, locale="zh-CN").new_page()  # type: ignore[arg-type]
    page.goto(f"{address}/?theme={theme}")
    ground = {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 24, 39)"}[theme]
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", ground, timeout=30_000)
    page.context.close()


@pytest.mark.parametrize("choices", ["", "?fund=390&lang=en&theme=dark"])
def test_home_answers_on_one_screen(address: str, page: Page, choices: str) -> None:
    """At 1440 × 900 a leader sees status, tiles, why spending moved, signals and the balance without scrolling."""
    page.goto(f"{address}/{choices}")
    _settled(page, "Home" if choices else "首页")
    expect(page.locator(".st-key-figure_balance .js-plotly-plot")).to_have_count(1)
    for key in ("status", "tile_balance", "tile_gap", "why", "figure_signals", "figure_balance"):
        box = page.locator(f".st-key-{key}").bounding_box()
        assert box is not None and box["y"] >= 0, key
        # A second line of words in a tile may push the last sentence a little under the edge.
        assert box["y"] + box["height"] <= (930 if choices else 900), (key, box)


def test_home_fits_a_phone(address: str, browser: Browser) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh-CN").new_page()
    page.goto(address)
    _settled(page, "首页")
    expect(page.get_by_test_id("stMetric")).to_have_count(5)
    wide = page.evaluate(
        "() => { const m = document.querySelector('[data-testid=stMain]'); "
        "return m.scrollWidth - m.clientWidth; }"
    )
    assert wide <= 0
    for tile in page.get_by_test_id("stMetricValue").all():
        box = tile.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.context.close()


def test_an_open_page_moves_to_a_new_release_by_itself(address: str, home: Path, page: Page) -> None:
    page.goto(address)
    _settled(page, "首页")
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("5,287.50 万元")
    write_release(
        home,
        SECOND_RELEASE,
        extra_sql="update marts.fund_balance_consolidated_monthly set closing_balance = 100000000"
        " where month = date '2026-10-01' and fund_code = '310_pool';",
    )
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("1.00 亿元", timeout=20_000)
