"""Parts of a file as files of their own, so that the engine reads each on a core of its own without a copy."""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path
from typing import Any

from fsspec import AbstractFileSystem


class Range(io.RawIOBase):
    """The bytes of a file from `start` to `stop`, to be read as if nothing else were there.

    An error while reading is noted in `failed`, since the engine hands it on as text.
    """

    def __init__(self, path: Path, start: int, stop: int, failed: list[OSError]):
        self._failed = failed
        self._file = os.open(path, os.O_RDONLY)
        self._start, self._stop, self._at = start, stop, start

    def read(self, size: int = -1) -> bytes:
        """The next bytes, at most `size`; none at the end."""
        left = self._stop - self._at
        try:
            found = os.pread(self._file, left if size < 0 else min(size, left), self._at)
        except OSError as error:
            self._failed.append(error)
            raise
        self._at += len(found)
        return found

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, counted from the begin, the present place or the end; returns where that is."""
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._stop}[whence]
        self._at = min(max(base + offset, self._start), self._stop)
        return self._at - self._start

    def tell(self) -> int:
        """The present place, counted from the begin."""
        return self._at - self._start

    def seekable(self) -> bool:
        """True."""
        return True

    def readable(self) -> bool:
        """True."""
        return True

    def close(self) -> None:
        """Close the file; once."""
        if not self.closed:
            os.close(self._file)
        super().close()


class Ranges(AbstractFileSystem):
    """Ranges of local files under names that are never used twice; `failed` are errors of the system in reading them."""

    protocol = "range"
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._numbers = itertools.count(1)
        self._ranges: dict[str, tuple[Path, int, int]] = {}
        self.failed: list[OSError] = []

    def add(self, path: Path, start: int, stop: int) -> str:
        """A name under which the engine finds this part of a file."""
        name = f"{next(self._numbers)}"
        self._ranges[name] = (path, start, stop)
        return f"{self.protocol}://{name}"

    def forget(self) -> None:
        """Give up all names."""
        self._ranges.clear()

    def glob(self, path: str, **_: Any) -> list[str]:
        """The name itself, as no name is a pattern."""
        return [path]

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Name, kind and size in bytes."""
        _path, start, stop = self._ranges[self._strip_protocol(path)]
        return {"name": path, "type": "file", "size": stop - start}

    def open(self, path: str, *_: Any, **__: Any) -> Range:
        """A range, to be read."""
        return Range(*self._ranges[self._strip_protocol(path)], self.failed)
