"""Findings that are no identities: slipped units (K15), timing, reserves, scope, pools cleared upward."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from medfund.checker.bands import Bands
from medfund.checker.document import Block, Cell, Document, has_doubled_unit, unit_kind
from medfund.checker.finding import Finding
from medfund.checker.identities import plain
from medfund.checker.localise import is_unit_slip
from medfund.checker.series import Fact, document_facts

_FIGURE_WITH_UNIT = re.compile(r"(\d[\d,]*(?:\.\d+)?)\s*([亿万千百]+(?:元|人次|人))")


def document_findings(document: Document, bands: Bands) -> list[Finding]:
    """Everything the cells and the text of one document suggest beyond its identities."""
    return [
        *_doubled_units(document),
        *_per_head(document, bands),
        *_period_ratio(document, bands),
        *_cleared_upward(document),
        *_negative_opening(document),
        *_growth_without_base(document),
        *_timing(document),
        *_accounts_included(document),
        *_reserve(document, bands),
    ]


def _doubled_units(document: Document) -> Iterator[Finding]:
    """12002.41万万元, in a cell or in the text about it. The cell keeps its value: nothing is rescaled."""
    slips = [(cell, cell.unit_slip) for cell in document.all_cells() if cell.unit_slip]
    numbers = defaultdict(list)
    for cell in document.all_cells():
        if cell.value is not None:
            numbers[cell.value].append(cell)
    for text in document.texts:
        for figure, unit in _FIGURE_WITH_UNIT.findall(text):
            if has_doubled_unit(unit):
                value = Decimal(figure.replace(",", ""))
                slips += [(cell, figure + unit) for cell in numbers.get(value, [])]
    seen = set()
    for cell, printed in slips:
        if cell.uid not in seen:
            seen.add(cell.uid)
            yield Finding(
                "K15",
                (cell.ref,),
                "suspicious",
                "unit_slip",
                suspects=(cell.ref,),
                printed=printed,
                message_zh=f"印作 {printed},单位重复;数值按表内单位读取,不作换算",
                message_en=f"printed {printed}, a doubled unit; read in the table's unit, not rescaled",
            )


_HEAD_KEYS = {
    "310": ("enrolled_employee", "enrolled"),
    "390": ("enrolled_resident",),
    "all": ("enrolled_total",),
}


def _per_head(document: Document, bands: Bands) -> Iterator[Finding]:
    """Income and expenditure per enrolled person and full year, inside a wide band."""
    for fact in document_facts(document):
        band = bands.per_head.get(fact.fund)
        if band is None or fact.measure not in ("income_total", "expense_total") or not fact.number:
            continue
        persons = _heads(document, fact)
        if persons is None or persons.number <= 0 or fact.span is None:
            continue
        amount = fact.cell.number * fact.cell.factor
        yearly = amount / (persons.number * persons.factor) * 12 / fact.span.months
        low, high = band[0] * fact.span.months / 24, band[1] * 12 / fact.span.months
        if low <= yearly <= high:
            continue
        shown = plain(yearly.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP))
        middle = (band[0] * band[1]).sqrt()
        slip = yearly > 0 and any(low <= yearly * Decimal(10) ** power <= high for power in (-8, -4, 4, 8))
        yield Finding(
            "K15",
            (fact.cell.ref, persons.ref),
            "suspicious",
            "unit_slip" if slip else "implausible",
            left=shown,
            right=f"{plain(band[0])}..{plain(band[1])}",
            suspects=(fact.cell.ref, persons.ref),
            message_zh=f"人均每年 {shown} 元,不在合理区间 {band[0]}–{band[1]} 元内(中位约 {middle:.0f} 元)",
            message_en=f"{shown} yuan per head and year, outside the plausible {band[0]} to {band[1]} yuan",
        )


def _heads(document: Document, fact: Fact) -> Cell | None:
    for block in document.blocks:
        if unit_kind(block.unit) == "head" and block.span == fact.span and block.org == fact.org:
            for key in _HEAD_KEYS.get(fact.fund, ()):
                if cell := block.number(key):
                    return cell
    return None


def _period_ratio(document: Document, bands: Bands) -> Iterator[Finding]:
    """A full-year flow against the year before."""
    flows: dict[tuple[object, ...], Fact] = {}
    for fact in document_facts(document):
        if fact.measure in ("income_total", "expense_total") and fact.number and fact.span is not None:
            flows[fact.fund, fact.measure, fact.org, fact.consolidated, fact.span, fact.kind] = fact
    for (fund, measure, org, consolidated, _, _), fact in flows.items():
        assert fact.span is not None
        before = [
            other
            for (other_fund, other_measure, other_org, other_level, _, kind), other in flows.items()
            if (other_fund, other_measure, other_org, other_level, kind)
            == (fund, measure, org, consolidated, "fact")
            and other.span is not None
            and other.span.year == fact.span.year - 1
            and other.span.last_month == fact.span.last_month
        ]
        if not before or before[0].cell.number <= 0:
            continue
        earlier = before[0].cell
        ratio = fact.cell.number * fact.cell.factor / (earlier.number * earlier.factor)
        low, high = bands.period_ratio
        if low <= ratio <= high:
            continue
        yield Finding(
            "K15",
            (earlier.ref, fact.cell.ref),
            "suspicious",
            "unit_slip"
            if is_unit_slip(Decimal(1), ratio) or ratio > 1000 or ratio < Decimal("0.001")
            else "implausible",
            left=plain(ratio.quantize(Decimal("0.0001"))),
            right=f"{plain(low)}..{plain(high)}",
            suspects=(earlier.ref, fact.cell.ref),
            message_zh=f"为上年的 {ratio:.4f} 倍,不在 {low}–{high} 倍之内",
            message_en=f"{ratio:.4f} times the year before, outside {low} to {high}",
        )


def _upward(block: Block) -> Cell | None:
    cell = block.number("to_upper")
    return cell if cell is not None and cell.number > 0 else None


def _cleared_upward(document: Document) -> Iterator[Finding]:
    """A pool that keeps nothing: it closes with just the year's flow, or at zero after remitting upward."""
    for block in document.blocks:
        closing, current = block.number("close_bal_pool"), block.number("current_balance_pool")
        if closing and current and closing.number and not block.has("open_bal_pool"):
            implied = closing.number - current.number
            if abs(implied) <= closing.half + current.half:
                yield _cleared(block, closing, current, implied)
        closing, current = block.number("close_bal"), block.number("current_balance")
        if closing and current and not closing.number and _upward(block) and not block.has("open_bal"):
            yield _cleared(block, closing, current, closing.number - current.number)


