"""The filled forms as documents of cells: printed strings beside the exact yuan they stand for.

The structure is the one `medfund check` reads, so a bundle foots by the same rules as anybody's publication.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from medfund.checker import check_documents
from medfund.checker.document import parse_document
from medfund.checker.notes import NOTE_TEXTS
from medfund.disclosure import words
from medfund.disclosure.figures import Balance, Figures, Place
from medfund.disclosure.words import Lang, Pair, pick
from medfund.errors import UsageError

FORMS = ("monthly-indicators", "final-account")
HUNDRED_MILLION = Decimal(10) ** 8

_SUBSIDY_PARTS = (
    "subsidy_standard",
    "subsidy_special",
    "subsidy_central",
    "subsidy_province",
    "subsidy_city",
    "subsidy_county",
)
_INCOME_LINES = (
    ("premium", ("collective_aid", "maf_sponsored", "fiscal_paid_for_poor")),
    ("fiscal_subsidy", _SUBSIDY_PARTS),
    ("interest", ()),
    ("invest", ()),
    ("transfer_in", ()),
    ("other_in", ()),
    ("unmapped_income", ()),
)
_BENEFIT_PARTS = (
    "benefit_ipt",
    "benefit_opt",
    "benefit_matn",
    "benefit_matn_med",
    "benefit_matn_alwn",
    "benefit_acct",
    "maf_sponsor_out",
)
_EXPENSE_LINES = (
    ("benefit", _BENEFIT_PARTS),
    ("catastrophic", ()),
    ("transfer_out", ()),
    ("other_out", ()),
    ("unmapped_expense", ()),
)
# Lines a form prints whether in use or not; all others appear when they hold something.
_ALWAYS = {
    "390": {
        "premium",
        "collective_aid",
        "maf_sponsored",
        "fiscal_paid_for_poor",
        "fiscal_subsidy",
        "subsidy_standard",
        "subsidy_special",
        "interest",
        "other_in",
        "benefit",
        "benefit_ipt",
        "benefit_opt",
        "catastrophic",
        "other_out",
    },
    "310": {
        "premium",
        "fiscal_subsidy",
        "interest",
        "transfer_in",
        "other_in",
        "benefit",
        "benefit_ipt",
        "benefit_opt",
        "benefit_matn_med",
        "benefit_matn_alwn",
        "benefit_acct",
        "transfer_out",
        "other_out",
    },
    "": {"fiscal_subsidy", "interest", "other_in", "benefit", "other_out"},
}
_ACCOUNT_ONLY = {"benefit_acct", "transfer_in", "transfer_out"}
_POOL_ONLY = {"benefit_ipt", "benefit_opt", "benefit_matn", "benefit_matn_med", "benefit_matn_alwn"}


@dataclass
class Block:
    """Cells of one column, still exact: key → yuan, None for an empty cell, `x` for one that cannot exist."""

    label: str
    fund: str
    unit: str
    decimals: int
    column: str = ""
    cells: dict[str, Decimal | str | None] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    incomplete_lists: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """The block as the checker reads it, with `exact` yuan and `missing` reasons beside the cells."""
        factor = unit_factor(self.unit)
        result: dict[str, Any] = {"label": self.label, "fund": self.fund}
        if self.column:
            result["column"] = self.column
        result |= {"unit": self.unit, "decimals": self.decimals}
        result["cells"] = {key: printed(value, factor, self.decimals) for key, value in self.cells.items()}
        if self.unit != "%":
            result["exact"] = {
                key: format(value, "f") for key, value in self.cells.items() if isinstance(value, Decimal)
            }
        if self.missing:
            result["missing"] = dict(self.missing)
        if self.incomplete_lists:
            result["incomplete_lists"] = list(self.incomplete_lists)
        return result


def unit_factor(unit: str) -> Decimal:
    """Yuan in one unit of money; 1 for persons and percentages."""
    return {"万元": Decimal(10) ** 4, "亿元": HUNDRED_MILLION}.get(unit, Decimal(1))


def printed(value: Decimal | str | None, factor: Decimal, decimals: int) -> str | None:
    """The printed string: half up on the exact value, each cell alone; a rounded zero carries no sign."""
    if value is None or isinstance(value, str):
        return value
    rounded = (value / factor).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    return format(abs(rounded) if rounded == 0 else rounded, "f")


@dataclass(frozen=True)
class Settings:
    """What a form needs beside the release; kept in the manifest so that a bundle can be made again."""

    form: str
    lang: Lang
    publisher: str
    place_zh: str
    place_en: str
    area_code: str
    small_cell: int


def build_documents(figures: Figures, settings: Settings) -> list[dict[str, Any]]:
    """The documents of a form, ready to be written as JSON. Raises UsageError when the period cannot carry it."""
    if settings.form == "monthly-indicators":
        documents = [_monthly(figures, settings)]
    elif settings.form == "final-account":
        documents = _final_accounts(figures, settings)
    else:
        raise UsageError(f"no form {settings.form!r}; there are {', '.join(FORMS)}")
    for document in documents:
        _add_notes(document, settings.lang)
    return documents


def _place(figures: Figures, settings: Settings) -> Place:
    if figures.org is not None:
        return figures.orgs[figures.org]
    return Place(None, settings.place_zh, settings.place_en, "city", None)


def _head(
    figures: Figures, settings: Settings, title: str, fund: str, unit: str, blocks: Iterable[Block]
) -> dict[str, Any]:
    """What every document says about itself, and its blocks."""
    place, lang, release = _place(figures, settings), settings.lang, figures.release
    code = figures.org or settings.area_code
    period: dict[str, Any]
    if figures.period.whole_year:
        period = {"kind": "annual", "year": figures.period.year}
    else:
        year, month = figures.period.year, figures.period.last_month
        period = {
            "kind": "ytd",
            "start": f"{year}-01-01",
            "end": f"{year}-{month:02d}-{monthrange(year, month)[1]}",
        }
    monthly = settings.form == "monthly-indicators"
    vintage = "preliminary" if monthly else "final"
    suffix = f"-{fund}" if fund else ""
    document: dict[str, Any] = {
        "id": f"{settings.form}-{figures.period.text}-{code}{suffix}",
        "layout": "T2" if monthly else "T4",
        "form": settings.form,
        "lang": lang,
        "title": title,
        "publisher": settings.publisher,
        "region": {
            "code": code,
            "name": pick((place.name_zh, place.name_en), lang),
            "level": place.level,
            "parent": place.parent,
        },
        "period": period,
        "unit": unit,
        "vintage": vintage,
        "scope": {
            "funds": fund or "310_pool, 390",
            "accounts": "excluded" if monthly else "included",
            "level": pick(words.OWN_LEVEL if figures.org else words.CONSOLIDATED, lang),
        },
        "release": {
            "release_id": release.release_id,
            "data_through": release.data_through.isoformat() if release.data_through else None,
            "gate": release.gate,
            "waivers": release.waivers,
        },
        "blocks": [block.to_dict() for block in blocks],
    }
    if document["region"]["parent"] is None:
        del document["region"]["parent"]
    return document


def period_text(figures: Figures, lang: Lang) -> str:
    """2026年1—9月 / January to September 2026, in the form titles use."""
    year, month = figures.period.year, figures.period.last_month
    if figures.period.whole_year:
        return f"{year}年" if lang == "zh" else str(year)
    if lang == "zh":
        return f"{year}年1月" if month == 1 else f"{year}年1—{month}月"
    return f"{year}-01" if month == 1 else f"{year}-01 to {year}-{month:02d}"


# ------------------------------------------------------------------------------------- monthly indicators


def _monthly(figures: Figures, settings: Settings) -> dict[str, Any]:
    lang = settings.lang
    largest = max((value for value in figures.pooled_total.values() if value is not None), default=Decimal(0))
    unit = "亿元" if figures.org is None and largest >= HUNDRED_MILLION else "万元"
    employee, resident = figures.balances.get("310_pool"), figures.balances.get("390")
    spent = figures.lines.get(("actual", "310_pool"), {})
    rows = {
        "inc": ("income_ytd", {}),
        "exp": ("expenditure_ytd", {"benefit_matn": _maternity(spent)}),
        "clo": ("closing_balance", {}),
    }
    blocks = [_heads(figures, settings)]
    for label, (measure, extra) in rows.items():
        block = Block(label, "pooled", unit, 2)
        block.cells["total"] = figures.pooled_total[measure]
        block.cells["employee"] = getattr(employee, measure, None)
        block.cells |= extra
        block.cells["resident"] = getattr(resident, measure, None)
        for key in ("total", "employee", "resident"):
            if block.cells[key] is None:
                block.missing[key] = pick(words.NO_YEAR_TO_DATE, lang)
        blocks.append(block)
    if figures.org is not None:
        blocks += _transfer_blocks(figures, unit)
    place = _place(figures, settings)
    title = pick(words.FORM_TITLES[settings.form], lang).format(
        place=pick((place.name_zh, place.name_en), lang), period=period_text(figures, lang)
    )
    document = _head(figures, settings, title, "", unit, blocks)
    document["remarks"] = _remarks(figures, ("310_pool", "390"), unit, lang)
    return document


def _maternity(spent: Mapping[str, Decimal]) -> Decimal | None:
    """Maternity benefits: the line itself where it is booked, else its two parts."""
    if "benefit_matn" in spent:
        return spent["benefit_matn"]
    parts = [spent[key] for key in ("benefit_matn_med", "benefit_matn_alwn") if key in spent]
    return sum(parts, start=Decimal(0)) if parts else None


def _heads(figures: Figures, settings: Settings) -> Block:
    """Enrolment rows; small counts are withheld together with the one that would give them away."""
    block = Block("heads", "", "人", 0)
    keys = ("enrolled_total", "enrolled_employee", "enrolled_maternity", "enrolled_resident")
    block.cells = dict.fromkeys(keys)
    if figures.heads is None:
        block.missing = {key: pick(words.NO_ENROLMENT, settings.lang) for key in keys}
        return block
    counts = {
        "enrolled_employee": figures.heads.get("employee"),
        "enrolled_resident": figures.heads.get("resident"),
    }
    block.missing["enrolled_maternity"] = pick(words.NO_MATERNITY_HEADS, settings.lang)
    known = [count for count in counts.values() if count is not None]
    if len(known) == 2:
        block.cells["enrolled_total"] = Decimal(sum(known))
    for key, count in counts.items():
        if count is None:
            block.missing[key] = pick(words.NO_ENROLMENT, settings.lang)
        else:
            block.cells[key] = Decimal(count)
    small = [key for key, count in counts.items() if count is not None and 0 < count < settings.small_cell]
    for key in small:
        block.cells[key] = "*"
    if small and block.cells["enrolled_total"] is not None:
        block.cells["enrolled_total"] = "*"  # total less the other scheme would reveal the count
    return block


def _transfer_blocks(figures: Figures, unit: str) -> Iterable[Block]:
    """Money between levels inside income and expenditure, which note N6 states with its amounts."""
    for label, fund, books in (("lvl_emp", "310", "310_pool"), ("lvl_res", "390", "390")):
        lines = figures.lines.get(("actual", books), {})
        cells = {
            key: lines[key] for key in ("from_upper", "from_lower", "to_lower", "to_upper") if lines.get(key)
        }
        if cells:
            yield Block(label, fund, unit, 2, cells=dict(cells))


# ------------------------------------------------------------------------------------------ final account


def _final_accounts(figures: Figures, settings: Settings) -> list[dict[str, Any]]:
    if not figures.period.whole_year:
        raise UsageError(
            f"--period: a final account is of a whole year like 2025, seen {figures.period.text}"
        )
    funds = [fund for fund in figures.balances if fund not in ("310_pool", "310_acct")]
    short = {fund: figures.balances[fund].months for fund in funds if figures.balances[fund].months < 12}
    if short:
        fund, months = next(iter(short.items()))
        raise UsageError(
            f"--period: the books of fund {fund} hold {months} of the 12 months of {figures.period.year}; "
            "a final account needs all of them"
        )
    order = sorted(funds, key=lambda fund: (fund not in ("310", "390"), fund))
    return [_final_account(figures, settings, fund) for fund in order]


def _fund_name(figures: Figures, fund: str) -> Pair:
    return words.FUND_NAMES.get(fund) or figures.funds.get(fund, (fund, fund))


def _final_account(figures: Figures, settings: Settings, fund: str) -> dict[str, Any]:
    lang, year = settings.lang, figures.period.year
    keys = _line_keys(figures, fund)
    adjusted = bool(figures.balances[fund].opening_adjustment)
    budget = _column(figures, "budget", "budget", fund, keys, adjusted)
    actual = _column(figures, "actual", "actual", fund, keys, adjusted)
    blocks = [budget, actual]
    if fund == "310":
        for part in ("310_pool", "310_acct"):
            column = _column(figures, part.removeprefix("310_"), "actual", part, keys, adjusted)
            outside = _ACCOUNT_ONLY if part == "310_pool" else _POOL_ONLY
            column.cells |= {key: "x" for key in outside if key in keys and column.cells[key] is None}
            blocks.append(column)
    budget.column = f"budget_{year}"
    for block in blocks[1:]:
        block.column = f"actual_{year}"
    _explain_budget(figures, fund, budget, lang)
    for block in blocks:
        _explain_lists(block, lang)
    prior = figures.lines.get(("prior", fund), {})
    blocks += [_rates(budget, actual, fund, year), _growth(actual, prior, fund, year)]
    place, name = _place(figures, settings), pick(_fund_name(figures, fund), lang)
    title = pick(words.FORM_TITLES[settings.form], lang).format(
        place=pick((place.name_zh, place.name_en), lang), period=year, fund=name
    )
    document = _head(figures, settings, title, fund, "万元", blocks)
    document["remarks"] = _remarks(figures, (fund,), "万元", lang)
    return document


def _line_keys(figures: Figures, fund: str) -> list[str]:
    """Lines of the form in printed order: those always printed, and those that hold something."""
    used = {
        key
        for (_, books), lines in figures.lines.items()
        if books == fund or books.startswith(f"{fund}_")
        for key in lines
    }
    wanted = _ALWAYS.get(fund, _ALWAYS[""]) | used
    if fund in _ALWAYS:
        # The basic funds' form tells subsidies by standard, not by the government that pays them.
        wanted -= set(_SUBSIDY_PARTS) - _ALWAYS[fund]
    if "benefit_matn_med" in used or "benefit_matn_alwn" in used or "benefit_matn" not in used:
        wanted -= {"benefit_matn"}
    else:
        wanted -= {"benefit_matn_med", "benefit_matn_alwn"}

    def side(lines: tuple[tuple[str, tuple[str, ...]], ...]) -> Iterable[str]:
        for parent, children in lines:
            yield from (key for key in (parent, *children) if key in wanted)

    return [
        *side(_INCOME_LINES),
        *("income_subtotal", "from_upper", "from_lower", "income_total", "open_bal", "open_adj"),
        "grand_total_left",
        *side(_EXPENSE_LINES),
        *("expense_subtotal", "to_lower", "to_upper", "expense_total", "current_balance", "close_bal"),
        "grand_total_right",
    ]


def _column(
    figures: Figures, label: str, version: str, fund: str, keys: Iterable[str], adjusted: bool
) -> Block:
    """One column of money of the form: a version (budget, actual) of one fund."""
    block = Block(label, fund, "万元", 2)
    lines = figures.lines.get((version, fund), {})
    balance = figures.balances.get(fund)
    for key in keys:
        block.cells[key] = lines.get(key)
    if version == "actual" and balance is not None:
        block.cells |= _balances(lines, balance)
    elif "income_total" in lines and "expense_total" in lines:
        block.cells["current_balance"] = lines["income_total"] - lines["expense_total"]
    if not adjusted:
        del block.cells["open_adj"]
    return block


def _balances(lines: Mapping[str, Decimal], balance: Balance) -> dict[str, Decimal | str | None]:
    income, expense = lines.get("income_total"), lines.get("expense_total")
    opening, closing = balance.opening_balance, balance.closing_balance
    adjustment = balance.opening_adjustment or Decimal(0)
    return {
        "open_bal": opening,
        "open_adj": adjustment,
        "current_balance": balance.current_balance,
        "close_bal": closing,
        "grand_total_left": None if income is None or opening is None else income + opening + adjustment,
        "grand_total_right": None if expense is None or closing is None else expense + closing,
    }


def _explain_budget(figures: Figures, fund: str, block: Block, lang: Lang) -> None:
    """Why budget cells are empty; a budget that not all sets of books have is not shown as if it were whole."""
    gaps = sum(
        count for books, count in figures.budget_gaps.items() if books == fund or books.startswith(f"{fund}_")
    )
    if not any(value is not None for value in block.cells.values()):
        block.missing = {key: pick(words.NO_BUDGET, lang) for key in block.cells}
        return
    if gaps:
        reason = pick(words.PART_BUDGET, lang).format(count=gaps)
        block.cells = dict.fromkeys(block.cells)
        block.missing = dict.fromkeys(block.cells, reason)
        return
    for key in ("open_bal", "open_adj", "close_bal", "grand_total_left", "grand_total_right"):
        if key in block.cells:
            block.missing[key] = pick(words.NO_BALANCE_BUDGET, lang)


def _explain_lists(block: Block, lang: Lang) -> None:
    """Says where 其中 lines do not make up their line, so that nobody takes them for a full list."""
    for parent, children in (("fiscal_subsidy", _SUBSIDY_PARTS), ("benefit", _BENEFIT_PARTS)):
        amounts = [part for key in children if isinstance(part := block.cells.get(key), Decimal)]
        whole = block.cells.get(parent)
        if amounts and isinstance(whole, Decimal) and sum(amounts) != whole:
            block.incomplete_lists.append(parent)
    if block.cells.get("fiscal_subsidy") is not None:
        for key in ("subsidy_standard", "subsidy_special"):
            if key in block.cells and block.cells[key] is None:
                block.missing[key] = pick(words.NO_SUBSIDY_SPLIT, lang)


def _rates(budget: Block, actual: Block, fund: str, year: int) -> Block:
    block = Block("rate", fund, "%", 2, column=f"actual_{year}")
    for key, value in actual.cells.items():
        planned = budget.cells.get(key)
        flow = key not in ("current_balance", "open_bal", "open_adj", "close_bal")
        if flow and isinstance(value, Decimal) and isinstance(planned, Decimal) and planned > 0:
            block.cells[f"{key}_budget_pct"] = value / planned * 100
    return block


def _growth(actual: Block, prior: Mapping[str, Decimal], fund: str, year: int) -> Block:
    """Growth on the year before; none where the base is missing, zero or negative."""
    block = Block("growth", fund, "%", 1, column=f"actual_{year}")
    for key, value in actual.cells.items():
        base = prior.get(key)
        if isinstance(value, Decimal) and base is not None and base > 0:
            block.cells[f"{key}_yoy_pct"] = (value - base) / base * 100
    return block


# ------------------------------------------------------------------------------------------ notes, remarks


def _remarks(figures: Figures, funds: Iterable[str], unit: str, lang: Lang) -> list[str]:
    """What a reader has to know beyond the standard notes: gaps to the ledger's closing, one-sided transfers."""
    found = []
    for fund in funds:
        balance = figures.balances.get(fund)
        name = pick(_fund_name(figures, fund), lang)
        if balance is None:
            continue
        for value, line in (
            (balance.unexplained_gap, words.GAP_LINE),
            (balance.transfer_imbalance, words.IMBALANCE_LINE),
        ):
            if value:
                amount = printed(value, unit_factor(unit), 2)
                found.append(
                    pick(line, lang).format(fund=name, amount=amount, unit=words.unit_name(unit, lang))
                )
    return found


