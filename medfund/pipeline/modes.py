"""Readings of `setl_d` that differ between provinces: as the bureau fixes them, else as its data show."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from medfund.settings import Bureau

# Of each mode: the national reading, the other one, and what the other one means.
_MODES = {
    "fund_scope": ("excl", "incl", "fund_pay_sumamt includes personal accounts"),
    "mutual_aid": ("inside", "outside", "acct_mulaid_pay comes on top of acct_pay"),
}


def resolve_modes(bureau: Bureau, batches: Iterable[dict[str, Any]], say: Callable[[str], None]) -> Bureau:
    """The bureau with `fund_scope` and `mutual_aid` decided: as fixed in its file, else as more rows close.

    The evidence is what loading counted in every batch of settlements; without any the national reading
    holds. `closing` stays for the ledger models to detect.
    """
    decided: dict[str, str] = {}
    seen = [batch.get("modes") or {} for batch in batches]
    for mode, (usual, other, meaning) in _MODES.items():
        if getattr(bureau.modes, mode) != "detect":
            continue
        counts = {
            reading: sum(modes[mode][f"rows_that_close_{reading}"] for modes in seen if mode in modes)
            for reading in (usual, other)
        }
        decided[mode] = other if counts[other] > counts[usual] else usual
        if decided[mode] == other:
            say(
                f"Settlements are read as if {meaning}: {counts[other]:,} rows close that way, "
                f'{counts[usual]:,} the usual one. bureau.toml can fix it: [modes] {mode} = "{other}".'
            )
    return bureau.model_copy(update={"modes": bureau.modes.model_copy(update=decided)})
