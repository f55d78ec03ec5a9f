"""The lines of a fund's account: which side a key stands on and which line it is part of.

The keys are those of the ledger items (seeds/codes/fund_item.csv) and of the publication layouts. A key
that is not known takes the side of the line above it, as on paper.
"""

from __future__ import annotations

from medfund.checker.document import Block, Cell

INCOME_LINES = (
    "premium",
    "fiscal_subsidy",
    "interest",
    "invest",
    "transfer_in",
    "other_in",
)
EXPENSE_LINES = ("benefit", "catastrophic", "transfer_out", "other_out")
INCOME_TRANSFERS = ("from_upper", "from_lower")
EXPENSE_TRANSFERS = ("to_lower", "to_upper")
TRANSFERS = (*INCOME_TRANSFERS, *EXPENSE_TRANSFERS)

# 其中 lines and the line they are part of; where that line is not printed they count by themselves.
PARENTS = {
    "collective_aid": "premium",
    "maf_sponsored": "premium",
    "fiscal_paid_for_poor": "premium",
    "subsidy_standard": "fiscal_subsidy",
    "subsidy_special": "fiscal_subsidy",
    "subsidy_central": "fiscal_subsidy",
    "subsidy_province": "fiscal_subsidy",
    "subsidy_city": "fiscal_subsidy",
    "subsidy_county": "fiscal_subsidy",
    "benefit_ipt": "benefit",
    "benefit_opt": "benefit",
    "benefit_chronic": "benefit",
    "benefit_matn": "benefit",
    "benefit_matn_med": "benefit_matn",
    "benefit_matn_alwn": "benefit_matn",
    "benefit_acct": "benefit",
    "maf_sponsor_out": "benefit",
}
# Lists that the budget form prints in full, so that there the parts must make up the line.
COMPLETE_IN_FORM = frozenset({"fiscal_subsidy", "benefit"})

_TOTALS = {
    "income_subtotal",
    "income_total",
    "expense_subtotal",
    "expense_total",
    "current_balance",
    "open_bal",
    "open_adj",
    "close_bal",
    "grand_total_left",
    "grand_total_right",
    "payable_months",
}
BALANCES = frozenset({"open_bal", "open_adj", "current_balance", "close_bal"})
_DERIVED_SUFFIXES = ("_pct", "_change", "_months")
SPLITS = ("_pool", "_acct")
FLAT_MEASURES = {
    "income": "income_total",
    "expense": "expense_total",
    "expenditure": "expense_total",
    "closing": "close_bal",
    "close_bal": "close_bal",
    "current": "current_balance",
    "current_balance": "current_balance",
    "opening": "open_bal",
    "open_bal": "open_bal",
    "beneficiaries": "beneficiaries",
}
_SCHEMES = (
    "total",
    "employee",
    "resident",
    "assistance",
    "supplement",
    "civil_servant",
    "veteran",
    "maternity",
)


def is_scheme_row(key: str) -> bool:
    """A bare row of a table by scheme: total, employee, resident, …"""
    return key in _SCHEMES


def is_flat_scheme(key: str) -> bool:
    """A row of the monthly table in one block: income_employee, closing_resident, … (not the total)."""
    stem, _, scheme = key.rpartition("_")
    return stem in FLAT_MEASURES and scheme in _SCHEMES and scheme != "total"


def is_of_which(key: str) -> bool:
    """A 其中 line: part of the line above it, never added again."""
    return key.startswith("of_which_")


def split_base(key: str) -> str:
    """The line a _pool or _acct cell splits, or an empty string. `benefit_acct` alone is a ledger line."""
    return next((key.removesuffix(suffix) for suffix in SPLITS if key.endswith(suffix)), "")


def _side_of(key: str) -> str:
    base = split_base(key) or key
    if base in ("income", "income_total", "income_subtotal", *INCOME_LINES, *INCOME_TRANSFERS):
        return "income"
    if base in ("expense", "expense_total", "expense_subtotal", *EXPENSE_LINES, *EXPENSE_TRANSFERS):
        return "expense"
    if base in _TOTALS:
        return "balance"
    if key in PARENTS:
        return "expense" if PARENTS[key].startswith("benefit") else "income"
    return ""


class Account:
    """One block read as an income and expenditure account: parts of each side, and 其中 lines by parent."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self.sides: dict[str, str] = {}
        self.children: dict[str, list[str]] = {}
        side, last_line = "", ""
        for key in block.cells:
            if is_of_which(key):
                if last_line:
                    self.children.setdefault(last_line, []).append(key)
                continue
            if key.endswith(_DERIVED_SUFFIXES):
                continue
            side = _side_of(key) or side
            self.sides[key] = side
            last_line = key
        for key in self.sides:
            if parent := self._printed_parent(key):
                self.children.setdefault(parent, []).append(key)

    def _printed_parent(self, key: str) -> str:
        """The line of this block that already contains `key`, or an empty string."""
        known = PARENTS.get(key, "")
        while known:
            if self.block.has(known):
                return known
            known = PARENTS.get(known, "")
        base = split_base(key)
        if base and self.block.has(base):
            return base
        for line in (*INCOME_LINES, *EXPENSE_LINES):
            same_side = self.sides[key] == _side_of(line)
            if key.startswith(f"{line}_") and key not in PARENTS and same_side and self.block.has(line):
                return line
        return ""

    @property
    def is_form(self) -> bool:
        """The two-sided budget form, which prints every line, used or not."""
        return self.block.has("income_subtotal") or self.block.has("expense_subtotal")

    def parts(self, side: str) -> list[Cell]:
        """Cells with numbers that make up the total of a side, in printed order, without level transfers."""
        transfers = INCOME_TRANSFERS if side == "income" else EXPENSE_TRANSFERS
        return [
            cell
            for key in self._direct(side)
            if key not in transfers and (cell := self.block.number(key)) is not None
        ]

    def transfers(self, side: str) -> list[Cell]:
        """Printed transfers between levels of one side, `income` or `expense`."""
        keys = INCOME_TRANSFERS if side == "income" else EXPENSE_TRANSFERS
        return [cell for key in keys if (cell := self.block.number(key)) is not None]

    def parts_and_transfers(self, side: str) -> list[Cell]:
        """As `parts`, with level transfers where they are printed."""
        return [cell for key in self._direct(side) if (cell := self.block.number(key)) is not None]

    def _direct(self, side: str) -> list[str]:
        return [
            key
            for key, where in self.sides.items()
            if where == side
            and key not in _TOTALS
            and split_base(key) not in _TOTALS
            and split_base(key) != side
            and not self._printed_parent(key)
            and not is_scheme_row(key)
            and not is_flat_scheme(key)
            and not key.startswith(("enrolled", "beneficiaries"))
        ]

    def splits(self, side: str) -> list[Cell]:
        """income_pool and income_acct, or expense_pool and expense_acct, with numbers."""
        keys = [key for key in self.sides if key in (f"{side}_pool", f"{side}_acct")]
        return [cell for key in keys if (cell := self.block.number(key)) is not None]

    def suppressed(self, side: str) -> bool:
        """A part of this side is withheld, so the list cannot be added up."""
        return any(self.block.suppressed(key) for key in (*self._direct(side), *TRANSFERS))
