"""Large files are read in pieces, one for each core: nothing about what lands may show it."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from medfund.ingest import load, text
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
}


def everything(home: Home, report: Any) -> dict[str, Any]:
    columns = ", ".join(f'"{name}"' for name in SETTLEMENT)
    account = report.as_batch()
    return {
        "rows": landed(home, "setl_d", f"{columns}, _row_no, _row_hash"),
        "rejects": rejects(home, "setl_d"),
        "account": {name: value for name, value in account.items() if name != "loaded_at"},
    }


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
    monkeypatch.setattr(load, "_PIECE", path.stat().st_size // 8)
    monkeypatch.setattr(text, "_CHUNK", 1500)
    monkeypatch.setattr(load.Loader, "_cores", lambda _: 5)
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
    assert pieces == ([0] if delivery in ("a quote never closed", "line breaks in values") else [5])
