"""What the indicator marts cost, against plain queries of the same rows, in one run.

    python -m bench.indicators --size city

Writes a synthetic bureau, lands all months but the last, builds, lands the last month and builds onto the release. The models
between the fee lines or settlements and the indicator marts are added up, for both builds, beside the plain query that
reads and groups the same fee lines; five of the marts stand beside the same figures written by hand in DuckDB SQL and in Polars.
Figures are processor seconds and seconds by the clock. Ends with 1 where a hand-written figure differs. With `--folder` the
exports and the home are kept there, and what is there already is not made again: a home in which all but the last month is
landed, and the last month's exports in `later/<month>`.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from bench.__main__ import write_exports
from medfund.ingest import ensure_tables, ingest
from medfund.pipeline import build
from medfund.pipeline.reach import Lineage
from medfund.pipeline.transform import Transform
from medfund.release import writer_lock
from medfund.settings import Bureau, Home

MARTS = (
    "institution_indicator_monthly",
    "org_indicator_monthly",
    "institution_monthly",
    "utilisation_monthly",
)
# What the models counted here begin with; neither is counted itself.
BEGINNINGS = ("stg_fee_list_d", "settlement")

FLOOR = """
    select fixmedins_code, date_trunc('month', fee_ocur_time) as month, med_chrgitm_type,
        count(*), sum(cnt), sum(det_item_fee_sumamt), sum(fulamt_ownpay_amt)
    from read_parquet('{landing}/fee_list_d/batch=*/rows.parquet')
    group by all
"""

# Five marts by hand: figures over everything, so that they compare as one row.
BY_HAND = {
    "institution_monthly: fees by class": (
        "select sum(drug_fee), sum(exam_fee), count(*) from institution_monthly where line_fee is not null",
        """
        with line as (
            select setl_id, sum(det_item_fee_sumamt) as fee,
                sum(case when med_chrgitm_type in ('09', '11') then det_item_fee_sumamt else 0 end) as drug,
                sum(case when med_chrgitm_type in ('03', '04') then det_item_fee_sumamt else 0 end) as exam
            from fee_line where vali_flag = '1' group by setl_id
        )
        select sum(drug), sum(exam), count(*) from (
            select sum(drug) as drug, sum(exam) as exam
            from settlement join line using (setl_id)
            where institution_code is not null and not is_manual
            group by institution_code, scheme, visit_bucket, month
        )
        """,
    ),
    "utilisation_monthly: visits and money": (
        "select sum(visits), sum(fund_pay), sum(in_scope), count(*) from utilisation_monthly",
        """
        select sum(visits), sum(fund), sum(scope), count(*) from (
            select sum(visit_count) as visits, sum(fund_pay) as fund, sum(in_scope) as scope
            from settlement group by org_code, scheme, visit_bucket, remote_kind, hospital_level, month
        )
        """,
    ),
    "institution_indicator_monthly: persons of the last twelve months": (
        "select sum(denominator) from institution_indicator_monthly where indicator_id = 'I09' and visit_bucket = 'all' "
        "and period_kind = 'rolling_12' and month = (select max(month) from settlement)",
        """
        with seen as (
            select institution_code, person_key, visit_count, month from settlement
            where institution_code is not null and not is_manual
            union all
            select institution_code, person_key, visit_count, month from outsider
        )
        select count(*) from (
            select 1 from seen
            where month > (select max(month) from settlement) - interval 12 month
            group by institution_code, person_key having sum(visit_count) > 0
        )
        """,
    ),
    "institution_indicator_monthly: readmissions within 30 days": (
        "select sum(numerator), sum(denominator) from institution_indicator_monthly "
        "where indicator_id = 'I11.30' and period_kind = 'month'",
        """
        with stay as (
            select s.setl_id, s.person_key, s.institution_code, s.is_manual, s.admitted_on, s.discharged_on,
                coalesce(v.dscg_way = '5' or v.die_date is not null, false) as has_died
            from settlement s
            left join visit v on v.mdtrt_id = s.visit_id
            where s.visit_bucket = 'inpatient' and s.visit_count = 1 and not s.is_refund_flagged
                and s.reversed_setl_id is null
        )
        select
            count(*) filter (exists (
                select 1 from stay later
                where later.person_key = stay.person_key and later.setl_id <> stay.setl_id
                    and later.admitted_on between stay.discharged_on and stay.discharged_on + 30
                    and (later.discharged_on > stay.discharged_on or later.admitted_on > stay.admitted_on
                        or later.setl_id > stay.setl_id)
            )),
            count(*)
        from stay where not has_died and not is_manual and institution_code is not null
        """,
    ),
    "org_indicator_monthly: in-scope ratio of the year": (
        "select sum(numerator), sum(denominator) from org_indicator_monthly where indicator_id = 'U07' and scheme = 'all' "
        "and visit_bucket = 'all' and period_kind = 'ytd' and month = (select max(month) from settlement) "
        "and org_code not in (select org_code from dim_org where level = 'city')",
        """
        select sum(fund_pay), sum(in_scope) from settlement
        where date_trunc('year', month) = (select date_trunc('year', max(month)) from settlement)
        """,
    ),
}


@dataclass(frozen=True)
class Cost:
    """Processor seconds and seconds by the clock."""

    cpu: float
    wall: float


def timed(work: Callable[[], object]) -> tuple[Cost, object]:
    """Run something and measure this process with all its threads."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = work()
    return Cost(time.process_time() - cpu, time.perf_counter() - wall), answer


