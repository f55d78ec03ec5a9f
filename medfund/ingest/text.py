"""Delimited text: encoding, line ends, control characters, delimiter. Leaves a file DuckDB can read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
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


@dataclass
class TextFile:
    """A scanned text file. `path` is the original where it is clean enough, else a cleaned UTF-8 copy; `lines`
    counts line feeds, and the last line where it has none, `plus` says that there is
    a plus sign, as every identifier has that a spreadsheet made a number of."""

    path: Path
    encoding: str
    head: list[str]
    lines: int
    characters: int
    replaced: int
    tabs: bool
    quotes: bool
    plus: bool
    wide: bool
    dirty: bool


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
    """Whether the bytes stand in a chunk. Looking for the first one alone is far cheaper, and mostly enough."""
    return sought[:1] in chunk and sought in chunk


def _count_replaced(path: Path, encoding: str) -> int:
    """How many characters of the file cannot be decoded in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    sign = _REPLACED.decode()
    count = sum(decoder.decode(chunk).count(sign) for chunk in _chunks(path))
    return count + decoder.decode(b"", final=True).count(sign)


def _continued(chunk: bytes) -> int:
    """Bytes that continue a UTF-8 character."""
    return int(np.count_nonzero((np.frombuffer(chunk, np.uint8) & 0xC0) == 0x80))


def scan(shown: str, path: Path) -> TextFile:
    """Read a file once for its encoding and for what would need cleaning.

    utf-8 (with or without a byte order mark) is tried first, then gb18030; of two that both fail the one
    that loses fewer characters is taken. Raises FileProblem for content that is not text.
    """
    utf8, wide, tabs, quotes, plus, control = True, False, False, False, False, False
    replaced = returns = pairs = feeds = nuls = 0
    last = cut = b""
    for nth, chunk in enumerate(_chunks(path)):
        codes = np.frombuffer(chunk, np.uint8)
        ends = int(np.count_nonzero(codes == ord("\n")))
        feeds += ends
        controls = int(np.count_nonzero(codes < ord(" "))) - ends
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
        quotes = quotes or b'"' in chunk
        plus = plus or b"+" in chunk
        last = chunk[-1:]
        if utf8 and not (chunk.isascii() and not cut):
            piece = cut + chunk
            whole = _whole(piece)
            piece, cut = piece[:whole], piece[whole:]
            utf8 = _is_utf8(piece)
            inner = piece.removeprefix(codecs.BOM_UTF8) if nth == 0 else piece
            wide = wide or any(_holds(inner, blank) for blank in _WIDE)
            if _holds(piece, _REPLACED) or _holds(piece, _TWICE_BROKEN):
                replaced += piece.count(_REPLACED) + 2 * piece.count(_TWICE_BROKEN)
    size = path.stat().st_size
    if nuls * 20 > size:
        raise FileProblem(f"{shown}: the content is binary, not text; expected a CSV in utf-8 or gb18030")
    encoding, characters = "utf-8", size
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
        path,
        encoding,
        head,
        feeds + (last not in (b"", b"\n")),
        characters,
        replaced,
        tabs,
        quotes,
        plus,
        wide or not utf8,
        control or mixed or not utf8,
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


def clean(text: TextFile, delimiter: str, target: Path) -> Path:
    """A path with UTF-8, LF line ends and no control characters: the file itself or a copy at `target`."""
    drop = _CONTROL + b"\r" + (b"\t" if delimiter != "\t" else b"")
    if not (text.dirty or (text.tabs and delimiter != "\t")):
        return text.path
    decoder = None
    if text.encoding != "utf-8" or text.replaced:
        decoder = codecs.getincrementaldecoder(text.encoding)(errors="replace")
    with target.open("wb") as out:
        for chunk in _chunks(text.path):
            utf8 = decoder.decode(chunk).encode() if decoder else chunk
            out.write(utf8.translate(None, drop))
        if decoder:
            out.write(decoder.decode(b"", final=True).encode())
    return target


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
    """A copy of a part of a file that begins with a line; lines and records of the file before it."""

    path: Path
    lines: int
    records: int


def split(path: Path, skip: int, count: int, folder: Path) -> tuple[list[Piece], int]:
    """Copy a file in about `count` pieces of equal size, so that each can be read on a core of its own.

    Returns the pieces and the number of records below the first `skip` lines; the first piece has these lines
    too. No pieces come back where a line end may stand inside quotes: then lines are not records.
    """
    size = -(-path.stat().st_size // count)
    pieces = [Piece(folder / "piece-0", 0, 0)]
    lines, records, written = 0, 0, 0
    out = pieces[0].path.open("wb")
    rest = b""
    try:
        for chunk in _chunks(path):
            block = rest + chunk
            end = block.rfind(b"\n") + 1
            block, rest = block[:end], block[end:]
            if written >= size * len(pieces):
                out.close()
                pieces.append(Piece(folder / f"piece-{len(pieces)}", lines, records))
                out = pieces[-1].path.open("wb")
            written += out.write(block)
            codes = np.frombuffer(block, np.uint8)
            ends = np.flatnonzero(codes == ord("\n"))
            quotes = np.flatnonzero(codes == ord('"')) if b'"' in block else ends[:0]
            if len(rest) > limits.CHUNK or np.any(np.searchsorted(quotes, ends) & 1):
                return [], 0
            starts = np.concatenate(([0], ends[:-1] + 1)) if len(ends) else ends
            blank = (ends == starts) | ((ends == starts + 1) & (codes[starts] == ord("\r")))
            records += int(np.count_nonzero(~blank[max(skip - lines, 0) :]))
            lines += len(ends)
        out.write(rest)
        return pieces, records + bool(rest.strip(b"\r"))
    finally:
        out.close()
