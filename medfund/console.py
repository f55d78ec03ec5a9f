"""What the command line shows: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, int, int], None]


def say(message: str) -> None:
    """One line for the user, on standard error."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """Show `step(name, done, total)` as a bar on a terminal; elsewhere as a line per tenth of the way."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import (
            Progress as Bar,
        )

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(what, total=None)

            def on_terminal(name: str, done: int, total: int) -> None:
                bar.update(task, description=f"{what}: {name}"[:60].ljust(60), completed=done, total=total)

            yield on_terminal
        return

    said = -1

    def plain(name: str, done: int, total: int) -> None:
        nonlocal said
        tenth = 10 * done // max(total, 1)
        if tenth < said:
            said = -1  # the next stage counts from nought
        if tenth > said:
            said = tenth
            say(f"{what}: {done} of {total} ({name})")

    yield plain
