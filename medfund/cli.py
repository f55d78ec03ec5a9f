"""The `medfund` command. Each command calls one function of one room, imported when it is needed."""

from __future__ import annotations


def main() -> None:
    """Entry point."""
