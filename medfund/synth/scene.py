"""What every part of the synthetic bureau shares: the months asked for, the files written, and how parts take part."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from medfund.errors import UsageError
from medfund.synth.city import Institutions, People

Columns = dict[str, NDArray]

FORMATS = ("mixed", "csv", "parquet")
# In the mixed format these tables come as Parquet, as from a data platform; the others as CSV in the field's forms.
_PARQUET_TABLES = {"fee_list_d"}
_MARKER = ".synth-files"
_PIECES = ".pieces"


@dataclass(frozen=True)
class Window:
    """The exported months, as counts since year 0 (year * 12 + month - 1)."""

    first: int
    last: int

    @staticmethod
    def text(month: int) -> str:
        """A counted month as the exports write it, yyyymm."""
        return f"{month // 12:04d}{month % 12 + 1:02d}"

    def __contains__(self, month: int) -> bool:
        return self.first <= month <= self.last

    @property
    def end(self) -> np.datetime64:
        """The moment after the last month: exports show what was known then."""
        return np.datetime64(f"{(self.last + 1) // 12:04d}-{(self.last + 1) % 12 + 1:02d}-01", "s")


def sql_month(month: int) -> str:
    """A DATE literal for the first day of a counted month."""
    return f"DATE '{month // 12:04d}-{month % 12 + 1:02d}-01'"


@dataclass
class Output:
    """Files written so far. A marker lists them, so that a second run removes its own files and no others.

    `months_per_file` is how many months of a table added month by month share a file: 1, 3 or 12, by calendar.
    """

    directory: Path
    form: str = "mixed"
    months_per_file: int = 1
    paths: list[Path] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    # What turns the query for rows of a table into the one that is written: faults are planted here.
    rewrite: Callable[[duckdb.DuckDBPyConnection, str, str], str] | None = None
    _pieces: dict[tuple[str, str], list[Path]] = field(default_factory=dict)

    def open(self) -> None:
        """Make the directory ready; refuse one that holds anything this program didn't write."""
        if self.directory.exists() and not self.directory.is_dir():
            raise UsageError(f"{self.directory}: not a directory")
        self.directory.mkdir(parents=True, exist_ok=True)
        marker = self.directory / _MARKER
        own: set[str] = set()
        if marker.exists():
            own = {line for line in marker.read_text(encoding="utf-8").splitlines() if ".." not in line}
        shutil.rmtree(self.directory / _PIECES, ignore_errors=True)
        foreign = sorted(
            str(p.relative_to(self.directory))
            for p in self.directory.rglob("*")
            if p.is_file() and str(p.relative_to(self.directory)) not in own | {_MARKER}
        )
        if foreign:
            raise UsageError(
                f"{self.directory}: holds {foreign[0]!r}, which synth did not write; name an empty folder"
            )
        for name in sorted(own):
            (self.directory / name).unlink(missing_ok=True)
        for folder in sorted((p for p in self.directory.iterdir() if p.is_dir()), reverse=True):
            folder.rmdir()
        marker.write_text("", encoding="utf-8")

    def path(self, name: str) -> Path:
        """Announce a file before it is written, so that a killed run leaves none behind that is not listed."""
        with (self.directory / _MARKER).open("a", encoding="utf-8") as marker:
            marker.write(name + "\n")
        path = self.directory / name
        path.parent.mkdir(exist_ok=True)
        self.paths.append(path)
        return path

    def table(
        self, con: duckdb.DuckDBPyConnection, table: str, query: str, stem: str, form: str = "utf-8"
    ) -> None:
        """Write the rows of `query` to one file. `form` is utf-8, utf-8-sig, gb18030, tab or gz, in the mixed format.

        Where there are none, no file is written: nobody hands over an empty one.
        """
        form = self._form(table, form)
        query = self.final(con, table, query)
        path = self.path(stem + suffix(form))
        rows = write_file(con, query, path, form)
        self.rows[table] = self.rows.get(table, 0) + rows
        if rows == 0:
            path.unlink()
            self.paths.remove(path)

    def final(self, con: duckdb.DuckDBPyConnection, table: str, query: str) -> str:
        """The query whose rows are written instead of `query`."""
        return self.rewrite(con, table, query) if self.rewrite else query

    def period(self, month: int) -> str:
        """The month, quarter or year whose file holds a month."""
        text = Window.text(month)
        if self.months_per_file == 12:
            return text[:4]
        return f"{text[:4]}Q{month % 12 // 3 + 1}" if self.months_per_file == 3 else text

    def month(self, con: duckdb.DuckDBPyConnection, table: str, query: str, month: int) -> None:
        """Add rows of a month, or of its whole period, to the table's file of that period. Months come in order."""
        period = self.period(month)
        for key in [k for k in self._pieces if k[0] == table and k[1] != period]:
            self._join(con, key)
        pieces = self._pieces.setdefault((table, period), [])
        form = self._form(table, "utf-8")
        query = self.final(con, table, query)
        folder = self.directory / _PIECES
        folder.mkdir(exist_ok=True)
        piece = folder / f"{table}_{period}_{len(pieces):02d}{suffix(form)}"
        pieces.append(piece)
        rows = write_file(con, query, piece, form, header=not len(pieces) > 1)
        self.rows[table] = self.rows.get(table, 0) + rows
        if rows == 0:
            pieces.pop().unlink()

    def close(self, con: duckdb.DuckDBPyConnection) -> None:
        """Finish the files that were added to month by month."""
        for key in list(self._pieces):
            self._join(con, key)
        shutil.rmtree(self.directory / _PIECES, ignore_errors=True)

    def _join(self, con: duckdb.DuckDBPyConnection, key: tuple[str, str]) -> None:
        table, period = key
        pieces = self._pieces.pop(key)
        if not pieces:
            return
        form = self._form(table, "utf-8")
        target = self.path(f"{table}_{period}{suffix(form)}")
        if len(pieces) == 1:
            pieces[0].rename(target)
            return
        if form == "parquet":
            names = ", ".join(f"'{_quoted(piece)}'" for piece in pieces)
            write_file(con, f"FROM read_parquet([{names}])", target, form)
        else:
            with target.open("wb") as joined:
                for piece in pieces:
                    with piece.open("rb") as part:
                        shutil.copyfileobj(part, joined)
        for piece in pieces:
            piece.unlink()

    def _form(self, table: str, form: str) -> str:
        if self.form == "parquet" or (self.form == "mixed" and table in _PARQUET_TABLES):
            return "parquet"
        return form if self.form == "mixed" else "utf-8"


