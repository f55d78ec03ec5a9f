"""Standard notes N1-N9: when each has to be printed, and a standard wording that an office may replace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medfund.checker.document import Document, unit_kind
from medfund.checker.identities import Identity
from medfund.checker.lines import TRANSFERS
from medfund.checker.plausibility import is_monthly_indicators
from medfund.checker.series import document_facts

NOTE_TEXTS: dict[str, tuple[str, str]] = {
    "N1": (
        "因四舍五入,分项之和与合计可能略有差异。",
        "Parts may differ slightly from totals because each figure is rounded by itself.",
    ),
    "N2": (
        "基金收支和结余为统筹基金口径,不含职工医保个人账户。",
        "Fund figures are those of the pooled funds; personal accounts of employees are not included.",
    ),
    "N3": (
        "居民医保保费主要在上年第四季度集中缴纳,支出按月发生,年内收支不宜直接对比。",
        "Resident premiums are paid in mainly in the fourth quarter of the year before while spending is "
        "monthly, so income and expenditure within the year do not compare.",
    ),
    "N4": (
        "生育保险与职工医保合并实施,基金收入不单列,生育待遇列入职工医保统筹基金支出。",
        "Maternity insurance is merged with employee insurance: its income is not listed apart, and "
        "maternity benefits are part of employee pooled expenditure.",
    ),
    "N5": ("本表口径:{scope}。", "Scope of this table: {scope}."),
    "N6": (
        "收支含上下级往来:{amounts}。",
        "Income and expenditure include transfers between levels: {amounts}.",
    ),
    "N7": ("统计口径有调整:{change}。", "The scope changed: {change}."),
    "N8": ("本表为{vintage}。", "These figures are {vintage}."),
    "N9": (
        "低于最小公布数的单元格以“*”表示,不予公布。",
        'Cells below the smallest publishable count are withheld and shown as "*".',
    ),
}


@dataclass(frozen=True)
class Note:
    """A note that the document must carry: its wording, and the cells its condition rests on."""

    id: str
    cells: tuple[str, ...]
    zh: str
    en: str


def required_notes(document: Document, identities: Sequence[Identity]) -> list[Note]:
    """The notes whose condition holds for these cells, in order of their number."""
    words = {
        "scope": str(document.scope.get("level") or "—"),
        "amounts": ", ".join(_amount(document, ref) for ref in _transfers(document) or ()),
        "change": str(document.scope.get("change") or ""),
        "vintage": " / ".join(str(value) for value in document.declared.values()),
    }
    conditions = (
        ("N1", _rounding(identities)),
        ("N2", _pooled_only(document)),
        ("N3", _resident_within_year(document)),
        ("N4", _maternity_not_apart(document)),
        ("N5", _empty_transfer_lines(document)),
        ("N6", _transfers(document)),
        ("N7", () if document.scope.get("change") else None),
        ("N8", () if document.declared.get("vintage") or document.declared.get("revised") else None),
        ("N9", tuple(cell.ref for cell in document.all_cells() if cell.state == "suppressed") or None),
    )
    return [
        Note(name, cells, *(text.format(**words) for text in NOTE_TEXTS[name]))
        for name, cells in conditions
        if cells is not None
    ]


def _amount(document: Document, ref: str) -> str:
    cell = next(cell for cell in document.all_cells() if cell.ref == ref)
    return f"{ref} {cell.printed} {cell.unit}".rstrip()


def _rounding(identities: Sequence[Identity]) -> tuple[str, ...] | None:
    used = [identity for identity in identities if identity.verdict == "pass_rounding"]
    return tuple(identity.target_ref for identity in used) or None


def _pooled_only(document: Document) -> tuple[str, ...] | None:
    late = document.span is not None and document.span.year >= 2024
    pooled = late and is_monthly_indicators(document) and document.accounts == "excluded"
    return () if pooled else None


def _resident_within_year(document: Document) -> tuple[str, ...] | None:
    cells = [
        fact.cell.ref
        for fact in document_facts(document)
        if fact.fund == "390" and fact.number and fact.span is not None and not fact.span.whole_year
    ]
    return tuple(cells) or None


def _maternity_not_apart(document: Document) -> tuple[str, ...] | None:
    """Maternity is shown as heads (or as a row of the monthly table), but no maternity income is."""
    if document.span is not None and document.span.year < 2019:
        return None
    keys = {cell.key: cell for cell in document.all_cells()}
    if any("maternity_income" in key for key in keys):
        return None
    heads = keys.get("enrolled_maternity")
    benefit = keys.get("benefit_matn") if is_monthly_indicators(document) else None
    shown = [cell.ref for cell in (heads, benefit) if cell is not None and cell.state != "empty"]
    return tuple(shown) or None


def _empty_transfer_lines(document: Document) -> tuple[str, ...] | None:
    """A form that prints the lines between levels must say whether it is one level's own or consolidated."""
    cells = [
        cell.ref
        for block in document.blocks
        if block.has("income_subtotal") or block.has("expense_subtotal")
        for key in TRANSFERS
        if (cell := block.cells.get(key)) is not None
    ]
    return tuple(cells) or None


def _transfers(document: Document) -> tuple[str, ...] | None:
    cells = [
        cell.ref
        for block in document.blocks
        if unit_kind(block.unit) == "money"
        for key in TRANSFERS
        if (cell := block.number(key)) is not None and cell.number
    ]
    return tuple(cells) or None
