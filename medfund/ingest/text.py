"""Delimited text: encoding, line ends, control characters, delimiter. Leaves a file DuckDB can read."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from medfund.ingest import limits
from medfund.ingest.report import FileProblem

DELIMITERS = (",", "\t")
# TAB, LF and CR are handled apart: they may be the delimiter and the line end.
_CONTROL = bytes(i for i in range(32) if i not in (9, 10, 13)) + b"\x7f"
_REPLACED = "\ufffd".encode()
# What remains of U+FFFD when UTF-8 is read as GBK and written back.
_TWICE_BROKEN = "锟斤拷".encode()
# Blanks beside the space: no-break, en, em and full-width ones, and the byte order mark.
_WIDE = tuple(blank.encode() for blank in "\u00a0\u2002\u2003\u3000\ufeff")
_HEAD = 256 * 1024
# Small enough to stay in a core's cache while it is looked at several times.
_CHUNK = 256 * 1024
# Between places where a file may be cut.
_GRAIN = 1024 * 1024
_LF, _CR, _SPACE = b"\n\r "
# What a field may begin after or end before.
_BESIDE = np.zeros(256, bool)
_BESIDE[list(b',\t"\r\n')] = True

Codes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.intp]


class Mark(NamedTuple):
    """A place where a file can be cut, for a line begins there: its offset, lines and records before it."""

    offset: int
    lines: int
    records: int


class Lines:
    """What a reader of a file need not look for, and where the file can be cut, told while its bytes go by.

    `lines` counts line feeds, `records` the lines that are not blank. `blanks` says that there is a space
    beside a delimiter, a quote or a line end, `quotes` that there is a quote, `wide` that there is a blank other than the
    space, `whole` that no line feed stands inside quotes and no line is longer than `limits.CHUNK`.
    """

    def __init__(self) -> None:
        self.lines = self.records = self.size = 0
        self.blanks = self.quotes = self.wide = False
        self.whole = True
        self.marks: list[Mark] = []
        self._begin = 0  # of the line that the next bytes belong to
        self._last = _LF
        self._quotes = 0

    def add(self, chunk: bytes, codes: Codes) -> int:
        """Look at the next bytes of the file, at least one, also given as numbers; returns how many of them are
        control characters other than line feeds."""
        # One pass for all that is rare; the rest looks at these places alone.
        low = np.flatnonzero(codes <= _SPACE)
        found = codes[low]
        ends = low[found == _LF]
        if b'"' in chunk or self._quotes & 1:
            self._follow(codes, ends)
        if not self.blanks:
            self.blanks = self._has_blanks(codes, low[found == _SPACE])
        longest = 0
        if len(ends):
            lengths = np.diff(ends, prepend=self._begin - self.size - 1) - 1
            longest = int(lengths.max())
            self.lines += len(ends)
            self.records += len(ends) - self._blank(codes, ends, lengths)
            self._begin = self.size + int(ends[-1]) + 1
            if not self.marks or self._begin >= self.marks[-1].offset + _GRAIN:
                self.marks.append(Mark(self._begin, self.lines, self.records))
        self.size += len(chunk)
        self.whole = self.whole and max(longest, self.size - self._begin) <= limits.CHUNK
        self._last = chunk[-1]
        return int(np.count_nonzero(found < _SPACE)) - len(ends)

    def close(self) -> None:
        """Count a last line that has no line feed."""
        self.blanks = self.blanks or self._last == _SPACE
        unended = self.size - self._begin
        self.lines += unended > 0
        self.records += unended > (self._last == _CR)

    def _follow(self, codes: Codes, ends: Places) -> None:
        """Whether each line feed stands outside of quotes."""
        self.quotes = True
        if self.whole:
            quotes = np.flatnonzero(codes == ord('"'))
            self.whole = not np.any((np.searchsorted(quotes, ends) + self._quotes) & 1)
            self._quotes += len(quotes)

    def _blank(self, codes: Codes, ends: Places, lengths: Places) -> int:
        """How many of the lines that end here are blank, or would be without their carriage return."""
        if lengths.min() > 1:
            return 0
        short = ends[lengths == 1]
        return int(np.count_nonzero(lengths == 0) + np.count_nonzero(self._before(codes, short) == _CR))

    def _has_blanks(self, codes: Codes, spaces: Places) -> bool:
        if self._last == _SPACE and _BESIDE[codes[0]]:
            return True
        if not len(spaces):
            return False
        # A space at the end is looked at with the next bytes.
        after = codes.take(spaces + 1, mode="clip")
        return bool(_BESIDE[self._before(codes, spaces)].any() or _BESIDE[after].any())

    def _before(self, codes: Codes, places: Places) -> Codes:
        """The bytes before these places, which ascend."""
        before = codes[places - 1]
        if len(places) and places[0] == 0:
            before[0] = self._last
        return before


@dataclass
class TextFile:
    """A scanned text file. `lines` counts line feeds, and the last line where it has none; `plus` says that there is
    a plus sign, as every identifier has that a spreadsheet made a number of; `dirty`, that it must be cleaned before
    the engine reads it."""

    path: Path
    encoding: str
    head: list[str]
    looked: Lines
    characters: int
    replaced: int
    tabs: bool
    plus: bool
    dirty: bool

    @property
    def lines(self) -> int:
        return self.looked.lines


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _whole(chunk: bytes) -> int:
    """Length of a piece of UTF-8 without the character that its end cuts through."""
    for back in range(1, min(4, len(chunk) + 1)):
        byte = chunk[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            return len(chunk) - back if back < 2 + (byte >= 0xE0) + (byte >= 0xF0) else len(chunk)
    return len(chunk)


def _is_utf8(chunk: bytes) -> bool:
    try:
        ends = np.array([0, len(chunk)], np.int32)
        pa.StringArray.from_buffers(1, pa.py_buffer(ends), pa.py_buffer(chunk)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _holds(chunk: bytes, sought: bytes) -> bool:
    """Whether the bytes stand in a chunk. Looking for each of them alone is far cheaper, and mostly enough."""
    return all(byte in chunk for byte in sought) and sought in chunk


def _count_replaced(path: Path, encoding: str) -> int:
    """How many characters of the file cannot be decoded in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    sign = _REPLACED.decode()
    count = sum(decoder.decode(chunk).count(sign) for chunk in _chunks(path))
    return count + decoder.decode(b"", final=True).count(sign)


