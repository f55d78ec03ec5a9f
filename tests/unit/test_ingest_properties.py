"""Any table, in any form: the same rows land, and every row of the file is accounted for.

The expected rows come from the generator, which knows each value it spelled; nothing of the loader is used.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from medfund.contract import Column, Table, load_contract
from medfund.errors import Refused
from medfund.ingest import read_batches
from medfund.settings import Home
from tests.unit.ingest_files import land, landed, write

CONTRACT = load_contract()
TABLES = ("setl_d", "fund_acct_bal", "fixmedins_b", "fee_list_d", "psn_insu_d", "med_dfr_d", "hilist_b")
BLANKS = " \t\r\n\u00a0\u2002\u2003\u3000\ufeff"
NULL_WORDS = ("", " ", "-", "×", "null", "NULL", "nan", "NaN", "\u3000")
CONTROLS = "\x00\x07\x1f\x7f"
FORMS = [
    (ending, encoding, delimiter, quoting)
    for ending in (".csv", ".csv.gz", ".zip")
    for encoding in ("utf-8", "utf-8-sig", "gb18030")
    for delimiter in (",", "\t")
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL)
] + [(".parquet", "utf-8", ",", 0), (".xlsx", "utf-8", ",", 0)] * 3


@dataclass(frozen=True)
class Cell:
    """A value as it is spelled in the file, and as it must land."""

    raw: str
    value: Any


def stripped(text: str) -> str | None:
    """A text without control characters and blanks around it; None where it spells null."""
    kept = "".join(c for c in text if ord(c) >= 32 and c != "\x7f").strip(BLANKS)
    return None if kept.lower() in ("", "-", "×", "null", "nan") else kept


letters = st.characters(codec="gb18030", exclude_categories=("C", "Zl", "Zp")).filter(lambda c: c != "\ufffd")
texts = st.text(letters | st.sampled_from(" ,;|\"'、中医院" + "\t\n\r" + CONTROLS), max_size=14)
# Identifiers stay clear of the spelling that means a spreadsheet has eaten the digits.
names = st.text(st.sampled_from("0123456789ABCXYZ-_中"), min_size=1, max_size=24).filter(stripped)


@st.composite
def decimals(draw: st.DrawFn, column: Column) -> Cell:
    precision, scale = (int(n) for n in column.type.removeprefix("decimal(").rstrip(")").split(","))
    top = 10**precision - 1
    fen = draw(st.sampled_from([0, 1, -1, top, -top]) | st.integers(-top, top))
    value = Decimal(fen).scaleb(-scale)
    plain = f"{value:.{scale}f}"
    spelled = draw(
        st.sampled_from(
            [plain, f"  {plain}", f"{plain}\t", f"{value:,.{scale}f}", plain.rstrip("0").rstrip(".") or "0"]
        )
    )
    return Cell(spelled, None if column.null_when and value == Decimal(column.null_when) else value)


@st.composite
def integers(draw: st.DrawFn) -> Cell:
    value = draw(st.integers(-(2**31), 2**31 - 1))
    return Cell(draw(st.sampled_from([f"{value}", f"{value}.0", f"   {value}", f"{value}.00"])), value)


@st.composite
def moments(draw: st.DrawFn, column: Column) -> Cell:
    when = draw(st.datetimes(datetime(1990, 1, 1), datetime(2099, 12, 31))).replace(microsecond=0)
    if column.type == "month":
        first = date(when.year, when.month, 1)
        form = draw(st.sampled_from(["{:%Y%m}", "{:%Y-%m}", "{:%Y/%m}", "{:%Y年%m月}", "{:%Y-%m-%d}"]))
        return Cell(form.format(first), first)
    clock = ["{:%Y-%m-%d %H:%M:%S}", "{:%Y/%m/%d %H:%M:%S}", "{:%Y%m%d%H%M%S}", "{:%Y%m%d%H%M%S}000"]
    days = ["{:%Y-%m-%d}", "{:%Y/%m/%d}", "{:%Y%m%d}", "{:%Y年%m月%d日}", "{:%Y.%m.%d}"]
    day = datetime(when.year, when.month, when.day)
    if column.type == "timestamp" and draw(st.booleans()):
        form = draw(st.sampled_from([*clock, "{:%Y-%m-%dT%H:%M:%S}+08:00", " {:%Y-%m-%d %H:%M:%S}.000 "]))
        if draw(st.integers(0, 5)) == 0:
            return Cell(f"{when - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}Z", when)
        return Cell(form.format(when), when)
    # A date column drops a midnight time.
    text = draw(st.sampled_from([*days, *clock])).format(day)
    return Cell(text, day if column.type == "timestamp" else day.date())


def cells(table: Table, column: Column) -> st.SearchStrategy[Cell]:
    """Cells of a column; optional ones may spell null."""
    if column.name in (*table.key, *table.alt_key) and column.type == "text":
        return names.map(lambda text: Cell(text, stripped(text)))
    typed: st.SearchStrategy[Cell]
    if column.scale is not None:
        typed = decimals(column)
    elif column.type == "integer":
        typed = integers()
    elif column.type == "text":
        if column.required or column.name.endswith(("_id", "_sn", "_no", "rid", "evtsn", "_code")):
            typed = names.map(lambda text: Cell(text, stripped(text)))
        else:
            typed = texts.map(lambda text: Cell(text, stripped(text)))
    else:
        typed = moments(column)
    if column.required:
        return typed
    return typed | st.sampled_from(NULL_WORDS).map(lambda word: Cell(word, None))


@dataclass(frozen=True)
class Delivery:
    """Rows to write, and what of them must land: values of `columns` by row number; how many of each fate."""

    table: Table
    written: list[dict[str, str]]
    columns: list[str]
    landed: list[tuple[Any, ...]]
    rejected: int
    identical: int


@st.composite
def deliveries(draw: st.DrawFn) -> Delivery:
    table = CONTRACT.table(draw(st.sampled_from(TABLES)))
    optional = [
        c for c in table.columns.values() if not c.required and c.name not in (*table.key, *table.alt_key)
    ]
    taken = draw(st.sets(st.sampled_from([c.name for c in optional]), max_size=8)) if optional else set()
    columns = [c for c in table.columns.values() if c not in optional or c.name in taken]
    columns = draw(st.permutations(columns))
    shown = [c.name for c in columns if c.privacy is None]
    written, kept = [], []
    rejected = identical = 0
    for nth in range(draw(st.integers(1, 4))):
        row = {c.name: draw(cells(table, c)) for c in columns}
        if table.key[0] in row and table.columns[table.key[0]].type == "text":
            row[table.key[0]] = Cell(f"K{nth}", f"K{nth}")
        raw = {name: cell.raw for name, cell in row.items()}
        fate = draw(st.sampled_from(["good", "good", "doubled", "bad"]))
        if fate == "bad":
            struck = draw(st.sampled_from([c for c in columns if c.required]))
            raw[struck.name] = draw(st.sampled_from(["", "null", "\u3000"]))
            rejected += 1
        else:
            kept.append(tuple(row[name].value for name in shown))
            identical += fate == "doubled"
        written += [raw] * (2 if fate == "doubled" else 1)
    # A header nobody knows, whose Chinese tells gb18030 from utf-8 in any file.
    written = [row | {"科室说明": "内科"} for row in written]
    return Delivery(table, written, shown, kept, rejected, identical)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all examples, so that the empty tables are made once."""
    yield tmp_path_factory.mktemp("properties")


