"""Delimited text: encoding, line ends, control characters, delimiter. Leaves a file DuckDB can read."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medfund.ingest import limits
from medfund.ingest.report import FileProblem

DELIMITERS = (",", "\t")
# TAB, LF and CR are handled apart: they may be the delimiter and the line end.
_CONTROL = bytes(i for i in range(32) if i not in (9, 10, 13)) + b"\x7f"
_REPLACED = "\ufffd"
# What remains of U+FFFD when UTF-8 is read as GBK and written back.
_TWICE_BROKEN = "锟斤拷".encode()
# Blanks beside the space: no-break, en, em and full-width ones, and the byte order mark.
_WIDE = "\u00a0\u2002\u2003\u3000\ufeff"
_HEAD = 256 * 1024


@dataclass
class TextFile:
    """A scanned text file. `path` is the original where it is clean enough, else a cleaned UTF-8 copy; `lines`
    counts line feeds, and the last line where it has none."""

    path: Path
    encoding: str
    head: list[str]
    lines: int
    characters: int
    replaced: int
    tabs: bool
    quotes: bool
    wide: bool
    dirty: bool


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(limits.CHUNK):
            yield chunk


def _count_replaced(path: Path, encoding: str) -> int:
    """How many characters of the file cannot be decoded in this encoding."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    count = sum(decoder.decode(chunk).count(_REPLACED) for chunk in _chunks(path))
    return count + decoder.decode(b"", final=True).count(_REPLACED)


def scan(shown: str, path: Path) -> TextFile:
    """Read a file once for its encoding and for what would need cleaning.

    utf-8 (with or without a byte order mark) is tried first, then gb18030; of two that both fail the one
    that loses fewer characters is taken. Raises FileProblem for content that is not text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, ascii_only = True, True
    characters = replaced = tabs = returns = pairs = feeds = nuls = 0
    control = quotes = wide = False
    last = b""
    for chunk in _chunks(path):
        control = control or len(chunk.translate(None, _CONTROL)) != len(chunk)
        nuls += chunk.count(0) if control else 0
        tabs += chunk.count(b"\t")
        quotes = quotes or b'"' in chunk
        feeds += chunk.count(b"\n")
        if b"\r" in chunk or last == b"\r":
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk[:1] == b"\n")
        last = chunk[-1:]
        if utf8:
            if ascii_only and chunk.isascii():
                characters += len(chunk)
                continue
            ascii_only = False
            try:
                text = decoder.decode(chunk)
            except UnicodeDecodeError:
                utf8 = False
                continue
            characters += len(text)
            wide = wide or any(blank in text for blank in _WIDE)
            replaced += text.count(_REPLACED) + 2 * chunk.count(_TWICE_BROKEN)
    size = path.stat().st_size
    if nuls * 20 > size:
        raise FileProblem(f"{shown}: the content is binary, not text; expected a CSV in utf-8 or gb18030")
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    encoding = "utf-8"
    if not utf8:
        lost = {name: _count_replaced(path, name) for name in ("gb18030", "utf-8")}
        encoding = min(lost, key=lambda name: lost[name])
        replaced, characters = lost[encoding], size
    mixed = returns != pairs or (pairs > 0 and pairs != feeds)
    head = _head(path, encoding)
    return TextFile(
        path,
        encoding,
        head,
        feeds + (last not in (b"", b"\n")),
        characters,
        replaced,
        tabs > 0,
        quotes,
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
