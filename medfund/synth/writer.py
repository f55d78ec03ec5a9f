"""`write`: the whole synthetic bureau into a directory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from medfund.errors import MedfundError, UsageError
from medfund.synth import calibration as cal
from medfund.synth import city, claims, export, ledger
from medfund.synth.faults import FAULTS, Answer, Fault, Window, add_up, check_names

SIZES = {"tiny": 20_000, "city": 1_000_000, "metro": 5_000_000}
DEFAULT_MONTHS = ("2022-11", "2026-10")
ANSWER_KEY = "answer_key.json"
_MARKER = ".synth-files"

_Faults = list[tuple[str, Fault]]


@dataclass(frozen=True)
class SynthReport:
    """What was written: files in the order of writing, and rows by table."""

    directory: Path
    paths: tuple[Path, ...]
    rows: dict[str, int]
    faults: tuple[str, ...] = ()


@dataclass
class _Output:
    """Files written so far. A marker lists them, so that a second run removes its own files and no others."""

    directory: Path
    paths: list[Path] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)

    def open(self) -> None:
        """Make the directory ready; refuse one that holds anything this program didn't write."""
        if self.directory.exists() and not self.directory.is_dir():
            raise UsageError(f"{self.directory}: not a directory")
        self.directory.mkdir(parents=True, exist_ok=True)
        marker = self.directory / _MARKER
        own: set[str] = set()
        if marker.exists():
            own = {Path(line).name for line in marker.read_text(encoding="utf-8").splitlines()}
        foreign = sorted(p.name for p in self.directory.iterdir() if p.name not in own | {_MARKER})
        if foreign:
            raise UsageError(
                f"{self.directory}: holds {foreign[0]!r}, which synth did not write; name an empty folder"
            )
        for name in sorted(own):
            (self.directory / name).unlink(missing_ok=True)
        marker.write_text("", encoding="utf-8")

    def path(self, name: str) -> Path:
        """Announce a file before it is written, so that a killed run leaves none behind that is not listed."""
        with (self.directory / _MARKER).open("a", encoding="utf-8") as marker:
            marker.write(name + "\n")
        path = self.directory / name
        self.paths.append(path)
        return path

    def table(
        self, con: duckdb.DuckDBPyConnection, table: str, query: str, stem: str, form: str = "utf-8"
    ) -> None:
        path = self.path(stem + (".csv.gz" if form == "gz" else ".csv"))
        self.rows[table] = self.rows.get(table, 0) + export.write_csv(con, query, path, form)