def _continued(chunk: bytes) -> int:
    """Bytes that continue a UTF-8 character."""
    return int(np.count_nonzero((np.frombuffer(chunk, np.uint8) & 0xC0) == 0x80))


def _is_wide(chunk: bytes) -> bool:
    """Whether there is a blank other than the space."""
    return any(_holds(chunk, blank) for blank in _WIDE)


def scan(shown: str, path: Path) -> TextFile:
    """Read a file once for its encoding and for what would need cleaning.

    utf-8 (with or without a byte order mark) is tried first, then gb18030; of two that both fail the one
    that loses fewer characters is taken. Raises FileProblem for content that is not text.
    """
    looked = Lines()
    utf8, tabs, plus, control = True, False, False, False
    replaced = returns = pairs = nuls = 0
    last = cut = b""
    for nth, chunk in enumerate(_chunks(path)):
        codes = np.frombuffer(chunk, np.uint8)
        controls = looked.add(chunk, codes)
        if b"\t" in chunk:
            tabs = True
            controls -= chunk.count(b"\t")
        if b"\r" in chunk or last == b"\r":
            found = chunk.count(b"\r")
            returns += found
            controls -= found
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        if controls or b"\x7f" in chunk:
            control = True
            nuls += chunk.count(0)
        plus = plus or b"+" in chunk
        last = chunk[-1:]
        if utf8 and not (chunk.isascii() and not cut):
            piece = cut + chunk
            whole = _whole(piece)
            piece, cut = piece[:whole], piece[whole:]
            utf8 = _is_utf8(piece)
            inner = piece.removeprefix(codecs.BOM_UTF8) if nth == 0 else piece
            looked.wide = looked.wide or _is_wide(inner)
            if _holds(piece, _REPLACED) or _holds(piece, _TWICE_BROKEN):
                replaced += piece.count(_REPLACED) + 2 * piece.count(_TWICE_BROKEN)
    feeds = looked.lines
    looked.close()
    if nuls * 20 > looked.size:
        raise FileProblem(f"{shown}: the content is binary, not text; expected a CSV in utf-8 or gb18030")
    encoding, characters = "utf-8", looked.size
    if not utf8 or cut:
        utf8 = False
        lost = {name: _count_replaced(path, name) for name in ("gb18030", "utf-8")}
        encoding = min(lost, key=lambda name: lost[name])
        replaced = lost[encoding]
    elif replaced:
        characters = sum(len(chunk) - _continued(chunk) for chunk in _chunks(path))
    mixed = returns != pairs or (pairs > 0 and pairs != feeds)
    head = _head(path, encoding)
    return TextFile(
        path, encoding, head, looked, characters, replaced, tabs, plus, control or mixed or not utf8
    )


