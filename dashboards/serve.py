"""Start the dashboards: Streamlit, told everything here and nothing in a file of its own."""

from __future__ import annotations

import os
from pathlib import Path

from streamlit.web import cli

_APP = Path(__file__).with_name("app.py")

_OPTIONS: dict[str, str] = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    # Looking through everything for garbage after every click costs more than the click, and everybody waits for it.
    "runner.postScriptGC": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "theme.font": "sans-serif",
    "theme.metricValueFontSize": "1.375rem",
    "theme.light.primaryColor": "#0072B2",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#F3F6F9",
    "theme.light.textColor": "#1F2937",
    "theme.dark.primaryColor": "#56B4E9",
    "theme.dark.backgroundColor": "#111827",
    "theme.dark.secondaryBackgroundColor": "#1F2937",
    "theme.dark.textColor": "#E5E7EB",
}


def arguments(host: str, port: int) -> list[str]:
    """What Streamlit is told: the application and every option that differs from its defaults."""
    options = _OPTIONS | {"server.address": host, "server.port": str(port), "browser.serverAddress": host}
    return ["run", str(_APP), *(f"--{name}={value}" for name, value in options.items())]


def serve(home: Path, host: str, port: int) -> int:
    """Serve the current release of `home` on `host`:`port` until stopped; returns 0 when stopped in order.

    Runs in this process, so that stopping the command (Ctrl-C, SIGTERM) stops the server and frees the port.
    Raises SystemExit with Streamlit's own code where it cannot start, for instance on a port in use.
    """
    os.environ["MEDFUND_HOME"] = str(home.resolve())
    cli.main(arguments(host, port), standalone_mode=False)
    return 0