def suffix(form: str) -> str:
    """How a file of a form is named."""
    return {"parquet": ".parquet", "gz": ".csv.gz"}.get(form, ".csv")


def write_file(
    con: duckdb.DuckDBPyConnection, query: str, path: Path, form: str = "utf-8", header: bool = True
) -> int:
    """Write the rows of `query` in one of the forms utf-8, utf-8-sig, gb18030, tab, gz, parquet. Returns the rows."""
    if form == "parquet":
        how = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
    else:
        delimiter = "\t" if form == "tab" else ","
        packing = "gzip" if form == "gz" else "none"
        shown = "true" if header else "false"
        how = f"FORMAT csv, HEADER {shown}, DELIMITER '{delimiter}', COMPRESSION {packing}"
    copied = con.execute(f"COPY ({query}) TO '{_quoted(path)}' ({how})").fetchall()
    if form == "gb18030":
        path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    elif form == "utf-8-sig":
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    return int(copied[0][0])


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


@dataclass
class Scene:
    """One run: the people and places of the whole horizon, and where the exports go.

    `con` holds the tables `person` (city.person_table) and `place`; while a month is exported also `month_rows`
    (claims.as_arrow: amounts in yuan) and `settlement` (the rows of setl_d as they are exported, before faults).
    `owed[key]` is what each book owes for claims (claims.CLAIM_KEYS), fen, [org, month - lifecycle.HORIZON_FIRST],
    filled up to the month simulated last.
    """

    con: duckdb.DuckDBPyConnection
    out: Output
    people: People
    places: Institutions
    window: Window
    seed: int
    settlements: int
    owed: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def rng(self, purpose: int, month: int = 0) -> np.random.Generator:
        """A stream of random numbers for one purpose and month. 0-9 are taken by the core."""
        return np.random.default_rng([self.seed, purpose, month])


class Part:
    """A group of exports. Subclasses override what they need and are listed in medfund.synth.parts.

    Every month since 2017 is simulated, whichever are exported, and on to the December of the last exported year, so
    that whatever accumulates over time is the same in every export.
    """

    # Whether `exported` is called once per period of a file, with all its settlements in `month_rows` (and no
    # `settlement`): queries that look at each settlement by itself cost less that way in a small city.
    whole_period = False

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def simulated(self, month: int, rows: Columns) -> None:
        """See the settlements of a simulated month (claims.make_month), in order of the months."""

    def exported(self, month: int) -> None:
        """Write what belongs to a month asked for; `month_rows` and `settlement` hold its settlements."""

    def finish(self) -> None:
        """Write the rest, after the last month."""
