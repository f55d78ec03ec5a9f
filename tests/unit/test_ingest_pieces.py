"""Large files are read in pieces, one for each core: nothing about what lands may show it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from medfund.errors import MedfundError
from medfund.ingest import load, ranges, text
from medfund.settings import Home
from tests.unit.ingest_files import SETTLEMENT, delimited, land, landed, rejects, settlements

COUNT = 60


def messy(quoting: int = csv.QUOTE_MINIMAL) -> list[str]:
    """Lines of a settlement file with a rejected row, a nulled value, a line cut short and one too long."""
    data = settlements(COUNT)
    data[10]["medfee_sumamt"] = "much"
    data[45]["begndate"] = "soon"
    lines = delimited(data, quoting=quoting).splitlines()
    lines[6] = lines[6].rpartition(",")[0]
    lines[31] += ",1,2"
    return lines


def with_odd_numbers() -> str:
    """Whole yuan, thousands, float noise, exponents, a digit too many, a null word, blanks: every tenth row has one."""
    data = settlements(COUNT)
    odd = ("1000", "1,000.00", "1000.0000004", "1e3", "1000.004", "nan", "  1000.00 ", "9" * 15)
    for nth, value in enumerate(odd):
        data[7 * nth + 3] |= {"medfee_sumamt": value, "balc": value, "pool_prop_selfpay": value}
    data[1]["pool_prop_selfpay"] = "0.12345"
    return delimited(data)


def with_blank_lines() -> str:
    lines = messy()
    return "\n".join([*lines[:3], "", "", *lines[3:40], "", *lines[40:]]) + "\n\n"


def with_stray_quotes() -> str:
    lines = messy()
    lines[20] = '"' + lines[20]
    return "\n".join(lines)


def with_a_long_line() -> str:
    """A value that takes its line beyond 2 MB."""
    data = settlements(COUNT)
    data[20]["fixmedins_name"] = "长" * 800_000
    return delimited(data)


def with_line_breaks() -> str:
    data = settlements(COUNT)
    data[5]["fixmedins_name"] = "甲\n医院"
    data[50]["cash_payamt"] = "none"
    return delimited(data)


DELIVERIES = {
    "plain": "\n".join(messy()) + "\n",
    "no line end after the last row": "\n".join(messy()),
    "line ends of Windows": "\r\n".join(messy()) + "\r\n",
    "every field in quotes": "\n".join(messy(csv.QUOTE_ALL)) + "\n",
    "a title above the header": "结算明细\n" + "\n".join(messy()) + "\n",
    "blank lines": with_blank_lines(),
    "blank lines between line ends of Windows": with_blank_lines().replace("\n", "\r\n"),
    "numbers in every spelling": with_odd_numbers(),
    "a quote never closed": with_stray_quotes(),
    "line breaks in values": with_line_breaks(),
    "a line too long": with_a_long_line(),
}
# Of the others five.
PIECES = {"a quote never closed": 0, "line breaks in values": 0, "a line too long": 2}


def everything(home: Home, report: Any) -> dict[str, Any]:
    columns = ", ".join(f'"{name}"' for name in SETTLEMENT)
    account = report.as_batch()
    return {
        "rows": landed(home, "setl_d", f"{columns}, _row_no, _row_hash"),
        "rejects": rejects(home, "setl_d"),
        "account": {name: value for name, value in account.items() if name != "loaded_at"},
    }


def cut_small(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a small file read in five pieces."""
    monkeypatch.setattr(load, "_PIECE", path.stat().st_size // 8)
    monkeypatch.setattr(text, "_CHUNK", 1500)
    monkeypatch.setattr(text, "_GRAIN", 1)
    monkeypatch.setattr(load.Loader, "_cores", lambda _: 5)


@pytest.mark.parametrize("looked_at", [1, 500])
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_file_read_in_pieces_lands_as_if_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, delivery: str, looked_at: int
) -> None:
    """Also where the rows looked at beforehand do not show how odd the numbers further down are."""
    path = tmp_path / "setl_d_202401.csv"
    path.write_bytes(DELIVERIES[delivery].encode())
    homes = Home(tmp_path / "one"), Home(tmp_path / "other")
    key = homes[0].pseudonym_key
    [whole] = land(homes[0], path)
    homes[1].pseudonym_key.parent.mkdir(parents=True)
    homes[1].pseudonym_key.write_text(key.read_text())
    cut_small(path, monkeypatch)
    monkeypatch.setattr(load, "_LOOKED_AT", looked_at)
    pieces: list[int] = []
    split = text.split

    def counted(*args: Any) -> Any:
        found = split(*args)
        pieces.append(len(found[0]))
        return found

    monkeypatch.setattr(text, "split", counted)
    [report] = land(homes[1], path)
    assert everything(homes[1], report) == everything(homes[0], whole)
    assert report.rows_rejected > 0
    assert pieces == [PIECES.get(delivery, 5)]


def test_a_disk_that_fails_while_pieces_are_read_is_told_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "setl_d_202401.csv"
    path.write_bytes(DELIVERIES["plain"].encode())
    cut_small(path, monkeypatch)

    def fail(*_: Any) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(ranges.os, "pread", fail)
    with pytest.raises(MedfundError, match=r"^setl_d_202401\.csv: .* \(Input/output error\)$"):
        land(Home(tmp_path / "home"), path)
    assert not list((tmp_path / "home" / "landing" / "setl_d").glob("batch=000001"))


def looked(content: bytes, size: int) -> text.Lines:
    found = text.Lines()
    for at in range(0, len(content), size):
        chunk = content[at : at + size]
        found.add(chunk, np.frombuffer(chunk, np.uint8))
    found.close()
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
@pytest.mark.parametrize(
    ("content", "lines", "records", "blanks", "whole"),
    [
        (b"a,b\n1,2\n", 2, 2, False, True),
        (b"a,b\n1,2", 2, 2, False, True),
        (b"\na,b\n\n\n1,2\n", 5, 2, False, True),
        (b"\r\na,b\r\n\r\n1,2\r\n\r", 5, 2, False, True),
        (b"a b,c\n1 2,3 4\n", 2, 2, False, True),
        (b" a,b\n", 1, 1, True, True),
        (b"a, b\n", 1, 1, True, True),
        (b"a,b \r\n", 1, 1, True, True),
        (b"a,b\n1,2 ", 2, 2, True, True),
        (b'"a ",b\n', 1, 1, True, True),
        (b'"a ""x""",b\n1,"2\n3"\n', 3, 3, True, False),
        (b'"a b",c\n"1","2"\n', 2, 2, False, True),
        (b"", 0, 0, False, True),
    ],
)
def test_lines_records_and_blanks_are_told_however_the_bytes_come(
    content: bytes, lines: int, records: int, blanks: bool, whole: bool, size: int
) -> None:
    found = looked(content, size)
    assert (found.lines, found.records, found.blanks, found.whole) == (lines, records, blanks, whole)


def test_pieces_begin_with_lines_and_know_the_records_before_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A header, a blank line, eight rows of six bytes and a blank line: 56 bytes, to be cut at 19 and 38."""
    monkeypatch.setattr(text, "_GRAIN", 1)
    path = tmp_path / "a.csv"
    path.write_bytes(b"a,b,c\n\n" + b"".join(b"%d,2,3\n" % n for n in range(8)) + b"\n")
    pieces, below = text.split(path, looked(path.read_bytes(), 5), 1, 3)
    assert pieces == [text.Piece(0, 19, 0, 0), text.Piece(19, 43, 4, 2), text.Piece(43, 56, 8, 6)]
    assert below == 8
