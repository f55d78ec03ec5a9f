"""Do the flags of institutions find planted outliers, and leave innocent look-alikes alone?

    python -m bench.outliers

A synthetic city is built twice: as it is, and with three secondary hospitals behaving differently in its last year and four
hospitals that only look so. What `medfund synth --faults` plants is dealt evenly over all institutions, so that none stands
out by it; here it is put into one. Rows are changed in the exports, before anything reads them:

- prescribes: half of the examinations, tests and treatments are charged as drugs (I03).
- charges: every bill and line is 2.2 times as large, for the same cases (I01).
- splits: a stay of four days or more becomes two, a day apart (I11).
- severe: its stays have the groups and bills of the heaviest tenth of stays elsewhere (I01).
- few: twenty bills a year, eight times as large (I01).
- fen: bills are exported in fen, a hundred times as large (I01).
- unknown: charges like the first, but a third of its visits have doctors that no register knows (I03).

Ends with 1 where an outlier is not flagged or a look-alike is. `--keep DIR` leaves exports and homes there.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from medfund.ingest import ensure_tables, ingest, read_batches
from medfund.pipeline.inputs import write_build_inputs, write_previous
from medfund.pipeline.transform import Transform
from medfund.release import writer_lock
from medfund.settings import Bureau, Home
from medfund.synth import write

Con = duckdb.DuckDBPyConnection
TABLES = ("setl_d", "fee_list_d", "mdtrt_d", "drg_dip_rslt_d", "fixmedins_b", "dr_info_b", "fund_acct_bal")
FIRST_DAY, MONTH = "2026-01-01", "2026-10-01"
GRAVE = ("amber", "orange", "red")
# Money of a bill and of a line; the rest of their columns stays as it is.
BILL = [
    "medfee_sumamt",
    "fulamt_ownpay_amt",
    "overlmt_selfpay",
    "preselfpay_amt",
    "inscp_amt",
    "hi_agre_sumfee",
    "act_pay_dedc",
    "hifp_pay",
    "cvlserv_pay",
    "hifmi_pay",
    "hifob_pay",
    "maf_pay",
    "fund_pay_sumamt",
    "psn_pay",
    "acct_pay",
    "acct_mulaid_pay",
    "cash_payamt",
    "hosp_part_amt",
    "ownpay_hosp_part",
]
LINE = ["pric", "det_item_fee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_amt"]


@dataclass(frozen=True)
class Plant:
    """What one hospital does or seems to do, and the indicator and kind of care where it must, or must not, be flagged."""

    name: str
    indicator: str
    bucket: str
    is_outlier: bool
    act: Callable[[Con, str], None]
    levels: tuple[str, ...] = ("04", "05", "06")


def _times(con: Con, place: str, factor: float, more: str = "true") -> None:
    bill = ", ".join(f"{name} = round({name} * {factor}, 2)" for name in BILL)
    con.execute(
        f"update setl_d set {bill} where fixmedins_code = '{place}' and setl_time >= '{FIRST_DAY}' and {more}"
    )
    line = ", ".join(f"{name} = round({name} * {factor}, 2)" for name in LINE)
    con.execute(
        f"update fee_list_d set {line} where fixmedins_code = '{place}' and fee_ocur_time >= '{FIRST_DAY}'"
    )


def prescribes(con: Con, place: str) -> None:
    con.execute(
        f"update fee_list_d set med_chrgitm_type = '09' where fixmedins_code = '{place}' and fee_ocur_time >= '{FIRST_DAY}' "
        "and med_chrgitm_type in ('03', '04', '05', '06', '07') and hash(bkkp_sn) % 2 = 0"
    )


def charges(con: Con, place: str) -> None:
    _times(con, place, 2.2)


def splits(con: Con, place: str) -> None:
    """The first half keeps its numbers; the second half is a stay of its own that begins the day after."""
    con.execute(f"""create or replace temp table parted as
        select setl_id, mdtrt_id, begndate + ((enddate - begndate) // 2)::integer as cut from setl_d
        where fixmedins_code = '{place}' and setl_time >= '{FIRST_DAY}' and med_type like '2%' and enddate - begndate >= 4
            and refd_setl_flag = '0' and medfee_sumamt > 0""")
    bill = ", ".join(f"{name} = round({name} / 2, 2)" for name in BILL)
    con.execute(f"update setl_d set {bill} where setl_id in (select setl_id from parted)")
    con.execute("""insert into setl_d select setl_d.* replace (
            setl_d.setl_id || 'b' as setl_id, setl_d.mdtrt_id || 'b' as mdtrt_id, setl_d.rid || 'b' as rid, cut + 1 as begndate)
        from setl_d join parted using (setl_id)""")
    con.execute("update setl_d set enddate = parted.cut from parted where parted.setl_id = setl_d.setl_id")
    con.execute("""insert into mdtrt_d select mdtrt_d.* replace (
            mdtrt_d.mdtrt_id || 'b' as mdtrt_id, mdtrt_d.rid || 'b' as rid, cut + interval 32 hour as begntime,
            date_diff('day', cut + 1, endtime::date) as ipt_days)
        from mdtrt_d join parted using (mdtrt_id)""")
    con.execute("""update mdtrt_d set endtime = parted.cut + interval 16 hour,
            ipt_days = greatest(1, date_diff('day', begntime::date, parted.cut))
        from parted where parted.mdtrt_id = mdtrt_d.mdtrt_id""")


def severe(con: Con, place: str) -> None:
    """Each grouped stay gets group, weight and bill of one of the heaviest tenth of other hospitals' stays, in turn."""
    con.execute(f"""create or replace temp table heavy as
        select row_number() over (order by setl_id) as number, * from (
            select g.grp_sys, g.grp_code, g.grp_name, g.rw_or_score, g.std_pay_amt, s.*
            from setl_d as s
            join drg_dip_rslt_d as g using (setl_id)
            where s.fixmedins_code <> '{place}' and s.setl_time >= '{FIRST_DAY}' and s.med_type like '2%'
                and s.medfee_sumamt > 0 and g.grp_code <> '' and s.refd_setl_flag = '0'
            qualify percent_rank() over (partition by g.grp_sys order by g.rw_or_score) > 0.9
        ) as heaviest""")
    con.execute(f"""create or replace temp table swapped as
        select own.setl_id, heavy.* exclude (setl_id, number)
        from (
            select s.setl_id, row_number() over (order by s.setl_id) as number
            from setl_d as s join drg_dip_rslt_d using (setl_id)
            where s.fixmedins_code = '{place}' and s.setl_time >= '{FIRST_DAY}' and s.med_type like '2%'
                and s.refd_setl_flag = '0'
        ) as own
        join heavy on heavy.number = own.number * 7 % (select count(*) from heavy) + 1""")
    bill = ", ".join(f"{name} = swapped.{name}" for name in BILL)
    con.execute(f"update setl_d set {bill} from swapped where swapped.setl_id = setl_d.setl_id")
    con.execute("""update drg_dip_rslt_d set grp_sys = swapped.grp_sys, grp_code = swapped.grp_code,
            grp_name = swapped.grp_name, rw_or_score = swapped.rw_or_score, std_pay_amt = swapped.std_pay_amt
        from swapped where swapped.setl_id = drg_dip_rslt_d.setl_id""")


def few(con: Con, place: str) -> None:
    con.execute(f"""delete from setl_d where fixmedins_code = '{place}' and setl_time >= '{FIRST_DAY}' and setl_id not in (
        select setl_id from setl_d where fixmedins_code = '{place}' and setl_time >= '{FIRST_DAY}' order by setl_id limit 20)""")
    _times(con, place, 8)


def fen(con: Con, place: str) -> None:
    _times(con, place, 100)


def unknown(con: Con, place: str) -> None:
    prescribes(con, place)
    con.execute(
        f"update mdtrt_d set chfpdr_code = 'D999999999999' where fixmedins_code = '{place}' and begntime >= '{FIRST_DAY}' "
        "and hash(mdtrt_id) % 3 = 0"
    )


PLANTS = (
    Plant("prescribes", "I03", "all", True, prescribes),
    Plant("charges", "I01", "all", True, charges),
    Plant("splits", "I11", "inpatient", True, splits),
    Plant("severe", "I01", "all", False, severe),
    Plant("few", "I01", "all", False, few),
    Plant("fen", "I01", "all", False, fen, ("08",)),
    Plant("unknown", "I03", "all", False, unknown),
)


def hospitals(con: Con) -> dict[str, str]:
    """A hospital for every plant: of its levels the largest by bills of the last year, the first two left alone."""
    chosen: dict[str, str] = {}
    for plant in PLANTS:
        rows = con.execute(f"""select fixmedins_code from setl_d join fixmedins_b using (fixmedins_code)
            where list_contains({list(plant.levels)}, fixmedins_b.hosp_lv) and setl_d.setl_time >= '{FIRST_DAY}'
            group by all order by count(*) desc, fixmedins_code offset 2""").fetchall()
        chosen[plant.name] = next(code for (code,) in rows if code not in chosen.values())
    return chosen


def transformed(root: Path, raw: Path, bureau: Bureau) -> Con:
    """The indicators of institutions made of these exports."""
    home = Home(root)
    ensure_tables(home)
    with writer_lock(home, "bench"):
        ingest(home, bureau, [raw], say=lambda _: None)
    home.candidate.mkdir(parents=True, exist_ok=True)
    batches = read_batches(home)
    write_build_inputs(home, bureau, batches, [(batch["table_name"], batch["batch_id"]) for batch in batches])
    write_previous(home)
    os.environ["MEDFUND_HOME"] = str(home.root)
    wanted = ("--select", "+institution_indicator_monthly")
    Transform(home).run("build", "--resource-type", "seed", "--resource-type", "model", *wanted)
    return duckdb.connect(str(home.candidate_db), read_only=True)


def flag(con: Con, place: str, plant: Plant) -> tuple[object, ...]:
    """Flag, specifications survived, value, peers' median, volume and data explanation of the year to date."""
    row = con.execute(
        "select flag, specifications_survived, value, peer_median, volume, data_explanation "
        "from marts.institution_indicator_monthly where institution_code = ? and indicator_id = ? and visit_bucket = ? "
        "and month = ? and period_kind = 'ytd'",
        [place, plant.indicator, plant.bucket, MONTH],
    ).fetchone()
    return row or (None,) * 6


def run(root: Path, settlements: int, seed: int) -> bool:
    raw, planted = root / "raw", root / "planted"
    write(
        raw,
        settlements=settlements,
        seed=seed,
        months=("2025-01", "2026-10"),
        form="parquet",
        say=lambda _: None,
    )
    bureau = Bureau.load(raw / "bureau.toml")
    plain_raw = root / "plain"
    con = duckdb.connect()
    for folder in (planted, plain_raw):
        folder.mkdir(exist_ok=True)
    for table in TABLES:
        con.execute(
            f"create table {table} as from read_parquet('{raw}/{table}*.parquet', union_by_name = true)"
        )
        con.execute(f"copy {table} to '{plain_raw}/{table}.parquet' (format parquet)")
    places = hospitals(con)
    for plant in PLANTS:
        plant.act(con, places[plant.name])
    for table in TABLES:
        con.execute(f"copy {table} to '{planted}/{table}.parquet' (format parquet)")
    before = transformed(root / "home-plain", plain_raw, bureau)
    after = transformed(root / "home-planted", planted, bureau)
    good = True
    print(
        "plant        hospital       id   before   after    survived                 value    median  volume  explained"
    )
    for plant in PLANTS:
        place = places[plant.name]
        was, now = flag(before, place, plant), flag(after, place, plant)
        right = (now[0] in GRAVE) == plant.is_outlier
        good = good and right
        print(
            f"{plant.name:12} {place:14} {plant.indicator:4} {was[0]!s:8} {now[0]!s:8} {now[1]!s:22} {now[2] or 0:10.4g} "
            f"{now[3] or 0:9.4g} {now[4] or 0!s:>7}  {now[5]!s:8} {'as it should be' if right else 'WRONG'}"
        )
    for name, made in (("plain", before), ("planted", after)):
        total, grave = made.execute(
            "select count(*), count(*) filter (flag in ('amber', 'orange', 'red')) from marts.institution_indicator_monthly "
            "where month = ? and period_kind = 'ytd' and is_ranked",
            [MONTH],
        ).fetchone() or (0, 0)
        print(f"{name}: {grave} of {total} ranked figures of the year to date are flagged")
        made.close()
    return good


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--settlements", type=int, default=240_000, help="of 48 months, of which 22 are written"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="leave exports and homes here")
    chosen = parser.parse_args()
    if chosen.keep:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        return 0 if run(chosen.keep, chosen.settlements, chosen.seed) else 1
    with tempfile.TemporaryDirectory(prefix="medfund-outliers-") as folder:
        return 0 if run(Path(folder), chosen.settlements, chosen.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
