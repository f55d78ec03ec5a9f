"""One writer at a time per home."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from medfund.errors import MedfundError
from medfund.settings import Home

WAIT_SECONDS = 2.0

# Nested use in one thread (a build that lands missing tables) must not wait for itself.
_held = threading.local()


def _holder_file(home: Home) -> Path:
    # Not the lock file itself: a second writer truncates that one while it waits.
    return home.lock.with_name(f"{home.lock.name}.holder")


def lock_holder(home: Home) -> str | None:
    """Who holds (or last held) the writer lock, as words for a message; None when nobody said."""
    try:
        holder = json.loads(_holder_file(home).read_text(encoding="utf-8"))
        return f"{holder['what']} (process {holder['pid']}, since {holder['since']})"
    except (OSError, ValueError, KeyError, TypeError):
        return None


@contextmanager
def writer_lock(home: Home, what: str = "a medfund command", *, wait: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the home's only write permission while the block runs.

    `what` is told to whoever finds the home locked. The operating system frees the lock when its holder dies,
    so a killed command never leaves the home locked. Nested use in one thread is allowed.

    Raises MedfundError after `wait` seconds, naming the holder.
    """
    home.root.mkdir(parents=True, exist_ok=True)
    path = str(home.lock.resolve())
    depths: dict[str, int] = _held.__dict__.setdefault("depths", {})
    if depths.get(path):
        depths[path] += 1
        try:
            yield
        finally:
            depths[path] -= 1
        return

    lock = FileLock(path, timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        holder = lock_holder(home) or "another medfund command"
        raise MedfundError(
            f"{home.root}: {holder} is writing here; wait for it to end and try again."
        ) from None
    except OSError as error:
        raise MedfundError(f"{home.root}: cannot write here ({error.strerror}).") from error
    depths[path] = 1
    try:
        holder_file = _holder_file(home)
        holder_file.write_text(
            json.dumps(
                {
                    "what": what,
                    "pid": os.getpid(),
                    "since": datetime.now().astimezone().isoformat(sep=" ", timespec="seconds"),
                }
            ),
            encoding="utf-8",
        )
        try:
            yield
        finally:
            holder_file.unlink(missing_ok=True)
    finally:
        depths[path] = 0
        lock.release()