def _cleared(block: Block, closing: Cell, current: Cell, implied: Decimal) -> Finding:
    upward = _upward(block)
    zh = f"推算期初 {plain(implied)},期末 {closing.printed}:统筹基金当年上解清零"
    en = f"implied opening {plain(implied)}, closing {closing.printed}: the pool is cleared upward"
    if upward is not None:
        zh, en = f"{zh}(上解上级 {upward.printed})", f"{en} ({upward.printed} remitted to the upper level)"
    return Finding(
        "K1",
        (closing.ref, current.ref, *([upward.ref] if upward else [])),
        "info",
        "pool_cleared_upward",
        left=plain(implied),
        implied=plain(implied),
        message_zh=zh,
        message_en=en,
    )


def _negative_opening(document: Document) -> Iterator[Finding]:
    """An opening balance below zero that nobody printed: a sign or a figure is likely wrong."""
    for block in document.blocks:
        for suffix in ("", "_pool", "_acct"):
            closing, current = block.number(f"close_bal{suffix}"), block.number(f"current_balance{suffix}")
            if not closing or not current or block.has(f"open_bal{suffix}"):
                continue
            implied = closing.number - current.number
            if implied < -(closing.half + current.half):
                yield Finding(
                    "K1",
                    (closing.ref, current.ref),
                    "suspicious",
                    "negative_opening_implied",
                    left=plain(implied),
                    suspects=(closing.ref, current.ref),
                    implied=plain(implied),
                    message_zh=f"由期末减当期推算的期初为负:{plain(implied)}",
                    message_en=f"closing minus current balance implies an opening of {plain(implied)}",
                )


