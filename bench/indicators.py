"""What the indicator marts cost, against plain queries of the same rows, in one run.

    python -m bench.indicators --copies 50

A synthetic bureau's months are multiplied where they are landed, persons, settlements and lines as often as asked for and
institutions threefold (fifty copies of `tiny` are ten million fee lines of a million settlements, as `city` has). dbt builds the
marts once; then the SQL of every model from the fee lines to the indicators runs again by itself, beside the plain query that
reads and groups the same lines, and five of the marts beside the same figures written by hand in DuckDB SQL and in Polars.
Figures are processor seconds and seconds by the clock. Ends with 1 where a hand-written figure differs. Needs polars
beside the development environment: `pip install polars`.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from medfund.ingest import ensure_tables, ingest, read_batches
from medfund.pipeline.inputs import write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.release import writer_lock
from medfund.settings import Bureau, Home
from medfund.synth import write

MARTS = (
    "institution_monthly",
    "utilisation_monthly",
    "institution_indicator_monthly",
    "org_indicator_monthly",
)
# From the fee lines to the indicators; settlements themselves are made before.
MODELS = (
    "intermediate/int_settlement__line_total",
    "marts/institution/institution_monthly",
    "marts/population/utilisation_monthly",
    "intermediate/int_institution__outsider_visit",
    "intermediate/int_institution__visit_month",
    "intermediate/int_institution__peer_month",
    "intermediate/int_mix__indicator_part",
    "intermediate/int_patient__indicator_part",
    "intermediate/int_readmission__indicator_part",
    "intermediate/int_institution__indicator_part",
    "intermediate/int_utilisation__indicator_part",
    "marts/institution/institution_indicator_monthly",
    "marts/population/org_indicator_monthly",
)
INSTITUTION_COPIES = 3
# Columns that tell one copy from another, per landed table.
NUMBERED = {
    "setl_d": ("setl_id", "init_setl_id", "mdtrt_id", "psn_no"),
    "outmed_setl_d": ("setl_id", "init_setl_id", "mdtrt_id", "psn_no"),
    "mdtrt_d": ("mdtrt_id", "psn_no"),
    "fee_list_d": ("bkkp_sn", "setl_id", "mdtrt_id", "psn_no"),
}

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
            from read_parquet('{landing}/fee_list_d/batch=*/rows.parquet') where vali_flag = '1' group by setl_id
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
            left join read_parquet('{landing}/mdtrt_d/batch=*/rows.parquet') v on v.mdtrt_id = s.visit_id
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


def multiply(home: Home, copies: int) -> None:
    """Write the landed rows of persons' care `copies` times, and institutions threefold."""
    for table, columns in NUMBERED.items():
        numbered = ", ".join(f"{name} || '-' || copy as {name}" for name in columns)
        copied = f"copy % {INSTITUTION_COPIES}"
        place = f"case when {copied} = 0 then fixmedins_code else fixmedins_code || {copied} end"
        _rewrite(home, table, copies, f"{numbered}, {place} as fixmedins_code")
    place = "case when copy = 0 then fixmedins_code else fixmedins_code || copy end"
    _rewrite(home, "fixmedins_b", INSTITUTION_COPIES, f"{place} as fixmedins_code")


def _rewrite(home: Home, table: str, copies: int, replaced: str) -> None:
    for path in sorted((home.root / "landing" / table).glob("batch=*/rows.parquet")):
        duckdb.sql(
            f"copy (select landed.* replace ({replaced}) from read_parquet('{path}', hive_partitioning=false) landed "
            f"cross join (select range as copy from range({copies}))) to '{path}.new' (format parquet)"
        )
        Path(f"{path}.new").replace(path)


def build(home: Home, bureau: Bureau) -> Path:
    """The marts and all they are made from; returns where dbt compiled their SQL."""
    batches = read_batches(home)
    home.candidate.mkdir(parents=True, exist_ok=True)
    write_build_inputs(home, bureau, batches, [(batch["table_name"], batch["batch_id"]) for batch in batches])
    write_previous(home)
    os.environ["MEDFUND_HOME"] = str(home.root)
    transform = Transform(home, threads=1)
    wanted = [argument for mart in MARTS for argument in ("--select", f"+{mart}")]
    transform.run("build", "--resource-type", "seed", "--resource-type", "model", *wanted)
    # Compiled while there is no table yet: an incremental model then reads every month.
    return transform.cache / "compiled" / "medfund" / "models"


