"""The checker's answer: verdict, findings and required notes per document, and what holds between them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import localcontext
from pathlib import Path
from typing import Any, Literal

from medfund.checker.bands import DEFAULT_BANDS, Bands
from medfund.checker.document import Document, read_documents
from medfund.checker.finding import Finding, check_row, from_identity
from medfund.checker.identities import Identity
from medfund.checker.localise import localise
from medfund.checker.notes import Note, required_notes
from medfund.checker.plausibility import document_findings
from medfund.checker.rules import document_identities
from medfund.checker.series import levels, periods, schemes

Verdict = Literal["ties", "ties_with_rounding", "does_not_tie", "suspicious"]
TYING: tuple[Verdict, ...] = ("ties", "ties_with_rounding")

_VERDICT_WORDS: dict[str, tuple[str, str]] = {
    "ties": ("勾稽相符", "ties"),
    "ties_with_rounding": ("相符(含四舍五入差)", "ties with rounding"),
    "does_not_tie": ("勾稽不符", "does not tie"),
    "suspicious": ("存疑", "suspicious"),
    "pass": ("通过", "pass"),
    "pass_rounding": ("舍入", "rounding"),
    "fail": ("不符", "fail"),
    "info": ("提示", "info"),
}


@dataclass(frozen=True)
class DocumentReport:
    """One document: verdict, findings, notes it must print, and every identity evaluated (`checks`)."""

    id: str
    source: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    checks: tuple[dict[str, str], ...]

    @property
    def notes_required(self) -> list[str]:
        """Ids of the notes."""
        return [note.id for note in self.notes]

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return {
            "id": self.id,
            "verdict": self.verdict,
            "findings": [finding.to_dict() for finding in self.findings],
            "notes_required": self.notes_required,
            "notes": [
                {"id": note.id, "cells": list(note.cells), "zh": note.zh, "en": note.en}
                for note in self.notes
            ],
            "checks": list(self.checks),
        }


@dataclass(frozen=True)
class PairReport:
    """One identity between documents."""

    documents: tuple[str, ...]
    check: dict[str, str]
    finding: Finding | None

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        row: dict[str, Any] = {"documents": list(self.documents), "cells": [], "class": "", "suspects": []}
        if self.finding is not None:
            row |= self.finding.to_dict()
        return row | self.check


@dataclass(frozen=True)
class CheckReport:
    """What `medfund check` found in the documents given."""

    documents: tuple[DocumentReport, ...]
    pairs: tuple[PairReport, ...] = field(default=())

    @property
    def all_tie(self) -> bool:
        """Every document ties (rounding allowed), none is suspicious, and nothing between them fails."""
        return all(document.verdict in TYING for document in self.documents) and all(
            pair.check["verdict"] != "fail" for pair in self.pairs
        )

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values."""
        return {
            "documents": [document.to_dict() for document in self.documents],
            "pairs": [pair.to_dict() for pair in self.pairs],
        }

    def to_json(self) -> str:
        """The report as JSON text: `{documents: [...], pairs: [...]}`."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2)

    def to_text(self, lang: Literal["zh", "en"] = "zh") -> str:
        """The report as lines to read, in Chinese or English."""
        pick = 0 if lang == "zh" else 1
        lines: list[str] = []
        for document in self.documents:
            lines.append(f"{document.id}: {_VERDICT_WORDS[document.verdict][pick]}")
            for finding in document.findings:
                lines.append("  " + _finding_line(finding, pick))
            if document.notes:
                lines.append("  " + ("应附注释:" if lang == "zh" else "notes required:"))
                lines += [f"    {note.id} {(note.zh, note.en)[pick]}" for note in document.notes]
            counted = len(document.checks)
            lines.append(f"  共核对 {counted} 项" if lang == "zh" else f"  {counted} identities evaluated")
        failed = [pair for pair in self.pairs if pair.check["verdict"] != "pass"]
        if self.pairs:
            lines.append(
                f"文档之间:核对 {len(self.pairs)} 项,其中 {len(failed)} 项有差异"
                if lang == "zh"
                else f"between documents: {len(self.pairs)} identities, {len(failed)} with a difference"
            )
        lines += ["  " + _finding_line(pair.finding, pick) for pair in failed if pair.finding is not None]
        return "\n".join(lines)


def _finding_line(finding: Finding, pick: int) -> str:
    message = (finding.message_zh, finding.message_en)[pick]
    what = finding.expr or ", ".join(finding.cells)
    return f"[{_VERDICT_WORDS[finding.verdict][pick]}] {finding.rule} {what} — {message} ({finding.kind})"


def check(
    files: Sequence[Path], bands: Bands = DEFAULT_BANDS, say: Callable[[str], None] | None = None
) -> CheckReport:
    """Check the published tables in the files, each by itself and all against each other.

    `say` hears of files that are left out. Raises MedfundError, naming file, document, block and cell, when a
    file cannot be read.
    """
    return check_documents(read_documents(files, say) if say else read_documents(files), bands)


def check_documents(documents: Sequence[Document], bands: Bands = DEFAULT_BANDS) -> CheckReport:
    """As `check`, on documents already read. Each document's `index` is its place in the sequence."""
    with localcontext(prec=80):
        return _check(list(documents), bands)


def _check(documents: list[Document], bands: Bands) -> CheckReport:
    inside: dict[int, list[Identity]] = defaultdict(list)
    across: list[tuple[list[Document], Identity]] = []
    for document in documents:
        inside[document.index] += document_identities(document)
        inside[document.index] += schemes(document)
    for used, identity in (*periods(documents), *levels(documents)):
        if len(used) == 1:
            inside[used[0].index].append(identity)
        else:
            across.append((used, identity))
    reports = [_document_report(document, inside[document.index], bands) for document in documents]
    everything = [identity for found in inside.values() for identity in found]
    suspicions = localise([*everything, *(identity for _, identity in across)]) if across else {}
    pairs = [
        PairReport(
            tuple(document.id for document in used),
            check_row(identity),
            from_identity(identity, suspicions.get(id(identity))),
        )
        for used, identity in across
    ]
    return CheckReport(tuple(reports), tuple(pairs))


def _document_report(document: Document, identities: list[Identity], bands: Bands) -> DocumentReport:
    suspicions = localise(identities)
    findings = [
        finding
        for identity in identities
        if (finding := from_identity(identity, suspicions.get(id(identity)))) is not None
    ]
    findings += document_findings(document, bands)
    verdicts = {finding.verdict for finding in findings}
    verdict: Verdict = "ties"
    if "fail" in verdicts:
        verdict = "does_not_tie"
    elif "suspicious" in verdicts:
        verdict = "suspicious"
    elif "pass_rounding" in verdicts:
        verdict = "ties_with_rounding"
    return DocumentReport(
        document.id,
        document.source,
        verdict,
        tuple(sorted(findings, key=lambda finding: _ORDER[finding.verdict])),
        tuple(required_notes(document, identities)),
        tuple(check_row(identity) for identity in identities),
    )


_ORDER = {"fail": 0, "suspicious": 1, "pass_rounding": 2, "info": 3}
