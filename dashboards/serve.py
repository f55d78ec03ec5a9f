"""Start the dashboards: Streamlit in its own process, told everything on its command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_APP = Path(__file__).with_name("app.py")

_OPTIONS: dict[str, str] = {
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "server.runOnSave": "false",
    "browser.gatherUsageStats": "false",
    "client.toolbarMode": "minimal",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": "false",
    "theme.font": "sans-serif",
    "theme.metricValueFontSize": "1.5rem",
    "theme.light.primaryColor": "#0072B2",
    "theme.light.backgroundColor": "#ffffff",
    "theme.light.secondaryBackgroundColor": "#F3F6F9",
    "theme.light.textColor": "#1F2937",
    "theme.dark.primaryColor": "#56B4E9",
    "theme.dark.backgroundColor": "#111827",
    "theme.dark.secondaryBackgroundColor": "#1F2937",
    "theme.dark.textColor": "#E5E7EB",
}


def command(host: str, port: int) -> list[str]:
    """The command line that serves the dashboards."""
    options = _OPTIONS | {"server.address": host, "server.port": str(port), "browser.serverAddress": host}
    flags = [f"--{name}={value}" for name, value in options.items()]
    return [sys.executable, "-m", "streamlit", "run", str(_APP), *flags]


def serve(home: Path, host: str, port: int) -> int:
    """Serve the current release of `home` on `host`:`port` until stopped; returns the exit code of the server.

    A Ctrl-C ends it with code 0: stopping a server is not a failure.
    """
    root = str(_APP.parents[1])
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    environment = os.environ | {"MEDFUND_HOME": str(home.resolve()), "PYTHONPATH": path}
    process = subprocess.Popen(command(host, port), env=environment)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        return 0