@dataclass
class Meter:
    """What each model of a build costs, by the build's progress: told before a model runs and after it."""

    models: dict[str, Cost] = field(default_factory=dict)
    _begun: tuple[str, float, float] = ("", 0.0, 0.0)

    def __call__(self, model: str, done: int, total: int) -> None:
        """As `medfund.pipeline.transform.Progress`; the checks' progress names no model and adds nothing."""
        now = time.process_time(), time.perf_counter()
        name, cpu, wall = self._begun
        if name == model:
            self.models[model] = Cost(now[0] - cpu, now[1] - wall)
        self._begun = (model, *now)

    def of(self, models: Iterable[str]) -> Cost:
        """Their sum; a model that did not run costs nothing."""
        ran = [self.models[name] for name in models if name in self.models]
        return Cost(sum(one.cpu for one in ran), sum(one.wall for one in ran))


def counted_models(manifest: Any) -> set[str]:
    """The models on the ways from the fee lines and settlements to the indicator marts, these included."""
    parents = Lineage.of(manifest).parents

    @cache
    def comes_from(name: str) -> bool:
        return any(p in BEGINNINGS or comes_from(p) for p in parents.get(name, ()))

    before: set[str] = set()
    waiting = list(BEGINNINGS)
    while waiting:
        name = waiting.pop()
        if name not in before:
            before.add(name)
            waiting += parents.get(name, ())
    counted: set[str] = set()
    waiting = list(MARTS)
    while waiting:
        name = waiting.pop()
        if name not in counted and name not in before and comes_from(name):
            counted.add(name)
            waiting += parents[name]
    return counted