def by_polars(landing: Path, settlement: Path, outsider: Path) -> dict[str, Callable[[], object]]:
    """The five figures in Polars, on the settlements and those of outsiders as Parquet files."""
    settled = pl.scan_parquet(settlement)
    own = settled.filter(pl.col("institution_code").is_not_null() & ~pl.col("is_manual"))
    last = pl.scan_parquet(settlement).select(pl.col("month").max()).collect().item()

    def fees() -> object:
        line = (
            pl.scan_parquet(str(landing / "fee_list_d" / "*" / "rows.parquet"))
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
        visit = pl.scan_parquet(str(landing / "mdtrt_d" / "*" / "rows.parquet")).select(
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
    parser.add_argument("--copies", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="medfund-indicators-") as folder:
        root = Path(folder)
        raw, home = root / "raw", Home(root / "home")
        write(raw, size="tiny", seed=options.seed, say=lambda _: None)
        bureau = Bureau.load(raw / "bureau.toml")
        ensure_tables(home)
        with writer_lock(home, "bench"):
            ingest(home, bureau, [raw], say=lambda _: None)
        multiply(home, options.copies)
        print("… dbt", file=sys.stderr, flush=True)
        compiled = build(home, bureau)
        return measure(home, compiled, root)


def measure(home: Home, compiled: Path, root: Path) -> int:
    """Run every model's SQL by itself, the floor and the figures by hand."""
    landing = home.root / "landing"
    connection = duckdb.connect(config={"threads": 2, "memory_limit": "4GB"})
    for name, path in (("medfund", home.candidate_db), ("scratch", home.candidate / "scratch.duckdb")):
        connection.execute(f"attach '{path}' as {name} (read_only)")
    (lines,) = connection.execute(
        f"select count(*) from read_parquet('{landing}/fee_list_d/batch=*/rows.parquet')"
    ).fetchone() or (0,)
    floor, _ = timed(lambda: connection.execute(FLOOR.format(landing=landing)).fetchall())
    print(f"{lines:,} fee lines\n\n| | processor s | s | of the floor |\n| --- | ---: | ---: | ---: |")
    print(f"| floor: read and group the lines | {floor.cpu:.1f} | {floor.wall:.1f} | 1.0 |")
    total = Cost(0.0, 0.0)
    for model in MODELS:
        query = (compiled / f"{model}.sql").read_text(encoding="utf-8")
        cost, _ = timed(
            lambda query=query: connection.execute(f"create or replace temp table made as {query}")
        )
        total = Cost(total.cpu + cost.cpu, total.wall + cost.wall)
        print(
            f"| {model.rsplit('/', 1)[1]} | {cost.cpu:.1f} | {cost.wall:.1f} | {cost.cpu / floor.cpu:.2f} |",
            flush=True,
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"| all indicator marts | {total.cpu:.1f} | {total.wall:.1f} | {total.cpu / floor.cpu:.1f} |")
    print(f"\npeak memory of the process: {peak:.1f} GB\n")

    connection.execute("set search_path = 'medfund.marts'")
    connection.execute(
        "create temp view outsider as from scratch.intermediate.int_institution__outsider_visit"
    )
    settlement = root / "settlement.parquet"
    connection.execute(f"copy settlement to '{settlement}' (format parquet)")
    outsider = root / "outsider.parquet"
    connection.execute(f"copy outsider to '{outsider}' (format parquet)")
    polars = by_polars(landing, settlement, outsider)
    print(
        "| figure | DuckDB by hand: processor s | Polars by hand: processor s | equal |\n| --- | ---: | ---: | --- |"
    )
    differs = False
    for name, (mart, query) in BY_HAND.items():
        expected = connection.execute(mart).fetchone()
        cost, found = timed(lambda query=query: connection.execute(query.format(landing=landing)).fetchone())
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