@given(
    delivery=deliveries(),
    forms=st.lists(st.sampled_from(FORMS), min_size=2, max_size=2, unique=True),
)
@settings(
    max_examples=18,
    deadline=None,
    # Made of hundreds of cells, an example shrinks too slowly to be worth it; the assertion shows the row.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
def test_every_form_lands_the_same_rows_and_accounts_for_all(
    folder: Path, delivery: Delivery, forms: list[tuple[str, str, str, int]]
) -> None:
    home = Home(folder / "home")
    name = delivery.table.name
    for batch in home.landing.glob("*/batch=*[1-9]"):
        shutil.rmtree(batch)
    for nth, (ending, encoding, delimiter, quoting) in enumerate(forms):
        written = delivery.written
        if ending == ".xlsx":  # whose cells cannot hold control characters
            bare = str.maketrans("", "", CONTROLS)
            written = [{column: raw.translate(bare) for column, raw in row.items()} for row in written]
        path = write(folder / str(nth) / f"{name}{ending}", written, encoding, delimiter, quoting)
        # A file of rejected rows alone is refused, with its account kept.
        with suppress(Refused):
            land(home, path)
        path.unlink()
    first, second = read_batches(home)
    count = len(delivery.landed)
    said = first["warnings"]
    assert account(first) == (len(delivery.written), count, delivery.rejected, delivery.identical, 0), said
    rejected, identical = delivery.rejected, count + delivery.identical
    if {form[0] for form in forms} == {".csv", ".zip"} and forms[0][1:] == forms[1][1:]:
        # The archive holds the very bytes that came before, so nothing of it is read again.
        rejected, identical = 0, len(delivery.written)
    assert account(second) == (len(delivery.written), 0, rejected, identical, 0), said
    there = landed(home, name, ", ".join(f'"{c}"' for c in delivery.columns))
    for row, expected in zip(there, delivery.landed, strict=True):
        assert dict(zip(delivery.columns, row, strict=True)) == dict(
            zip(delivery.columns, expected, strict=True)
        )


def account(batch: dict[str, Any]) -> tuple[int, ...]:
    """Rows read, landed, rejected and identical, and values nulled."""
    counts = ("rows_read", "rows_landed", "rows_rejected", "rows_identical", "values_nulled")
    return tuple(batch[name] for name in counts)
