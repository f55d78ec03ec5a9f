"""Which identities apply within the blocks of a document: K1-K5, K7, K8, K11, K13, K14."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence

from medfund.checker.document import Block, Cell, Document, unit_kind
from medfund.checker.identities import Growth, Identity, Linear, Months, Relation, Term
from medfund.checker.lines import (
    BALANCES,
    COMPLETE_IN_FORM,
    Account,
    is_flat_scheme,
    is_of_which,
    is_scheme_row,
)


def document_identities(document: Document) -> list[Identity]:
    """Every identity the printed cells of one document allow, in the order of its blocks."""
    found: list[Identity] = []
    for block in document.blocks:
        if unit_kind(block.unit) == "head":
            found += heads(block)
        elif any(is_scheme_row(key) or is_flat_scheme(key) for key in block.cells):
            found += scheme_rows(block)
        else:
            found += account(block)
    found += payable_months(document)
    found += growth(document)
    return found


def _sum(
    rule: str, cells: Sequence[Cell], target: Cell, relation: Relation = "=", *, listing: bool = False
) -> Linear:
    return Linear(rule, relation, tuple(Term(cell) for cell in cells), target, listing=listing)


def _within(identity: Identity) -> bool:
    return identity.verdict != "fail"


def account(block: Block) -> Iterator[Identity]:
    """K1-K5, K7 and K8 of one account, or of one column of a form."""
    lines = Account(block)
    split_reading = yield from _side(lines, "income", "K3")
    expense_reading = yield from _side(lines, "expense", "K4")
    yield from _of_which(lines)
    for suffix in ("", "_pool", "_acct"):
        if suffix and (split_reading == "beside" or expense_reading == "beside"):
            continue  # items stand beside pool and account, so neither has a balance of its own
        yield from _roll_forward(block, suffix)
    yield from _grand_totals(block)


def _side(lines: Account, side: str, rule: str) -> Generator[Identity, None, str]:
    """Parts against subtotal and total of one side. Returns how a pool/account split is read."""
    block = lines.block
    total, subtotal = block.number(f"{side}_total"), block.number(f"{side}_subtotal")
    parts, transfers, splits = lines.parts(side), lines.transfers(side), lines.splits(side)
    reading = "none"
    if lines.suppressed(side):
        return reading
    if subtotal is not None:
        if parts:
            complete = f"{side}_subtotal" not in block.incomplete_lists
            yield _list(rule, parts, subtotal, complete=complete)
        if total is not None:
            yield _sum(rule, [subtotal, *transfers], total)
        if splits and total is not None:
            yield from _split(splits, total)
        return "whole" if splits else reading
    if total is None:
        return reading
    listed = lines.parts_and_transfers(side)
    if splits:
        order = list(block.cells)
        beside = sorted([*splits, *listed], key=lambda cell: order.index(cell.key))
        reading = _split_reading(lines, side, splits, beside, total)
        if reading == "beside":
            listed = beside
        else:
            yield from _split(splits, total)
    if listed:
        complete = f"{side}_total" not in block.incomplete_lists and _claims_all(lines, side, listed)
        yield _list(rule, listed, total, complete=complete)
    return reading


def _split(splits: Sequence[Cell], total: Cell) -> Iterator[Identity]:
    if len(splits) == 2:
        yield _sum("K5", splits, total)
    else:
        yield _sum("K8", splits, total, "<=")


def _split_reading(
    lines: Account, side: str, splits: Sequence[Cell], beside: Sequence[Cell], total: Cell
) -> str:
    """`whole`: pool + account make the total. `beside`: other lines stand beside them, outside both.

    The numbers decide where one reading adds up; otherwise the lines do: a table without contributions
    (or benefits) of its own, but with other lines, has them inside pool and account.
    """
    if len(splits) < 2 or len(beside) == len(splits):
        return "whole"
    if _within(_sum("K5", splits, total)):
        return "whole"
    if _within(_sum("K3", beside, total)):
        return "beside"
    main = "premium" if side == "income" else "benefit"
    return "whole" if any(key == main or key.startswith(f"{main}_") for key in lines.sides) else "beside"


def _claims_all(lines: Account, side: str, listed: Sequence[Cell]) -> bool:
    """Whether a list of parts means to be the whole total.

    A list that closes with an 'other' line does. A list of expenditure does once it names benefits and
    something else; income without its 'other' line is taken as a list of the main items.
    """
    block = lines.block
    if side == "income":
        return block.has("other_in")
    if block.has("other_out"):
        return True
    keys = [cell.key for cell in listed]
    benefits = any(key.startswith("benefit") for key in keys) or {"expense_pool", "expense_acct"} <= set(keys)
    return len(listed) > 1 and benefits


def _list(rule: str, parts: Sequence[Cell], total: Cell, *, complete: bool) -> Identity:
    exact = _sum(rule, parts, total, listing=True)
    if complete or (len(parts) > 1 and _within(exact)):
        return exact
    return _sum("K8", parts, total, "<=", listing=True)


def _of_which(lines: Account) -> Iterator[Identity]:
    block = lines.block
    for parent, keys in lines.children.items():
        target = block.number(parent)
        pair = [f"{parent}_pool", f"{parent}_acct"]
        split = all(key in keys for key in pair)
        if target is None or any(block.suppressed(key) for key in keys):
            continue
        if split and (cells := [cell for key in pair if (cell := block.number(key)) is not None]):
            yield _sum("K5", cells, target)
        # Half a split of a balance says nothing: the other half may be negative.
        aside = pair if split or parent in BALANCES else []
        cells = [cell for key in keys if key not in aside and (cell := block.number(key)) is not None]
        if not cells:
            continue
        exact = _sum("K8", cells, target)
        marked = any(is_of_which(cell.key) for cell in cells)
        complete = lines.is_form and parent in COMPLETE_IN_FORM and parent not in block.incomplete_lists
        if not marked and (complete or (len(cells) > 1 and _within(exact))):
            yield exact
        else:
            yield _sum("K8", cells, target, "<=")


def _roll_forward(block: Block, suffix: str) -> Iterator[Identity]:
    def cell(total: str, split: str) -> Cell | None:
        return block.number(f"{split}{suffix}" if suffix else total)

    income, expense = cell("income_total", "income"), cell("expense_total", "expense")
    current, closing = cell("current_balance", "current_balance"), cell("close_bal", "close_bal")
    opening, adjustment = cell("open_bal", "open_bal"), cell("open_adj", "open_adj")
    flows = [Term(income), Term(expense, -1)] if income and expense else []
    if flows and current:
        yield Linear("K2", "=", tuple(flows), current)
    start = [Term(part) for part in (opening, adjustment) if part is not None]
    if opening and flows and closing:
        yield Linear("K1", "=", (*start, *flows), closing)
    elif opening and current and closing:
        yield Linear("K1", "=", (*start, Term(current)), closing)
    elif suffix == "_pool" and current and closing and not block.has(f"open_bal{suffix}"):
        zero = Linear(
            "K1",
            "=",
            (Term(closing), Term(current, -1)),
            note_zh="由此推算的统筹期初为零:统筹基金当年全部上解",
            note_en="the implied pooled opening is zero: the pool is cleared upward every year",
        )
        if _within(zero):
            yield zero


def _grand_totals(block: Block) -> Iterator[Identity]:
    left, right = block.number("grand_total_left"), block.number("grand_total_right")
    income, opening = block.number("income_total"), block.number("open_bal")
    expense, closing = block.number("expense_total"), block.number("close_bal")
    adjustment = block.number("open_adj")
    if left and income and opening:
        yield _sum("K7", [income, opening, *([adjustment] if adjustment else [])], left)
    if right and expense and closing:
        yield _sum("K7", [expense, closing], right)
    if left and right:
        yield _sum("K7", [left], right)


def scheme_rows(block: Block) -> Iterator[Identity]:
    """K8 of a table by scheme; its schemes are added up in `series.schemes`."""
    employee = block.number("employee") or block.number("expense_employee")
    maternity = block.number("benefit_matn")
    if employee and maternity:
        yield _sum("K8", [maternity], employee, "<=")


def heads(block: Block) -> Iterator[Identity]:
    """K11: schemes add to the total, active and retired to the employees, who include maternity."""
    total, everyone = block.number("enrolled_total"), block.number("enrolled")
    schemes = [
        cell
        for key in block.cells
        if key in ("enrolled_employee", "enrolled_resident") and (cell := block.number(key)) is not None
    ]
    if total and len(schemes) == 2:
        yield _sum("K11", schemes, total)
    employee = block.number("enrolled_employee") or everyone
    if employee is None and not block.has("enrolled_resident"):
        employee = total
    active, retired = block.number("enrolled_active"), block.number("enrolled_retired")
    if employee and active and retired:
        yield _sum("K11", [active, retired], employee)
    if employee and (maternity := block.number("enrolled_maternity")):
        yield _sum("K8", [maternity], employee, "<=")


def _account_blocks(document: Document, fund: str, like: Block) -> list[Block]:
    """Money blocks of the same fund, period and column kind as `like`."""
    return [
        block
        for block in document.blocks
        if unit_kind(block.unit) == "money"
        and (block.fund == fund or not fund)
        and block.span == like.span
        and block.kind == like.kind
        and block.org == like.org
    ]


def payable_months(document: Document) -> Iterator[Identity]:
    """K14, for periods whose printed expenditure covers twelve months."""
    for block in document.blocks:
        target = block.number("payable_months")
        if target is None or (block.span is not None and not block.span.whole_year):
            continue
        for source in _account_blocks(document, block.fund, block):
            readings = [
                Months("K14", "=", closing, expenditure, target, basis=basis)
                for basis, close_key, expense_key in (
                    ("total", "close_bal", "expense_total"),
                    ("pool", "close_bal_pool", "expense_pool"),
                    ("benefits", "close_bal", "benefit"),
                    ("pool balance, benefits", "close_bal_pool", "benefit"),
                )
                if (closing := source.number(close_key)) and (expenditure := source.number(expense_key))
            ]
            if readings:
                # The basis is rarely printed: any usual basis that gives the printed figure is accepted.
                yield next((reading for reading in readings if _within(reading)), readings[0])
                break


_LEVEL_KEYS = {
    "income": "income_total",
    "expense": "expense_total",
    "expenditure": "expense_total",
    "current": "current_balance",
    "closing": "close_bal",
    "active": "enrolled_active",
    "retired": "enrolled_retired",
    "maternity": "enrolled_maternity",
}
_PREFIX_FUNDS = {
    "emp": "310",
    "employee": "310",
    "res": "390",
    "resident": "390",
    "tot": "all",
    "total": "all",
    "maf": "610",
}


def growth(document: Document) -> Iterator[Identity]:
    """K13: printed growth and execution rates, where the levels behind them are printed too."""
    for block in document.blocks:
        for key in block.cells:
            target = block.number(key)
            if target is None:
                continue
            if key.endswith("_yoy_pct"):
                yield from _yoy(document, block, target, key.removesuffix("_yoy_pct"))
            elif key.endswith("_budget_pct"):
                yield from _execution(document, block, target, key.removesuffix("_budget_pct"))


def _level_cells(document: Document, block: Block, stem: str, year: int | None, kind: str) -> list[Cell]:
    """Printed levels a rate called `stem` may speak of, in the given year and kind of column."""
    prefix, _, rest = stem.partition("_")
    fund = _PREFIX_FUNDS.get(prefix, "") if rest else ""
    name = rest if fund else stem
    keys = [_LEVEL_KEYS.get(name, name), name, f"{name}_total"]
    wanted = fund or block.fund
    found = []
    for other in document.blocks:
        if unit_kind(other.unit) not in ("money", "head") or other.kind != kind or other.org != block.org:
            continue
        if wanted and unit_kind(other.unit) == "money" and other.fund != wanted:
            continue
        if (other.span.year if other.span else None) != year:
            continue
        found += [cell for level in dict.fromkeys(keys) if (cell := other.number(level)) is not None][:1]
    return found


def _yoy(document: Document, block: Block, target: Cell, stem: str) -> Iterator[Identity]:
    year = block.span.year if block.span else None
    levels = _level_cells(document, block, stem, year, "fact")
    if len(levels) != 1:
        return  # not printed, or several candidates: nothing to recompute the rate from
    level = levels[0]
    change = block.number(f"{stem}_change")
    if change is not None:
        if level.number * level.factor > change.number * change.factor:
            yield Growth("K13", "=", level, target, change=change)
        return
    earlier = _level_cells(document, block, stem, year - 1, "fact") if year else []
    if len(earlier) == 1 and earlier[0].number > 0:
        yield Growth("K13", "=", level, target, base=earlier[0])


def _execution(document: Document, block: Block, target: Cell, stem: str) -> Iterator[Identity]:
    year = block.span.year if block.span else None
    level = _level_cells(document, block, stem, year, "fact")
    budget = _level_cells(document, block, stem, year, "budget")
    if len(level) == 1 and len(budget) == 1 and budget[0].number > 0:
        yield Growth("K13", "=", level[0], target, base=budget[0], share=True)