def _head(path: Path, encoding: str) -> list[str]:
    """The first lines, enough to find the header."""
    with path.open("rb") as stream:
        raw = stream.read(_HEAD)
        whole = not stream.read(1)
    text = raw.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    lines = io.StringIO(text.replace("\r\n", "\n").replace("\r", ""), newline="\n").readlines()
    if not whole and len(lines) > 1:
        lines.pop()  # cut in the middle
    return lines[:200]


def clean(text: TextFile, delimiter: str, target: Path) -> tuple[Path, Lines]:
    """A path with UTF-8, LF line ends and no control characters, and what there is to know of it: the file
    itself or a copy at `target`."""
    drop = _CONTROL + b"\r" + (b"\t" if delimiter != "\t" else b"")
    if not (text.dirty or (text.tabs and delimiter != "\t")):
        return text.path, text.looked
    decoder = None
    if text.encoding != "utf-8" or text.replaced:
        decoder = codecs.getincrementaldecoder(text.encoding)(errors="replace")
    looked = Lines()
    looked.wide = text.looked.wide
    with target.open("wb") as out:
        for chunk in itertools.chain(_chunks(text.path), [b""]):
            utf8 = decoder.decode(chunk, final=not chunk).encode() if decoder else chunk
            if kept := utf8.translate(None, drop):
                looked.add(kept, np.frombuffer(kept, np.uint8))
                looked.wide = looked.wide or (decoder is not None and _is_wide(kept))
                out.write(kept)
    looked.close()
    return target, looked


def split_head(lines: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """(number of physical lines up to and including the record, its fields) of the first records."""
    reader = csv.reader(lines, delimiter=delimiter)
    records: list[tuple[int, list[str]]] = []
    try:
        for record in reader:
            if any(field.strip() for field in record):
                records.append((reader.line_num, record))
            if len(records) == 10:
                break
    except csv.Error:
        # A field longer than the reader takes cannot be a header; what came before it can.
        return records
    return records


class Piece(NamedTuple):
    """The bytes of a file from `start` to `stop`, which begin with a line; lines and records before them."""

    start: int
    stop: int
    lines: int
    records: int


def split(path: Path, looked: Lines, skip: int, count: int) -> tuple[list[Piece], int]:
    """Pieces of a file, at most `count` of about equal size, so that each can be read on a core of its own.

    Returns the pieces and the number of records below the first `skip` lines; the first piece has these lines
    too. No pieces come back where a line end may stand inside quotes: then lines are not records.
    """
    if not looked.whole:
        return [], 0
    with path.open("rb") as stream:
        above = sum(bool(stream.readline().strip(b"\r\n")) for _ in range(skip))
    wanted = [-(-looked.size * nth // count) for nth in range(1, count)]
    marks = [next((mark for mark in looked.marks if mark.offset >= offset), None) for offset in wanted]
    cuts = [
        mark for mark in dict.fromkeys(marks) if mark and mark.lines >= skip and mark.offset < looked.size
    ]
    stops = [*(mark.offset for mark in cuts), looked.size]
    pieces = [Piece(0, stops[0], 0, 0)]
    pieces += [
        Piece(mark.offset, stop, mark.lines, mark.records - above)
        for mark, stop in zip(cuts, stops[1:], strict=True)
    ]
    return pieces, looked.records - above