def by_polars(
    landing: Path, superseded: Path, settlement: Path, outsider: Path
) -> dict[str, Callable[[], object]]:
    """The five figures in Polars, on the settlements and those of outsiders as Parquet files."""

    def landed(table: str) -> pl.LazyFrame:
        """The rows of a landed table that no newer one has replaced."""
        replaced = (
            pl.scan_parquet(superseded)
            .filter(pl.col("table_name") == table)
            .select(pl.col("batch_id").alias("batch"), pl.col("row_number_in_file").alias("_row_no"))
        )
        rows = pl.scan_parquet(
            str(landing / table / "batch=*" / "rows.parquet"),
            hive_schema={"batch": pl.String},
            missing_columns="insert",
        )
        return rows.join(replaced, on=["batch", "_row_no"], how="anti")

    settled = pl.scan_parquet(settlement)
    own = settled.filter(pl.col("institution_code").is_not_null() & ~pl.col("is_manual"))
    last = pl.scan_parquet(settlement).select(pl.col("month").max()).collect().item()

    def fees() -> object:
        line = (
            landed("fee_list_d")
            .filter(pl.col("vali_flag") == "1")
            .group_by("setl_id")
            .agg(
                pl.col("det_item_fee_sumamt")
                .filter(pl.col("med_chrgitm_type").is_in(["09", "11"]))
                .sum()
                .alias("drug"),
                pl.col("det_item_fee_sumamt")
                .filter(pl.col("med_chrgitm_type").is_in(["03", "04"]))
                .sum()
                .alias("exam"),
            )
        )
        keys = ["institution_code", "scheme", "visit_bucket", "month"]
        cells = own.join(line, on="setl_id").group_by(keys).agg(pl.col("drug").sum(), pl.col("exam").sum())
        return cells.select(pl.col("drug").sum(), pl.col("exam").sum(), pl.len()).collect().row(0)

    def use() -> object:
        keys = ["org_code", "scheme", "visit_bucket", "remote_kind", "hospital_level", "month"]
        cells = settled.group_by(keys).agg(
            pl.col("visit_count").sum(), pl.col("fund_pay").sum(), pl.col("in_scope").sum()
        )
        sums = cells.select(pl.col("visit_count", "fund_pay", "in_scope").sum(), pl.len())
        return sums.collect().row(0)

    def persons() -> object:
        columns = ["institution_code", "person_key", "visit_count", "month"]
        seen = pl.concat(
            [own.select(columns), pl.scan_parquet(outsider).select(columns)], how="vertical_relaxed"
        ).filter(pl.col("month") > pl.lit(last).dt.offset_by("-12mo"))
        counted = seen.group_by("institution_code", "person_key").agg(pl.col("visit_count").sum())
        return counted.filter(pl.col("visit_count") > 0).select(pl.len()).collect().row(0)

    def readmissions() -> object:
        visit = landed("mdtrt_d").select(
            pl.col("mdtrt_id").alias("visit_id"),
            (pl.col("dscg_way").eq_missing("5") | pl.col("die_date").is_not_null()).alias("has_died"),
        )
        stay = settled.filter(
            (pl.col("visit_bucket") == "inpatient")
            & (pl.col("visit_count") == 1)
            & ~pl.col("is_refund_flagged")
            & pl.col("reversed_setl_id").is_null()
        ).select(
            "setl_id",
            "visit_id",
            "person_key",
            "institution_code",
            "is_manual",
            "admitted_on",
            "discharged_on",
        )
        index = stay.join(visit, on="visit_id", how="left").filter(
            ~pl.col("has_died").fill_null(False)
            & ~pl.col("is_manual")
            & pl.col("institution_code").is_not_null()
        )
        followed = index.join(stay, on="person_key", suffix="_later").filter(
            (pl.col("setl_id_later") != pl.col("setl_id"))
            & (pl.col("admitted_on_later") >= pl.col("discharged_on"))
            & (pl.col("admitted_on_later") <= pl.col("discharged_on").dt.offset_by("30d"))
            & (
                (pl.col("discharged_on_later") > pl.col("discharged_on"))
                | (pl.col("admitted_on_later") > pl.col("admitted_on"))
                | (pl.col("setl_id_later") > pl.col("setl_id"))
            )
        )
        again = followed.select(pl.col("setl_id").n_unique()).collect().item()
        return again, index.select(pl.len()).collect().item()

    return {
        "institution_monthly: fees by class": fees,
        "utilisation_monthly: visits and money": use,
        "institution_indicator_monthly: persons of the last twelve months": persons,
        "institution_indicator_monthly: readmissions within 30 days": readmissions,
        "org_indicator_monthly: in-scope ratio of the year": lambda: (
            settled.filter(pl.col("month").dt.year() == last.year)
            .select(pl.col("fund_pay").sum(), pl.col("in_scope").sum())
            .collect()
            .row(0)
        ),
    }


