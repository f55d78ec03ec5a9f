"""The `medfund` command. Each command calls one function of one room, imported when it is needed."""

from __future__ import annotations

import json
import os
import sys
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from medfund import __version__
from medfund.console import progress_bar, say
from medfund.errors import MedfundError, Refused, UsageError
from medfund.settings import Bureau, Home

app = typer.Typer(
    name="medfund",
    help="Data warehouse and dashboards for basic medical-insurance funds (医保基金).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
release_app = typer.Typer(
    help="List, compare, roll back and prune releases; grant waivers.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(release_app, name="release")

HomeOption = Annotated[
    Path,
    typer.Option(
        "--home", envvar="MEDFUND_HOME", help="Directory that holds all state.", show_default="./data"
    ),
]
DEFAULT_HOME = Path("data")


class Size(StrEnum):
    """Sizes of the synthetic bureau."""

    tiny = "tiny"
    city = "city"
    metro = "metro"


class Language(StrEnum):
    """Languages of documents."""

    zh = "zh"
    en = "en"


class ReportFormat(StrEnum):
    """Formats of the monthly report."""

    both = "both"
    pdf = "pdf"
    xlsx = "xlsx"


class Format(StrEnum):
    """Formats of query results."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"
    xlsx = "xlsx"


def _open(home: Path) -> tuple[Home, Bureau]:
    """The home and its bureau file."""
    if home.exists() and not home.is_dir():
        raise UsageError(f"--home {home}: expected a directory, seen a file.")
    state = Home(home)
    return state, Bureau.load(state.bureau_file)


def _months_text(months: tuple[date, ...] | None) -> str:
    """The months a batch concerns, e.g. `, months 2025-03 to 2025-05`; nothing where it may be any."""
    if not months:
        return ""
    first, last = f"{months[0]:%Y-%m}", f"{months[-1]:%Y-%m}"
    return f", month {first}" if first == last else f", months {first} to {last}"


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _version(shown: bool) -> None:
    if shown:
        print(f"medfund {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks (works after any command too).")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Data warehouse and dashboards for basic medical-insurance funds (医保基金)."""


@app.command()
def demo(
    size: Annotated[Size, typer.Option(help="How large a bureau to invent.")] = Size.tiny,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    dashboard: Annotated[
        bool, typer.Option("--dashboard/--no-dashboard", help="Open the dashboard at the end.")
    ] = True,
    host: Annotated[str, typer.Option(help="Address the dashboard listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port the dashboard listens on.")] = 8501,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Invent a bureau's raw exports, ingest and build them, and open the dashboard.

    Example: medfund demo --size tiny --no-dashboard
    """
    import shutil

    from medfund.ingest import ingest as land
    from medfund.pipeline import build as make
    from medfund.release import writer_lock
    from medfund.synth import write

    state, _ = _open(home)
    raw = home / "demo" / f"{size.value}-{seed}"
    say(f"1/3 Writing a synthetic bureau ({size.value}) to {raw}")
    write(raw, size=size.value, seed=seed, say=say)
    if not state.bureau_file.exists():
        shutil.copyfile(raw / "bureau.toml", state.bureau_file)
    bureau = Bureau.load(state.bureau_file)
    say("2/3 Landing the exports")
    with writer_lock(state, "medfund demo"):
        land(state, bureau, [raw], say=say)
    say("3/3 Building a release")
    with progress_bar("build") as progress:
        make(state, bureau, say=say, progress=progress)
    if dashboard:
        _serve(home, host, port)


@app.command()
def synth(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the exports.")],
    size: Annotated[Size, typer.Option(help="How large a bureau to invent.")] = Size.tiny,
    settlements: Annotated[
        int | None, typer.Option(min=1, help="About this many settlements instead.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same files.")] = 1,
    months: Annotated[
        str | None, typer.Option(metavar="A:B", help="First and last month, 2023-01:2024-12.")
    ] = None,
    faults: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="Faults to plant, separated by commas: all, data, accounting, behaviour, a kind, or kind=rate. "
            "An unknown kind lists the known ones; DIR.answer_key.csv then says what was planted.",
        ),
    ] = "",
    form: Annotated[
        str, typer.Option("--format", help="mixed (as bureaus export), csv or parquet.")
    ] = "mixed",
    deliveries: Annotated[
        bool, typer.Option("--deliveries", help="A folder per month, with late rows and corrections.")
    ] = False,
) -> None:
    """Write the raw exports of a synthetic bureau, and the answer key of planted faults.

    Example: medfund synth raw --size tiny --months 2023-01:2024-12 --faults behaviour,split_stay=0.05
    """
    from medfund.synth import write

    span = None
    if months is not None:
        first, between, last = (part.strip() for part in months.partition(":"))
        if not between or ":" in last:
            raise UsageError(f"--months {months!r}: expected two months like 2023-01:2024-12.")
        span = (first, last)
    planted = [name.strip() for name in faults.split(",") if name.strip()]
    report = write(
        directory,
        size=size.value,
        settlements=settlements,
        seed=seed,
        months=span,
        faults=planted,
        form=form,
        deliveries=deliveries,
        say=say,
    )
    for table, rows in report.rows.items():
        print(f"{table}\t{rows}")


@app.command()
def ingest(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    table: Annotated[str | None, typer.Option(help="Take every file as this table.")] = None,
    bureau_code: Annotated[
        str | None, typer.Option("--bureau", metavar="CODE", help="Division the exports come from.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Report without landing anything.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Land raw exports: CSV, .csv.gz, .zip, .xlsx or .parquet, recognised by file name, then by header.

    Example: medfund ingest exports/2026-10 --bureau 990100
    """
    from medfund.ingest import ingest as land
    from medfund.release import writer_lock

    state, bureau = _open(home)
    with writer_lock(state, "medfund ingest"):
        reports = land(state, bureau, paths, table=table, bureau_code=bureau_code, dry_run=dry_run, say=say)
    total = {
        name: sum(getattr(report, name) for report in reports)
        for name in ("rows_read", "rows_landed", "rows_rejected", "rows_identical", "rows_superseded")
    }
    refused = sum(report.status == "refused" for report in reports)
    print(
        f"{len(reports)} files, {refused} refused: {total['rows_read']} rows read = {total['rows_landed']} landed "
        f"+ {total['rows_rejected']} rejected + {total['rows_identical']} identical; "
        f"{total['rows_superseded']} earlier rows superseded"
    )


@app.command()
def build(
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Work out every month again.")] = False,
    threads: Annotated[int, typer.Option(min=1, help="Models worked on at once.")] = 1,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Transform what is landed, check it, and publish a release when the gate passes.

    Example: medfund build
    """
    from medfund.pipeline import build as make

    state, bureau = _open(home)
    with progress_bar("build") as progress:
        result = make(state, bureau, full_refresh=full_refresh, threads=threads, say=say, progress=progress)
    print(result.release.release_id)


@app.command()
def validate(
    data_docs: Annotated[bool, typer.Option("--data-docs", help="Write the result pages as well.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Run the expectations on the current candidate, or on the current release where there is none.

    Example: medfund validate --data-docs
    """
    from medfund.pipeline import validate as run

    state, bureau = _open(home)
    with progress_bar("checks") as progress:
        result = run(state, bureau, data_docs=data_docs, say=say, progress=progress)
    print(result.text())
    if result.gate.verdict == "refused":
        raise Refused("The gate would refuse this candidate.")


@release_app.command("list")
def release_list(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, home: HomeOption = DEFAULT_HOME
) -> None:
    """List releases, newest first; the current one is marked with an asterisk.

    Example: medfund release list
    """
    from medfund.release import list_releases

    state, _ = _open(home)
    releases = list_releases(state)
    if as_json:
        _print_json([release.manifest | {"is_current": release.is_current} for release in releases])
        return
    for release in releases:
        manifest = release.manifest
        print(
            f"{'*' if release.is_current else ' '} {release.release_id}  built {manifest['built_at']}  "
            f"data through {manifest['data_through']}  gate {manifest['gate']}"
        )


@release_app.command("show")
def release_show(
    release_id: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="The current one when left out.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Show what a release is made of, as JSON.

    Example: medfund release show
    """
    from medfund.release import release_info

    state, _ = _open(home)
    release = release_info(state, release_id)
    _print_json(release.manifest | {"is_current": release.is_current, "database": str(release.database)})


@release_app.command("diff")
def release_diff(
    before: Annotated[str, typer.Argument(metavar="A")],
    after: Annotated[str, typer.Argument(metavar="B")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Name what changed between two releases, by table, month and amount, and why.

    Example: medfund release diff 20261101T010000Z-1a2b3c4d 20261102T010000Z-5e6f7a8b
    """
    from medfund.release import diff_releases

    state, _ = _open(home)
    difference = diff_releases(state, before, after)
    if as_json:
        _print_json(difference.as_json())
        return
    for batch in difference.batches_added:
        print(
            f"added     batch {batch.batch_id} {batch.table_name} {batch.source_file}: {batch.rows_landed} rows"
            f", {batch.rows_superseded} superseded{_months_text(batch.months)}"
        )
    for batch in difference.batches_withdrawn:
        print(f"withdrawn batch {batch.batch_id} {batch.table_name} {batch.source_file}")
    if difference.code_changed:
        print("code      changed")
    if difference.settings_changed:
        print("settings  changed")
    for change in difference.changes:
        print(
            f"{change.table_name}\t{change.period or '-'}\t{change.measure}\t{change.before}\t{change.after}"
            f"\t{change.difference:+}\t{' '.join(change.because) or '-'}"
        )
    if not difference.changes:
        say("No figure differs.")


@release_app.command("rollback")
def release_rollback(
    release_id: Annotated[str, typer.Argument(metavar="ID")], home: HomeOption = DEFAULT_HOME
) -> None:
    """Serve an earlier release again.

    Example: medfund release rollback 20261101T010000Z-1a2b3c4d
    """
    from medfund.release import rollback

    state, _ = _open(home)
    print(rollback(state, release_id).release_id)


@release_app.command("prune")
def release_prune(
    keep: Annotated[
        int | None, typer.Option(min=1, help="How many to keep.", show_default="bureau.toml")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Remove old releases; the current one always stays.

    Example: medfund release prune --keep 6
    """
    from medfund.release import prune

    state, bureau = _open(home)
    for release_id in prune(state, keep or bureau.keep_releases):
        print(release_id)


@release_app.command("waive")
def release_waive(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The check that may fail.")],
    reason: Annotated[str, typer.Option(help="Why; printed on everything made from the release.")],
    by: Annotated[str, typer.Option(help="Who answers for it.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day it holds.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Let a release through although a critical check fails.

    Example: medfund release waive staging.stg_fund_acct_bal.subjects_mapped --reason "new subject, item follows"
    --by "finance desk" --until 2026-12-31
    """
    from medfund.release import waive

    state, _ = _open(home)
    waiver = waive(state, check, reason, by, until.date())
    print(f"{waiver.check} waived until {waiver.until}")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False, home: HomeOption = DEFAULT_HOME
) -> None:
    """Say what is landed, what is served, and what stands in the way.

    Example: medfund status --json
    """
    from medfund.release import status as look

    state, _ = _open(home)
    found = look(state)
    if as_json:
        _print_json(found)
        return
    release = found["release"]
    if release:
        print(
            f"release   {release['release_id']}, gate {release['gate']}, data through {release['data_through']}"
        )
    else:
        print("release   none yet")
    print(f"batches   {found['batches']} landed, {len(found['pending_batches'])} not in the release yet")
    for row in found["tables"]:
        print(
            f"          {row['table_name']:<16} {row['rows_read']:>10} read = {row['rows_landed']} landed "
            f"+ {row['rows_rejected']} rejected + {row['rows_identical']} identical; "
            f"{row['rows_superseded']} superseded, {row['values_nulled']} values set to null"
        )
    freshness = found["freshness"]
    if freshness["last_loaded_at"]:
        age = freshness["days_since_data"]
        print(
            f"loaded    last at {freshness['last_loaded_at']}"
            + (f"; data are {age} days old" if age is not None else "")
        )
    for waiver in found["waivers"]:
        print(f"waiver    {waiver['check']} until {waiver['until']} by {waiver['by']}: {waiver['reason']}")
    if found["refused"]:
        print(f"refused   the last candidate failed {', '.join(found['refused']['blocking'])}")
    if found["writing"]:
        print(f"writing   {found['writing']}")


@app.command()
def sql(
    query: Annotated[
        str | None, typer.Argument(metavar="[QUERY]", help="One statement; none starts a prompt.")
    ] = None,
    file: Annotated[Path | None, typer.Option("-f", "--file", help="Read the statement from a file.")] = None,
    fmt: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.table,
    release_id: Annotated[
        str | None, typer.Option("--release", metavar="ID", help="Another release.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Read-only SQL on the current release.

    Example: medfund sql "select month, closing_balance from fund_balance_consolidated_monthly" --format csv
    """
    from medfund.release import run_query, shell, write_result

    state, _ = _open(home)
    if file is not None:
        if query is not None:
            raise UsageError("give a statement or a file, not both.")
        try:
            query = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"-f {file}: not a readable UTF-8 file ({error}).") from error
    if query is None:
        shell(state, release_id, say=say)
        return
    with run_query(state, query, release_id) as prepared:
        write_result(prepared, fmt.value)


@app.command()
def disclose(
    form: Annotated[str, typer.Argument(metavar="FORM", help="monthly-indicators or final-account.")],
    period: Annotated[str, typer.Option(help="2026-09 (year to date) or 2025.")],
    org: Annotated[
        str | None, typer.Option(metavar="CODE", help="One set of books; the whole area when left out.")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to write the bundle.")] = None,
    lang: Annotated[Language, typer.Option(help="Language of the document.")] = Language.zh,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write a signed disclosure bundle: XLSX, CSV, JSON and a manifest.

    Example: medfund disclose final-account --period 2025 --out public
    """
    from medfund.disclosure import disclose as write

    state, bureau = _open(home)
    print(write(state, bureau, form, period=period, org=org, out=out, lang=lang.value, say=say))


@app.command()
def report(
    month: Annotated[str, typer.Argument(metavar="MONTH", help="2026-10.")],
    fund: Annotated[
        str | None, typer.Option(metavar="CODE", help="One fund; every fund with books when left out.")
    ] = None,
    org: Annotated[
        str | None, typer.Option(metavar="CODE", help="One set of books; the whole area when left out.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write the files.")] = Path(),
    lang: Annotated[
        Language, typer.Option("--lang", "--language", help="Language of the report.")
    ] = Language.zh,
    fmt: Annotated[ReportFormat, typer.Option("--format", help="What to write.")] = ReportFormat.both,
    release_id: Annotated[
        str | None, typer.Option("--release", metavar="ID", help="Another release.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write the monthly report of funds: XLSX with a sheet per figure, and PDF.

    Example: medfund report 2026-10 --fund 310_pool --out reports
    """
    from dashboards.report import write_reports

    state, _ = _open(home)
    forms = ("xlsx", "pdf") if fmt is ReportFormat.both else (fmt.value,)
    for path in write_reports(
        state, month, out, fund=fund, org=org, lang=lang.value, release_id=release_id, forms=forms, say=say
    ):
        print(path)


@app.command()
def verify(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The bundle.")],
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Check a bundle again: hashes, signature, footing, and the release it came from.

    Example: medfund verify public
    """
    from medfund.disclosure import verify as look

    state, _ = _open(home)
    report = look(directory, state)
    print(report.to_text())
    if not report.ok:
        raise MedfundError(f"{directory}: the bundle does not verify.")


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Published tables, YAML or JSON.")],
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    lang: Annotated[Language, typer.Option(help="Language of the report.")] = Language.zh,
) -> None:
    """Check that published tables foot: within a document and between the documents given.

    Example: medfund check report-2025.yml --json
    """
    from medfund.checker import check as foot

    report = foot(files, say=say)
    print(report.to_json() if as_json else report.to_text(lang.value))
    if not report.all_tie:
        raise typer.Exit(1)


@app.command()
def dashboard(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8501,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Serve the dashboards, read-only, on the current release; moves to a new release by itself.

    Example: medfund dashboard --port 8501
    """
    _serve(home, host, port)


def _serve(home: Path, host: str, port: int) -> None:
    from dashboards.serve import serve

    say(f"Dashboards: http://{host}:{port} (Ctrl-C stops)")
    if serve(home, host, port) != 0:
        raise MedfundError("the dashboard server stopped by itself; its messages are above.")


@app.command()
def docs(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to write it; HOME/docs when left out.")
    ] = None,
    home: HomeOption = DEFAULT_HOME,
) -> None:
    """Write the static catalogue: tables and lineage, check results, indicator dictionary.

    Example: medfund docs --out site
    """
    from medfund.pipeline import docs as write

    state, bureau = _open(home)
    print(write(state, bureau, out, say=say))


def main() -> None:
    """Entry point: one clear sentence per failure, and the exit code that goes with it."""
    debug = "--debug" in sys.argv
    # Taken out so that it works after a command as well as before it.
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        app()
    except MedfundError as error:
        if debug:
            raise
        say(f"medfund: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        say("medfund: stopped; run the command again to go on.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output went away (`| head`); nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if debug:
            raise
        say(
            f"medfund: something unforeseen happened: {type(error).__name__}: {error}. Run again with --debug for details."
        )
        sys.exit(1)
