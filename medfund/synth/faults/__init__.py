"""Faults planted on request, each with an entry in the answer key that says what a good check must find.

Kinds are listed in `kinds`. Those planted at a rate change a month's settlements before anything is added up (`visits`) or
rows as they are written (`rewrites`). Those planted a fixed number of times act on the flows before they are booked, on the
finished books (tables `ledger`, `voucher` and `bank_line`), on a staged month of settlements (table `settlement`), or as
an extra file (table `extra`) beside the last month. Each changes as little as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medfund.synth.faults import books, exports
from medfund.synth.faults.kinds import KINDS, wanted
from medfund.synth.faults.planter import Planter, key_path

__all__ = ["FAULTS", "KINDS", "Answer", "Fault", "Planter", "add_up", "key_path", "wanted"]

Answer = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """`act` plants the fault and returns what to find."""

    stage: str  # flows | books | month | extra
    act: Callable[..., Answer]


# Planted in this order whatever the caller's: messy_values turns the month into text and so comes last.
FAULTS: dict[str, Fault] = {
    "unmapped_subject": Fault("books", books.unmapped_subject),
    "opening_break": Fault("books", books.opening_break),
    "unexplained_gap": Fault("books", books.unexplained_gap),
    "transfer_imbalance": Fault("flows", books.transfer_imbalance),
    "payer_mismatch": Fault("month", exports.payer_mismatch),
    "unknown_fund": Fault("books", books.unknown_fund),
    "voucher_without_claim": Fault("flows", books.voucher_without_claim),
    "wrong_unit": Fault("books", books.wrong_unit),
    "late_transfer": Fault("books", books.late_transfer),
    "unbooked_receipt": Fault("books", books.unbooked_receipt),
    "duplicate_keys": Fault("extra", exports.duplicate_keys),
    "messy_values": Fault("extra", exports.messy_values),
}


def add_up(answers: list[Answer]) -> list[Answer]:
    """One answer per fault: those of a fault planted month by month are added together."""
    merged: dict[str, Answer] = {}
    for full in answers:
        answer = {name: value for name, value in full.items() if name != "all_setl_ids"}
        seen = merged.setdefault(answer["fault"], answer)
        if seen is not answer:
            seen["rows"] += answer["rows"]
            seen["rows_by_month"] |= answer["rows_by_month"]
            seen["setl_ids"] = (seen["setl_ids"] + answer["setl_ids"])[:20]
    return list(merged.values())
