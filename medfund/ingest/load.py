"""Land one source: recognise, read, type, separate, account, commit."""

from __future__ import annotations

import re
import shutil
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

from medfund.contract import Contract, Table, fold_header
from medfund.errors import MedfundError
from medfund.ingest import evidence, landing, limits, mend, privacy, sqltypes, text, workbook
from medfund.ingest.layout import Layout, header_record, match, missing_sentence, recognise, table_named
from medfund.ingest.query import FileQuery, row_hash
from medfund.ingest.ranges import Ranges
from medfund.ingest.report import BatchReport, FileProblem
from medfund.ingest.sources import Source
from medfund.ingest.sqltypes import ident, quoted
from medfund.ingest.versions import ENGINE, KEYS, Versions
from medfund.settings import Bureau, Home

MEMORY = "1500MB"
ROWS = "rows.parquet"
_LISTED = 20
# Below this a second core does not make up for planning the query twice.
_PIECE = 16 * limits.MIB
_MAX_PIECES = 8
# Bytes of each piece that the engine reads at once; a quarter of its own choice, which spares 100 MB for each piece.
_BUFFER = 8_000_000
# Up to this a file is looked at first, for planning a query for all spellings costs more than landing the file.
_SMALL = 4 * limits.MIB
_LOOKED_AT = 500
_AS_OF = re.compile(r"_(\d{4})(\d{2})(\d{2})$")
_MALFORMED = {
    "MISSING COLUMNS": "too few fields in the line",
    "TOO MANY COLUMNS": "too many fields in the line",
    "UNQUOTED VALUE": "a quote is misplaced or never closed",
    "LINE SIZE OVER MAXIMUM": "the line is longer than 2 MB",
    "INVALID ENCODING": "bytes that are not text",
}


class _Reading(NamedTuple):
    """A source opened for DuckDB: fields of the header, the relation, lines before the first data row."""

    headers: list[str]
    relation: str
    lines_before: int
    delimiter: str | None
    scanned: text.TextFile | None
    wide: bool
    quotes: bool
    plus: bool = True
    path: Path | None = None
    mended: mend.Mended | None = None
    size: int = 0
    pieces: Mapping[str, text.Piece] = MappingProxyType({})
    records: int = 0
    blanks: bool = True


class _Passed(NamedTuple):
    """What reading a file gave: rows written, rows with a problem, lines that are no records, rows rejected
    (such lines included)."""

    kept: int
    troubled: int
    malformed: int
    rejected: int


