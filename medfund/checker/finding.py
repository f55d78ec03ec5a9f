"""What the checker reports, in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from medfund.checker.identities import Identity, plain, trimmed
from medfund.checker.localise import Suspicion

FindingVerdict = Literal["pass_rounding", "fail", "suspicious", "info"]


@dataclass(frozen=True)
class Finding:
    """One thing worth saying about a document (or a pair of documents).

    Figures are text with the decimals they were printed with; `amount` is the sum of money in question.
    """

    rule: str
    cells: tuple[str, ...]
    verdict: FindingVerdict
    kind: str
    left: str | None = None
    right: str | None = None
    diff: str | None = None
    tolerance: str | None = None
    suspects: tuple[str, ...] = ()
    amount: str | None = None
    printed: str | None = None
    implied: str | None = None
    expr: str = ""
    message_zh: str = ""
    message_en: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON-ready values; what does not apply is left out beyond the fixed keys."""
        result: dict[str, Any] = {
            "rule": self.rule,
            "cells": list(self.cells),
            "left": self.left,
            "right": self.right,
            "diff": self.diff,
            "tolerance": self.tolerance,
            "verdict": self.verdict,
            "class": self.kind,
            "suspects": list(self.suspects),
        }
        extra = {
            "amount": self.amount,
            "printed": self.printed,
            "implied": self.implied,
            "expr": self.expr,
            "message_zh": self.message_zh,
            "message_en": self.message_en,
        }
        return result | {name: value for name, value in extra.items() if value}


def check_row(identity: Identity) -> dict[str, str]:
    """An evaluated identity as one row: what was compared, by how much it differs, and the verdict."""
    row = {
        "rule": identity.rule,
        "expr": identity.expr,
        "rel": identity.relation,
        "target": identity.target_ref,
        "left": plain(identity.left),
        "right": "0" if identity.target_ref == "0" else plain(identity.right),
        "diff": plain(identity.diff),
        "tolerance": trimmed(identity.tolerance),
        "verdict": identity.verdict,
    }
    return row | ({"note": identity.note_en} if identity.note_en else {})


def from_identity(identity: Identity, suspicion: Suspicion | None) -> Finding | None:
    """The finding an identity gives rise to: a failure, a rounding difference, an incomplete list."""
    row = check_row(identity)
    cells = tuple(identity.ref(cell) for cell in identity.cells)

    def finding(
        verdict: FindingVerdict,
        kind: str,
        zh: str,
        en: str,
        amount: Decimal | None = None,
        suspects: tuple[str, ...] = (),
        printed: str | None = None,
        implied: Decimal | None = None,
    ) -> Finding:
        return Finding(
            identity.rule,
            cells,
            verdict,
            kind,
            left=row["left"],
            right=row["right"],
            diff=row["diff"],
            tolerance=row["tolerance"],
            suspects=suspects,
            amount=None if amount is None else plain(amount),
            printed=printed,
            implied=None if implied is None else plain(implied),
            expr=f"{row['expr']} {row['rel']} {row['target']}",
            message_zh=zh,
            message_en=en,
        )

    if identity.verdict == "pass_rounding":
        return finding(
            "pass_rounding",
            "rounding",
            f"相差 {row['diff']},在四舍五入容差 {row['tolerance']} 之内",
            f"differs by {row['diff']}, inside the rounding tolerance {row['tolerance']}",
            amount=identity.diff,
        )
    if identity.verdict == "pass":
        several = identity.listing and identity.relation == "<=" and len(identity.cells) > 2
        if several and identity.diff < 0:
            return finding(
                "info",
                "incomplete_list",
                f"所列项目合计比总额少 {plain(-identity.diff)},列示不全,应写“其中”",
                f"the listed parts are {plain(-identity.diff)} short of the total: not a full list",
                amount=-identity.diff,
            )
        return None
    assert suspicion is not None
    suspects = tuple(identity.ref(cell) for cell in suspicion.suspects)
    kind, implied = suspicion.kind, suspicion.implied
    first = suspicion.suspects[0]
    if identity.rule == "K14" and suspicion.agreeing < 2:
        kind, implied = "scope_unstated", identity.left
        zh = f"按所印总额计算为 {row['left']} 个月,与所印 {row['right']} 不符,口径未说明"
        en = f"the totals give {row['left']} months, printed are {row['right']}: the basis is not stated"
        return finding("fail", kind, zh, en, identity.diff, suspects, identity.cells[-1].printed, implied)
    unequal = f"{row['left']} {_OPPOSITE[identity.relation]} {row['right']}"
    zh = f"{unequal},相差 {row['diff']},超出容差 {row['tolerance']}"
    en = f"{unequal}, off by {row['diff']}, tolerance {row['tolerance']}"
    if implied is not None:
        word_zh, word_en = ("疑似单位错误", "unit slip") if kind == "unit_slip" else ("疑似印误", "misprint")
        zh += f";{word_zh}:{suspects[0]} 印作 {first.printed},推算应为 {plain(implied)}"
        en += f"; {word_en} suspected: {suspects[0]} is printed {first.printed}, implied is {plain(implied)}"
    else:
        zh += ";原因待查,可疑单元格:" + "、".join(suspects)
        en += "; cause open, cells to look at: " + ", ".join(suspects)
    printed = first.printed if implied is not None else None
    return finding("fail", kind, zh, en, identity.diff, suspects, printed, implied)


_OPPOSITE = {"=": "≠", "<=": ">"}
