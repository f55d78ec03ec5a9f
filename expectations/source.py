"""DuckDB for Great Expectations, and the views that the rules' SQL reads.

Great Expectations closes its connection before it fetches on dialects it doesn't know (upstream issue 10738);
the engine below keeps one open. Only query assets are used: they need no reflection.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

import great_expectations.expectations as gxe
import sqlalchemy as sa
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine

# A named in-memory database: every connection of this process sees the same views.
URL = "duckdb:///:memory:expectations"


class KeptConnectionEngine(SqlAlchemyExecutionEngine):
    """Runs every metric on one connection that stays open; a failed query does not poison the next."""

    kept: ClassVar[sa.Connection | None] = None

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """The one connection; rolled back after an error, so that it can be used again."""
        if KeptConnectionEngine.kept is None:
            KeptConnectionEngine.kept = self.engine.connect()
        try:
            yield KeptConnectionEngine.kept
        except Exception:
            KeptConnectionEngine.kept.rollback()
            raise


class DuckDBDatasource(SQLDatasource):
    """`context.data_sources.add_duckdb(name, connection_string=URL)`."""

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]

    @property
    def execution_engine_type(self) -> builtins.type[SqlAlchemyExecutionEngine]:
        return KeptConnectionEngine


class FailingRows(gxe.UnexpectedRowsExpectation):
    """A query that must select nothing, run once: it brings its first rows and the number of all.

    The library's own class runs every query twice, to count and to fetch. Make one with `FailingRows.of`.
    """

    metric_dependencies: ClassVar[tuple[str, ...]] = ("unexpected_rows_query.table",)

    @classmethod
    def of(cls, sql: str, *, keep: int, meta: dict[str, str]) -> FailingRows:
        """The expectation that `sql` selects nothing; at most `keep` of its rows are reported."""
        # Braces are placeholders to Great Expectations.
        plain = sql.strip().replace("{", "{{").replace("}", "}}")
        counted = f"select count(*) over () as _failing_rows, * from (\n{plain}\n) limit {keep}"
        return cls(unexpected_rows_query=counted, meta=meta)

    def _validate(
        self, metrics: dict[str, Any], runtime_configuration: Any = None, execution_engine: Any = None
    ) -> dict[str, Any]:
        rows = [dict(row) for row in metrics["unexpected_rows_query.table"]]
        count = rows[0]["_failing_rows"] if rows else 0
        for row in rows:
            del row["_failing_rows"]
        return {
            "success": count == 0,
            "result": {"observed_value": count, "details": {"unexpected_rows": rows}},
        }


@dataclass(frozen=True)
class Request:
    """What the worker is asked to check: paths, and the one tolerance that is a bureau's setting."""

    landing: Path
    database: Path
    scratch: Path
    inputs: Path
    out: Path
    payer_mismatch_share: float


def prepare_landing(connection: sa.Connection, request: Request) -> None:
    """Lay out what is there before the candidate: the schemas `raw`, the landed rows, and `run`."""
    statements = [
        "set memory_limit = '1500MB'",
        f"set temp_directory = {_text(request.out / 'tmp')}",
        "set preserve_insertion_order = false",
        "create schema raw",
        "create schema run",
    ]
    for table in sorted(path.name for path in request.landing.iterdir() if not path.name.startswith(".")):
        rows = request.landing / table / "batch=*" / "rows.parquet"
        statements.append(
            f'create view raw."{table}" as select * from read_parquet({_text(rows)}, hive_partitioning = true, '
            "hive_types = {'batch': 'varchar'}, union_by_name = true)"
        )
    statements.append(
        "create view raw.batch_row_count as "
        "select split_part(file_name, '/', -3) as table_name, replace(split_part(file_name, '/', -2), 'batch=', '') "
        "as batch_id, num_rows as row_count "
        f"from parquet_file_metadata({_text(request.landing / '*' / 'batch=*' / 'rows.parquet')})"
    )
    for name in ("load_batch", "bureau_org"):
        statements.append(
            f"create view run.{name} as select * from read_parquet({_text(request.inputs / f'{name}.parquet')})"
        )
    statements.append(
        f"create table run.setting as select *, {request.payer_mismatch_share:.12f} as payer_mismatch_share "
        f"from read_parquet({_text(request.inputs / 'bureau_setting.parquet')})"
    )
    for statement in statements:
        connection.exec_driver_sql(statement)
    connection.commit()


