"""Physical lines against records: what a delimited file holds, told without the engine that reads it.

A quote that never closes takes every line up to the next quote into one value, and a reader that works in
blocks resumes somewhere below. Here such a line is found and set aside, and the lines under it stay records.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from medfund.ingest import limits

# A value with more line breaks than this is a quote that was never closed.
MAX_LINES = 100
MAX_LINE = 2_000_000
_KEPT = 10_000
# Kinds of malformed lines go by the engine's names.
STRAY, TOO_LONG = "UNQUOTED VALUE", "LINE SIZE OVER MAXIMUM"


@dataclass
class Mended:
    """A copy of a file in which stray lines are blank, so that line numbers stay.

    `stray` are (line, kind, first characters) of the lines taken out, `records` the records left below the
    header, `continued` the lines that belong to the record above them.
    """

    path: Path
    records: int = 0
    stray: list[tuple[int, str, str]] = field(default_factory=list)
    continued: list[int] = field(default_factory=list)


def blank_lines(path: Path, skip: int) -> int:
    """Number of empty lines of a file, after the first `skip` lines."""
    with path.open("rb") as stream:
        for _ in range(skip):
            stream.readline()
        found, before = 0, b"\n"
        while chunk := stream.read(limits.CHUNK):
            kept = before + chunk.replace(b"\r", b"")
            ends = np.frombuffer(kept, dtype=np.uint8) == ord("\n")
            found += int(np.count_nonzero(ends[1:] & ends[:-1]))
            before = kept[-1:]
    return found


def mend(path: Path, delimiter: str, skip: int, target: Path) -> Mended:
    """Read a file line by line, following its quotes, and write a copy with LF line ends and no stray lines.

    A quote opens a value where a field begins, doubled it stands for itself, and after the closing one only
    spaces may come before the next delimiter. A line is stray where that fails, where its quote is not closed
    within MAX_LINES lines, or where it is longer than MAX_LINE bytes.
    """
    done = Mended(target)
    fields = _Fields(delimiter.encode())
    with path.open("rb") as stream, target.open("wb") as out:
        lines = _numbered(stream)
        for _ in range(skip):
            out.write(next(lines, (0, b"", False))[1])
        waiting: deque[tuple[int, bytes, bool]] = deque()
        while one := (waiting.popleft() if waiting else next(lines, None)):
            number, line, long = one
            held = [one]
            closed = not long and fields.closes(line, inside=False)
            while closed is None and len(held) <= MAX_LINES:
                following = waiting.popleft() if waiting else next(lines, None)
                if following is None:
                    break
                held.append(following)
                closed = not following[2] and fields.closes(following[1], inside=True)
            if closed:
                out.writelines(part for _, part, _ in held)
                done.continued += [n for n, _, _ in held[1:]]
                done.records += bool(line.rstrip(b"\n"))
                continue
            waiting.extendleft(reversed(held[1:]))
            out.write(b"\n")
            done.stray.append(
                (number, TOO_LONG if long else STRAY, line[:_KEPT].decode(errors="ignore").rstrip())
            )
    return done


def _numbered(stream: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Lines with their number from 1, cut where they are too long, and whether they were."""
    number = 0
    while line := stream.readline(MAX_LINE):
        number += 1
        long = len(line) == MAX_LINE and not line.endswith(b"\n")
        if long:
            while (rest := stream.readline(limits.CHUNK)) and not rest.endswith(b"\n"):
                pass
        elif line.endswith(b"\r\n"):
            line = line[:-2] + b"\n"
        yield number, line, long


class _Fields:
    """Follows the quotes of delimited lines."""

    def __init__(self, delimiter: bytes) -> None:
        mark = re.escape(delimiter)
        self._quoted = re.compile(rb"(?:^|(?<=" + mark + rb'))[ ]*"')
        # The rest of a quoted value: to its closing quote and on to the next delimiter or the line's end.
        self._rest = re.compile(rb'[^"]*(?:""[^"]*)*"(?!")(?P<after>[ ]*(?:' + mark + rb"|\n|$))?")

    def closes(self, line: bytes, inside: bool) -> bool | None:
        """True where the record ends with the line, None where a quote is still open, False where one is stray."""
        at = 0
        if not inside and b'"' not in line:
            return True
        while True:
            if not inside:
                opening = self._quoted.search(line, at)
                if opening is None:
                    return True
                at = opening.end()
            rest = self._rest.match(line, at)
            if rest is None:
                return None
            if rest["after"] is None:
                return False
            at, inside = rest.end(), False
