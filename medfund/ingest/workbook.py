"""Excel workbooks as text cells."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import fastexcel
import pyarrow as pa
import pyarrow.compute as pc

from medfund.ingest import limits
from medfund.ingest.report import FileProblem


@dataclass
class Sheet:
    """A sheet with something in it. `rows` has `_line` (row number in the sheet) and text columns; blank rows
    are left out. `head` holds the first rows, `head_rows` their numbers."""

    name: str
    rows: pa.Table
    head: list[list[str]]
    head_rows: list[int]


def _check_size(shown: str, path: Path) -> None:
    """Unpack the workbook's parts to nowhere, counting, before a reader takes them into memory."""
    total = 0
    packed = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                with archive.open(info) as part:
                    while chunk := part.read(limits.CHUNK):
                        total += len(chunk)
                        if total > limits.MAX_WORKBOOK or (
                            total > limits.RATIO_FLOOR and total > limits.MAX_RATIO * packed
                        ):
                            raise FileProblem(
                                f"{shown}: the workbook unpacks to more than {total // limits.MIB} MiB; "
                                "expected a smaller one, deliver CSV instead"
                            )
    except FileProblem:
        raise
    except Exception as error:
        # zipfile raises a wide family of errors on damaged archives.
        raise FileProblem(f"{shown}: the workbook is damaged ({error}); expected a whole .xlsx") from error


def sheets(shown: str, path: Path) -> Iterator[Sheet]:
    """The sheets of a workbook that hold anything, in order. Raises FileProblem for a workbook without."""
    _check_size(shown, path)
    try:
        book = fastexcel.read_excel(path)
        names = book.sheet_names
    except fastexcel.FastExcelError as error:
        raise FileProblem(f"{shown}: cannot be opened as a workbook; expected an .xlsx file") from error
    found = False
    for name in names:
        try:
            batch = book.load_sheet(name, header_row=None, dtypes="string").to_arrow()
        except fastexcel.FastExcelError as error:
            raise FileProblem(f"{shown}: sheet {name} cannot be read; expected a plain table") from error
        sheet = _sheet(name, pa.Table.from_batches([batch]))
        if sheet is not None:
            found = True
            yield sheet
    if not found:
        raise FileProblem(f"{shown}: the workbook has only empty sheets; expected a header row and rows")


def _sheet(name: str, cells: pa.Table) -> Sheet | None:
    if cells.num_rows == 0 or cells.num_columns == 0:
        return None
    line = pa.array(range(1, cells.num_rows + 1), pa.int64())
    columns = [pc.cast(column, pa.string()) for column in cells.columns]
    filled = None
    for column in columns:
        there = pc.greater(pc.utf8_length(pc.fill_null(column, "")), 0)
        filled = there if filled is None else pc.or_(filled, there)
    table = pa.Table.from_arrays([line, *columns], ["_line", *(f"x{i}" for i in range(len(columns)))])
    table = table.filter(filled)
    if table.num_rows == 0:
        return None
    top = table.slice(0, 10).to_pylist()
    head = [[row[f"x{i}"] or "" for i in range(len(columns))] for row in top]
    return Sheet(name, table, head, [row["_line"] for row in top])