def prepare_candidate(connection: sa.Connection, request: Request) -> None:
    """Attach the candidate read-only and lay out the schema `work`, what several rules work out, beside it."""
    for statement in (
        f"attach {_text(request.database)} as medfund (read_only)",
        f"attach {_text(request.scratch)} as scratch (read_only)",
        "create schema work",
        _FUND,
        _LISTED_CODE,
        _SETTLEMENT,
    ):
        connection.exec_driver_sql(statement)
    connection.commit()


_FUND = """
create view work.fund as
select code from medfund.reference.code_value where dictionary = 'fund_code'
union
select alias from medfund.reference.code_alias where dictionary = 'fund_code'
"""

# How a code may be written: as listed, with or without leading zeros, or longer than the listed prefix.
_LISTED_CODE = """
create view work.listed_code as
select
    listed.dictionary,
    listed.code,
    dictionary.normalise <> 'none' as pads_zeros,
    dictionary.rollup = 'longest_prefix' as is_prefix
from (
    select dictionary, code from medfund.reference.code_value
    union
    select dictionary, alias from medfund.reference.code_alias
) as listed
inner join medfund.reference.code_dictionary as dictionary on dictionary.dictionary = listed.dictionary
"""

# The helpers of the identities: hospital part and person's part are worked out, other nulls count as zero. The
# parts of the cost may miss their total by less than a yuan where an extract cast one of them to whole yuan; the
# share of fen among so many amounts tells such a batch from one whose prices happen to be round.
_SETTLEMENT = """
create table work.settlement as
with whole_yuan as (
    select batch_id
    from scratch.staging.stg_setl_d
    group by batch_id
    having
        (count(*) filter (med_fee <> 0) >= 20 and count(*) filter (med_fee <> trunc(med_fee)) = 0)
        or (count(*) filter (self_funded <> 0) >= 20 and count(*) filter (self_funded <> trunc(self_funded)) = 0)
        or (count(*) filter (over_limit <> 0) >= 20 and count(*) filter (over_limit <> trunc(over_limit)) = 0)
        or (count(*) filter (prepaid_share <> 0) >= 20 and count(*) filter (prepaid_share <> trunc(prepaid_share)) = 0)
        or (count(*) filter (in_scope <> 0) >= 20 and count(*) filter (in_scope <> trunc(in_scope)) = 0)
),
repeated as (
    select setl_id from scratch.staging.stg_setl_d group by setl_id having count(*) > 1
),
-- Few settlements come in several versions; putting all of them in order would take longest here.
newest as (
    select landed.* from scratch.staging.stg_setl_d as landed anti join repeated using (setl_id)
    union all
    select landed.*
    from scratch.staging.stg_setl_d as landed
    semi join repeated using (setl_id)
    qualify row_number() over (
        partition by setl_id
        order by updated_at desc nulls last, record_id desc nulls last, batch_id desc, row_number_in_file desc
    ) = 1
),
valid as (
    select
        newest.* replace (
            account_pay + case when mutual_aid = 'outside' then mutual_aid_pay else 0 end as account_pay
        ),
        reported_fund_pay - case when fund_scope = 'incl' then account_pay else 0 end as fund_pay
    from newest
    cross join run.setting
    where is_valid
)
select
    setl_id,
    reversed_setl_id,
    institution_code,
    org_code,
    treatment_org_code,
    care_type_code,
    insurance_type_code,
    cast(date_trunc('month', setl_time) as date) as month,
    admitted_on,
    discharged_on,
    coalesce(med_fee, 0) as med_fee,
    coalesce(self_funded, 0) as self_funded,
    coalesce(over_limit, 0) as over_limit,
    coalesce(prepaid_share, 0) as prepaid_share,
    coalesce(in_scope, 0) as in_scope,
    coalesce(pooled_pay, 0) as pooled_pay,
    catastrophic_pay,
    coalesce(assistance_pay, 0) as assistance_pay,
    other_fund_pay,
    coalesce(civil_servant_pay, 0) as civil_servant_pay,
    other_fund_pay - coalesce(civil_servant_pay, 0) as remaining_fund_pay,
    fund_pay,
    account_pay,
    cash_pay,
    reported_person_pay,
    coalesce(reported_person_pay, account_pay + cash_pay) as person_pay,
    hospital_pay,
    is_refund_flagged,
    case when batch_id in (select whole_yuan.batch_id from whole_yuan) then 0.99 else 0.01 end as cost_tolerance
from valid
"""


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
