"""`write`: the whole synthetic bureau into a directory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from medfund.errors import MedfundError, UsageError
from medfund.synth import books, city, claims, export
from medfund.synth import calibration as cal
from medfund.synth.chart import FUNDS
from medfund.synth.deliveries import Deliveries
from medfund.synth.faults import FAULTS, Answer, Fault, Planter, add_up, key_path
from medfund.synth.faults import wanted as wanted_faults
from medfund.synth.flows import Calendar
from medfund.synth.lifecycle import EXPORTS_FIRST, HORIZON_END, HORIZON_FIRST
from medfund.synth.parts import PARTS
from medfund.synth.scene import FORMATS, Output, Part, Scene, Window

SIZES = {"tiny": 20_000, "city": 1_000_000, "metro": 5_000_000}
DEFAULT_MONTHS = ("2022-11", "2026-10")
ANSWER_KEY = "answer_key.json"

_Faults = list[tuple[str, Fault]]


@dataclass(frozen=True)
class SynthReport:
    """What was written: files in the order of writing, and rows by table."""

    directory: Path
    paths: tuple[Path, ...]
    rows: dict[str, int]
    faults: tuple[str, ...] = ()


def write(
    directory: Path,
    *,
    size: str = "tiny",
    settlements: int | None = None,
    seed: int = 1,
    months: tuple[str, str] | None = None,
    faults: Sequence[str] = (),
    form: str = "mixed",
    deliveries: bool = False,
    say: Callable[[str], None],
) -> SynthReport:
    """Write the raw exports of a synthetic bureau and its bureau.toml to `directory`.

    `size` is tiny (about 20 thousand settlements in 48 months), city (1 million) or metro (5 million); `settlements`
    overrides it. `months` are the first and the last month as YYYY-MM, 48 months to 2026-10 by default; they cut a window
    from one history, so that other months show the same past. `faults` names what to plant; answer_key.json then says what
    there is to find. `form` is mixed (encodings and packings as bureaus use them, fee lines as Parquet), csv or parquet.
    `deliveries` writes a folder per month, see medfund.synth.deliveries. The same arguments give byte-identical files.
    An earlier run's files in `directory` are replaced. Raises UsageError for arguments that can't be meant and for a
    directory that holds other files, MedfundError when it can't be written.
    """
    wanted = _settlement_count(size, settlements)
    window = _window(months or DEFAULT_MONTHS)
    rates = wanted_faults(faults)
    fault_list = [(name, fault) for name, fault in FAULTS.items() if name in rates]
    if form not in FORMATS:
        raise UsageError(f"unknown format {form!r}; known are {', '.join(FORMATS)}")
    if seed < 0:
        raise UsageError(f"--seed must be 0 or more, seen {seed}")
    out: Output
    if deliveries:
        out = Deliveries(directory, form, first=window.first, last=window.last)
    else:
        out = Output(directory, form, 12 if wanted < 200_000 else 3 if wanted < 800_000 else 1)
    out.open()
    answers: list[Answer] = []
    rng = np.random.default_rng([seed, 0])
    people = city.make_people(claims.members_for(wanted), rng)
    places = city.make_institutions(wanted, np.random.default_rng([seed, 3]))
    try:
        with duckdb.connect(config={"memory_limit": "2GB"}) as con:
            export.load_place(con, places, city.person_table(people))
            scene = Scene(con, out, people, places, window, seed, wanted)
            dealt = {name: rate for name, rate in rates.items() if rate is not None}
            planter = Planter(con, people, places, window, seed, dealt)
            out.rewrite = planter.rewritten
            _write_settlements(scene, planter, fault_list, answers, say)
            _write_books(scene, fault_list, answers, say)
            out.close(con)
            key_path(directory).unlink(missing_ok=True)
            if rates:
                counts = planter.write_key(directory, answers)
                say(f"planted {len(counts)} kinds of faults: {key_path(directory)}")
    except OSError as error:
        raise MedfundError(f"{directory}: can't be written ({error.strerror or error})") from error
    except duckdb.IOException as error:
        raise MedfundError(f"{directory}: can't be written ({error})") from error
    out.path("bureau.toml").write_bytes(export.bureau_toml(_residents(people, window)))
    if answers:
        key = {"seed": seed, "settlements": wanted, "planted": add_up(answers)}
        out.path(ANSWER_KEY).write_text(
            json.dumps(key, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    say(f"wrote {sum(out.rows.values()):,} rows in {len(out.paths)} files to {directory}")
    return SynthReport(directory, tuple(out.paths), dict(out.rows), tuple(rates))


def _residents(people: city.People, window: Window) -> dict[int, int]:
    """How many people live in the city at the year ends that the months asked for need or hold, by year."""
    years = range(window.first // 12 - 1, (window.last + 1) // 12)
    return {year: round(int(people.enrolled(year * 12 + 11).sum()) / cal.COVERAGE) for year in years}


def _settlement_count(size: str, settlements: int | None) -> int:
    if settlements is not None:
        if not 1_000 <= settlements <= 50_000_000:
            raise UsageError(f"settlements must lie between 1,000 and 50,000,000, seen {settlements:,}")
        return settlements
    if size not in SIZES:
        raise UsageError(f"unknown size {size!r}; known are {', '.join(SIZES)}")
    return SIZES[size]


def _window(months: tuple[str, str]) -> Window:
    counts = []
    for text in months:
        match = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
        if not match:
            raise UsageError(f"a month is written YYYY-MM between 2000-01 and 2099-12, seen {text!r}")
        counts.append(int(match[1]) * 12 + int(match[2]) - 1)
    first, last = counts
    if first > last:
        raise UsageError(f"the first month {months[0]} is after the last one {months[1]}")
    if first < EXPORTS_FIRST or last >= HORIZON_END:
        raise UsageError(f"months must lie between {EXPORTS_FIRST // 12}-01 and {HORIZON_END // 12 - 1}-12")
    return Window(first, last)


def _write_settlements(
    scene: Scene, planter: Planter, fault_list: _Faults, answers: list[Answer], say: Callable[[str], None]
) -> None:
    """Settlements by month and what goes with them. Fills `scene.owed`."""
    con, out, window = scene.con, scene.out, scene.window
    parts = [part(scene) for part in PARTS]
    history = claims.History(scene.people, scene.places, scene.seed)
    last = window.last // 12 * 12 + 11
    for key in claims.CLAIM_KEYS:
        scene.owed[key] = np.zeros((len(city.ORGS), last + 1 - HORIZON_FIRST), dtype=np.int64)
    period: list[pa.Table] = []
    for month in range(HORIZON_FIRST, last + 1):
        rows = planter.simulated(month, history.next())
        for key, amount in zip(claims.CLAIM_KEYS, claims.owed(rows, scene.people), strict=True):
            scene.owed[key][:, month - HORIZON_FIRST] = amount
        for part in parts:
            part.simulated(month, rows)
        if month in window:
            table = claims.as_arrow(claims.as_of(rows, window.end))
            _write_month(scene, month, table, parts, fault_list, answers)
            period.append(table)
            if month == window.last or out.period(month + 1) != out.period(month):
                _export(con, pa.concat_tables(period), month, [part for part in parts if part.whole_period])
                period.clear()
            if month % 12 == 11 or month == window.last:
                say(f"settlements to {month // 12}-{month % 12 + 1:02d}: {out.rows['setl_d']:,} rows")
    for part in parts:
        part.finish()
    query = export.institution_query(scene.places, window)
    out.table(con, "fixmedins_b", query, "fixmedins_b", "gb18030")


def _export(con: duckdb.DuckDBPyConnection, rows: pa.Table, month: int, parts: list[Part]) -> None:
    con.register("month_rows", rows)
    for part in parts:
        part.exported(month)
    con.unregister("month_rows")


def _write_month(
    scene: Scene,
    month: int,
    rows: pa.Table,
    parts: list[Part],
    fault_list: _Faults,
    answers: list[Answer],
) -> None:
    con, window = scene.con, scene.window
    con.register("month_rows", rows)
    export.stage_month(con)
    con.unregister("month_rows")
    _export(con, rows, month, [part for part in parts if not part.whole_period])
    extras: list[tuple[str, str]] = []
    for name, fault in fault_list:
        if fault.stage == "month" or (fault.stage == "extra" and month == window.last):
            answer = fault.act(con, month, window)
            answers.append({"fault": name, **answer})
            if fault.stage == "extra":
                con.execute(f"CREATE TEMP TABLE extra_{name} AS FROM extra")
                extras.append((name, str(answer["file"]).removesuffix(".csv")))
    form = export.MONTH_FORMS.get(month - window.first, "utf-8")
    scene.out.table(con, "setl_d", "FROM settlement", f"setl_d_{window.text(month)}", form)
    for name, stem in extras:
        scene.out.table(con, "setl_d", f"FROM extra_{name}", stem)


def _write_books(
    scene: Scene, fault_list: _Faults, answers: list[Answer], say: Callable[[str], None]
) -> None:
    """Notices, vouchers, balances, budget, bank statements and cases."""
    con, out, window = scene.con, scene.out, scene.window
    calendar = Calendar(window.first, window.last)
    flows = books.plan(scene, calendar)
    for name, fault in fault_list:
        if fault.stage == "flows":
            answers.append({"fault": name, **fault.act(flows, calendar, window)})
    books.book(scene, flows, calendar)
    for name, fault in fault_list:
        if fault.stage == "books":
            answers.append({"fault": name, **fault.act(con, window)})
    books.write(scene)
    say(
        f"books of {len(FUNDS)} funds: {out.rows['fund_acct_bal']:,} balances, {out.rows['fund_vchr_d']:,} lines, "
        f"{out.rows['med_dfr_d']:,} notices"
    )
