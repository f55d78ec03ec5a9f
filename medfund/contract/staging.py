"""The staging models, written from the contract: `python -m medfund.contract.staging`.

Every raw table has one model, `stg_<table>`: its columns under their terms, of several versions of a row the one
that counts. The files are committed, so that dbt, its lineage and a reader find plain SQL; a test holds them
against the contract. `--check` only names the files that are not up to date (exit code 1).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from medfund.contract import Column, Contract, Table, load_contract

PROJECT_ROOT = Path(__file__).parents[2]
FOLDER = Path("models") / "staging"
_HEAD = "Written from medfund/contract/contract.yml by `python -m medfund.contract.staging`; edit there."

_LANDING = (
    "read_parquet('{{ env_var('MEDFUND_HOME', 'data') | replace(\\\"'\\\", \\\"''\\\") }}"
    "/landing/{name}/batch=*/rows.parquet', hive_partitioning = true, "
    "hive_types = {{ \\\"{{'batch': 'varchar'}}\\\" }}, union_by_name = true)"
)


@dataclass(frozen=True)
class StagedColumn:
    """A column of a staging model: its name, the SQL that gives it, its DuckDB type, what it means."""

    name: str
    sql: str
    type: str
    zh: str
    en: str

    @property
    def select(self) -> str:
        return self.sql if self.sql == self.name else f"{self.sql} as {self.name}"

    @property
    def description(self) -> str:
        return f"{self.en} ({self.zh})"


def staged_columns(table: Table) -> list[StagedColumn]:
    """The columns of a table's staging model, in their order: where the row comes from, then its values."""
    columns = [
        StagedColumn("batch_id", "batch", "varchar", "批次", "Batch the row was landed in"),
        StagedColumn(
            "row_number_in_file",
            "_row_no",
            "bigint",
            "源文件行号",
            "Row in the source file, counted from the first data row",
        ),
    ]
    if table.alt_key:
        columns.append(
            StagedColumn(
                "row_key",
                _row_key(table),
                "varchar",
                "行主键",
                f"What identifies the row: {', '.join(table.key)}, or where one is empty {', '.join(table.alt_key)}",
            )
        )
    columns += [_staged(column) for column in table.landed]
    columns += [
        StagedColumn(name, derived.sql, derived.type, derived.zh, derived.en)
        for name, derived in table.derived.items()
    ]
    if table.snapshot:
        columns.append(
            StagedColumn("snapshot_date", "_as_of", "date", "快照日期", "Day the snapshot stands for")
        )
    columns += [
        StagedColumn(
            "source_table",
            "_src_tab",
            "varchar",
            "来源表",
            "Table of the platform that the file is named after",
        ),
        StagedColumn("loaded_at", "_load_ts", "timestamp", "装载时间", "When the batch was landed"),
    ]
    return columns


def grain(table: Table) -> tuple[str, ...]:
    """Columns of the staging model that identify a row of it."""
    if table.every_version:
        return ("batch_id", "row_number_in_file")
    if table.alt_key:
        return ("row_key",)
    key = tuple(table.columns[name].term for name in table.key)
    return (*key, "snapshot_date") if table.snapshot else key


def bureau_columns(contract: Contract) -> dict[str, list[list[str]]]:
    """What a bureau's own contract file adds to the staging models: table -> [raw name, name] pairs."""
    shared = load_contract()
    own = {
        name: [[c.name, c.term] for c in contract.table(name).landed if c.name not in table.columns]
        for name, table in shared.tables.items()
    }
    return {name: columns for name, columns in own.items() if columns}


def files(contract: Contract) -> Iterator[tuple[Path, str]]:
    """Every generated file, by its place in the project, with its text."""
    for table in contract.tables.values():
        yield FOLDER / f"stg_{table.name}.sql", model_sql(table)
    yield FOLDER / "_landing__sources.yml", _sources(contract)
    yield FOLDER / "_staging__models.yml", _models(contract)