class Loader:
    """Lands sources one after another; the caller holds the home's writer lock."""

    def __init__(self, home: Home, bureau: Bureau, contract: Contract, bureau_code: str, dry_run: bool):
        self.home, self.bureau, self.contract = home, bureau, contract
        self.bureau_code, self.dry_run = bureau_code, dry_run
        self.work = landing.staging(home) / "work"
        self.work.mkdir(parents=True, exist_ok=True)
        self.batches = landing.read_batches(home)
        self.by_sha256: dict[str, list[dict[str, Any]]] = {}
        self.sizes: set[int | None] = set()
        for batch in self.batches:
            self._remember(batch)
        self.number = landing.next_batch_number(home)
        self.zone = ZoneInfo(contract.time_zone)
        self.last = max((b["loaded_at"] for b in self.batches), default="")
        self.versions: dict[str, Versions] = {}
        self.con = duckdb.connect()
        self.con.execute(f"SET memory_limit = {quoted(MEMORY)}")
        self.con.execute(f"SET temp_directory = {quoted(str(self.work / 'spill'))}")
        self.con.execute("SET enable_progress_bar = false")
        self.con.execute(f"SET TimeZone = {quoted(contract.time_zone)}")
        privacy.install(self.con, privacy.pseudonym_key(home))
        sqltypes.install(self.con, contract)
        self.con.execute("CREATE TEMP SEQUENCE troubled")
        self.con.execute(
            "CREATE TEMP TABLE bad_line (line BIGINT, kind VARCHAR, csv_line VARCHAR, message VARCHAR)"
        )
        self.codes = evidence.Codes()
        self._ranges: Ranges | None = None

    def close(self) -> None:
        """Release the connection and the working directory."""
        self.con.close()
        landing.sweep(self.home)

    # -- known files ---------------------------------------------------------------------------------------

    def came(self, size: int) -> bool:
        """Whether a file of so many bytes, as it was delivered, may have been landed before."""
        return size in self.sizes or None in self.sizes

    def known(self, sha256: str, stem: str, table: str | None) -> list[dict[str, Any]]:
        """Earlier batches of the very same bytes, read the same way; empty when the file is to be read."""
        named = table_named(stem, self.contract)
        wanted = table or (named[0] if named else None)
        ours = [
            batch
            for batch in self.by_sha256.get(sha256, [])
            if batch.get("bureau") == self.bureau_code
            and batch["table_name"] in self.contract.tables
            and batch.get("fingerprint") == self.contract.table(batch["table_name"]).fingerprint
        ]
        packed = [b for b in ours if b.get("container", {}).get("sha256") == sha256]
        if packed:
            # A kill may have come between two members; then the archive is opened again.
            return packed if len(packed) == packed[0]["container"]["members"] else []
        found = [b for b in ours if b["sha256"] == sha256 and b.get("as_of") == self._as_of(stem)]
        if len(found) == 1 and wanted and found[0]["table_name"] != wanted:
            return []
        return found if found and len(found) == found[0].get("sheets", 1) else []

    def _remember(self, batch: dict[str, Any]) -> None:
        """Find a batch again by the bytes it was read from, alone or in an archive."""
        if "same_bytes_as" not in batch:
            self.sizes.add(batch.get("bytes"))
            for sha256 in {batch["sha256"], batch.get("container", {}).get("sha256")} - {None}:
                self.by_sha256.setdefault(sha256, []).append(batch)

    def repeat(self, shown: str, batch: dict[str, Any]) -> BatchReport:
        """A batch for a file whose bytes were landed before: every row identical."""
        report = BatchReport(
            source_file=shown,
            status="identical",
            table_name=batch["table_name"],
            sha256=batch["sha256"],
            rows_read=batch["rows_read"],
            rows_identical=batch["rows_read"],
            details={"same_bytes_as": batch["batch_id"], "bureau": self.bureau_code},
        )
        if "container" in batch:
            report.details["container"] = batch["container"]
        table = self.contract.table(batch["table_name"])
        staged, batch_id = self._stage(table)
        shutil.copyfile(landing.batch_dir(self.home, table.name, landing.EMPTY_BATCH) / ROWS, staged / ROWS)
        self._finish(report, table, staged, batch_id)
        return report

    # -- reading -------------------------------------------------------------------------------------------

    def load(self, source: Source, table: str | None) -> list[BatchReport]:
        """Land a source; a workbook gives one report per sheet that holds a table.

        Raises FileProblem with the sentence for the user when nothing of it can be taken.
        """
        try:
            if source.kind == "text":
                return [self._load(source, self._open_text(source, table), table)]
            if source.kind == "parquet":
                return [self._load(source, self._open_parquet(source), table)]
            return self._load_workbook(source, table)
        except duckdb.OutOfMemoryException as error:
            raise MedfundError(
                f"{source.shown}: needs more memory than {MEMORY}; deliver it in parts"
            ) from error
        except duckdb.IOException as error:
            cut = "arquet" in str(error) or "read enough bytes" in str(error)
            if source.kind == "parquet" and cut and "space" not in str(error):
                raise FileProblem(
                    f"{source.shown}: the Parquet file is damaged; expected a whole file"
                ) from error
            raise MedfundError(
                f"{source.shown}: landing it failed while reading or writing ({str(error).splitlines()[0]})"
            ) from error
        except duckdb.InvalidInputException as error:
            # The engine's message quotes the line, which may hold identifiers.
            raise FileProblem(
                f"{source.shown}: cannot be read as a table of delimited text or Parquet; "
                "expected one header row and rows with as many fields"
            ) from error
        except duckdb.Error as error:
            if self._ranges and self._ranges.failed:
                raise MedfundError(
                    f"{source.shown}: landing it failed while reading ({self._ranges.failed[0].strerror})"
                ) from error
            if source.kind != "parquet":
                raise
            # A damaged footer or page fails in the decoder with an error of no class of its own.
            raise FileProblem(
                f"{source.shown}: the Parquet file is damaged; expected a whole file"
            ) from error

    def _link(self, path: Path) -> str:
        """A plain name for the engine: user paths may hold glob characters."""
        link = self.work / "input"
        link.unlink(missing_ok=True)
        link.symlink_to(path.resolve())
        return quoted(str(link))

    def _hint(self, source: Source, table: str | None) -> Table | None:
        if table:
            return self.contract.table(table)
        named = table_named(source.stem, self.contract)
        return self.contract.table(named[0]) if named else None

    def _open_text(self, source: Source, table: str | None) -> _Reading:
        scanned = text.scan(source.shown, source.path)
        hint = self._hint(source, table)
        best: tuple[int, int, str, list[str]] | None = None
        for delimiter in text.DELIMITERS:
            records = text.split_head(scanned.head, delimiter)
            if not records:
                continue
            at = header_record([fields for _, fields in records], self.contract, hint)
            line, fields = records[at]
            known = self._recognised(fields, hint)
            if best is None or (known, len(fields)) > (best[0], len(best[3])):
                best = (known, line, delimiter, fields)
        if best is None:
            raise FileProblem(
                f"{source.shown}: the file holds only blank lines; expected a header row and rows"
            )
        _, line, delimiter, fields = best
        target = self.work / "clean"
        path, looked = text.clean(scanned, delimiter, target)
        if path == target:
            source.temporary.append(target)
        relation = self._csv(self._link(path), delimiter, line, len(fields))
        self._check_replaced(source.shown, scanned, relation, fields)
        pieces, below = self._split(path, looked, line)
        return _Reading(
            fields,
            relation,
            line,
            delimiter,
            scanned,
            looked.wide,
            looked.quotes,
            scanned.plus,
            path,
            size=looked.size,
            pieces=pieces,
            records=below,
            blanks=looked.blanks,
        )

    def _split(self, path: Path, looked: text.Lines, line: int) -> tuple[dict[str, text.Piece], int]:
        """Pieces of a large file by their name, one for each core; none where that would not pay or cannot be."""
        count = min(looked.size // _PIECE, self._cores())
        if count < 2:
            return {}, 0
        pieces, below = text.split(path, looked, line, count)
        if self._ranges is None:
            self._ranges = Ranges()
            self.con.register_filesystem(self._ranges)
        self._ranges.forget()
        return {self._ranges.add(path, piece.start, piece.stop): piece for piece in pieces}, below

    def _cores(self) -> int:
        return min(self._value("SELECT current_setting('threads')"), _MAX_PIECES)

    def _recognised(self, fields: Sequence[str], hint: Table | None) -> int:
        tables = [hint] if hint else list(self.contract.tables.values())
        return max(len(match(table, fields).sources) for table in tables)

    @staticmethod
    def _csv(
        name: str,
        delimiter: str,
        skip: int,
        width: int,
        numbers: Mapping[int, str] = MappingProxyType({}),
        more: str = "",
    ) -> str:
        columns = ", ".join(f"'c{i}': '{numbers.get(i, 'VARCHAR')}'" for i in range(width))
        return (
            f"read_csv({name}, auto_detect=false, header=false, skip={skip}, "
            f"delim={quoted(delimiter)}, quote='\"', escape='\"', nullstr='', columns={{{columns}}}, "
            f"compression='none', hive_partitioning=false, {more} store_rejects=true, "
            "rejects_table='malformed', rejects_scan='malformed_scan')"
        )

    def _check_replaced(
        self, shown: str, scanned: text.TextFile, relation: str, headers: Sequence[str]
    ) -> None:
        """Refuse a file that lost too many characters before it came here, naming the columns."""
        share = scanned.replaced / max(scanned.characters, 1)
        if share <= self.bureau.gate.replacement_character_share:
            return
        columns = self._replaced_columns(relation, headers)
        raise FileProblem(
            f"{shown}: {scanned.replaced} characters ({share:.1%}) cannot be read as utf-8 or gb18030, "
            f"in column {', '.join(columns[:8]) or 'header'}; expected a file saved in one of these encodings"
        )

    def _replaced_columns(self, relation: str, headers: Sequence[str]) -> list[str]:
        counts = ", ".join(
            f"count(*) FILTER (contains(c{i}, '\ufffd') OR contains(c{i}, '锟斤拷'))"
            for i in range(len(headers))
        )
        row = self.con.execute(f"SELECT {counts} FROM {relation}").fetchone() or ()
        self._drop_rejects()
        # Without a header row the first record stands in its place, and its values are nobody's business.
        known = {spelling for table in self.contract.tables.values() for spelling in table.headers}
        names = [" ".join(h.split()) if fold_header(h) in known else f"{i}" for i, h in enumerate(headers, 1)]
        return [name for name, n in zip(names, row, strict=True) if n]

    def _open_parquet(self, source: Source) -> _Reading:
        scan = f"read_parquet({self._link(source.path)}, hive_partitioning=false)"
        names = [row[0] for row in self.con.execute(f"DESCRIBE SELECT * FROM {scan}").fetchall()]
        columns = ", ".join(f"CAST({ident(name)} AS VARCHAR) AS c{i}" for i, name in enumerate(names))
        relation = f"(SELECT {columns} FROM {scan})"
        return _Reading(names, relation, 0, None, None, True, True, size=source.path.stat().st_size)

    def _load_workbook(self, source: Source, table: str | None) -> list[BatchReport]:
        reports: list[BatchReport] = []
        problems: list[str] = []
        found = list(workbook.sheets(source.shown, source.path))
        for nth, sheet in enumerate(found):
            named = table_named(sheet.name, self.contract)
            first = nth == 0
            own = table or (named[0] if named else None)
            if own is None and first:
                hint = self._hint(source, None)
                own = hint.name if hint else None
            try:
                reading = self._open_sheet(source.shown, sheet, self.contract.table(own) if own else None)
                one = self._load(source, reading, own, sheet=None if first else sheet.name, sheets=len(found))
            except FileProblem as problem:
                if first:
                    raise
                problems.append(f"sheet {sheet.name} was left out: {problem}")
                continue
            reports.append(one)
        reports[0].warnings += problems
        return reports

    def _open_sheet(self, shown: str, sheet: workbook.Sheet, hint: Table | None) -> _Reading:
        at = header_record(sheet.head, self.contract, hint)
        headers = sheet.head[at]
        line = sheet.head_rows[at]
        names = ", ".join(f"{ident(name)} AS c{i}" for i, name in enumerate(sheet.rows.column_names[1:]))
        self.con.register("sheet", sheet.rows)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE sheet_rows AS SELECT _line, {names} FROM sheet")
        self.con.unregister("sheet")
        relation = f"(SELECT * EXCLUDE (_line) FROM sheet_rows WHERE _line > {line} ORDER BY _line)"
        return _Reading(headers, relation, line, None, None, True, True, size=sheet.rows.nbytes)

    # -- landing -------------------------------------------------------------------------------------------

    def _layout(self, source: Source, reading: _Reading, table: str | None) -> tuple[Layout, str]:
        """The file's layout and the name its table goes by in the file name."""
        named = table_named(source.stem, self.contract)
        chosen = table or (named[0] if named else None)
        if chosen is None:
            layout = recognise(source.shown, reading.headers, self.contract)
            return layout, layout.table.name
        layout = match(self.contract.table(chosen), reading.headers)
        absent = missing_sentence(source.shown, layout)
        if absent:
            raise FileProblem(absent)
        return layout, named[1] if named and named[0] == chosen else chosen

    def _load(
        self,
        source: Source,
        reading: _Reading,
        table: str | None,
        sheet: str | None = None,
        sheets: int = 1,
    ) -> BatchReport:
        layout, origin = self._layout(source, reading, table)
        query = FileQuery(
            self.contract,
            layout,
            reading.relation,
            reading.wide,
            reading.quotes,
            reading.plus,
            reading.blanks,
            self._pieces(reading),
        )
        shown = f"{source.shown}#{sheet}" if sheet else source.shown
        report = BatchReport(source_file=shown, table_name=layout.table.name, sha256=source.sha256)
        if sheets > 1:
            report.details["sheets"] = sheets
        staged, batch_id = self._stage(layout.table)
        rows = staged / ROWS
        as_of = self._as_of(source.stem)
        meta = {
            "_bureau": f"{quoted(self.bureau_code)}::VARCHAR",
            "_src_file": f"{quoted(shown)}::VARCHAR",
            "_src_tab": f"{quoted(origin)}::VARCHAR",
            "_row_no": "_row_no",
            "_load_ts": f"TIMESTAMP {quoted(self._now())}",
            "_as_of": f"CAST({quoted(as_of)} AS DATE)" if as_of else "CAST(NULL AS DATE)",
        }
        try:
            passed = self._pass(query, reading, meta, rows)
            if query.pieces and passed.kept + passed.rejected != reading.records:
                # Quotes that are no quotes: what looked like lines are no records.
                query, reading = replace(query, pieces=()), reading._replace(pieces={})
                passed = self._pass(query, reading, meta, rows)
            reading = self._mend(source, reading, passed.kept + passed.rejected)
            if reading.mended:
                if reading.mended.stray:
                    query = replace(query, relation=reading.relation, pieces=())
                    passed = self._pass(query, reading, meta, rows)
                self._check_records(shown, reading.mended, passed.kept + passed.rejected)
            rejected = self._separate(query, reading, passed, staged, report)
            kept = passed.kept
            kept = self._number(layout.table, rows, kept)
            versions = self._versions(layout.table)
            versions.stage(rows, self.number)
            identical = versions.find_identical()
            if identical:
                self._rewrite(rows, "SELECT r.* FROM {rows} r ANTI JOIN identical i ON r._row_no = i.row_no")
            report.rows_superseded = versions.superseded()
            versions.write(staged / KEYS)
            report.rows_rejected = rejected
            report.rows_identical = identical
            report.rows_landed = kept - identical
            report.rows_read = kept + rejected
            report.details = self._describe(source, reading, query, report, rows) | report.details
            report.status = "landed" if report.rows_landed else "identical" if identical else "rejected"
            if report.rows_read == 0:
                raise FileProblem(
                    f"{shown}: table {layout.table.name}: there is a header but no data row; expected rows"
                )
            if not self._balanced(layout.table, rows, report):
                raise MedfundError(
                    f"{shown}: the row account does not add up; nothing was landed, please report"
                )
            self._finish(report, layout.table, staged, batch_id)
            versions.take()
        finally:
            self._drop_rejects()
            shutil.rmtree(staged, ignore_errors=True)
        return report

    def _pieces(
        self, reading: _Reading, numbers: Mapping[int, str] = MappingProxyType({})
    ) -> list[tuple[str, int]]:
        """SQL of each piece of a split file, with the records before it. `numbers` are types of columns by place."""
        skips = [reading.lines_before, *([0] * len(reading.pieces))]
        delimiter, width = reading.delimiter or ",", len(reading.headers)
        return [
            (
                self._csv(
                    quoted(name),
                    delimiter,
                    skip,
                    width,
                    numbers,
                    f"buffer_size={_BUFFER}, max_line_size={mend.MAX_LINE},",
                ),
                piece.records,
            )
            for (name, piece), skip in zip(reading.pieces.items(), skips, strict=False)
        ]

    def _quick(self, query: FileQuery, reading: _Reading) -> FileQuery | None:
        """The query of a file in pieces that leaves numbers to the reader, where some rows of each piece have them
        spelled as usual. One spelled otherwise further down shows as a row that the reader could not cast."""
        columns = query.single_numbers()
        if not (query.pieces and columns):
            return None
        unusual: set[str] = set()
        for relation, _ in query.pieces:
            some = replace(query, relation=f"(FROM {relation} LIMIT {_LOOKED_AT})")
            unusual.update(name for (name,) in self.con.execute(some.unusual_select(columns)).fetchall())
        self._drop_rejects()
        usual = [c for c in columns if c.name not in unusual]
        numbers = {query.layout.sources[c.name][0]: sqltypes.number_type(c) for c in usual}
        return replace(query, numbers=frozenset(c.name for c in usual), pieces=self._pieces(reading, numbers))

    def _pass(self, query: FileQuery, reading: _Reading, meta: dict[str, str], rows: Path) -> _Passed:
        """Write what can land. Reads the file a second time, into `problem_row`, only where rows have a problem."""
        if reading.size < _SMALL:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE raw_text AS SELECT * FROM {query.relation}")
            query = replace(query, relation="raw_text")
        if reading.size < _SMALL or reading.delimiter is None:
            # Looking first costs little where text need not be parsed for it, and spares most of the cleaning.
            query = query.with_plain(
                [name for (name,) in self.con.execute(query.unusual_select()).fetchall()]
            )
        # Pieces run side by side only where their rows may mix, and memory is spared; each row carries its number.
        self.con.execute("SET preserve_insertion_order = false")
        try:
            return self._pass_once(query, reading, meta, rows)
        finally:
            self.con.execute("RESET preserve_insertion_order")

    def _pass_once(self, query: FileQuery, reading: _Reading, meta: dict[str, str], rows: Path) -> _Passed:
        kept = -1
        if quick := self._quick(query, reading):
            before = self._value("SELECT nextval('troubled')")
            kept = self._copy(quick.landing_select(meta, "troubled"), rows)
            if self._value("SELECT count(*) FROM malformed WHERE error_type = 'CAST'"):
                self._drop_rejects()
                kept = -1
        if kept < 0:
            before = self._value("SELECT nextval('troubled')")
            kept = self._copy(query.landing_select(meta, "troubled"), rows)
        troubled = self._value("SELECT nextval('troubled')") - before - 1
        malformed = self._take_malformed(reading)
        rejected = malformed
        if troubled:
            self.con.execute(f"CREATE OR REPLACE TEMP TABLE problem_row AS {query.problems_select()}")
            self._drop_rejects()
            rejected += self._value("SELECT count(*) FROM problem_row WHERE rejected")
        if query.pieces and malformed:
            self._close_up(reading, rows, troubled)
        return _Passed(kept, troubled, malformed, rejected)

    def _close_up(self, reading: _Reading, rows: Path, troubled: int) -> None:
        """Number the records of pieces on without the malformed lines before them."""
        gaps = self.con.execute("SELECT line FROM bad_line ORDER BY line").fetchall()
        starts = [
            (piece.records, sum(line <= piece.lines for (line,) in gaps)) for piece in reading.pieces.values()
        ]
        fewer = " ".join(f"WHEN _row_no > {records} THEN {n}" for records, n in reversed(starts))
        self._rewrite(rows, f"SELECT * REPLACE (_row_no - CASE {fewer} END AS _row_no) FROM {{rows}}")
        if troubled:
            self.con.execute(f"UPDATE problem_row SET _row_no = _row_no - CASE {fewer} END")

    def _mend(self, source: Source, reading: _Reading, read: int) -> _Reading:
        """The reading without its stray lines, where the records read are not the lines of the file."""
        if reading.scanned is None or reading.path is None or reading.delimiter is None:
            return reading
        below = reading.scanned.lines - reading.lines_before
        if read in (below, below - mend.blank_lines(reading.path, reading.lines_before)):
            return reading
        target = self.work / "mended"
        source.temporary.append(target)
        found = mend.mend(reading.path, reading.delimiter, reading.lines_before, target)
        if not found.stray:
            return reading._replace(mended=found)
        relation = self._csv(
            self._link(target), reading.delimiter, reading.lines_before, len(reading.headers)
        )
        return reading._replace(relation=relation, path=target, mended=found)

    @staticmethod
    def _check_records(shown: str, mended: mend.Mended, read: int) -> None:
        there = mended.records + len(mended.stray)
        if read != there:
            raise FileProblem(
                f"{shown}: holds {there} records, {read} rows could be read; expected one line for every row and "
                "quotes in pairs"
            )

    def _balanced(self, table: Table, rows: Path, report: BatchReport) -> bool:
        written = self._value(f"SELECT count(*) FROM read_parquet({quoted(str(rows))})")
        return written == report.rows_landed

    def _stage(self, table: Table) -> tuple[Path, str]:
        batch_id = f"{self.number:06d}"
        staged = landing.staging(self.home) / f"{table.name}-{batch_id}"
        staged.mkdir(parents=True)
        return staged, batch_id

    def _finish(self, report: BatchReport, table: Table, staged: Path, batch_id: str) -> None:
        report.loaded_at = self.last
        if self.dry_run:
            shutil.rmtree(staged)
        else:
            report.batch_id = batch_id
            landing.write_json(staged / "batch.json", report.as_batch())
            landing.commit(self.home, staged, table.name, batch_id)
            self.batches.append(report.as_batch())
        self._remember(report.as_batch())
        self.number += 1

    def _now(self) -> str:
        """Load time in wall time, always later than that of the batch before."""
        now = datetime.now(self.zone).replace(tzinfo=None)
        if self.last:
            now = max(now, datetime.fromisoformat(self.last) + timedelta(microseconds=1))
        self.last = now.isoformat(sep=" ", timespec="microseconds")
        return self.last

    @staticmethod
    def _as_of(stem: str) -> str | None:
        """The date in a file name such as psn_insu_d_20240131, as YYYY-MM-DD."""
        found = _AS_OF.search(stem)
        if found is None:
            return None
        try:
            return date(int(found[1]), int(found[2]), int(found[3])).isoformat()
        except ValueError:
            return None

    def _copy(self, select: str, target: Path) -> int:
        done = self.con.execute(f"COPY ({select}) TO {quoted(str(target))} ({landing.PARQUET})").fetchone()
        return int(done[0]) if done else 0

    def _rewrite(self, rows: Path, select: str) -> None:
        """Replace a staged file by a selection from it."""
        new = rows.with_suffix(".new")
        source = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
        self._copy(select.format(rows=source), new)
        new.replace(rows)

    def _value(self, sql: str) -> int:
        rows = self.con.execute(sql).fetchall()
        return int(rows[0][0] or 0) if rows else 0

    def _versions(self, table: Table) -> Versions:
        if table.name not in self.versions:
            own = [b for b in self.batches if b["table_name"] == table.name]
            self.versions[table.name] = Versions(self.con, self.home, table, own)
        return self.versions[table.name]

    def _number(self, table: Table, rows: Path, kept: int) -> int:
        """Fill sequence numbers the export lacks and the date of an undated snapshot."""
        source = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
        changes: list[str] = []
        if table.numbered:
            name = ident(table.numbered.column)
            if self._value(f"SELECT count(*) FROM {source} WHERE {name} IS NULL"):
                per = ", ".join(ident(c) for c in table.numbered.per)
                lead = f"({ident(table.numbered.first)} = '1') DESC, " if table.numbered.first else ""
                changes.append(
                    f"CASE WHEN count({name}) OVER (PARTITION BY {per}) = count(*) OVER (PARTITION BY {per}) "
                    f"THEN {name} ELSE row_number() OVER (PARTITION BY {per} ORDER BY {lead}_row_no) END"
                    f"::INTEGER AS {name}"
                )
        if table.snapshot and "updt_time" in table.columns:
            day = f"(SELECT max(updt_time)::DATE FROM {source})"
            if self._value(f"SELECT count(*) FROM {source} WHERE _as_of IS NULL AND {day} IS NOT NULL"):
                changes.append(f"coalesce(_as_of, {day}) AS _as_of")
        if changes:
            values = f"SELECT * REPLACE ({', '.join(changes)}) FROM {{rows}}"
            self._rewrite(
                rows, f"SELECT * REPLACE ({row_hash(table)} AS _row_hash) FROM ({values}) ORDER BY _row_no"
            )
        return kept

    # -- what did not land ---------------------------------------------------------------------------------

    def _drop_rejects(self) -> None:
        self.con.execute("DROP TABLE IF EXISTS malformed")
        self.con.execute("DROP TABLE IF EXISTS malformed_scan")

    def _take_malformed(self, reading: _Reading) -> int:
        """Keep the lines that are no records, once each, as `bad_line` (line, kind, csv_line, message)."""
        self.con.execute("TRUNCATE bad_line")
        if reading.delimiter is None:
            return 0
        if self._value("SELECT count(*) FROM malformed"):
            starts = ", ".join(f"({quoted(name)}, {piece.lines})" for name, piece in reading.pieces.items())
            self.con.execute(
                f"""INSERT INTO bad_line
                SELECT line + coalesce(lines, 0), arg_min(error_type::VARCHAR, column_idx),
                    any_value(ltrim(csv_line, chr(10))), arg_min(error_message, column_idx)
                FROM malformed JOIN malformed_scan USING (scan_id, file_id)
                    LEFT JOIN (VALUES {starts or "('', 0)"}) AS piece(file_path, lines) USING (file_path)
                GROUP BY line, lines, line_byte_position"""
            )
        self._drop_rejects()
        if reading.mended and reading.mended.stray:
            lines, kinds, texts = zip(*reading.mended.stray, strict=True)
            self.con.execute(
                "INSERT INTO bad_line SELECT unnest($1), unnest($2), unnest($3), NULL",
                [list(lines), list(kinds), list(texts)],
            )
        return self._value("SELECT count(*) FROM bad_line")

    def _separate(
        self,
        query: FileQuery,
        reading: _Reading,
        passed: _Passed,
        staged: Path,
        report: BatchReport,
    ) -> int:
        """Write rejects.parquet and count the nulled values; returns the rows rejected."""
        rejected, malformed, troubled = passed.rejected, passed.malformed, passed.troubled
        if troubled:
            self._count_nulled(reading, report)
        if rejected:
            self._write_rejects(query, reading, malformed, troubled, staged / "rejects.parquet")
            report.details["rejected_by"] = {
                (name or "line"): n
                for name, n in self.con.execute(
                    f"SELECT column_name, count(*) FROM read_parquet({quoted(str(staged / 'rejects.parquet'))}) "
                    "GROUP BY 1 ORDER BY 2 DESC, 1"
                ).fetchall()
            }
            first = self.con.execute(
                f"SELECT line, column_name, value, reason FROM "
                f"read_parquet({quoted(str(staged / 'rejects.parquet'))}) ORDER BY line LIMIT 1"
            ).fetchone()
            if first:
                where = f", column {first[1]}" if first[1] else ""
                seen = f", seen {first[2][:60]!r}" if first[2] else ""
                report.warnings.append(
                    f"{report.source_file}: table {report.table_name}, line {first[0]}{where}{seen}: {first[3]}"
                    + (f" (and {rejected - 1} more rows rejected)" if rejected > 1 else "")
                )
        return rejected

    def _count_nulled(self, reading: _Reading, report: BatchReport) -> None:
        """Count the values that became null in rows that landed, with the first of each column."""
        self.con.execute(
            "CREATE OR REPLACE TEMP TABLE nulled AS SELECT _row_no, unnest(issues) AS issue "
            "FROM problem_row WHERE NOT rejected"
        )
        found = self.con.execute(
            f"""SELECT issue.name, count(*), min(issue.reason),
                list({{'line': _row_no, 'value': issue.value}} ORDER BY _row_no)[1:{_LISTED}]
            FROM (SELECT *, row_number() OVER (PARTITION BY issue.name ORDER BY _row_no) AS nth FROM nulled)
            GROUP BY 1 ORDER BY 2 DESC, 1"""
        ).fetchall()
        lines = self._lines(reading, [one["line"] for row in found for one in row[3]])
        report.values_nulled = sum(row[1] for row in found)
        report.details["nulled"] = {
            name: {
                "count": n,
                "reason": reason,
                "first": [{"line": lines[one["line"]], "value": (one["value"] or "")[:200]} for one in first],
            }
            for name, n, reason, first in found
        }
        for name, n, reason, first in found[:3]:
            report.warnings.append(
                f"{report.source_file}: table {report.table_name}, line {lines[first[0]['line']]}, column {name}, "
                f"seen {(first[0]['value'] or '')[:60]!r}: {reason}; set to null"
                + (f" (and {n - 1} more values)" if n > 1 else "")
            )

    def _passed_lines(self, reading: _Reading) -> list[int]:
        """Lines after the header that hold no readable record, in order."""
        bad = {row[0] for row in self.con.execute("SELECT line FROM bad_line").fetchall()}
        if reading.scanned is not None:
            with reading.scanned.path.open("rb") as stream:
                blank = {n for n, line in enumerate(stream, 1) if not line.strip(b"\r\n")}
            bad |= {n for n in blank if n > reading.lines_before}
            bad |= set(reading.mended.continued) if reading.mended else set()
        elif reading.delimiter is None and "sheet_rows" in reading.relation:
            there = {row[0] for row in self.con.execute("SELECT _line FROM sheet_rows").fetchall()}
            bad |= set(range(reading.lines_before + 1, max(there, default=0))) - there
        return sorted(bad)

    def _lines(self, reading: _Reading, numbers: Sequence[int]) -> dict[int, int]:
        """Line in the file of record numbers: lines without a record are passed over."""
        passed = self._passed_lines(reading)
        shifted = [line - nth for nth, line in enumerate(passed)]
        return {
            number: reading.lines_before + number + bisect_right(shifted, reading.lines_before + number)
            for number in numbers
        }

    def _write_rejects(
        self, query: FileQuery, reading: _Reading, malformed: int, troubled: int, target: Path
    ) -> None:
        parts = []
        if troubled:
            passed = self._passed_lines(reading)
            self.con.execute("CREATE OR REPLACE TEMP TABLE passed (shifted BIGINT, n BIGINT)")
            if passed:
                shifted = {line - nth: nth + 1 for nth, line in enumerate(passed)}
                self.con.execute(
                    "INSERT INTO passed SELECT unnest($1), unnest($2)",
                    [list(shifted), list(shifted.values())],
                )
            parts.append(
                f"""SELECT expected_line + coalesce(n, 0) AS line, issue.name AS column_name, issue.value AS value,
                    issue.reason || CASE WHEN others > 0 THEN '; and ' || others || ' more columns' ELSE '' END
                        AS reason,
                    row_json
                FROM (
                    SELECT *, list_filter(issues, lambda one: one.rejects)[1] AS issue,
                        len(list_filter(issues, lambda one: one.rejects)) - 1 AS others,
                        {reading.lines_before} + _row_no AS expected_line
                    FROM problem_row WHERE rejected
                ) p ASOF LEFT JOIN passed ON p.expected_line >= passed.shifted"""
            )
        if malformed:
            parts.append(self._malformed_select(query, reading))
        self._copy(
            f"SELECT line::BIGINT AS line, column_name::VARCHAR AS column_name, value::VARCHAR AS value, "
            f"reason, row_json FROM ({' UNION ALL '.join(parts)}) ORDER BY line",
            target,
        )

    def _malformed_select(self, query: FileQuery, reading: _Reading) -> str:
        """Malformed lines with everything masked that could be an identifier.

        Fields of a line that lacks k may stand up to k places off, so a field is shown only when none of the
        columns it may belong to is private. Around stray quotes and among too many fields, which belong to
        any column or none, only short numbers are.
        """
        table = query.table
        open_places = {
            place
            for name, places in query.layout.sources.items()
            for place in places
            if table.columns[name].privacy is None
        }
        width = len(reading.headers)
        private = "[" + ", ".join("false" if i in open_places else "true" for i in range(width)) + "]"
        delimiter = quoted(reading.delimiter or ",")
        reasons = " ".join(f"WHEN {quoted(k)} THEN {quoted(v)}" for k, v in _MALFORMED.items())
        return f"""
            SELECT line, NULL AS column_name, NULL AS value,
                CASE kind {reasons} ELSE 'the line is not a record' END
                    || CASE WHEN starts_with(message, 'Expected Number of Columns')
                        THEN ' (' || found || ' found)' ELSE '' END
                    || '; expected {width} fields' AS reason,
                json_object('_line', array_to_string(list_transform(parts, lambda part, i: CASE
                    WHEN part = '' THEN ''
                    WHEN contains(csv_line, '"') OR n > {width} THEN
                        CASE WHEN raw_short(part) THEN part ELSE {quoted(privacy.MASK)} END
                    WHEN len(list_filter(({private})[i : i + {width} - n], lambda hidden: hidden)) > 0
                        THEN {quoted(privacy.MASK)}
                    ELSE part END), {delimiter}))::VARCHAR AS row_json
            FROM (
                SELECT *, len(string_split(csv_line, {delimiter})) AS found FROM bad_line
            ), LATERAL (SELECT string_split(csv_line, {delimiter}) AS parts, found AS n)"""

    # -- what there is to say ------------------------------------------------------------------------------

    def _describe(
        self, source: Source, reading: _Reading, query: FileQuery, report: BatchReport, rows: Path
    ) -> dict[str, Any]:
        table = query.table
        details: dict[str, Any] = {
            "bureau": self.bureau_code,
            "bytes": source.size,
            "engine": ENGINE,
            "fingerprint": table.fingerprint,
            "as_of": self._as_of(source.stem),
        }
        if source.container:
            details["container"] = source.container
        if reading.scanned:
            details["encoding"] = reading.scanned.encoding
            details["delimiter"] = "TAB" if reading.delimiter == "\t" else "comma"
            if reading.scanned.replaced:
                columns = self._replaced_columns(reading.relation, reading.headers)
                details["replaced_characters"] = {"count": reading.scanned.replaced, "columns": columns}
                report.warnings.append(
                    f"{report.source_file}: {reading.scanned.replaced} characters were lost before delivery, "
                    f"in column {', '.join(columns[:8])}"
                )
        if query.layout.unknown:
            details["unknown_headers"] = query.layout.unknown[:200]
        absent = [c.name for c in table.columns.values() if c.name not in query.layout.sources]
        if absent:
            details["absent_columns"] = absent
        sql = query.disagreements()
        if sql:
            counts = self.con.execute(sql).fetchone() or ()
            self._drop_rejects()
            details["doubled_headers"] = {
                name: {"headers": [reading.headers[p].strip() for p in places], "rows_that_differ": n}
                for (name, places), n in zip(query.layout.doubled.items(), counts, strict=True)
            }
            for name, found in details["doubled_headers"].items():
                if found["rows_that_differ"]:
                    report.warnings.append(
                        f"{report.source_file}: column {name} comes from {' and '.join(found['headers'])}, which "
                        f"differ in {found['rows_that_differ']} rows; the first was taken"
                    )
        if report.rows_landed:
            self._look(report, table, rows, details)
        return details

    def _look(self, report: BatchReport, table: Table, rows: Path, details: dict[str, Any]) -> None:
        """Evidence from the landed rows."""
        relation = f"read_parquet({quoted(str(rows))}, hive_partitioning=false)"
        whole = evidence.integer_money(self.con, relation, table, report.rows_landed)
        if whole:
            details["integer_money"] = whole
        if "medfee_sumamt" in whole:
            report.warnings.append(
                f"{report.source_file}: the amounts of {', '.join(whole[:5])} are all whole yuan; the extract seems "
                "to have cast money to integers, so cost parts are compared within 1 yuan"
            )
        absent = details.get("absent_columns", [])
        empty = evidence.empty_values(self.con, rows, table)
        if empty.keys() - set(absent):
            details["empty_values"] = {name: n for name, n in empty.items() if name not in absent}
        if table.name == "setl_d":
            repeated = evidence.repeated_visits(self.con, relation)
            if repeated:
                details["repeated_visits"] = repeated
            details["modes"] = evidence.settlement_modes(self.con, relation, self.bureau)
            report.warnings += [
                f"{report.source_file}: {s}" for s in evidence.mode_warnings(details["modes"])
            ]
        if table.name == "fixmedins_b":
            contradicted = evidence.contradicted_kinds(self.con, relation)
            if contradicted:
                details["contradicted_kinds"] = contradicted[:_LISTED]
                report.warnings.append(
                    f"{report.source_file}: {len(contradicted)} institutions whose code begins as a hospital's (H) or "
                    f"pharmacy's (P) but whose fixmedins_type says otherwise, such as {contradicted[0]}; the code counts"
                )
        unlisted = evidence.unlisted_codes(self.con, relation, table, report.rows_landed, self.codes)
        if unlisted:
            details["unlisted_codes"] = unlisted
            said = "; ".join(f"{c}: {', '.join(x['code'] for x in v[:3])}" for c, v in unlisted.items())
            report.warnings.append(
                f"{report.source_file}: codes in no dictionary, landed as they are: {said}"
            )