def write(
    directory: Path,
    *,
    size: str = "tiny",
    settlements: int | None = None,
    seed: int = 1,
    months: tuple[str, str] | None = None,
    faults: Sequence[str] = (),
    say: Callable[[str], None],
) -> SynthReport:
    """Write the raw exports of a synthetic bureau and its bureau.toml to `directory`.

    `size` is tiny (about 20 thousand settlements), city (1 million) or metro (5 million); `settlements` overrides it.
    `months` are the first and the last month as YYYY-MM, 48 months to 2026-10 by default. `faults` names what to plant;
    answer_key.json then says what there is to find. The same arguments give byte-identical files.
    An earlier run's files in `directory` are replaced. Raises UsageError for arguments that can't be meant and for a
    directory that holds other files, MedfundError when it can't be written.
    """
    wanted = _settlement_count(size, settlements)
    window = _window(months or DEFAULT_MONTHS)
    check_names(tuple(faults))
    fault_list = [(name, fault) for name, fault in FAULTS.items() if name in faults]
    planted = tuple(name for name, _ in fault_list)
    if seed < 0:
        raise UsageError(f"--seed must be 0 or more, seen {seed}")
    out = _Output(directory)
    out.open()
    answers: list[Answer] = []
    try:
        with duckdb.connect(config={"memory_limit": "1500MB"}) as con:
            owed = _write_settlements(con, out, wanted, seed, window, fault_list, answers, say)
            _write_books(con, out, owed, seed, window, fault_list, answers, say)
    except OSError as error:
        raise MedfundError(f"{directory}: can't be written ({error.strerror or error})") from error
    except duckdb.IOException as error:
        raise MedfundError(f"{directory}: can't be written ({error})") from error
    out.path("bureau.toml").write_bytes(export.bureau_toml())
    if planted:
        key = {"seed": seed, "settlements": wanted, "planted": add_up(answers)}
        out.path(ANSWER_KEY).write_text(
            json.dumps(key, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
        )
    say(f"wrote {sum(out.rows.values()):,} rows in {len(out.paths)} files to {directory}")
    return SynthReport(directory, tuple(out.paths), dict(out.rows), planted)


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
    return Window(first, last)


def _write_settlements(
    con: duckdb.DuckDBPyConnection,
    out: _Output,
    wanted: int,
    seed: int,
    window: Window,
    fault_list: _Faults,
    answers: list[Answer],
    say: Callable[[str], None],
) -> dict[str, claims.Ints]:
    """Settlements by month and the institutions. Returns what each book owes, [org, month of the window]."""
    rng = np.random.default_rng([seed, 0])
    months = np.arange(window.first, window.last + 1)
    base = round(wanted / (1 + cal.REFUND_SHARE + 0.001))
    counts = claims.month_counts(months, base, rng)
    before = np.cumsum(counts, axis=0) - counts
    start = np.datetime64(f"{window.first // 12:04d}-{window.first % 12 + 1:02d}-01", "D")
    people = city.make_people(max(60, round(base / claims.month_weights(months).sum())), start, rng)
    places = city.make_institutions(wanted, rng)
    export.load_place(con, places, city.person_table(people))
    upgrade_month = (window.first + window.last) // 2 // 6 * 6 + 6  # a January or July past the middle

    owed = np.zeros((len(claims.CLAIM_KEYS), len(city.ORGS), len(months)), dtype=np.int64)
    carry = claims.Carry()
    for i, month in enumerate(months.tolist()):
        month_rng = np.random.default_rng([seed, 1, month])
        rows, carry = claims.make_month(
            month, counts[i], before[i], people, places, carry, month == window.last, upgrade_month, month_rng
        )
        owed[:, :, i] = claims.owed(rows, people)
        export.stage_month(con, claims.as_arrow(rows))
        text = window.text(month)
        extras: list[tuple[str, str]] = []
        for name, fault in fault_list:
            if fault.stage == "month" or (fault.stage == "extra" and month == window.last):
                answer = fault.act(con, month, window)
                answers.append({"fault": name, **answer})
                if fault.stage == "extra":
                    con.execute(f"CREATE TEMP TABLE extra_{name} AS FROM extra")
                    extras.append((name, str(answer["file"]).removesuffix(".csv")))
        out.table(con, "setl_d", "FROM settlement", f"setl_d_{text}", export.MONTH_FORMS.get(i, "utf-8"))
        for name, stem in extras:
            out.table(con, "setl_d", f"FROM extra_{name}", stem)
        if month % 12 == 11 or month == window.last:
            say(f"settlements to {month // 12}-{month % 12 + 1:02d}: {out.rows['setl_d']:,} rows")
    query = export.institution_query(places, upgrade_month, window.last // 12 - 1)
    out.table(con, "fixmedins_b", query, "fixmedins_b", "gb18030")
    return dict(zip(claims.CLAIM_KEYS, owed, strict=True))


def _write_books(
    con: duckdb.DuckDBPyConnection,
    out: _Output,
    owed: dict[str, claims.Ints],
    seed: int,
    window: Window,
    fault_list: _Faults,
    answers: list[Answer],
    say: Callable[[str], None],
) -> None:
    """Balances, vouchers and budget."""
    rng = np.random.default_rng([seed, 2])
    calendar = ledger.Calendar(window.first, window.last)
    flows = ledger.plan_flows(owed, calendar, rng)
    for name, fault in fault_list:
        if fault.stage == "flows":
            answers.append({"fault": name, **fault.act(flows, calendar, window)})
    export.load_books(con, ledger.make_books(flows, calendar, rng))
    for name, fault in fault_list:
        if fault.stage == "books":
            answers.append({"fault": name, **fault.act(con, window)})
    years = range(window.first // 12, window.last // 12 + 1)
    for i, year in enumerate(years):
        out.table(con, "fund_acct_bal", export.ledger_query(year), f"fund_acct_bal_{year}")
        form = "gz" if i == 1 else "utf-8"
        out.table(con, "fund_vchr_d", export.voucher_query(year), f"fund_vchr_d_{year}", form)
    out.table(con, "fund_budg_a", export.budget_query(), "fund_budg_a", "gb18030")
    say(
        f"books of {len(ledger.FUNDS)} funds: {out.rows['fund_acct_bal']:,} balances, {out.rows['fund_vchr_d']:,} lines"
    )
