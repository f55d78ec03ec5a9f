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
_SCHEME = Column("scheme", "col.scheme", "code", "scheme")
_BUCKET = Column("visit_bucket", "col.visit_bucket", "code", "bucket")
_FLOW = Column("direction", "col.flow", "code", "flow")

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
    "drivers": (
        _FUND,
        Column("factor", "col.driver", "code", "driver"),
        Column("amount", "col.change", "money"),
        Column("contribution", "col.contribution", "points"),
        Column("total", "col.amount", "money"),
        Column("total_prior_year", "col.amount_prior_year", "money"),
        Column("is_booked", "col.is_booked", "flag"),
    ),
    "schema": (
        Column("column_name", "col.column"),
        Column("data_type", "col.type", "code"),
    ),
    "reconciliation_legs": (
        Column("leg", "col.leg", "text", "leg"),
        Column("left_amount", "col.left_side", "money"),
        Column("right_amount", "col.right_side", "money"),
        Column("difference", "col.difference", "money"),
        Column("months", "col.months", "count"),
    ),
    "reconciliation": (
        Column("leg", "col.leg", "text", "leg"),
        _named("cause", "col.cause"),
        Column("amount", "col.difference", "money"),
        Column("row_count", "col.documents", "count"),
    ),
    "revisions": (
        _MONTH,
        _ORG,
        _FUND,
        Column("versions", "col.versions", "count"),
        Column("first_known_at", "col.first_known", "timestamp"),
        Column("first_closing_balance", "col.first_closing", "money"),
        Column("latest_known_at", "col.latest_known", "timestamp"),
        Column("latest_closing_balance", "col.latest_closing", "money"),
        Column("closing_revision", "col.change", "money"),
        Column("income_revision", "col.income_revision", "money"),
        Column("expenditure_revision", "col.expenditure_revision", "money"),
        Column("reason", "col.reason", "code", "revision"),
        Column("batch_id", "col.batch", "code"),
        Column("source_file", "col.file"),
    ),
    "freshness": (
        Column("table_name", "col.table"),
        Column("batches", "col.batches", "count"),
        Column("rows_landed", "col.landed", "count"),
        Column("rows_rejected", "col.rejected", "count"),
        Column("loaded_at", "col.loaded_at", "timestamp"),
        Column("source_file", "col.newest_file"),
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
    "enrolment_history": (
        _MONTH,
        _SCHEME,
        Column("enrolled", "col.enrolled", "count"),
        Column("enrolled_prior_year", "col.enrolled_prior_year", "count"),
        Column("newly_enrolled", "col.newly_enrolled", "count"),
        Column("lapsed", "col.lapsed", "count"),
    ),
    "enrolment_by_age": (
        Column("age_band", "col.age_band", "code", "age"),
        Column("sex", "col.sex", "code", "sex"),
        Column("enrolled", "col.enrolled", "count"),
    ),
    "enrolment_by_group": (
        _SCHEME,
        Column("person_group", "col.person_group", "code", "group_of"),
        Column("enrolled", "col.enrolled", "count"),
        Column("enrolled_prior_year", "col.enrolled_prior_year", "count"),
        Column("newly_enrolled", "col.newly_enrolled", "count"),
        Column("lapsed", "col.lapsed", "count"),
    ),
    "enrolment_by_org": (
        _ORG,
        _SCHEME,
        Column("enrolled", "col.enrolled", "count"),
        Column("newly_enrolled", "col.newly_enrolled", "count"),
        Column("lapsed", "col.lapsed", "count"),
        Column("duplicate_enrolled", "col.duplicate_enrolled", "count"),
    ),
    "duplicates": (
        _MONTH,
        _SCHEME,
        Column("duplicate_kind", "col.duplicate_kind", "code", "duplicate"),
        Column("persons", "col.persons", "count"),
        Column("subsidy", "col.wasted_subsidy", "money"),
    ),
    "contributions": (
        _MONTH,
        Column("due", "col.due", "money"),
        Column("received", "col.received", "money"),
        Column("relief", "col.relief", "money"),
        Column("subsidy", "col.subsidy", "money"),
        Column("arrears", "col.arrears", "money"),
        Column("payers", "col.payers", "count"),
    ),
    "arrears": (
        _MONTH,
        Column("arrears_under_3_months", "col.arrears_under_3_months", "money"),
        Column("arrears_3_to_12_months", "col.arrears_3_to_12_months", "money"),
        Column("arrears_over_12_months", "col.arrears_over_12_months", "money"),
        Column("arrears", "col.arrears", "money"),
    ),
    "contributions_by_payer": (
        _SCHEME,
        Column("payer_kind", "col.payer_kind", "code", "payer"),
        Column("due", "col.due", "money"),
        Column("received", "col.received", "money"),
        Column("relief", "col.relief", "money"),
        Column("subsidy", "col.subsidy", "money"),
        Column("arrears", "col.arrears", "money"),
    ),
    "per_head": (
        _MONTH,
        Column("value", "col.per_head", "money"),
        Column("value_prior_year", "col.per_head_prior_year", "money"),
    ),
    "org_indicators": (
        _named("name", "col.indicator"),
        _SCHEME,
        _BUCKET,
        Column("period_kind", "col.period_kind", "code", "span"),
        Column("share", "col.share", "ratio"),
        Column("share_prior_year", "col.prior_year", "ratio"),
        Column("number", "col.value", "number"),
        Column("number_prior_year", "col.prior_year", "number"),
        Column("numerator", "col.numerator", "number"),
        Column("denominator", "col.denominator", "number"),
    ),
    "use_by_kind": (
        _MONTH,
        _BUCKET,
        Column("visits", "col.visits", "count"),
        Column("bed_days", "col.bed_days", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("in_scope", "col.in_scope", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
        Column("account_pay", "col.account_pay", "money"),
        Column("cash_pay", "col.cash_pay", "money"),
    ),
    "use_by_level": (
        _BUCKET,
        Column("hospital_level", "col.hospital_level", "code", "hospital"),
        Column("remote_kind", "col.remote_kind", "code", "place"),
        Column("visits", "col.visits", "count"),
        Column("bed_days", "col.bed_days", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("in_scope", "col.in_scope", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
    ),
    "benefit_layers": (
        _MONTH,
        Column("visits", "col.visits", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("in_scope", "col.in_scope", "money"),
        Column("deductible", "col.deductible", "money"),
        Column("pooled_pay", "col.pooled_pay", "money"),
        Column("catastrophic_pay", "col.catastrophic_pay", "money"),
        Column("assistance_pay", "col.assistance_pay", "money"),
        Column("other_fund_pay", "col.other_fund_pay", "money"),
        Column("account_pay", "col.account_pay", "money"),
        Column("cash_pay", "col.cash_pay", "money"),
        Column("hospital_pay", "col.hospital_pay", "money"),
    ),
    "stay_costs": (
        Column("cost_band", "col.cost_band", "code", "cost"),
        Column("stays", "col.stays", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
        Column("person_pay", "col.person_pay", "money"),
    ),
    "remote_months": (
        _MONTH,
        _FLOW,
        Column("filings", "col.filings", "count"),
        Column("visits", "col.visits", "count"),
        Column("direct_settled_visits", "col.direct_settled_visits", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
    ),
    "remote_places": (
        _FLOW,
        _named("place", "col.place"),
        Column("filings", "col.filings", "count"),
        Column("visits", "col.visits", "count"),
        Column("direct_settled_visits", "col.direct_settled_visits", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
    ),
    "remote_kinds": (
        _FLOW,
        _BUCKET,
        Column("visits", "col.visits", "count"),
        Column("direct_settled_visits", "col.direct_settled_visits", "count"),
        Column("med_fee", "col.med_fee", "money"),
        Column("fund_pay", "col.fund_pay", "money"),
    ),
    "org_indicator_line": (
        _MONTH,
        _SCHEME,
        Column("numerator", "col.numerator", "number"),
        Column("denominator", "col.denominator", "number"),
        Column("value", "col.share", "ratio"),
        Column("value_prior_year", "col.prior_year", "ratio"),
    ),
}


def _measured(kind: Kind) -> dict[str, tuple[Column, ...]]:
    """Layouts of institutions' indicators, once for fractions and once for other units."""
    value = Column("value", "col.value", kind)
    before = Column("value_prior_year", "col.value_prior_year", kind)
    median = Column("peer_median", "col.peer_median", kind)
    rank = Column("peer_percentile", "col.percentile", "ratio")
    volume = Column("volume", "col.volume", "count")
    flag = Column("flag", "col.flag", "code", "flag")
    why = Column("specifications_survived", "col.specifications")
    explained = Column("data_explanation", "col.data_explanation", "code", "explained")
    return {
        f"institution_ranking_{kind}": (
            Column("name", "col.institution"),
            Column("institution_code", "col.code", "code"),
            value,
            before,
            median,
            rank,
            volume,
            flag,
            why,
            explained,
        ),
        f"institution_profile_{kind}": (
            Column("indicator_id", "notes.id", "code"),
            _named("name", "notes.name"),
            Column("visit_bucket", "filter.bucket", "code", "bucket"),
            value,
            before,
            median,
            rank,
            volume,
            flag,
            why,
            explained,
        ),
        f"institution_history_{kind}": (
            _MONTH,
            value,
            before,
            median,
            Column("trend_low", "col.trend_low", kind),
            Column("trend_high", "col.trend_high", kind),
            volume,
        ),
    }


LAYOUTS |= _measured("ratio") | _measured("number")
