"""Checking a bundle again: its bytes, its signature, its footing, and the release it came from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import fastexcel
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from medfund.checker import check_documents
from medfund.checker.document import parse_document
from medfund.disclosure.bundle import (
    FORMAT_VERSION,
    MANIFEST,
    SAFE_NAME,
    canonical,
    load_signing_key,
    public_hex,
    signed_bytes,
)
from medfund.disclosure.figures import Figures, Period, read_figures
from medfund.disclosure.forms import Settings, build_documents
from medfund.disclosure.layout import Sheet, lay_out
from medfund.disclosure.render import csv_rows
from medfund.errors import MedfundError
from medfund.release import open_release
from medfund.release.store import RELEASE_ID
from medfund.settings import Home

MAX_FILE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class Step:
    """One thing that was checked. `problems` is empty when it holds."""

    name: str
    problems: tuple[str, ...] = ()
    detail: str = ""


@dataclass
class VerifyReport:
    """What was checked of a bundle, in order. Checking stops where the next step would trust a broken one."""

    directory: Path
    steps: list[Step] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Every step was reached and found nothing."""
        return len(self.steps) == len(_STEPS) and not any(step.problems for step in self.steps)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: ok, and name, ok and problems of each step."""
        return {
            "ok": self.ok,
            "steps": [
                {
                    "name": step.name,
                    "ok": not step.problems,
                    "problems": list(step.problems),
                    "detail": step.detail,
                }
                for step in self.steps
            ],
        }

    def to_text(self) -> str:
        """One line per step, and one per problem."""
        lines = []
        for step in self.steps:
            lines.append(
                f"{'FAIL' if step.problems else 'ok  '} {step.name}"
                + (f": {step.detail}" if step.detail else "")
            )
            lines += [f"       {problem}" for problem in step.problems]
        lines += [f"---- {name}: not reached" for name in list(_STEPS)[len(self.steps) :]]
        return "\n".join(lines)


@dataclass
class _Bundle:
    """What the steps have established so far."""

    directory: Path
    home: Home
    manifest: dict[str, Any] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    documents: list[dict[str, Any]] = field(default_factory=list)


def verify(directory: Path, home: Home) -> VerifyReport:
    """Check a bundle against itself and against the release in `home`. Reads, never writes.

    Raises MedfundError only when `directory` isn't there; everything wrong with a bundle is in the report.
    """
    if not directory.is_dir():
        raise MedfundError(f"{directory}: no such directory; expected a disclosure bundle with a {MANIFEST}")
    report = VerifyReport(directory)
    bundle = _Bundle(directory, home)
    for name, step in _STEPS.items():
        try:
            problems, detail = step(bundle)
        except MedfundError as error:
            problems, detail = [str(error)], ""
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            # A bundle with a sound signature has this shape; anything else is not one of ours.
            problems, detail = [f"not the structure of a bundle ({type(error).__name__}: {error})"], ""
        report.steps.append(Step(name, tuple(problems), detail))
        if problems and name in _STOPS:
            break
    return report


Outcome = tuple[list[str], str]


def _manifest_step(bundle: _Bundle) -> Outcome:
    path = bundle.directory / MANIFEST
    raw = _read(path)
    try:
        manifest = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return [f"{MANIFEST}: not readable as JSON ({error})"], ""
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT_VERSION:
        return [f"{MANIFEST}: expected a manifest of format {FORMAT_VERSION}"], ""
    if raw != canonical(manifest):
        return [f"{MANIFEST}: its bytes are not those that were written"], ""
    names = manifest["files"]
    bad = [str(name)[:80] for name in names if not SAFE_NAME.match(str(name)) or name == MANIFEST]
    if bad:
        return [f"{MANIFEST}: {name!r} is not a plain file name" for name in bad], ""
    bundle.manifest = manifest
    return [], f"{manifest['form']} {manifest['period']}, {len(names)} files"


def _signature_step(bundle: _Bundle) -> Outcome:
    signature, public = str(bundle.manifest.get("signature")), str(bundle.manifest.get("public_key"))
    if not re.fullmatch(r"[0-9a-f]{128}", signature) or not re.fullmatch(r"[0-9a-f]{64}", public):
        return ["no well-formed signature and public key in the manifest"], ""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), signed_bytes(bundle.manifest)
        )
    except InvalidSignature:
        return ["the signature does not belong to this manifest"], ""
    own = load_signing_key(bundle.home)
    if own is None:
        return [f"{bundle.home.signing_key}: no signing key here, so the signer is unknown"], ""
    if public_hex(own) != public:
        return ["signed by another key than this home's"], ""
    return [], f"Ed25519 {public[:16]}…"


def _files_step(bundle: _Bundle) -> Outcome:
    wanted: Mapping[str, Any] = bundle.manifest["files"]
    there = {path.name for path in bundle.directory.iterdir()}
    problems = [f"{name}: missing" for name in sorted(set(wanted) - there)]
    problems += [f"{name}: not in the manifest" for name in sorted(there - set(wanted) - {MANIFEST})]
    for name in sorted(set(wanted) & there):
        try:
            content = _read(bundle.directory / name)
        except MedfundError as error:
            problems.append(str(error))
            continue
        seen = hashlib.sha256(content).hexdigest()
        if seen != wanted[name]["sha256"] or len(content) != wanted[name]["bytes"]:
            problems.append(f"{name}: SHA-256 is {seen}, the manifest says {wanted[name]['sha256']}")
        bundle.contents[name] = content
    return problems, f"{len(wanted)} files"


def _read(path: Path) -> bytes:
    try:
        info = path.lstat()
        if not stat.S_ISREG(info.st_mode):
            raise MedfundError(f"{path.name}: expected a plain file")
        if info.st_size > MAX_FILE_BYTES:
            raise MedfundError(f"{path.name}: {info.st_size:,} bytes, expected at most {MAX_FILE_BYTES:,}")
        return path.read_bytes()
    except OSError as error:
        raise MedfundError(f"{path.name}: cannot be read ({error.strerror or error})") from error


def _footing_step(bundle: _Bundle) -> Outcome:
    names = [name for name in bundle.contents if name.endswith(".json")]
    if len(names) != 1:
        return [f"expected one JSON file, seen {len(names)}"], ""
    bundle.documents = json.loads(bundle.contents[names[0]])["disclosures"]
    report = check_documents(
        [parse_document(document, index, names[0]) for index, document in enumerate(bundle.documents)]
    )
    problems = [
        f"{one.id}: {finding.rule} {finding.expr or ', '.join(finding.cells)}: {finding.message_en}"
        for one in report.documents
        for finding in one.findings
        if finding.verdict == "fail"
    ]
    for one, document in zip(report.documents, bundle.documents, strict=True):
        if one.notes_required != document["notes_printed"]:
            problems.append(
                f"{one.id}: notes printed {document['notes_printed']}, required {one.notes_required}"
            )
    return problems, f"{sum(len(one.checks) for one in report.documents)} identities"


def _sheets_step(bundle: _Bundle) -> Outcome:
    """The cells of every CSV and XLSX file against the JSON."""
    sheets = [lay_out(document) for document in bundle.documents]
    tables = [name for name in bundle.contents if name.endswith((".csv", ".xlsx"))]
    books = [name for name in tables if name.endswith(".xlsx")]
    expected = {f"{sheet.name}.csv" for sheet in sheets}
    if set(tables) - set(books) != expected or len(books) != 1 or len(tables) + 1 != len(bundle.contents):
        return [f"expected one CSV per table and one workbook, seen {', '.join(sorted(bundle.contents))}"], ""
    problems = []
    for sheet in sheets:
        text = bundle.contents[f"{sheet.name}.csv"].decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        problems += _differences(f"{sheet.name}.csv", csv_rows(sheet), rows)
    problems += _workbook(books[0], bundle.contents[books[0]], sheets)
    return problems, f"{len(sheets)} tables"


def _workbook(name: str, content: bytes, sheets: list[Sheet]) -> list[str]:
    try:
        book = fastexcel.read_excel(content)
        if len(book.sheet_names) != len(sheets):
            return [f"{name}: {len(book.sheet_names)} worksheets, expected {len(sheets)}"]
        problems = []
        for number, sheet in enumerate(sheets):
            page = book.load_sheet(number, header_row=None, skip_rows=0, dtypes="string")
            table = page.to_arrow()
            columns = [column.to_pylist() for column in table.columns]
            rows = [["" if cell is None else str(cell) for cell in row] for row in zip(*columns, strict=True)]
            problems += _differences(f"{name} {page.name}", xlsx_rows(sheet), rows)
        return problems
    except fastexcel.FastExcelError as error:
        return [f"{name}: not readable as a workbook ({str(error).splitlines()[0]})"]


def xlsx_rows(sheet: Sheet) -> list[list[str]]:
    """What a reader of the worksheet sees, cell by cell."""
    width = len(sheet.header)
    return [
        [sheet.title],
        [*[""] * (width - 1), sheet.unit_line],
        list(sheet.header),
        *([cell.text for cell in row] for row in sheet.rows),
        *([line] for line in (*sheet.footer, sheet.sign_off)),
    ]


def _differences(name: str, wanted: list[list[str]], seen: list[list[str]]) -> list[str]:
    if len(wanted) != len(seen):
        return [f"{name}: {len(seen)} rows, expected {len(wanted)}"]
    problems = []
    for number, (left, right) in enumerate(zip(wanted, seen, strict=True), start=1):
        width = max(len(left), len(right))
        for column in range(width):
            one = left[column] if column < len(left) else ""
            other = right[column] if column < len(right) else ""
            if one != other and not _same_number(one, other):
                problems.append(
                    f"{name}: row {number}, column {column + 1} is {other!r}, the JSON says {one!r}"
                )
    return problems


def _same_number(one: str, other: str) -> bool:
    try:
        return Decimal(one) == Decimal(other)
    except InvalidOperation:
        return False


def _release_step(bundle: _Bundle) -> Outcome:
    """Makes the form again from the release and compares every figure."""
    manifest = bundle.manifest
    release_id = str(manifest["release_id"])
    if not RELEASE_ID.match(release_id) or not (bundle.home.releases / release_id).is_dir():
        return [f"release {release_id!r} is not in {bundle.home.releases}"], ""
    with open_release(bundle.home, release_id) as connection:
        figures = read_figures(connection, Period.parse(manifest["period"]), manifest["org"])
    problems = [
        f"{MANIFEST}: {key} is {manifest[key]!r}, the release says {value!r}"
        for key, value in _release_facts(figures).items()
        if manifest[key] != value
    ]
    again = build_documents(figures, Settings(**manifest["settings"]))
    if len(again) != len(bundle.documents):
        return [*problems, f"{len(bundle.documents)} tables, the release gives {len(again)}"], release_id
    for wanted, seen in zip(json.loads(canonical(again)), bundle.documents, strict=True):
        problems += _compare(wanted, seen)
    return problems, release_id


def _release_facts(figures: Figures) -> dict[str, Any]:
    release = figures.release
    return {
        "release_id": release.release_id,
        "inputs_sha256": release.inputs_sha256,
        "code_version": release.code_version,
        "built_at": release.built_at.isoformat(),
        "gate": release.gate,
        "waivers": release.waivers,
    }


def _compare(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> list[str]:
    """Figures cell by cell, and what the table says of itself."""
    name = str(seen.get("id"))
    keys = ("id", "layout", "period", "unit", "region", "scope", "notes_printed", "remarks", "release")
    problems = [f"{name}: {key} differs from the release" for key in keys if wanted.get(key) != seen.get(key)]
    left = {(block["label"], key): value for block in wanted["blocks"] for key, value in _figures(block)}
    right = {(block["label"], key): value for block in seen["blocks"] for key, value in _figures(block)}
    for place in sorted(set(left) | set(right)):
        if left.get(place) != right.get(place):
            problems.append(
                f"{name}: {':'.join(place)} is {right.get(place)!r}, the release gives {left.get(place)!r}"
            )
    return problems


def _figures(block: Mapping[str, Any]) -> list[tuple[str, Any]]:
    exact = block.get("exact", {})
    about = [("", (block.get("fund"), block.get("column"), block["unit"], block["decimals"]))]
    return [*about, *((key, (value, exact.get(key))) for key, value in block["cells"].items())]


_STEPS: dict[str, Callable[[_Bundle], Outcome]] = {
    "manifest": _manifest_step,
    "signature": _signature_step,
    "files": _files_step,
    "footing": _footing_step,
    "tables": _sheets_step,
    "release": _release_step,
}
# After these nothing further in the directory can be relied on.
_STOPS = ("manifest", "signature", "files", "footing")
