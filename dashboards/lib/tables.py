"""Which columns of a query a reader sees, under which label and written how. `{lang}` picks the language's column."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.lib.formats import Kind


@dataclass(frozen=True)
class Column:
    """One column: its name in the query, the key of its label, how it is written, and the words of its codes."""

    name: str
    label: str
    kind: Kind = "text"
    codes: str = ""


def _named(prefix: str, label: str) -> Column:
    return Column(prefix + "_{lang}", label)


_MONTH = Column("month", "col.month", "month")
_ORG = _named("org", "col.org")
_FUND = _named("fund", "col.fund")
_NAME = _named("name", "col.item")

LAYOUTS: dict[str, tuple[Column, ...]] = {
    "balance": (
        _MONTH,
        Column("opening_balance", "col.opening", "money"),
        Column("opening_adjustment", "col.adjustment", "money"),
        Column("income", "col.income", "money"),
        Column("expenditure", "col.expenditure", "money"),
        Column("current_balance", "col.current", "money"),
        Column("closing_balance", "col.closing", "money"),
        Column("closing_prior_year", "col.closing_prior_year", "money"),
        Column("payable_months", "col.payable", "months"),
        Column("is_complete", "col.complete", "flag"),
    ),
    "flows": (
        _MONTH,
        Column("income", "col.income", "money"),
        Column("income_yoy", "col.income_yoy", "ratio"),
        Column("expenditure", "col.expenditure", "money"),
        Column("expenditure_yoy", "col.expenditure_yoy", "ratio"),
        Column("income_ytd", "col.income_ytd", "money"),
        Column("expenditure_ytd", "col.expenditure_ytd", "money"),
        Column("is_complete", "col.complete", "flag"),
    ),
    "waterfall": (
        Column("label", "col.item"),
        Column("amount", "col.amount", "money"),
    ),
    "items": (
        Column("direction", "col.direction", "code", "direction"),
        _NAME,
        Column("amount", "col.amount", "money"),
        Column("amount_prior_year", "col.amount_prior_year", "money"),
        Column("is_memo", "col.memo", "flag"),
        Column("is_transfer", "col.transfer", "flag"),
    ),
    "kinds": (
        _named("name", "col.fund"),
        Column("account_kind", "col.kind", "code", "kind"),
        Column("income_ytd", "col.income_ytd", "money"),
        Column("expenditure_ytd", "col.expenditure_ytd", "money"),
        Column("current_balance_ytd", "col.current_ytd", "money"),
        Column("closing_balance", "col.closing", "money"),
        Column("closing_prior_year", "col.closing_prior_year", "money"),
    ),
    "payable_by_org": (
        _ORG,
        _FUND,
        Column("payable_months", "col.payable", "months"),
        Column("payable_prior_year", "col.payable_prior_year", "months"),
        Column("closing_balance", "col.closing", "money"),
    ),
    "budget": (
        Column("direction", "col.direction", "code", "direction"),
        _NAME,
        _MONTH,
        Column("budget", "col.budget", "money"),
        Column("actual_ytd", "col.actual_ytd", "money"),
        Column("execution_rate", "col.execution", "ratio"),
        Column("seasonal_share", "col.seasonal", "ratio"),
        Column("elapsed_share", "col.elapsed", "ratio"),
    ),
    "spending_change": (
        _NAME,
        Column("amount", "col.amount", "money"),
        Column("amount_prior_year", "col.amount_prior_year", "money"),
        Column("change", "col.change", "money"),
        Column("contribution", "col.contribution", "points"),
        Column("is_memo", "col.memo", "flag"),
    ),
    "signals": (
        Column("kind", "col.signal", "code", "signal"),
        Column("severity", "col.severity", "code", "severity"),
        _ORG,
        _FUND,
        _MONTH,
        Column("amount", "col.amount", "money"),
    ),
    "published": (
        Column("year", "col.year", "year"),
        Column("item", "col.item", "code", "published"),
        Column("value", "col.amount", "money"),
        Column("source_title", "col.source"),
    ),
    "published_findings": (
        Column("period", "col.period", "code"),
        _named("scheme", "col.scheme"),
        _named("vintage", "col.vintage"),
        _named("identity_name", "col.identity"),
        Column("left_printed", "col.printed", "code"),
        Column("right_printed", "col.parts"),
        Column("size_printed", "col.size", "number"),
        Column("difference_printed", "col.difference", "number"),
        Column("unit_{lang}", "col.unit", "code"),
    ),
    "published_comparisons": (
        Column("year", "col.year", "year"),
        _named("scheme", "col.scheme"),
        _named("item", "col.item"),
        _named("vintage", "col.vintage"),
        Column("printed_value", "col.printed", "code"),
        _named("other", "col.other_vintage"),
        Column("other_printed", "col.other_printed"),
        Column("kind", "col.compared", "code", "compared"),
        Column("difference_printed", "col.difference", "number"),
        Column("unit_{lang}", "col.unit", "code"),
    ),
    "checks": (
        Column("passed", "col.passed", "code", "passed"),
        Column("severity", "col.severity", "code", "severity"),
        Column("state", "col.state", "code", "state"),
        _named("description", "col.meaning"),
        Column("table_name", "col.table"),
        Column("dimension", "col.dimension", "code", "dimension"),
        Column("unexpected_count", "col.unexpected", "count"),
        Column("check_id", "col.check"),
        Column("first_failed_in", "col.first_failed"),
    ),
    "checks_by_table": (
        Column("table_name", "col.table"),
        Column("dimension", "col.dimension", "code", "dimension"),
        Column("checks", "col.checks", "count"),
        Column("failed", "col.failed", "count"),
    ),
    "batches": (
        Column("batch_id", "col.batch", "code"),
        Column("table_name", "col.table"),
        Column("source_file", "col.file"),
        Column("rows_read", "col.read", "count"),
        Column("rows_landed", "col.landed", "count"),
        Column("rows_rejected", "col.rejected", "count"),
        Column("rows_identical", "col.identical", "count"),
        Column("rows_superseded", "col.superseded", "count"),
        Column("values_nulled", "col.nulled", "count"),
        Column("loaded_at", "col.loaded_at", "timestamp"),
    ),
    "gaps": (
        _MONTH,
        _ORG,
        _FUND,
        Column("closing_balance", "col.closing", "money"),
        Column("ledger_closing_balance", "col.ledger_closing", "money"),
        Column("unexplained_gap", "col.gap", "money"),
    ),
    "adjustments": (
        _MONTH,
        _ORG,
        _FUND,
        Column("opening_balance", "col.opening", "money"),
        Column("opening_adjustment", "col.adjustment", "money"),
    ),
    "forecast": (
        _MONTH,
        Column("point", "col.forecast", "money"),
        Column("lower_80", "col.lower_80", "money"),
        Column("upper_80", "col.upper_80", "money"),
        Column("lower_95", "col.lower_95", "money"),
        Column("upper_95", "col.upper_95", "money"),
        Column("shift", "col.shift", "money"),
        Column("payable_months", "col.payable", "months"),
    ),
    "forecast_outlook": (
        _named("name", "col.scenario"),
        Column("horizon", "col.horizon", "count"),
        _MONTH,
        Column("income", "col.income", "money"),
        Column("expenditure", "col.expenditure", "money"),
        Column("current_balance", "col.current", "money"),
        Column("closing_balance", "col.closing", "money"),
        Column("closing_change", "col.closing_change", "money"),
        Column("payable_months", "col.payable", "months"),
        Column("payable_change", "col.payable_change", "months"),
    ),
    "forecast_sensitivity": (
        _named("lever", "col.lever"),
        _named("name", "col.scenario"),
        Column("closing_change", "col.closing_change", "money"),
        Column("payable_change", "col.payable_change", "months"),
    ),
    "forecast_effects": (
        _MONTH,
        _named("lever", "col.lever"),
        _named("item", "col.item"),
        Column("direction", "col.direction", "code", "direction"),
        Column("base_amount", "col.base_amount", "money"),
        Column("factor", "col.factor", "ratio"),
        Column("effect", "col.effect", "money"),
        _named("formula", "col.formula"),
    ),
    "forecast_floors": (
        _named("name", "col.scenario"),
        Column("band", "col.band", "code", "floor"),
        Column("threshold", "col.threshold", "months"),
        Column("first_month", "col.floor_month", "month"),
        Column("first_month_lower_80", "col.floor_month_lower", "month"),
        Column("lowest_payable_months", "col.lowest_payable", "months"),
        Column("lowest_month", "col.lowest_month", "month"),
        Column("last_payable_months", "col.last_payable", "months"),
    ),
    "forecast_scores": (
        Column("measure", "col.measure", "code", "measure"),
        Column("model", "col.model"),
        Column("horizon", "col.horizon_to", "count"),
        Column("origins", "col.origins", "count"),
        Column("mase", "col.mase", "number"),
        Column("wape", "col.wape", "ratio"),
        Column("coverage_80", "col.coverage_80", "ratio"),
        Column("coverage_95", "col.coverage_95", "ratio"),
        Column("is_shown", "col.is_shown", "flag"),
    ),
    "forecast_national": (
        _named("item", "col.item"),
        Column("model", "col.model"),
        Column("origin_year", "col.origin_year", "year"),
        Column("year", "col.year", "year"),
        Column("point", "col.forecast", "money"),
        Column("actual", "col.actual", "money"),
        Column("relative_error", "col.relative_error", "ratio"),
        Column("lower_80", "col.lower_80", "money"),
        Column("upper_80", "col.upper_80", "money"),
    ),
}
