"""Read-only SQL on a release: one statement in; a table on the screen, or CSV, JSON, Parquet, XLSX out."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

import duckdb

from medfund.errors import MedfundError, UsageError
from medfund.release.files import full_disk_named
from medfund.release.store import open_release
from medfund.settings import Home

FORMATS = ("table", "csv", "json", "parquet", "xlsx")

_READING = {
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.MULTI,  # PIVOT: a helper type and a select
    duckdb.StatementType.PRAGMA,
}
_XLSX_ROWS = 1_048_576
# An analysis of the dbt project names its tables this way; on a release the bare name is the table.
_REF = re.compile(r"{{\s*ref\(\s*(['\"])(\w+)\1\s*\)\s*}}")
# Excel keeps 15 significant digits; a longer amount is written as text to stay exact to the fen.
_XLSX_EXACT = Decimal(10) ** 13
# A text cell that a spreadsheet would run as a formula; plain negative numbers in text are let be.
_FORMULA = r"^[\s]*[=+\-@]|^[\t\r\n]"


@dataclass
class Query:
    """A statement on an open release; `write_result` or `relation()` may be used while it is open."""

    connection: duckdb.DuckDBPyConnection
    sql: str

    def relation(self) -> duckdb.DuckDBPyRelation:
        """The result as a DuckDB relation (fetchall, arrow, df …). Raises MedfundError for wrong SQL."""
        with _sql_errors():
            return self.connection.sql(self.sql)


@contextmanager
def run_query(home: Home, query: str, release_id: str | None = None) -> Iterator[Query]:
    """Open a release (default: the current one) and prepare one reading statement on it.

    `{{ ref('table') }}` is read as the table, so that the files of `analyses/` run as they are.
    Raises UsageError when the text isn't exactly one statement, or one that would change something.
    """
    sql = one_statement(query)
    connection = open_release(home, release_id)
    try:
        yield Query(connection, sql)
    finally:
        connection.close()


def write_result(
    query: Query, fmt: str = "table", out: Path | None = None, *, max_rows: int = 200
) -> int | None:
    """Write a query's result as `fmt` (one of FORMATS) to a file, or to standard output when `out` is None.

    DECIMAL is written exactly. CSV is UTF-8 with a header; text that a spreadsheet would run as a formula gets
    a leading apostrophe. Returns the number of rows, or None for `table`, which shows at most `max_rows`.
    """
    if fmt not in FORMATS:
        raise UsageError(f"--format {fmt!r} is not one of {', '.join(FORMATS)}.")
    if fmt == "table":
        _show(query, out, max_rows)
        return None
    if out is None and fmt in ("parquet", "xlsx") and sys.stdout.isatty():
        raise UsageError(f"{fmt} is not text; send it to a file: medfund sql … --format {fmt} > result.{fmt}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"result.{fmt}"
        rows = _export(query, fmt, path)
        with full_disk_named(out.parent if out else Path(folder)):
            if out is None:
                with path.open("rb") as file:
                    _copy(file, sys.stdout.buffer)
            else:
                shutil.copyfile(path, out)
    return rows


def shell(
    home: Home,
    release_id: str | None = None,
    *,
    say: Callable[[str], None],
    read: Callable[[str], str] = input,
) -> None:
    """Ask for statements until `.quit` or end of input and show each result; a statement ends with `;`."""
    with open_release(home, release_id) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'marts' order by all"
        ).fetchall()
        say(
            f"Read-only. Tables: {', '.join(name for (name,) in tables)}. End a statement with ; and leave with .quit"
        )
        lines: list[str] = []
        while True:
            try:
                line = read("     ...> " if lines else "medfund> ")
            except EOFError:
                return
            except KeyboardInterrupt:
                lines = []
                continue
            if not lines and line.strip() in (".quit", ".exit", "quit", "exit"):
                return
            lines.append(line)
            if not line.rstrip().endswith(";"):
                lines = lines if any(part.strip() for part in lines) else []
                continue
            text, lines = "\n".join(lines), []
            try:
                _show(Query(connection, one_statement(text)), None, 200)
            except MedfundError as error:
                say(str(error))


def one_statement(query: str) -> str:
    """The one reading statement of a text, with `{{ ref('table') }}` as the table. Raises UsageError otherwise."""
    with _sql_errors():
        statements = duckdb.extract_statements(_REF.sub(r"\2", query))
    if len(statements) != 1:
        raise UsageError(f"expected one SQL statement, seen {len(statements)}.")
    if statements[0].type not in _READING:
        raise UsageError(
            f"a release is read-only: {statements[0].type.name} statements are not run; use SELECT, "
            "DESCRIBE, SUMMARIZE, SHOW or EXPLAIN."
        )
    return str(statements[0].query).strip().rstrip(";")


def _show(query: Query, out: Path | None, max_rows: int) -> None:
    relation = query.relation()
    width = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 10_000
    if relation is None:
        return
    with _sql_errors():
        if out is None:
            relation.show(max_rows=max_rows, max_width=width)
            return
    raise UsageError("--format table is for the screen; choose csv, json, parquet or xlsx for a file.")


def _export(query: Query, fmt: str, path: Path) -> int:
    """Stream the result through an own in-memory database, which may write the file; the release may not."""
    with _sql_errors(), full_disk_named(path.parent), duckdb.connect() as writer:
        reader: Any = query.relation().to_arrow_reader(100_000)
        if fmt == "xlsx":
            return _xlsx(reader, path)
        columns = ", ".join(
            _safe_text(name) if fmt == "csv" and _is_text(kind) else f'"{_q(name)}"'
            for name, kind in ((f.name, str(f.type)) for f in reader.schema)
        )
        options = {
            "csv": "format csv, header",
            "json": "format json, array true",
            "parquet": "format parquet",
        }[fmt]
        writer.register("result", reader)
        done = writer.execute(
            f"copy (select {columns} from result) to '{_s(str(path))}' ({options})"
        ).fetchone()
        return int(done[0]) if done else 0


def _xlsx(reader: Any, path: Path) -> int:
    import xlsxwriter

    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "remove_timezone": True,
        },
    )
    sheet = book.add_worksheet("result")
    bold = book.add_format({"bold": True})
    styles = {
        "money": book.add_format({"num_format": "#,##0.00"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    for column, name in enumerate(reader.schema.names):
        sheet.write_string(0, column, name, bold)
    row = 0
    for batch in reader:
        if row + batch.num_rows >= _XLSX_ROWS:
            raise UsageError(f"a worksheet holds {_XLSX_ROWS:,} rows; add a LIMIT or choose csv or parquet.")
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row += 1
            for column, value in enumerate(values):
                _xlsx_cell(sheet, row, column, value, styles)
    book.close()
    return row


def _xlsx_cell(sheet: Any, row: int, column: int, value: Any, styles: dict[str, Any]) -> None:
    from datetime import date, datetime

    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, Decimal) and abs(value) < _XLSX_EXACT:
        sheet.write_number(row, column, value, styles["money"])
    elif isinstance(value, int | float) and abs(value) < 10**15:
        sheet.write_number(row, column, value)
    elif isinstance(value, datetime):
        sheet.write_datetime(row, column, value, styles["time"])
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, styles["date"])
    else:
        sheet.write_string(row, column, str(value))


def _is_text(kind: str) -> bool:
    return kind in ("string", "large_string", "string_view") or kind.startswith("dictionary")


def _safe_text(name: str) -> str:
    column = f'"{_q(name)}"'
    risky = f"regexp_matches({column}, '{_FORMULA}') and try_cast({column} as double) is null"
    return f"case when {risky} then '''' || {column} else {column} end as {column}"


def _copy(file: BinaryIO, target: BinaryIO) -> None:
    try:
        shutil.copyfileobj(file, target)
        target.flush()
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Standard output must not be flushed again at exit.
        sys.stdout = None


@contextmanager
def _sql_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise MedfundError(" ".join(lines[:2]) if lines else type(error).__name__) from error


def _q(name: str) -> str:
    return name.replace('"', '""')


def _s(text: str) -> str:
    return text.replace("'", "''")