def model_sql(table: Table) -> str:
    """The staging model of a table, as dbt reads it."""
    selected = ",\n    ".join(column.select for column in staged_columns(table))
    lines = [
        f"{{#- {_HEAD} -#}}",
        f"select\n    {selected}{{{{ bureau_columns('{table.name}') }}}}",
        f"from {{{{ source('landing', '{table.name}') }}}} as landed",
    ]
    if not table.every_version:
        lines.append(f"where {{{{ counts('{table.name}') }}}}")
    return "\n".join(lines) + "\n"


def write(project: Path = PROJECT_ROOT) -> list[Path]:
    """Write what is not up to date. Returns the files written."""
    outdated = stale(project)
    texts = dict(files(load_contract()))
    for path in outdated:
        (project / path).write_text(texts[path], encoding="utf-8")
    return outdated


def stale(project: Path = PROJECT_ROOT) -> list[Path]:
    """The generated files that are missing or say something else than the contract."""
    return [
        path
        for path, text in files(load_contract())
        if not (project / path).is_file() or (project / path).read_text(encoding="utf-8") != text
    ]


def _staged(column: Column) -> StagedColumn:
    raw, kind = column.name, column.duckdb_type.lower()
    sql = {
        None: raw,
        "flag": f"coalesce({raw} in ('1', '01'), false)",
        "compact": f"replace({raw}, '_', '')",
        "zero": f"coalesce({raw}, 0)",
        "integer": f"try_cast({raw} as integer)",
        "yuan": f"{{{{ to_yuan('{raw}', 'unit') }}}}",
        "yuan_or_zero": f"{{{{ to_yuan('coalesce({raw}, 0)', 'unit') }}}}",
    }[column.reads]
    types = {
        "flag": "boolean",
        "integer": "integer",
        "yuan": "decimal(18,2)",
        "yuan_or_zero": "decimal(18,2)",
    }
    return StagedColumn(column.term, sql, types.get(column.reads or "", kind), column.zh, column.en)


def _row_key(table: Table) -> str:
    """SQL of one text that identifies a row by its key, or by the other one where the key is not whole."""
    loose = [name for name in table.key if not table.columns[name].required]
    other = f"concat_ws('|', {', '.join(table.alt_key)})"
    if len(table.key) == 1:
        return f"coalesce({table.key[0]}, {other})"
    whole = " and ".join(f"{name} is not null" for name in loose)
    return f"case when {whole} then concat_ws('|', {', '.join(table.key)}) else {other} end"


def _sources(contract: Contract) -> str:
    lines = [
        f"# {_HEAD}",
        "version: 2",
        "",
        "sources:",
        "  - name: landing",
        "    description: Raw exports as landed, typed Parquet, one row per landed version of a record (已落地的原始导出).",
        "    database: scratch",
        "    config:",
        "      meta:",
        f'        external_location: "{_LANDING}"',
        "    tables:",
    ]
    for table in contract.tables.values():
        lines += [f"      - name: {table.name}", f"        description: {_text(f'{table.en} ({table.zh})')}"]
    return "\n".join(lines) + "\n"


def _models(contract: Contract) -> str:
    lines = [f"# {_HEAD}", "version: 2", "", "models:"]
    for table in contract.tables.values():
        which = "every landed version of each row" if table.every_version else "one row for each"
        lines += [
            f"  - name: stg_{table.name}",
            f"    description: {_text(f'{table.en}, {which} ({table.zh})')}",
            "    data_tests:",
            "      - unique_grain:",
            "          arguments:",
            f"            columns: [{', '.join(grain(table))}]",
            "    columns:",
        ]
        for column in staged_columns(table):
            lines += [
                f"      - name: {column.name}",
                f"        data_type: {column.type}",
                f"        description: {_text(column.description)}",
            ]
        lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"


def _text(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def main(arguments: list[str]) -> int:
    """Write, or with `--check` only look; names the files concerned. Returns the exit code."""
    looking = arguments == ["--check"]
    found = stale() if looking else write()
    for path in found:
        print(path)
    return 1 if looking and found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