def _add_notes(document: dict[str, Any], lang: Lang) -> None:
    """Print exactly the standard notes whose condition holds for these cells."""
    report = check_documents([parse_document(document)]).documents[0]
    document["notes_printed"] = report.notes_required
    document["notes"] = [
        {"id": note.id, "text": _note_text(document, note.id, note.cells, lang)} for note in report.notes
    ]


def _note_text(document: Mapping[str, Any], note: str, cells: Iterable[str], lang: Lang) -> str:
    text = pick(NOTE_TEXTS[note], lang)
    amounts = []
    for ref in cells if note == "N6" else ():
        label, key = ref.split(":")
        block = next(block for block in document["blocks"] if block["label"] == label)
        column = pick(words.COLUMNS[label], lang) + " " if label in words.COLUMNS else ""
        fund = words.FUND_NAMES.get(block["fund"])
        name = f"{pick(fund, lang)} " if fund and document["layout"] == "T2" else column
        amounts.append(
            f"{name}{pick(words.ITEM_NAMES[key], lang)} {block['cells'][key]} {words.unit_name(block['unit'], lang)}"
        )
    return text.format(
        scope=document["scope"]["level"],
        amounts=(";" if lang == "zh" else "; ").join(amounts),
        change=document["scope"].get("change", ""),
        vintage=pick(words.VINTAGES[document["vintage"]], lang),
    )
