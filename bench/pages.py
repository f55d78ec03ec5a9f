"""Measure every page of the dashboards on a release: `python -m bench.pages --home HOME [--users 10] [--pause 5]`.

One server serves all users, as it does in a bureau; each user is a session of its own that speaks to it as the browser
does. A session opens home, visits every page, and changes a filter on the first two; before each click it looks at the page for a
while. A figure is one run of a page's script, from the click to its last element at the client, without the drawing. The first
visit of each page fills the server's caches and is given apart. Ends with 1 where a page shows an error.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import median, quantiles

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from dashboards.lib.navigation import PAGES

# Delta paths begin with the container: 0 the page, 1 the sidebar.
_SIDEBAR = 1
_READY_WITHIN = 60
Seconds = dict[str, list[float]]


class Session:
    """What a browser keeps of one user: the pages it was told of and the filters it was shown."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._pages: dict[str, str] = {}
        self._here = ""
        self.filters: dict[str, list[str]] = {}

    async def open(self, page: str = "") -> float:
        """Go to a page by its path, the first one for none. Seconds until all of it arrived; RuntimeError where it fails."""
        self._here = self._pages[page] if self._pages else ""
        return await self._run(BackMsg())

    async def choose(self, name: str, value: str) -> float:
        """Choose a value of one of `filters` on the page that is open. As `open`."""
        message = BackMsg()
        message.rerun_script.widget_states.widgets.add(id=name, string_value=value)
        return await self._run(message)

    async def _run(self, message: BackMsg) -> float:
        message.rerun_script.page_script_hash = self._here
        started = time.perf_counter()
        await self._connection.send(message.SerializeToString())
        begun = False
        while True:
            told = ForwardMsg()
            told.ParseFromString(await self._connection.recv(decode=False))
            kind = told.WhichOneof("type")
            if kind == "new_session":
                begun = True
            elif kind == "navigation":
                self._pages = {page.url_pathname: page.page_script_hash for page in told.navigation.app_pages}
                self._here = self._here or told.navigation.page_script_hash
            elif kind == "delta":
                self._keep(told)
            elif kind == "script_finished" and begun:
                if told.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return time.perf_counter() - started
                if told.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                    raise RuntimeError("the script could not be compiled")

    def _keep(self, told: ForwardMsg) -> None:
        element = told.delta.new_element
        if element.WhichOneof("type") == "exception":
            raise RuntimeError(f"a page failed: {element.exception.message}")
        if element.WhichOneof("type") == "selectbox" and told.metadata.delta_path[0] == _SIDEBAR:
            self.filters[element.selectbox.id] = list(element.selectbox.options)


async def walk(url: str, seconds: Seconds, pause: float) -> None:
    """One user: home, every page, and on the first two a look at another fund and back."""

    async def look() -> None:
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))

    async with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None) as connection:
        session = Session(connection)
        await look()
        seconds["home"].append(await session.open())
        for page in PAGES:
            if page.key != "home":
                await look()
                seconds[page.key].append(await session.open(page.key))
            if page.key in ("home", "fund"):
                name, options = next(iter(session.filters.items()))
                for value in (options[-1], options[0]):
                    await look()
                    seconds["a filter"].append(await session.choose(name, value))


async def measure(home: Path, users: int, pause: float) -> tuple[Seconds, Seconds]:
    """Start a server on the home, walk through it alone and then with all users; the seconds of both."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    medfund = Path(sys.executable).with_name("medfund")
    server = await asyncio.create_subprocess_exec(
        medfund, "dashboard", "--home", home, "--port", str(port), stdout=sys.stderr
    )
    try:
        await _ready(port)
        url = f"ws://127.0.0.1:{port}/_stcore/stream"
        first: Seconds = defaultdict(list)
        together: Seconds = defaultdict(list)
        await walk(url, first, 0)
        await asyncio.gather(*(walk(url, together, pause) for _ in range(users)))
        return first, together
    finally:
        server.terminate()
        await server.wait()


async def _ready(port: int) -> None:
    until = time.monotonic() + _READY_WITHIN
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            await asyncio.sleep(0.2)


def main() -> int:
    """Print median and 95th percentile of every page, alone and with all users at once."""
    parser = argparse.ArgumentParser(prog="python -m bench.pages", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="a home with a release")
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--pause", type=float, default=5.0, help="mean seconds a user looks at a page")
    options = parser.parse_args()
    try:
        first, together = asyncio.run(measure(options.home.resolve(), options.users, options.pause))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"{options.users} users at once, {options.pause:g} s between clicks, {os.cpu_count()} cores; seconds of one run"
    )
    print(f"{'page':14}{'first visit':>12}{'median':>9}{'95 %':>9}{'runs':>6}")
    for name, times in together.items():
        late = quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
        print(f"{name:14}{first[name][0]:12.2f}{median(times):9.2f}{late:9.2f}{len(times):6}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