def main() -> int:
    """Print both tables; 1 where a figure by hand differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="city", choices=("tiny", "city", "metro"))
    parser.add_argument("--folder", type=Path, help="keep exports and home here, and use what is here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medfund-indicators-") as folder:
        root = options.folder or Path(folder)
        return measure(root, options.size, Path(folder))


def measure(root: Path, size: str, scratch: Path) -> int:
    """Build twice, run the floor, compare the figures by hand."""
    home = Home((root / "home").resolve())
    if not home.landing.is_dir():
        write_exports(root / "raw", root / "later", size, seed=1)
        home.root.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / "raw" / "bureau.toml", home.root / "bureau.toml")
        _ingest(home, root / "raw")
    (later,) = (folder for folder in (root / "later").iterdir() if folder.is_dir())
    bureau = Bureau.load(home.root / "bureau.toml")
    full, month = Meter(), Meter()
    build(home, bureau, full_refresh=True, say=_say, progress=full)
    _ingest(home, later)
    result = build(home, bureau, say=_say, progress=month)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    counted = counted_models(Transform(home).manifest())

    connection = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
    connection.execute(f"attach '{result.release.database}' as medfund (read_only)")
    connection.execute(f"attach '{home.candidate / 'scratch.duckdb'}' as scratch (read_only)")
    files = f"read_parquet('{home.landing}/fee_list_d/batch=*/rows.parquet')"
    floor, _ = timed(lambda: connection.execute(FLOOR.format(landing=home.landing)).fetchall())
    (lines,) = connection.execute(f"select count(*) from {files}").fetchone() or (0,)
    print(f"{lines:,} fee lines; a {result.kind} build of {later.name} onto a full one\n")
    print("| | full: processor s | s | of the floor | one month: processor s | s | of full |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    print(f"| floor: read and group the lines | {floor.cpu:.1f} | {floor.wall:.1f} | 1.0 | | | |")
    dearest = sorted(counted, key=lambda name: -full.of([name]).cpu)
    for label, models in [*((name, [name]) for name in dearest[:12]), ("all indicator marts", counted)]:
        a, b = full.of(models), month.of(models)
        print(
            f"| {label} | {a.cpu:.1f} | {a.wall:.1f} | {a.cpu / floor.cpu:.1f} | {b.cpu:.1f} | {b.wall:.1f} | "
            f"{b.cpu / a.cpu:.0%} |"
        )
    a, b = full.of(full.models), month.of(month.models)
    print(f"| all models | {a.cpu:.1f} | {a.wall:.1f} | | {b.cpu:.1f} | {b.wall:.1f} | {b.cpu / a.cpu:.0%} |")
    print(f"\npeak memory of the process: {peak:.1f} GB; models counted: {len(counted)}\n")
    return _compare_by_hand(home, connection, scratch)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _ingest(home: Home, folder: Path) -> None:
    bureau = Bureau.load(home.root / "bureau.toml")
    ensure_tables(home)
    with writer_lock(home, "bench"):
        ingest(home, bureau, [folder], say=lambda _: None)


def _compare_by_hand(home: Home, connection: duckdb.DuckDBPyConnection, folder: Path) -> int:
    superseded = home.candidate / "inputs" / "superseded_row.parquet"
    connection.execute("set search_path = 'medfund.marts'")
    for name, table in (("fee_line", "fee_list_d"), ("visit", "mdtrt_d")):
        connection.execute(
            f"create temp view {name} as select * from read_parquet('{home.landing}/{table}/batch=*/rows.parquet') l "
            f"where not exists (from read_parquet('{superseded}') s where s.table_name = '{table}' "
            "and s.batch_id = l.batch and s.row_number_in_file = l._row_no)"
        )
    connection.execute(
        "create temp view outsider as from scratch.intermediate.int_institution__outsider_visit"
    )
    settlement, outsider = folder / "settlement.parquet", folder / "outsider.parquet"
    connection.execute(f"copy settlement to '{settlement}' (format parquet)")
    connection.execute(f"copy outsider to '{outsider}' (format parquet)")
    polars = by_polars(home.landing, superseded, settlement, outsider)
    print("| figure | DuckDB by hand: processor s | Polars by hand: processor s | equal |")
    print("| --- | ---: | ---: | --- |")
    differs = False
    for name, (mart, query) in BY_HAND.items():
        expected = connection.execute(mart).fetchone()
        cost, found = timed(lambda query=query: connection.execute(query).fetchone())
        other, answer = timed(polars[name])
        answers = [found, answer]
        equal = all(tuple(map(float, a)) == tuple(map(float, expected or ())) for a in answers)
        differs = differs or not equal
        print(
            f"| {name} | {cost.cpu:.1f} | {other.cpu:.1f} | {'yes' if equal else f'no: {expected} {answers}'} |"
        )
    return int(differs)


if __name__ == "__main__":
    sys.exit(main())
