"""The monthly report for the command line: the content behind the button of the fund page, without a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamlit.logger import set_log_level


def write_reports(*args: Any, **options: Any) -> list[Path]:
    """`dashboards.lib.report_files.write_reports`, without Streamlit's warnings that no browser is served."""
    # They are given when the cached functions are made, so this comes before the import.
    set_log_level("ERROR")
    from dashboards.lib import report_files

    return report_files.write_reports(*args, **options)
