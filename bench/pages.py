"""Measure every page of the dashboards on a release: `python -m bench.pages --home HOME [--users 10]`.

One process serves all users, as Streamlit does. Each user has a session of its own and walks through all pages, with
changes of a filter on the first two; a figure is one run of a page's script, from the click to its last element, without the
browser. The first visit of each page fills the server's caches and is given apart.
"""

from __future__ import annotations

import argparse
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from streamlit.testing.v1 import AppTest

from dashboards.lib.navigation import PAGES
from medfund.settings import PROJECT_ROOT

_APP = str(PROJECT_ROOT / "dashboards" / "app.py")


def timed(step: Callable[[], AppTest]) -> float:
    """Wall seconds of one run; ends the measurement where the page shows an error."""
    started = time.perf_counter()
    app = step()
    seconds = time.perf_counter() - started
    if app.exception:
        raise SystemExit(f"a page failed: {app.exception[0].value}")
    return seconds


def walk(seconds: dict[str, list[float]]) -> None:
    """One user: home, every page, and on the first two a look at another period and back."""
    app = AppTest.from_file(_APP, default_timeout=120)
    seconds["home"].append(timed(app.run))
    for page in PAGES:
        if page.key != "home":
            view = f"views/{page.key}.py"
            seconds[page.key].append(timed(lambda view=view: app.switch_page(view).run()))
        if page.key in ("home", "fund"):
            box = app.sidebar.selectbox[0]
            for index in (len(box.options) - 1, 0):
                seconds["a filter"].append(timed(lambda box=box, index=index: box.select_index(index).run()))


def main() -> None:
    """Print median and 95th percentile of every page, alone and with all users at once."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a release")
    parser.add_argument("--users", type=int, default=10)
    options = parser.parse_args()
    os.environ["MEDFUND_HOME"] = str(options.home.resolve())
    logging.disable(logging.WARNING)
    names = [page.key for page in PAGES] + ["a filter"]
    first: dict[str, list[float]] = {name: [] for name in names}
    walk(first)
    together: dict[str, list[float]] = {name: [] for name in names}
    users = [threading.Thread(target=walk, args=(together,)) for _ in range(options.users)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    print(f"{options.users} users at once, {os.cpu_count()} cores; seconds of one run")
    print(f"{'page':14}{'first visit':>12}{'median':>9}{'95 %':>9}")
    for name in names:
        times = together[name]
        late = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        print(f"{name:14}{first[name][0]:12.2f}{median(times):9.2f}{late:9.2f}")


if __name__ == "__main__":
    main()
