"""The money side of the synthetic bureau: from settled claims to notices, books, bank statements and cases."""

from __future__ import annotations

import numpy as np

from medfund.synth import bank, clearing, export, flows, ledger, supervision
from medfund.synth.contributions import premiums_received
from medfund.synth.flows import Calendar, Flows
from medfund.synth.lifecycle import HORIZON_FIRST
from medfund.synth.scene import Columns, Part, Scene

# Settlements held back before they are added up together, which costs less than month by month.
_BATCH = 200_000


class Claims(Part):
    """Gathers what every simulated month puts on the funds. Writes nothing."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        clearing.start(scene.con)
        self._held: list[Columns] = []

    def simulated(self, month: int, rows: Columns) -> None:
        self._held.append(clearing.valid_claims(month, rows, self.scene.people))
        if sum(len(columns["month"]) for columns in self._held) >= _BATCH:
            self.finish()

    def finish(self) -> None:
        if self._held:
            rows = {name: np.concatenate([c[name] for c in self._held]) for name in self._held[0]}
            clearing.collect(self.scene.con, rows)
            self._held = []


def plan(scene: Scene, calendar: Calendar) -> dict[str, Flows]:
    """What happens to each fund. Makes the tables of notices and cases."""
    con, first = scene.con, int(calendar.months[0])
    of_calendar = slice(first - HORIZON_FIRST, first - HORIZON_FIRST + len(calendar))
    allowance = flows.maternity_allowance({k: v[:, of_calendar] for k, v in scene.owed.items()}, calendar)
    notices = clearing.Clearing(con, first, int(calendar.months[-1]), scene.seed)
    notices.run(allowance)
    supervision.make_cases(con, first, scene.seed)
    premiums = premiums_received(scene.people, np.asarray(calendar.months), scene.seed)
    recovered = supervision.cash_recovered(con, calendar)
    return flows.plan_flows(notices.booked(), premiums, recovered, calendar, scene.seed)


def book(scene: Scene, planned: dict[str, Flows], calendar: Calendar) -> None:
    """Make the tables `ledger`, `voucher`, `budget` and `bank_line`. Faults may act on them before they are written."""
    export.load_books(scene.con, ledger.make_books(planned, calendar, scene.seed))
    bank.make_statement(scene.con, scene.window.last, scene.seed)


def write(scene: Scene) -> None:
    """Write the exports, a file per table and year."""
    con, out, window = scene.con, scene.out, scene.window
    first, last = window.first, window.last
    for i, year in enumerate(range(first // 12, last // 12 + 1)):
        out.table(con, "fund_acct_bal", export.ledger_query(year), f"fund_acct_bal_{year}")
        form = "gz" if i == 1 else "utf-8"
        out.table(con, "fund_vchr_d", export.voucher_query(year), f"fund_vchr_d_{year}", form)
        out.table(con, "fund_bank_stmt_d", bank.statement_query(year), f"fund_bank_stmt_d_{year}")
    out.table(con, "fund_budg_a", export.budget_query(), "fund_budg_a", "gb18030")
    # Notices booked in the first months belong to claims of the year before.
    for year in range((first - 12) // 12, last // 12 + 1):
        out.table(con, "med_dfr_d", clearing.notice_query(first, last, year), f"med_dfr_d_{year}")
        out.table(con, "med_dfr_detl_d", clearing.line_query(first, last, year), f"med_dfr_detl_d_{year}")
    out.table(con, "audit_case_d", supervision.case_query(first, last), "audit_case_d")