def _growth_without_base(document: Document) -> Iterator[Finding]:
    """Growth is not printed when the base is zero or negative."""
    for block in document.blocks:
        for key in block.cells:
            target = block.number(key)
            if target is None or not key.endswith("_yoy_pct"):
                continue
            stem = key.removesuffix("_yoy_pct")
            change = block.number(f"{stem}_change")
            level = block.number(f"{stem}_total") or block.number(stem)
            if change and level and level.number <= change.number:
                base = plain(level.number - change.number)
                yield Finding(
                    "K13",
                    (target.ref, level.ref, change.ref),
                    "suspicious",
                    "growth_without_base",
                    left=base,
                    suspects=(target.ref, change.ref),
                    message_zh=f"基数为 {base},不应列示增长率",
                    message_en=f"the base is {base}; no growth rate is printed on such a base",
                )


def _timing(document: Document) -> Iterator[Finding]:
    """Residents spend monthly what was paid in before the year: a shortfall inside the year is timing."""
    for block in document.blocks:
        current = block.number("current_balance")
        short = block.span is not None and not block.span.whole_year
        if block.fund == "390" and short and current and current.number < 0:
            yield Finding(
                "seasonality",
                (current.ref,),
                "info",
                "timing_info",
                amount=plain(current.number),
                message_zh=f"居民医保当期 {current.printed}:保费多在上年末缴入,属征缴时点,不作赤字预警",
                message_en=f"resident balance {current.printed}: premiums arrive before the year, this is timing",
            )


def is_monthly_indicators(document: Document) -> bool:
    """The monthly main-indicator table T2: year to date, rows by scheme."""
    if document.layout:
        return document.layout.upper() == "T2"
    rows = any("total" in block.cells and "employee" in block.cells for block in document.blocks)
    return rows and document.span is not None and not document.span.whole_year


def _accounts_included(document: Document) -> Iterator[Finding]:
    """From 2024 monthly tables show pooled funds only; one that still holds the accounts stands apart."""
    late = document.span is not None and document.span.year >= 2024
    if is_monthly_indicators(document) and late and document.accounts == "included":
        yield Finding(
            "scope",
            (),
            "info",
            "accounts_included",
            message_zh="月度表含个人账户,不可与仅含统筹基金的系列相接",
            message_en="personal accounts are included: not to be joined with a pooled-only series",
        )


def _reserve(document: Document, bands: Bands) -> Iterator[Finding]:
    """Months of spending the pooled employee fund holds. Information: level and direction, no verdict."""
    for block in document.blocks:
        if block.span is None or not block.span.whole_year or block.kind != "fact":
            continue
        pooled = block.fund == "310_pool"
        closing = block.number("close_bal" if pooled else "close_bal_pool")
        spent = block.number("expense_total" if pooled else "expense_pool")
        if (not pooled and block.fund != "310") or not closing or not spent or spent.number <= 0:
            continue
        months = (closing.number * 12 / spent.number).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        low, high = bands.pooled_months
        if low <= months <= high or (months < low and _upward(block)):
            continue
        kind = "above_band_info" if months > high else "below_band_info"
        income = block.number("income_total" if pooled else "income_pool")
        rising = None if income is None else income.number - spent.number
        direction_zh = (
            "" if rising is None else f",当期{'增加' if rising >= 0 else '减少'} {plain(abs(rising))}"
        )
        direction_en = (
            ""
            if rising is None
            else f", {'up' if rising >= 0 else 'down'} {plain(abs(rising))} in the period"
        )
        yield Finding(
            "reserve_band",
            (closing.ref, spent.ref),
            "info",
            kind,
            left=plain(months),
            right=f"{plain(low)}..{plain(high)}",
            implied=plain(months),
            message_zh=f"统筹基金可支付约 {months} 个月{direction_zh};参考区间 {low}–{high} 个月",
            message_en=f"the pool covers about {months} months{direction_en}; reference band {low} to {high}",
        )
