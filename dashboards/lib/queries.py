"""Named queries on a release's public tables. They select rows and join names, and for a span of months or a list of
checks they add up or count; no query subtracts, divides or weighs: each metric is worked out once, in its mart.

Every query lists the public tables it reads, so a figure can say where it comes from and an empty page which
mart is missing. `$basis` is `own` (one org's own books) or `consolidated` (the whole pool area, transfers between
its levels left out); `$period` is the first day of a month; `$span` is `month`, `ytd` or `rolling_12`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Query:
    """SQL with named parameters, the public tables it reads, and its columns for when there is nothing to read."""

    tables: tuple[str, ...]
    columns: tuple[str, ...]
    sql: str

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order of first use."""
        return tuple(dict.fromkeys(re.findall(r"\$(\w+)", self.sql)))


# A unit as printed; in English its name with the power of ten before it.
_UNIT = """
            {0}.printed_unit as unit_zh,
            case unit.factor when 100000000 then '×10⁸ ' || unit.unit_en when 10000 then '×10⁴ ' || unit.unit_en
                when 1 then unit.unit_en else {0}.printed_unit end as unit_en
"""

# One book over time: either one org's own or the whole pool area's.
_BOOK = """
book as (
    select
        month, opening_balance, opening_adjustment, income, expenditure, current_balance, closing_balance,
        ledger_closing_balance, unexplained_gap, income_ytd, expenditure_ytd, current_balance_ytd,
        income_yoy, expenditure_yoy, income_ytd_yoy, expenditure_ytd_yoy, surplus_rate, payable_months, own_income, own_expenditure,
        cast(null as decimal(18, 2)) as transfer_imbalance
    from marts.fund_balance_monthly
    where $basis = 'own' and org_code = $org and fund_code = $fund
    union all by name
    select
        month, opening_balance, opening_adjustment, income, expenditure, current_balance, closing_balance,
        ledger_closing_balance, unexplained_gap, income_ytd, expenditure_ytd, current_balance_ytd,
        income_yoy, expenditure_yoy, income_ytd_yoy, expenditure_ytd_yoy, surplus_rate, payable_months,
        own_income, own_expenditure, transfer_imbalance
    from marts.fund_balance_consolidated_monthly
    where $basis = 'consolidated' and fund_code = $fund
)
"""
_BOOK_TABLES = ("fund_balance_monthly", "fund_balance_consolidated_monthly", "release_info")

# Where indicators have their values.
INDICATOR_MARTS = (
    "fund_indicator_monthly",
    "org_indicator_monthly",
    "institution_indicator_monthly",
    "doctor_indicator_monthly",
    "rule_indicator_monthly",
)

_SPAN = """
span as (
    select
        cast($period as date) as until,
        case $span
            when 'month' then cast($period as date)
            when 'ytd' then cast(date_trunc('year', cast($period as date)) as date)
            else cast(cast($period as date) - interval 11 month as date)
        end as since
)
"""

QUERIES: dict[str, Query] = {
    "release_info": Query(
        ("release_info",),
        ("release_id", "built_at", "data_through", "code_version", "inputs_sha256", "gate", "waivers"),
        """
        select release_id, built_at, data_through, code_version, inputs_sha256, gate, waivers
        from marts.release_info
        """,
    ),
    "orgs": Query(
        ("dim_org", "fund_balance_monthly"),
        ("org_code", "name_zh", "name_en", "level"),
        """
        select org_code, name_zh, name_en, level
        from marts.dim_org
        where org_code in (select org_code from marts.fund_balance_monthly)
        order by case level when 'province' then 0 when 'city' then 1 when 'city_direct' then 2 else 3 end, org_code
        """,
    ),
    "top_org": Query(
        ("dim_org",),
        ("org_code",),
        """
        select org_code
        from marts.dim_org
        order by case level when 'city' then 0 when 'province' then 1 when 'city_direct' then 2 else 3 end, org_code
        limit 1
        """,
    ),
    "funds": Query(
        ("dim_fund", "fund_balance_monthly"),
        ("fund_code", "name_zh", "name_en", "scheme", "account_kind"),
        """
        select fund_code, name_zh, name_en, scheme, account_kind
        from marts.dim_fund
        where fund_code in (select fund_code from marts.fund_balance_monthly)
        order by case account_kind when 'pooled' then 0 when 'personal' then 1 else 2 end, fund_code
        """,
    ),
    "months": Query(
        ("fund_balance_monthly",),
        ("month",),
        "select distinct month from marts.fund_balance_monthly order by month desc",
    ),
    "indicators": Query(
        ("dim_indicator",),
        (
            "indicator_id",
            "name_zh",
            "name_en",
            "definition_zh",
            "definition_en",
            "unit",
            "direction",
            "source",
        ),
        """
        select indicator_id, name_zh, name_en, definition_zh, definition_en, unit, direction, source
        from marts.dim_indicator
        order by indicator_id
        """,
    ),
    "balance": Query(
        _BOOK_TABLES,
        ("month",),
        f"""
        with {_BOOK}
        select
            book.*,
            last_month.closing_balance as closing_last_month,
            last_month.payable_months as payable_last_month,
            last_year.closing_balance as closing_prior_year,
            last_year.payable_months as payable_prior_year,
            last_year.income_ytd as income_ytd_prior_year,
            last_year.expenditure_ytd as expenditure_ytd_prior_year,
            last_year.current_balance_ytd as current_balance_ytd_prior_year,
            last_day(book.month) <= info.data_through as is_complete
        from book
        cross join (select max(data_through) as data_through from marts.release_info) as info
        left join book as last_month on last_month.month = book.month - interval 1 month
        left join book as last_year on last_year.month = book.month - interval 1 year
        where book.month <= cast($period as date)
        order by book.month
        """,
    ),
    "roll_forward": Query(
        _BOOK_TABLES[:2],
        ("opening_balance", "opening_adjustment", "transfer_imbalance", "closing_balance", "months"),
        f"""
        with {_BOOK}, {_SPAN}
        select
            arg_min(opening_balance, month) as opening_balance,
            sum(opening_adjustment) as opening_adjustment,
            sum(income) as income,
            sum(expenditure) as expenditure,
            sum(transfer_imbalance) as transfer_imbalance,
            arg_max(closing_balance, month) as closing_balance,
            min(month) as since,
            max(month) as until,
            count(*) as months
        from book, span
        where month between since and until
        """,
    ),
    "items": Query(
        ("fund_income_monthly", "fund_expenditure_monthly", "reference.fund_item"),
        (
            "direction",
            "item_key",
            "name_zh",
            "name_en",
            "is_memo",
            "is_transfer",
            "amount",
            "amount_prior_year",
        ),
        f"""
        with {_SPAN}, flow as (
            select 'income' as direction, org_code, month, item_key, is_memo, is_transfer, amount
            from marts.fund_income_monthly
            where fund_code = $fund
            union all
            select 'expenditure', org_code, month, item_key, is_memo, is_transfer, amount
            from marts.fund_expenditure_monthly
            where fund_code = $fund
        )
        select
            flow.direction,
            flow.item_key,
            coalesce(item.name_zh, flow.item_key) as name_zh,
            coalesce(item.name_en, flow.item_key) as name_en,
            item.parent_item_key,
            is_memo,
            is_transfer,
            sum(amount) filter (month between since and until) as amount,
            sum(amount) filter (
                month between cast(since - interval 1 year as date) and cast(until - interval 1 year as date)
            ) as amount_prior_year,
            sum(amount) filter (month = until) as amount_month,
            sum(amount) filter (month = cast(until - interval 1 year as date)) as amount_month_prior_year
        from flow
        cross join span
        left join reference.fund_item as item on item.item_key = flow.item_key
        where case when $basis = 'own' then org_code = $org else not is_transfer end
        group by all
        having sum(amount) filter (month between since and until) is not null
        order by flow.direction desc, min(item.sort_order) nulls last, flow.item_key
        """,
    ),
    "flows_by_kind": Query(
        ("fund_balance_monthly", "fund_balance_consolidated_monthly", "dim_fund"),
        (
            "fund_code",
            "name_zh",
            "name_en",
            "account_kind",
            "income_ytd",
            "expenditure_ytd",
            "current_balance_ytd",
            "closing_balance",
            "closing_prior_year",
        ),
        """
        with book as (
            select fund_code, month, income_ytd, expenditure_ytd, current_balance_ytd, closing_balance
            from marts.fund_balance_monthly
            where $basis = 'own' and org_code = $org
            union all
            select fund_code, month, income_ytd, expenditure_ytd, current_balance_ytd, closing_balance
            from marts.fund_balance_consolidated_monthly
            where $basis = 'consolidated'
        )
        select
            fund.fund_code, fund.name_zh, fund.name_en, fund.account_kind,
            book.income_ytd, book.expenditure_ytd,
            book.current_balance_ytd,
            book.closing_balance,
            last_year.closing_balance as closing_prior_year
        from book
        join marts.dim_fund as fund using (fund_code)
        left join book as last_year
            on last_year.fund_code = book.fund_code and last_year.month = book.month - interval 1 year
        where book.month = cast($period as date)
        order by case fund.account_kind when 'pooled' then 0 when 'personal' then 1 else 2 end, fund.fund_code
        """,
    ),
    "payable_by_org": Query(
        ("fund_balance_monthly", "dim_org", "dim_fund"),
        (
            "org_code",
            "org_zh",
            "org_en",
            "fund_code",
            "fund_zh",
            "fund_en",
            "payable_months",
            "closing_balance",
        ),
        """
        select
            org.org_code, org.name_zh as org_zh, org.name_en as org_en,
            fund.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en,
            balance.payable_months, balance.closing_balance, last_year.payable_months as payable_prior_year
        from marts.fund_balance_monthly as balance
        join marts.dim_org as org using (org_code)
        join marts.dim_fund as fund using (fund_code)
        left join marts.fund_balance_monthly as last_year
            on last_year.org_code = balance.org_code and last_year.fund_code = balance.fund_code
            and last_year.month = balance.month - interval 1 year
        where balance.month = cast($period as date) and fund.account_kind = 'pooled' and fund.scheme <> 'assistance'
        order by org.org_code, fund.fund_code
        """,
    ),
    # The whole pool area stands under its city's code.
    "indicator": Query(
        ("fund_indicator_monthly",),
        ("month", "value", "value_prior_year", "threshold_low", "threshold_high", "flag"),
        """
        select month, value, value_prior_year, threshold_low, threshold_high, flag
        from marts.fund_indicator_monthly
        where org_code = $scope_org and fund_code = $fund and indicator_id = $indicator
            and period_kind = $kind and month <= cast($period as date)
        order by month
        """,
    ),
    # Ratios and the like of one month, each for the year to date where it has that, else for the month.
    "fund_indicators": Query(
        ("fund_indicator_monthly", "dim_indicator"),
        ("indicator_id", "name_zh", "name_en", "unit", "period_kind", "value", "value_prior_year", "flag"),
        """
        select
            entry.indicator_id, indicator.name_zh, indicator.name_en, indicator.unit, entry.period_kind, entry.value,
            entry.value_prior_year, entry.threshold_low, entry.threshold_high, entry.flag
        from marts.fund_indicator_monthly as entry
        join marts.dim_indicator as indicator on indicator.indicator_id = entry.indicator_id
        where entry.org_code = $scope_org and entry.fund_code = $fund and entry.month = cast($period as date)
            and entry.value is not null and indicator.unit <> 'yuan'
        qualify row_number() over (
            partition by entry.indicator_id
            order by case entry.period_kind when 'ytd' then 0 when 'month' then 1 else 2 end
        ) = 1
        order by entry.indicator_id
        """,
    ),
    "budget": Query(
        ("fund_budget_summary_monthly", "reference.fund_item"),
        (
            "direction",
            "item_key",
            "name_zh",
            "name_en",
            "month",
            "budget",
            "actual_ytd",
            "execution_rate",
            "elapsed_share",
            "seasonal_share",
            "expected_share",
            "deviation",
            "is_total",
        ),
        """
        select
            summary.direction, summary.item_key,
            case summary.item_key when 'total' then '预算合计' else coalesce(item.name_zh, summary.item_key) end as name_zh,
            case summary.item_key when 'total' then 'Budget, all items' else coalesce(item.name_en, summary.item_key) end
                as name_en,
            summary.month, summary.budget, summary.actual_ytd, summary.execution_rate, summary.elapsed_share,
            summary.seasonal_share, summary.expected_share, summary.deviation, summary.item_key = 'total' as is_total
        from marts.fund_budget_summary_monthly as summary
        left join reference.fund_item as item on item.item_key = summary.item_key
        where summary.org_code = $scope_org and summary.is_consolidated = ($basis = 'consolidated')
            and summary.fund_code = $fund
            and summary.year = year(cast($period as date)) and summary.month <= cast($period as date)
        order by summary.direction desc, is_total desc, item.sort_order nulls last, summary.item_key, summary.month
        """,
    ),
    "spending_change": Query(
        ("fund_expenditure_change_monthly", "reference.fund_item"),
        (
            "item_key",
            "name_zh",
            "name_en",
            "parent_item_key",
            "is_memo",
            "amount",
            "amount_prior_year",
            "change",
            "contribution",
            "total",
            "total_prior_year",
        ),
        """
        select
            moved.item_key,
            coalesce(item.name_zh, moved.item_key) as name_zh, coalesce(item.name_en, moved.item_key) as name_en,
            item.parent_item_key, moved.is_memo, moved.amount, moved.amount_prior_year, moved.change,
            moved.contribution, moved.total, moved.total_prior_year
        from marts.fund_expenditure_change_monthly as moved
        left join reference.fund_item as item on item.item_key = moved.item_key
        where moved.org_code = $scope_org
            and moved.fund_code = $fund and moved.month = cast($period as date) and moved.period_kind = 'ytd'
        order by abs(moved.change) desc, moved.item_key
        """,
    ),
    # The fan of the leadership screen: a year ahead of the month shown, where the forecast starts from it.
    "forecast": Query(
        ("fund_forecast_monthly",),
        ("month", "model", "origin_month", "point", "lower_80", "upper_80", "lower_95", "upper_95"),
        """
        select month, model, origin_month, point, lower_80, upper_80, lower_95, upper_95
        from marts.fund_forecast_monthly
        where org_code = $scope_org and fund_code = $fund and measure = 'balance' and scenario = 'baseline'
            and origin_month = cast($period as date) and horizon <= 12
        order by month
        """,
    ),
    "forecast_state": Query(
        ("fund_forecast_series",),
        ("state", "first_month", "origin_month", "months", "income_model", "expenditure_model"),
        """
        select state, first_month, origin_month, months, income_model, expenditure_model
        from marts.fund_forecast_series
        where org_code = $scope_org and fund_code = $fund
        """,
    ),
    "forecast_path": Query(
        ("fund_forecast_monthly",),
        ("month", "model", "origin_month", "point", "lower_80", "upper_80", "lower_95", "upper_95"),
        """
        select
            month, horizon, model, origin_month, point, lower_80, upper_80, lower_95, upper_95, shift,
            payable_months, payable_months_lower_80
        from marts.fund_forecast_monthly
        where org_code = $scope_org and fund_code = $fund and measure = $measure and scenario = $scenario
        order by month
        """,
    ),
    "forecast_history": Query(
        _BOOK_TABLES[:2],
        ("month", "value", "payable_months"),
        f"""
        with {_BOOK}
        select
            month,
            case $measure when 'income' then income when 'expenditure' then expenditure else closing_balance end as value,
            payable_months
        from book
        where month > (select max(month) from book) - interval 36 month
        order by month
        """,
    ),
    "forecast_outlook": Query(
        ("fund_forecast_outlook", "fund_forecast_scenario"),
        ("scenario", "name_zh", "name_en", "lever", "horizon", "closing_balance"),
        """
        with named as (
            select scenario, any_value(name_zh) as name_zh, any_value(name_en) as name_en, min(sort_order) as sort_order
            from marts.fund_forecast_scenario
            group by scenario
        )
        select
            outlook.scenario, named.name_zh, named.name_en, outlook.lever, outlook.horizon, outlook.month, outlook.income,
            outlook.expenditure, outlook.current_balance, outlook.closing_balance, outlook.closing_change,
            outlook.payable_months, outlook.payable_change
        from marts.fund_forecast_outlook as outlook
        join named using (scenario)
        where outlook.org_code = $scope_org and outlook.fund_code = $fund
        order by named.sort_order, outlook.scenario, outlook.horizon
        """,
    ),
    # The lever that moves the balance most stands first, its two directions beside each other.
    "forecast_sensitivity": Query(
        ("fund_forecast_outlook", "fund_forecast_scenario"),
        ("scenario", "name_zh", "name_en", "lever_zh", "lever_en", "closing_change", "payable_change"),
        """
        with named as (
            select
                scenario, any_value(name_zh) as name_zh, any_value(name_en) as name_en,
                any_value(lever_name_zh) as lever_zh, any_value(lever_name_en) as lever_en
            from marts.fund_forecast_scenario
            group by scenario
        )
        select
            outlook.scenario, named.name_zh, named.name_en, named.lever_zh, named.lever_en, outlook.month,
            outlook.closing_change, outlook.payable_change
        from marts.fund_forecast_outlook as outlook
        join named using (scenario)
        where outlook.org_code = $scope_org and outlook.fund_code = $fund and outlook.horizon = 24
            and outlook.lever is not null
        order by max(abs(outlook.closing_change)) over (partition by outlook.lever) desc, outlook.lever,
            outlook.closing_change desc
        """,
    ),
    "forecast_effects": Query(
        ("fund_forecast_effect", "fund_forecast_scenario", "reference.fund_item"),
        (
            "month",
            "lever_zh",
            "lever_en",
            "item_zh",
            "item_en",
            "direction",
            "base_amount",
            "factor",
            "effect",
        ),
        """
        select
            effect.month, row.lever_name_zh as lever_zh, row.lever_name_en as lever_en,
            coalesce(item.name_zh, effect.item_key) as item_zh, coalesce(item.name_en, effect.item_key) as item_en,
            effect.direction, effect.base_amount, effect.factor, effect.effect, row.formula_zh, row.formula_en
        from marts.fund_forecast_effect as effect
        join marts.fund_forecast_scenario as row
            on row.scenario = effect.scenario and row.ordinal = effect.ordinal and row.part = effect.part
        left join reference.fund_item as item on item.item_key = effect.item_key
        where effect.org_code = $scope_org and effect.fund_code = $fund and effect.scenario = $scenario
        order by effect.ordinal, effect.part, effect.month
        """,
    ),
    "forecast_floors": Query(
        ("fund_forecast_floor", "fund_forecast_scenario"),
        ("scenario", "name_zh", "name_en", "band", "threshold", "first_month", "first_month_lower_80"),
        """
        with named as (
            select scenario, any_value(name_zh) as name_zh, any_value(name_en) as name_en, min(sort_order) as sort_order
            from marts.fund_forecast_scenario
            group by scenario
        )
        select
            floor.scenario, named.name_zh, named.name_en, floor.band, floor.threshold, floor.first_month,
            floor.first_month_lower_80, floor.lowest_payable_months, floor.lowest_month, floor.last_payable_months
        from marts.fund_forecast_floor as floor
        join named using (scenario)
        where floor.org_code = $scope_org and floor.fund_code = $fund
        order by named.sort_order, floor.scenario, floor.threshold desc
        """,
    ),
    "forecast_scores": Query(
        ("fund_forecast_score",),
        ("measure", "model", "horizon", "origins", "mase", "wape", "coverage_80", "coverage_95", "is_shown"),
        """
        select measure, model, horizon, origins, periods, mase, wape, coverage_80, coverage_95, is_shown
        from marts.fund_forecast_score
        where org_code = $scope_org and fund_code = $fund
        order by
            case measure when 'income' then 0 when 'expenditure' then 1 else 2 end, model <> 'seasonal_naive',
            not is_shown, model, horizon
        """,
    ),
    "forecast_national": Query(
        ("fund_forecast_published", "fund_forecast_published_score"),
        ("scheme_zh", "scheme_en", "item_zh", "item_en", "model", "origin_year", "year", "actual", "point"),
        """
        select
            published.scheme_name_zh as scheme_zh, published.scheme_name_en as scheme_en,
            published.item_name_zh as item_zh, published.item_name_en as item_en, published.item, published.model,
            published.origin_year, published.year, published.horizon, published.actual, published.point,
            published.lower_80, published.upper_80, published.lower_95, published.upper_95, published.relative_error,
            score.wape, score.mase
        from marts.fund_forecast_published as published
        left join marts.fund_forecast_published_score as score
            on score.scheme = published.scheme and score.item = published.item and score.model = published.model
            and score.horizon = 1
        where published.scheme = 'total' and published.is_shown
        order by published.item desc, published.origin_year, published.year
        """,
    ),
    "signals": Query(
        ("fund_signal_monthly", "dim_fund", "dim_org"),
        (
            "kind",
            "severity",
            "org_code",
            "is_pool_area",
            "fund_code",
            "fund_zh",
            "fund_en",
            "month",
            "amount",
        ),
        """
        select
            signal.signal as kind, signal.severity, signal.org_code, org.name_zh as org_zh, org.name_en as org_en,
            signal.signal = 'transfer_imbalance' as is_pool_area,
            signal.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en, signal.month, signal.amount
        from marts.fund_signal_monthly as signal
        left join marts.dim_org as org using (org_code)
        left join marts.dim_fund as fund using (fund_code)
        where cast($period as date) between signal.month and signal.stands_until
        order by abs(signal.amount) desc, signal.signal, signal.org_code, signal.fund_code, signal.month
        limit 5
        """,
    ),
    "signal_counts": Query(
        ("fund_signal_monthly",),
        ("signals",),
        """
        select count(*) as signals
        from marts.fund_signal_monthly
        where cast($period as date) between month and stands_until
        """,
    ),
    # Why spending moved: the pool area, or one org, against the same period of the year before; every fund.
    "drivers": Query(
        ("spending_driver_monthly", "dim_fund"),
        (
            "fund_code",
            "fund_zh",
            "fund_en",
            "factor",
            "amount",
            "contribution",
            "total",
            "total_prior_year",
            "has_people",
            "is_booked",
        ),
        """
        select
            driver.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en, driver.factor, driver.amount,
            driver.contribution, driver.total, driver.total_prior_year, driver.has_people, driver.is_booked
        from marts.spending_driver_monthly as driver
        join marts.dim_fund as fund using (fund_code)
        where driver.unit_kind = case when $basis = 'own' then 'org' else 'pool' end
            and driver.unit_code = $scope_org and driver.month = cast($period as date)
            and driver.period_kind = case when $span = 'rolling_12' then 'rolling_12' else 'ytd' end
        order by
            case fund.account_kind when 'pooled' then 0 when 'personal' then 1 else 2 end, driver.fund_code,
            driver.sort_order
        """,
    ),
    # Changes of scope between the chosen month and the same month of the year before.
    "scope_breaks": Query(
        ("dim_policy_event", "dim_fund"),
        ("effective_date", "name_zh", "name_en", "short_zh", "short_en"),
        """
        select event.effective_date, event.name_zh, event.name_en, event.short_zh, event.short_en
        from marts.dim_policy_event as event
        join marts.dim_fund as fund on fund.scheme = event.scheme
        where fund.fund_code = $fund
            and event.effective_date > cast($period as date) - interval 12 month
            and event.effective_date < cast($period as date) + interval 1 month
        order by event.effective_date, event.event_key
        """,
    ),
    "policy_events": Query(
        ("dim_policy_event",),
        ("event_key", "scheme", "effective_date", "name_zh", "name_en", "short_zh", "short_en", "source"),
        """
        select event_key, scheme, effective_date, name_zh, name_en, short_zh, short_en, source
        from marts.dim_policy_event
        order by effective_date, event_key, scheme
        """,
    ),
    "gap_total": Query(
        ("fund_balance_monthly",),
        ("gap", "books"),
        """
        select
            sum(abs(unexplained_gap)) as gap,
            count(*) filter (unexplained_gap <> 0) as books,
            count(*) as all_books,
            count(unexplained_gap) as checked_books
        from marts.fund_balance_monthly
        where month = cast($period as date)
        """,
    ),
    # An edition that a screen shows first stands first; a series of one year is no series.
    "published_choices": Query(
        ("fund_published_annual", "reference.published_vintage"),
        ("scheme", "scheme_zh", "scheme_en", "vintage", "vintage_zh", "vintage_en", "years"),
        """
        select
            figure.scheme, figure.scheme_name_zh as scheme_zh, figure.scheme_name_en as scheme_en,
            figure.vintage, edition.name_zh as vintage_zh, edition.name_en as vintage_en,
            count(distinct figure.year) as years
        from marts.fund_published_annual as figure
        join reference.published_vintage as edition on edition.vintage = figure.vintage
        where figure.region = 'national' and figure.item in ('income', 'expenditure')
        group by all
        having count(distinct figure.year) >= 2
        order by figure.scheme, min(edition.preference), figure.vintage
        """,
    ),
    "published": Query(
        ("fund_published_annual",),
        ("year", "item", "value", "source_title"),
        """
        select year, item, value, source_title
        from marts.fund_published_annual
        where region = 'national' and scheme = $scheme and vintage = $vintage
            and item in ('income', 'expenditure', 'current_balance', 'cumulative_balance')
        order by year, item
        """,
    ),
    "published_findings": Query(
        (
            "published_finding",
            "reference.published_scheme",
            "reference.published_vintage",
            "reference.published_unit",
        ),
        (
            "period",
            "scheme_zh",
            "scheme_en",
            "vintage_zh",
            "vintage_en",
            "identity_name_zh",
            "identity_name_en",
            "left_printed",
            "right_printed",
            "difference_printed",
            "size_printed",
            "unit_zh",
            "unit_en",
        ),
        f"""
        select
            finding.period, scheme.name_zh as scheme_zh, scheme.name_en as scheme_en,
            edition.name_zh as vintage_zh, edition.name_en as vintage_en,
            finding.identity_name_zh, finding.identity_name_en, finding.left_printed, finding.right_printed,
            finding.difference_printed, finding.size_printed,
            {_UNIT.format("finding").strip()}
        from marts.published_finding as finding
        left join reference.published_scheme as scheme on scheme.scheme = finding.scheme
        left join reference.published_vintage as edition on edition.vintage = finding.vintage
        left join reference.published_unit as unit on unit.printed_unit = finding.printed_unit
        order by finding.year desc, finding.size desc, finding.identity, finding.scheme, finding.vintage
        """,
    ),
    "published_comparisons": Query(
        (
            "published_comparison",
            "reference.published_scheme",
            "reference.published_item",
            "reference.published_vintage",
            "reference.published_unit",
        ),
        (
            "kind",
            "year",
            "scheme_zh",
            "scheme_en",
            "item_zh",
            "item_en",
            "vintage_zh",
            "vintage_en",
            "other_zh",
            "other_en",
            "printed_value",
            "other_printed",
            "difference_printed",
            "unit_zh",
            "unit_en",
        ),
        f"""
        select
            compared.kind, compared.year, scheme.name_zh as scheme_zh, scheme.name_en as scheme_en,
            item.name_zh as item_zh, item.name_en as item_en,
            edition.name_zh as vintage_zh, edition.name_en as vintage_en,
            other.name_zh as other_zh, other.name_en as other_en,
            compared.printed_value, compared.other_printed, compared.difference_printed,
            {_UNIT.format("compared").strip()}
        from marts.published_comparison as compared
        left join reference.published_scheme as scheme on scheme.scheme = compared.scheme
        left join reference.published_item as item on item.item = compared.item
        left join reference.published_vintage as edition on edition.vintage = compared.vintage
        left join reference.published_unit as unit on unit.printed_unit = compared.printed_unit
        left join reference.published_vintage as other on other.vintage = compared.other_vintage
        where compared.verdict = 'differs'
        order by compared.year desc, compared.scheme, compared.item, edition.preference, other.preference
        """,
    ),
    "published_verdicts": Query(
        ("published_comparison",),
        ("pairs", "agrees", "rounding", "differs", "recomputed"),
        """
        select
            count(*) filter (kind = 'same_figure') as pairs,
            count(*) filter (kind = 'same_figure' and verdict = 'agrees') as agrees,
            count(*) filter (kind = 'same_figure' and verdict = 'rounding') as rounding,
            count(*) filter (kind = 'same_figure' and verdict = 'differs') as differs,
            count(*) filter (kind = 'recomputed' and verdict = 'differs') as recomputed
        from marts.published_comparison
        """,
    ),
    "checks": Query(
        ("quality_check",),
        (
            "check_id",
            "suite",
            "table_name",
            "severity",
            "dimension",
            "description_zh",
            "description_en",
            "unexpected_count",
            "passed",
            "first_failed_in",
            "state",
        ),
        """
        select
            check_id, suite, table_name, severity, dimension, description_zh, description_en, unexpected_count,
            passed, first_failed_in, state
        from marts.quality_check
        order by passed, case severity when 'critical' then 0 when 'major' then 1 else 2 end, table_name, check_id
        """,
    ),
    "check_counts": Query(
        ("quality_check",),
        ("checks", "passed"),
        """
        select
            count(*) as checks,
            count(*) filter (passed) as passed,
            count(*) filter (not passed and severity = 'critical') as critical,
            count(*) filter (not passed and severity = 'major') as major,
            count(*) filter (not passed and severity = 'minor') as minor,
            count(*) filter (state = 'new') as new,
            count(*) filter (state = 'persisting') as persisting,
            count(*) filter (state = 'resolved') as resolved,
            count(*) filter (passed is null) as not_evaluated
        from marts.quality_check
        """,
    ),
    "checks_by_table": Query(
        ("quality_check",),
        ("table_name", "dimension", "checks", "failed"),
        """
        with counted as (
            select table_name, dimension, count(*) as checks, count(*) filter (passed is not true) as failed
            from marts.quality_check
            group by all
        )
        select table_name, dimension, checks, failed
        from counted
        order by sum(failed) over (partition by table_name) = 0, table_name, dimension
        """,
    ),
    "batches": Query(
        ("load_batch",),
        (
            "batch_id",
            "table_name",
            "source_file",
            "rows_read",
            "rows_landed",
            "rows_rejected",
            "rows_identical",
            "rows_superseded",
            "values_nulled",
            "loaded_at",
        ),
        """
        select
            batch_id, table_name, source_file, rows_read, rows_landed, rows_rejected, rows_identical,
            rows_superseded, values_nulled, loaded_at
        from marts.load_batch
        order by rows_rejected desc, batch_id
        limit 1000
        """,
    ),
    "batch_totals": Query(
        ("load_batch",),
        ("batches", "rows_read", "rows_landed", "rows_rejected"),
        """
        select
            count(*) as batches,
            sum(rows_read) as rows_read,
            sum(rows_landed) as rows_landed,
            sum(rows_rejected) as rows_rejected,
            sum(rows_identical) as rows_identical,
            sum(values_nulled) as values_nulled,
            max(loaded_at) as loaded_at
        from marts.load_batch
        """,
    ),
    "landed": Query(
        ("load_batch",),
        ("table_name", "rows_landed", "loaded_at"),
        """
        select table_name, sum(rows_landed) as rows_landed, max(loaded_at) as loaded_at
        from marts.load_batch
        group by table_name
        order by table_name
        """,
    ),
    "gaps": Query(
        ("fund_balance_monthly", "dim_org", "dim_fund"),
        ("org_code", "fund_code", "month", "closing_balance", "ledger_closing_balance", "unexplained_gap"),
        """
        select
            balance.org_code, org.name_zh as org_zh, org.name_en as org_en,
            balance.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en,
            balance.month, balance.closing_balance, balance.ledger_closing_balance, balance.unexplained_gap
        from marts.fund_balance_monthly as balance
        join marts.dim_org as org using (org_code)
        join marts.dim_fund as fund using (fund_code)
        where balance.unexplained_gap <> 0 and balance.month <= cast($period as date)
        order by balance.month desc, abs(balance.unexplained_gap) desc
        limit 500
        """,
    ),
    "adjustments": Query(
        ("fund_balance_monthly", "dim_org", "dim_fund"),
        ("org_code", "fund_code", "month", "opening_balance", "opening_adjustment"),
        """
        select
            balance.org_code, org.name_zh as org_zh, org.name_en as org_en,
            balance.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en,
            balance.month, balance.opening_balance, balance.opening_adjustment
        from marts.fund_balance_monthly as balance
        join marts.dim_org as org using (org_code)
        join marts.dim_fund as fund using (fund_code)
        where balance.opening_adjustment <> 0 and balance.month <= cast($period as date)
        order by balance.month desc, abs(balance.opening_adjustment) desc
        limit 500
        """,
    ),
    # The people pages: enrolment, benefits, remote care. `$scheme` is employee, resident or all. In the whole pool area a
    # person counts once in a scheme.
    "enrolment_history": Query(
        ("enrolment_monthly",),
        ("month", "scheme", "enrolled", "enrolled_prior_year", "newly_enrolled", "lapsed"),
        """
        with head as (
            select scheme, month, sum(case when $basis = 'own' then enrolled else enrolled_once end) as enrolled,
                sum(newly_enrolled) as newly_enrolled, sum(lapsed) as lapsed
            from marts.enrolment_monthly
            where $basis = 'consolidated' or org_code = $org
            group by scheme, month
        )
        select head.month, head.scheme, head.enrolled, last_year.enrolled as enrolled_prior_year,
            head.newly_enrolled, head.lapsed
        from head
        left join head as last_year
            on last_year.scheme = head.scheme and last_year.month = head.month - interval 1 year
        where head.month <= cast($period as date)
        order by head.month, head.scheme
        """,
    ),
    "enrolment_by_age": Query(
        ("enrolment_monthly",),
        ("age_band", "sex", "enrolled"),
        """
        select age_band, sex, sum(case when $basis = 'own' then enrolled else enrolled_once end) as enrolled
        from marts.enrolment_monthly
        where month = cast($period as date) and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by age_band, sex
        having sum(enrolled) > 0
        order by case age_band when '0-4' then 0 when '5-17' then 1 when '80+' then 8 when 'unknown' then 9 else 2 end,
            age_band, sex desc
        """,
    ),
    "enrolment_by_group": Query(
        ("enrolment_monthly",),
        ("scheme", "person_group", "enrolled", "newly_enrolled", "lapsed"),
        """
        select scheme, person_group,
            sum(case when $basis = 'own' then enrolled else enrolled_once end)
                filter (month = cast($period as date)) as enrolled,
            sum(case when $basis = 'own' then enrolled else enrolled_once end)
                filter (month = cast($period as date) - interval 1 year) as enrolled_prior_year,
            sum(newly_enrolled) filter (month = cast($period as date)) as newly_enrolled,
            sum(lapsed) filter (month = cast($period as date)) as lapsed
        from marts.enrolment_monthly
        where ($basis = 'consolidated' or org_code = $org)
            and month in (cast($period as date), cast($period as date) - interval 1 year)
        group by scheme, person_group
        having sum(enrolled) filter (month = cast($period as date)) > 0
        order by scheme, enrolled desc
        """,
    ),
    "enrolment_by_org": Query(
        ("enrolment_monthly", "dim_org"),
        (
            "org_code",
            "org_zh",
            "org_en",
            "scheme",
            "enrolled",
            "newly_enrolled",
            "lapsed",
            "duplicate_enrolled",
        ),
        """
        select enrolled.org_code, coalesce(org.name_zh, enrolled.org_code) as org_zh,
            coalesce(org.name_en, enrolled.org_code) as org_en, enrolled.scheme, sum(enrolled.enrolled) as enrolled,
            sum(enrolled.newly_enrolled) as newly_enrolled, sum(enrolled.lapsed) as lapsed,
            sum(enrolled.duplicate_enrolled) as duplicate_enrolled
        from marts.enrolment_monthly as enrolled
        left join marts.dim_org as org on org.org_code = enrolled.org_code
        where enrolled.month = cast($period as date)
        group by all
        order by enrolled.scheme, enrolled.org_code
        """,
    ),
    # The population that the bureau states, and the members held against it where there are any.
    "coverage": Query(
        ("population_monthly", "org_indicator_monthly"),
        ("month", "basis", "enrolled", "persons", "population_year", "source", "share", "share_prior_year"),
        """
        select population.month, population.basis, told.numerator as enrolled, population.persons,
            population.population_year, population.source, told.value as share, told.value_prior_year as share_prior_year
        from marts.population_monthly as population
        left join marts.org_indicator_monthly as told
            on told.org_code = population.org_code and told.month = population.month
            and told.indicator_id = case population.basis when 'resident' then 'E01' else 'E01.registered' end
        where population.org_code = $scope_org and population.month <= cast($period as date)
            and (told.month is not null or population.month = cast($period as date))
        order by population.month, population.basis desc
        """,
    ),
    "duplicates": Query(
        ("enrolment_duplicate_monthly",),
        ("month", "scheme", "duplicate_kind", "persons", "subsidy"),
        """
        select month, scheme, duplicate_kind, sum(persons) as persons, sum(subsidy) as subsidy
        from marts.enrolment_duplicate_monthly
        where month <= cast($period as date) and ($basis = 'consolidated' or org_code = $org)
        group by all
        order by month desc, scheme, duplicate_kind
        """,
    ),
    "contributions": Query(
        ("contribution_monthly",),
        (
            "month",
            "due",
            "received",
            "relief",
            "subsidy",
            "arrears",
            "arrears_under_3_months",
            "arrears_3_to_12_months",
            "arrears_over_12_months",
            "payers",
        ),
        """
        select month, sum(due) as due, sum(received) as received, sum(relief) as relief, sum(subsidy) as subsidy,
            sum(arrears) as arrears, sum(arrears_under_3_months) as arrears_under_3_months,
            sum(arrears_3_to_12_months) as arrears_3_to_12_months,
            sum(arrears_over_12_months) as arrears_over_12_months, sum(payers) as payers
        from marts.contribution_monthly
        where month <= cast($period as date) and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by month
        order by month
        """,
    ),
    "contributions_by_payer": Query(
        ("contribution_monthly",),
        ("scheme", "payer_kind", "due", "received", "relief", "subsidy", "arrears"),
        f"""
        with {_SPAN}
        select scheme, payer_kind, sum(due) as due, sum(received) as received, sum(relief) as relief,
            sum(subsidy) as subsidy, sum(arrears) filter (month = until) as arrears
        from marts.contribution_monthly
        cross join span
        where month between since and until and ($basis = 'consolidated' or org_code = $org)
        group by scheme, payer_kind
        order by scheme, payer_kind
        """,
    ),
    # Indicators of the insured of one place and month; the whole pool area stands under its city's code.
    "org_indicators": Query(
        ("org_indicator_monthly", "dim_indicator"),
        (
            "indicator_id",
            "name_zh",
            "name_en",
            "scheme",
            "visit_bucket",
            "period_kind",
            "numerator",
            "denominator",
            "value",
        ),
        """
        select told.indicator_id, indicator.name_zh, indicator.name_en, told.scheme, told.visit_bucket, told.period_kind,
            told.numerator, told.denominator, told.value, told.value_prior_year, indicator.unit,
            case when indicator.unit = '%' then told.value end as share,
            case when indicator.unit = '%' then told.value_prior_year end as share_prior_year,
            case when indicator.unit <> '%' then told.value end as number,
            case when indicator.unit <> '%' then told.value_prior_year end as number_prior_year
        from marts.org_indicator_monthly as told
        join marts.dim_indicator as indicator on indicator.indicator_id = told.indicator_id
        where told.org_code = $scope_org and told.month = cast($period as date) and indicator.level = $level
            and ($scheme = 'all' or told.scheme in ($scheme, 'all'))
            and told.period_kind in ($span, 'month', 'ytd')
        qualify told.period_kind = $span or count(*) filter (told.period_kind = $span) over (
            partition by told.indicator_id, told.scheme, told.visit_bucket) = 0
        order by told.indicator_id, told.scheme, told.visit_bucket, told.period_kind
        """,
    ),
    "org_indicator_line": Query(
        ("org_indicator_monthly",),
        ("month", "scheme", "value", "value_prior_year"),
        """
        select month, scheme, numerator, denominator, value, value_prior_year
        from marts.org_indicator_monthly
        where org_code = $scope_org and indicator_id = $indicator and visit_bucket = $bucket and scheme = $scheme
            and period_kind = $kind and month <= cast($period as date)
        order by month
        """,
    ),
    "use_by_kind": Query(
        ("utilisation_monthly",),
        ("month", "visit_bucket", "visits", "med_fee", "fund_pay"),
        """
        select month, visit_bucket, sum(visits) as visits, sum(bed_days) as bed_days, sum(med_fee) as med_fee,
            sum(in_scope) as in_scope, sum(fund_pay) as fund_pay, sum(account_pay) as account_pay,
            sum(cash_pay) as cash_pay
        from marts.utilisation_monthly
        where month <= cast($period as date) and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by month, visit_bucket
        order by month, visit_bucket
        """,
    ),
    "use_by_level": Query(
        ("utilisation_monthly",),
        ("visit_bucket", "hospital_level", "remote_kind", "visits", "bed_days", "med_fee", "fund_pay"),
        f"""
        with {_SPAN}
        select visit_bucket, hospital_level, remote_kind, sum(visits) as visits, sum(bed_days) as bed_days,
            sum(med_fee) as med_fee, sum(in_scope) as in_scope, sum(fund_pay) as fund_pay
        from marts.utilisation_monthly
        cross join span
        where month between since and until and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by visit_bucket, hospital_level, remote_kind
        order by visit_bucket, hospital_level, remote_kind
        """,
    ),
    "benefit_layers": Query(
        ("benefit_layer_monthly",),
        (
            "month",
            "visits",
            "med_fee",
            "in_scope",
            "pooled_pay",
            "catastrophic_pay",
            "assistance_pay",
            "other_fund_pay",
            "account_pay",
            "cash_pay",
            "hospital_pay",
        ),
        """
        select month, sum(visits) as visits, sum(med_fee) as med_fee, sum(in_scope) as in_scope,
            sum(deductible) as deductible, sum(pooled_pay) as pooled_pay, sum(catastrophic_pay) as catastrophic_pay,
            sum(assistance_pay) as assistance_pay, sum(other_fund_pay) as other_fund_pay,
            sum(account_pay) as account_pay, sum(cash_pay) as cash_pay, sum(hospital_pay) as hospital_pay
        from marts.benefit_layer_monthly
        where month <= cast($period as date) and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by month
        order by month
        """,
    ),
    "stay_costs": Query(
        ("stay_cost_monthly",),
        ("cost_band", "stays", "med_fee", "fund_pay", "person_pay"),
        f"""
        with {_SPAN}
        select cost_band, sum(stays) as stays, sum(med_fee) as med_fee, sum(fund_pay) as fund_pay,
            sum(person_pay) as person_pay
        from marts.stay_cost_monthly
        cross join span
        where month between since and until and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by cost_band
        order by case cost_band when 'under_5k' then 0 when '5k_to_10k' then 1 when '10k_to_50k' then 2
            when '50k_to_100k' then 3 else 4 end
        """,
    ),
    # Institutions that stand in the chosen division, or all of them.
    "payment_institutions": Query(
        ("payment_institution_annual", "dim_institution"),
        (
            "institution_code",
            "institution",
            "scheme",
            "group_system",
            "cases",
            "cmi",
            "cost_index",
            "amount",
            "due",
            "paid",
        ),
        """
        select paid.institution_code, coalesce(place.name, paid.institution_code) as institution, paid.scheme,
            paid.group_system, paid.cases, paid.cmi, paid.cost_index, paid.time_index, paid.standard_payment,
            paid.actual_cost, paid.gain_or_loss as amount, paid.due, paid.accrued, paid.accrued_to_due, paid.tier_zh,
            paid.tier_en, paid.paid, paid.retained_surplus, paid.shared_overspend, paid.on_account, paid.year_end_amount
        from marts.payment_institution_annual as paid
        left join marts.dim_institution as place
            on place.institution_code = paid.institution_code and place.is_current
        where paid.year = year(cast($period as date)) and ($scheme = 'all' or paid.scheme = $scheme)
            and ($basis = 'consolidated' or place.org_code = $org)
        order by abs(paid.gain_or_loss) desc, paid.institution_code, paid.scheme
        """,
    ),
    # Values keep the six places that they are stated to.
    "payment_values": Query(
        ("payment_value_annual",),
        (
            "year",
            "scheme",
            "group_system",
            "value_method",
            "point_value",
            "distributable_amount",
            "unspent_amount",
        ),
        """
        select year, scheme, group_system, value_method, cast(weight as double) as weight, distributable_amount,
            cast(point_value as varchar) as point_value, cast(budget_value as varchar) as budget_value,
            cast(plain_value as varchar) as plain_value, cast(ratio_value as varchar) as ratio_value,
            cast(exact_value as varchar) as exact_value, standard_payment, due, unspent_amount
        from marts.payment_value_annual
        where year = year(cast($period as date)) and ($scheme = 'all' or scheme = $scheme)
        order by scheme, group_system
        """,
    ),
    # Sums over the cases of the chosen place; weight and mean are those of the whole pool area.
    "payment_groups": Query(
        ("payment_case", "payment_group_annual", "dim_institution"),
        (
            "scheme",
            "group_system",
            "group_code",
            "group_name",
            "cases",
            "standard_payment",
            "actual_cost",
            "amount",
        ),
        """
        select own.scheme, own.group_system, own.group_code, own.group_name, own.cases, area.relative_weight,
            cast(area.mean_cost as decimal(18, 2)) as mean_cost, own.standard_payment, own.actual_cost, own.amount
        from (
            select cases.scheme, cases.year, cases.group_system, cases.group_code, max(cases.group_name) as group_name,
                count(*) as cases, sum(cases.standard_payment) as standard_payment,
                sum(cases.actual_cost) as actual_cost, sum(cases.gain_or_loss) as amount
            from marts.payment_case as cases
            left join marts.dim_institution as place
                on place.institution_code = cases.institution_code and place.is_current
            where cases.year = year(cast($period as date)) and cases.is_grouped and cases.standard_payment is not null
                and ($scheme = 'all' or cases.scheme = $scheme) and ($basis = 'consolidated' or place.org_code = $org)
            group by cases.scheme, cases.year, cases.group_system, cases.group_code
        ) as own
        left join marts.payment_group_annual as area
            on area.scheme = own.scheme and area.year = own.year and area.group_system = own.group_system
                and area.group_code = own.group_code
        order by abs(own.amount) desc, own.group_system, own.group_code, own.scheme
        limit 30
        """,
    ),
    "payment_departments": Query(
        ("payment_department_annual", "dim_institution"),
        (
            "institution_code",
            "institution",
            "department_name",
            "scheme",
            "cases",
            "standard_payment",
            "amount",
        ),
        """
        select department.institution_code, coalesce(place.name, department.institution_code) as institution,
            coalesce(department.department_name, department.department_code) as department_name, department.scheme,
            department.group_system, department.cases, department.mean_weight, department.standard_payment,
            department.actual_cost, department.gain_or_loss as amount, department.high_outliers,
            department.low_outliers, department.review_candidates
        from marts.payment_department_annual as department
        left join marts.dim_institution as place
            on place.institution_code = department.institution_code and place.is_current
        where department.year = year(cast($period as date)) and ($scheme = 'all' or department.scheme = $scheme)
            and case when $institution = 'all' then $basis = 'consolidated' or place.org_code = $org
                else department.institution_code = $institution end
        order by abs(department.gain_or_loss) desc, department.institution_code, department.department_code, department.scheme
        limit 30
        """,
    ),
    "payment_case_types": Query(
        ("payment_case", "dim_institution"),
        ("group_system", "case_type", "cases", "standard_payment", "actual_cost", "amount"),
        """
        select cases.group_system, cases.case_type, count(*) as cases, sum(cases.standard_payment) as standard_payment,
            sum(cases.actual_cost) as actual_cost, sum(cases.gain_or_loss) as amount,
            count(*) filter (where cases.is_review_candidate) as review_candidates
        from marts.payment_case as cases
        left join marts.dim_institution as place
            on place.institution_code = cases.institution_code and place.is_current
        where cases.year = year(cast($period as date)) and ($scheme = 'all' or cases.scheme = $scheme)
            and ($basis = 'consolidated' or place.org_code = $org)
        group by cases.group_system, cases.case_type
        order by cases.group_system, count(*) desc, cases.case_type
        """,
    ),
    "payment_cash": Query(
        ("payment_cash_annual", "dim_fund", "dim_institution"),
        ("institution_code", "institution", "scheme", "monthly_amount", "final_amount"),
        """
        select cash.institution_code, coalesce(place.name, cash.institution_code) as institution, fund.scheme,
            cash.monthly_amount, cash.retained_amount, cash.released_amount, cash.review_amount, cash.advance_amount,
            cash.offset_amount, cash.year_end_amount, cash.final_amount
        from marts.payment_cash_annual as cash
        join marts.dim_fund as fund on fund.fund_code = cash.fund_code
        left join marts.dim_institution as place
            on place.institution_code = cash.institution_code and place.is_current
        where cash.year = year(cast($period as date)) and fund.account_kind = 'pooled'
            and ($scheme = 'all' or fund.scheme = $scheme) and ($basis = 'consolidated' or place.org_code = $org)
        order by cash.final_amount desc, cash.institution_code, cash.fund_code
        """,
    ),
    "payment_advances": Query(
        ("payment_advance_annual", "dim_institution"),
        ("institution_code", "institution", "scheme", "mean_month_amount", "is_eligible", "advance_amount"),
        """
        select advance.institution_code, coalesce(place.name, advance.institution_code) as institution, advance.scheme,
            advance.base_years, advance.mean_month_amount, advance.payable_months, advance.fund_balance_before,
            advance.is_eligible, advance.advance_amount, advance.offset_amount, advance.last_offset_amount
        from marts.payment_advance_annual as advance
        left join marts.dim_institution as place
            on place.institution_code = advance.institution_code and place.is_current
        where advance.year = year(cast($period as date)) and ($scheme = 'all' or advance.scheme = $scheme)
            and ($basis = 'consolidated' or place.org_code = $org)
        order by advance.advance_amount desc, advance.institution_code, advance.scheme
        """,
    ),
    "drug_classes": Query(
        ("drug_monthly", "dim_institution"),
        ("month", "amount", "procured", "negotiated", "monitored"),
        """
        select drug.month, sum(drug.amount) as amount,
            coalesce(sum(drug.amount) filter (where drug.is_centrally_procured), 0) as procured,
            coalesce(sum(drug.amount) filter (where drug.is_negotiated), 0) as negotiated,
            coalesce(sum(drug.amount) filter (where drug.is_key_monitored), 0) as monitored
        from marts.drug_monthly as drug
        left join marts.dim_institution as place
            on place.institution_code = drug.institution_code and place.is_current
        where drug.month <= cast($period as date) and ($basis = 'consolidated' or place.org_code = $org)
        group by drug.month
        order by drug.month
        """,
    ),
    "drug_items": Query(
        ("drug_monthly", "dim_institution"),
        ("item_code", "item_name", "quantity", "amount", "fund_scope_amount", "institutions"),
        f"""
        with {_SPAN}
        select drug.item_code, max(drug.item_name) as item_name, sum(drug.quantity) as quantity, sum(drug.amount) as amount,
            sum(drug.fund_scope_amount) as fund_scope_amount, count(distinct drug.institution_code) as institutions,
            bool_or(drug.is_centrally_procured) as is_centrally_procured, bool_or(drug.is_negotiated) as is_negotiated,
            bool_or(drug.is_key_monitored) as is_key_monitored
        from marts.drug_monthly as drug
        cross join span
        left join marts.dim_institution as place
            on place.institution_code = drug.institution_code and place.is_current
        where drug.month between since and until and ($basis = 'consolidated' or place.org_code = $org)
        group by drug.item_code
        order by amount desc, drug.item_code
        limit 20
        """,
    ),
    "drug_concentration": Query(
        ("drug_concentration_monthly",),
        ("month", "drugs", "amount", "top_drug", "top_1_share", "top_5_share", "top_10_share", "gini"),
        """
        select month, drugs, amount, top_drug, top_1_share, top_5_share, top_10_share, herfindahl_index, gini
        from marts.drug_concentration_monthly
        where scope_kind = 'org' and scope_code = $scope_org and period_kind = 'month' and month <= cast($period as date)
        order by month
        """,
    ),
    "drug_prices": Query(
        ("drug_price_annual",),
        ("item_code", "item_name", "institutions", "median_price", "p90_to_p10", "above_median_amount"),
        """
        select item_code, item_name, institutions, quantity, amount, price_p10, median_price, price_p90, p90_to_p10,
            above_median_amount, is_centrally_procured
        from marts.drug_price_annual
        where org_code = $scope_org and year = year(cast($period as date))
        order by above_median_amount desc, item_code
        limit 20
        """,
    ),
    "drug_changes": Query(
        ("drug_change_point",),
        (
            "item_name",
            "months",
            "change_month",
            "monthly_amount_before",
            "monthly_amount_after",
            "is_significant",
        ),
        """
        select item_name, months, change_month, monthly_amount_before, monthly_amount_after, change_amount, change_share,
            p_value, is_significant
        from marts.drug_change_point
        where org_code = $scope_org
        order by p_value, item_name
        """,
    ),
    "drug_series": Query(
        ("drug_monthly", "dim_institution"),
        ("month", "amount"),
        """
        select drug.month, sum(drug.amount) as amount
        from marts.drug_monthly as drug
        left join marts.dim_institution as place
            on place.institution_code = drug.institution_code and place.is_current
        where drug.item_name = $item and drug.is_key_monitored and ($basis = 'consolidated' or place.org_code = $org)
        group by drug.month
        order by drug.month
        """,
    ),
    "remote_months": Query(
        ("remote_care_monthly",),
        ("month", "direction", "filings", "visits", "direct_settled_visits", "med_fee", "fund_pay"),
        """
        select month, direction, sum(filings) as filings, sum(visits) as visits,
            sum(direct_settled_visits) as direct_settled_visits, sum(med_fee) as med_fee, sum(fund_pay) as fund_pay
        from marts.remote_care_monthly
        where month <= cast($period as date) and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by month, direction
        order by month, direction desc
        """,
    ),
    "remote_places": Query(
        ("remote_care_monthly", "dim_org"),
        (
            "direction",
            "place_code",
            "place_zh",
            "place_en",
            "filings",
            "visits",
            "direct_settled_visits",
            "med_fee",
            "fund_pay",
        ),
        f"""
        with {_SPAN}
        select remote.direction, remote.place_code, coalesce(place.name_zh, remote.place_code) as place_zh,
            coalesce(place.name_en, remote.place_code) as place_en, sum(remote.filings) as filings,
            sum(remote.visits) as visits, sum(remote.direct_settled_visits) as direct_settled_visits,
            sum(remote.med_fee) as med_fee, sum(remote.fund_pay) as fund_pay
        from marts.remote_care_monthly as remote
        cross join span
        left join marts.dim_org as place on place.org_code = remote.place_code
        where remote.month between since and until and ($basis = 'consolidated' or remote.org_code = $org)
            and ($scheme = 'all' or remote.scheme = $scheme)
        group by all
        order by remote.direction desc, visits desc nulls last, remote.place_code
        """,
    ),
    "remote_kinds": Query(
        ("remote_care_monthly",),
        ("direction", "visit_bucket", "visits", "direct_settled_visits", "med_fee", "fund_pay"),
        f"""
        with {_SPAN}
        select direction, visit_bucket, sum(visits) as visits, sum(direct_settled_visits) as direct_settled_visits,
            sum(med_fee) as med_fee, sum(fund_pay) as fund_pay
        from marts.remote_care_monthly
        cross join span
        where month between since and until and visit_bucket <> 'all' and ($basis = 'consolidated' or org_code = $org)
            and ($scheme = 'all' or scheme = $scheme)
        group by direction, visit_bucket
        order by direction desc, visits desc
        """,
    ),
    "remote_clearing": Query(
        ("remote_clearing_monthly", "dim_fund"),
        (
            "month",
            "channel",
            "notices",
            "due_notices",
            "in_term_notices",
            "paid_notices",
            "amount",
            "in_term_amount",
            "late_amount",
            "sent_back_amount",
            "open_amount",
        ),
        """
        select cleared.month, cleared.channel, sum(cleared.notices) as notices, sum(cleared.due_notices) as due_notices,
            sum(cleared.in_term_notices) as in_term_notices, sum(cleared.paid_notices) as paid_notices,
            sum(cleared.amount) as amount, sum(cleared.in_term_amount) as in_term_amount,
            sum(cleared.late_amount) as late_amount, sum(cleared.sent_back_amount) as sent_back_amount,
            sum(cleared.open_amount) as open_amount
        from marts.remote_clearing_monthly as cleared
        join marts.dim_fund as fund on fund.fund_code = cleared.fund_code
        where cleared.month <= cast($period as date) and ($basis = 'consolidated' or cleared.org_code = $org)
            and ($scheme = 'all' or fund.scheme = $scheme)
        group by cleared.month, cleared.channel
        order by cleared.month, cleared.channel
        """,
    ),
    "reconciliation_legs": Query(
        ("fund_reconciliation_total_monthly",),
        ("leg", "left_amount", "right_amount", "difference", "months"),
        f"""
        with {_SPAN}
        select
            leg, sum(left_amount) as left_amount, sum(right_amount) as right_amount, sum(difference) as difference,
            count(distinct month) as months
        from marts.fund_reconciliation_total_monthly
        cross join span
        where fund_code = $fund and ($basis = 'consolidated' or org_code = $org) and month between since and until
        group by leg
        order by case leg when 'claims_to_clearing' then 0 when 'clearing_to_ledger' then 1
            when 'voucher_to_balance' then 2 else 3 end
        """,
    ),
    "reconciliation": Query(
        ("fund_reconciliation_monthly", "reference.reconciliation_cause"),
        ("leg", "cause", "cause_zh", "cause_en", "amount", "row_count"),
        f"""
        with {_SPAN}
        select
            entry.leg, entry.cause, cause.name_zh as cause_zh, cause.name_en as cause_en, sum(entry.amount) as amount,
            sum(entry.row_count) as row_count
        from marts.fund_reconciliation_monthly as entry
        cross join span
        join reference.reconciliation_cause as cause on cause.cause = entry.cause
        where entry.fund_code = $fund and ($basis = 'consolidated' or entry.org_code = $org)
            and entry.month between since and until
        group by entry.leg, entry.cause, cause.name_zh, cause.name_en, cause.sort_order
        order by
            case entry.leg when 'claims_to_clearing' then 0 when 'clearing_to_ledger' then 1
                when 'voucher_to_balance' then 2 else 3 end,
            cause.sort_order
        """,
    ),
    # Links of the span from source to use to place, then the sums of each node and of each stage.
    "money_flow": Query(
        ("fund_money_flow_monthly", "reference.fund_item", "reference.reconciliation_cause"),
        ("grain", "stage", "node", "place", "name_zh", "name_en", "amount"),
        f"""
        with {_SPAN}, link as (
            select
                case grouping(node, place) when 0 then 'place' when 1 then 'node' else 'stage' end as grain,
                stage, node, place, sum(amount) as amount
            from marts.fund_money_flow_monthly
            cross join span
            where org_code = $scope_org and is_consolidated = ($basis = 'consolidated') and fund_code = $fund
                and month between since and until
            group by grouping sets ((stage, node, place), (stage, node), (stage))
            having sum(amount) <> 0
        )
        select
            link.grain, link.stage, link.node, link.place,
            coalesce(item.name_zh, cause.name_zh, link.node) as name_zh,
            coalesce(item.name_en, cause.name_en, link.node) as name_en,
            link.amount
        from link
        left join reference.fund_item as item
            on item.item_key = link.node and link.stage in ('income', 'expenditure')
        left join reference.reconciliation_cause as cause on cause.cause = link.node and link.stage = 'difference'
        order by
            case link.stage when 'income' then 0 when 'care' then 1 when 'expenditure' then 2 when 'difference' then 3
                else 4 end,
            item.sort_order nulls last, cause.sort_order nulls last, link.node nulls last, link.place nulls last
        """,
    ),
    "clearing": Query(
        ("fund_clearing_monthly",),
        ("month", "paid", "unbooked_balance", "unasked_balance", "advance_balance", "deposit_balance"),
        """
        select
            month, sum(claimed) as claimed, sum(paid) as paid, sum(requested) as requested, sum(reviewed) as reviewed,
            sum(other_deductions) as other_deductions, sum(advance_paid) as advance_paid,
            sum(advance_returned) as advance_returned, sum(advance_offset) as advance_offset,
            sum(advance_balance) as advance_balance, sum(ledger_prepaid) as ledger_prepaid,
            sum(deposit_kept) as deposit_kept, sum(deposit_released) as deposit_released,
            sum(deposit_forfeited) as deposit_forfeited, sum(deposit_balance) as deposit_balance,
            sum(year_end_paid) as year_end_paid, sum(year_end_recovered) as year_end_recovered,
            sum(sent_back) as sent_back, sum(unbooked_balance) as unbooked_balance,
            sum(unasked_balance) as unasked_balance
        from marts.fund_clearing_monthly
        where fund_code = $fund and ($basis = 'consolidated' or org_code = $org)
            and month <= cast($period as date) and month > cast($period as date) - interval 24 month
        group by month
        order by month
        """,
    ),
    # What institutions keep of a surplus or bear of an overspend, by year; of the whole pool area.
    "year_end_clearing": Query(
        ("payment_institution_annual", "dim_fund"),
        ("year", "institutions", "due", "accrued", "retained_surplus", "shared_overspend"),
        """
        select
            year, count(*) as institutions, sum(due) as due, sum(accrued) as accrued,
            sum(retained_surplus) as retained_surplus, sum(shared_overspend) as shared_overspend
        from marts.payment_institution_annual
        where scheme = (select scheme from marts.dim_fund where fund_code = $fund and account_kind = 'pooled')
            and year <= year(cast($period as date))
        group by year
        order by year
        """,
    ),
    "deposits": Query(
        ("fund_deposit_monthly",),
        ("month", "account", "closing_balance", "term_balance", "demand_balance", "annual_rate"),
        """
        select
            month, account, opening_balance, closing_balance, term_balance, demand_balance, received, paid, placed,
            interest_received, ledger_interest, interest_difference, annual_rate
        from marts.fund_deposit_monthly
        where org_code = $scope_org and is_consolidated = ($basis = 'consolidated') and fund_code = $fund
            and month <= cast($period as date) and month > cast($period as date) - interval 24 month
        order by
            month,
            case account when 'income_acct' then 0 when 'expense_acct' then 1 when 'fiscal_acct' then 2
                when 'treasury_acct' then 3 else 4 end
        """,
    ),
    "deposit_interest": Query(
        ("fund_deposit_monthly",),
        ("months", "interest_received", "ledger_interest", "interest_difference"),
        f"""
        with {_SPAN}
        select
            count(*) as months, sum(interest_received) as interest_received, sum(ledger_interest) as ledger_interest,
            sum(interest_difference) as interest_difference
        from marts.fund_deposit_monthly
        cross join span
        where org_code = $scope_org and is_consolidated = ($basis = 'consolidated') and fund_code = $fund
            and account = 'total' and month between since and until
        """,
    ),
    # The personal accounts of the scheme of the chosen fund.
    "accounts": Query(
        ("fund_account_monthly", "dim_fund"),
        ("month", "fund_code", "opening_balance", "credited", "spent", "closing_balance", "settled"),
        """
        select
            account.month, account.fund_code, fund.name_zh as fund_zh, fund.name_en as fund_en, account.opening_balance,
            account.credited, account.interest, account.moved_in, account.other_income, account.spent,
            account.moved_out, account.other_expenditure, account.closing_balance, account.settled,
            account.register_credited, account.register_spent, account.register_spent_on_care,
            account.register_spent_of_carried
        from marts.fund_account_monthly as account
        join marts.dim_fund as fund using (fund_code)
        where account.org_code = $scope_org and account.is_consolidated = ($basis = 'consolidated')
            and fund.scheme = (select chosen.scheme from marts.dim_fund as chosen where chosen.fund_code = $fund)
            and account.month <= cast($period as date) and account.month > cast($period as date) - interval 24 month
        order by account.fund_code, account.month
        """,
    ),
    "account_span": Query(
        ("fund_account_monthly", "dim_fund"),
        ("fund_code", "opening_balance", "credited", "spent", "closing_balance", "settled"),
        f"""
        with {_SPAN}
        select
            account.fund_code, any_value(fund.name_zh) as fund_zh, any_value(fund.name_en) as fund_en,
            arg_min(account.opening_balance, account.month) as opening_balance, sum(account.credited) as credited,
            sum(account.spent) as spent, arg_max(account.closing_balance, account.month) as closing_balance,
            sum(account.settled) as settled, sum(account.register_spent_of_carried) as register_spent_of_carried
        from marts.fund_account_monthly as account
        join marts.dim_fund as fund using (fund_code)
        cross join span
        where account.org_code = $scope_org and account.is_consolidated = ($basis = 'consolidated')
            and fund.scheme = (select chosen.scheme from marts.dim_fund as chosen where chosen.fund_code = $fund)
            and account.month between since and until
        group by account.fund_code
        order by account.fund_code
        """,
    ),
    "revisions": Query(
        ("fund_balance_revision", "dim_org", "dim_fund"),
        (
            "month",
            "org_zh",
            "org_en",
            "fund_code",
            "fund_zh",
            "fund_en",
            "first_closing_balance",
            "latest_closing_balance",
        ),
        """
        select
            revision.month, org.name_zh as org_zh, org.name_en as org_en, revision.fund_code, fund.name_zh as fund_zh,
            fund.name_en as fund_en, revision.versions, revision.first_known_at, revision.first_closing_balance,
            revision.latest_known_at, revision.latest_closing_balance, revision.closing_revision,
            revision.income_revision, revision.expenditure_revision, revision.reason, revision.batch_id,
            revision.source_file
        from marts.fund_balance_revision as revision
        join marts.dim_org as org using (org_code)
        join marts.dim_fund as fund using (fund_code)
        where revision.is_revised and revision.basis = $basis
            and ($basis = 'consolidated' or revision.org_code = $org)
        order by abs(revision.closing_revision) desc nulls last, revision.month desc, revision.fund_code
        limit 500
        """,
    ),
    "revision_counts": Query(
        ("fund_balance_revision",),
        ("months", "revised", "first_month"),
        """
        select
            count(*) as months, count(*) filter (is_revised) as revised,
            min(month) filter (is_revised) as first_month
        from marts.fund_balance_revision
        where basis = $basis and ($basis = 'consolidated' or org_code = $org)
        """,
    ),
    "freshness": Query(
        ("load_batch",),
        ("table_name", "batches", "rows_landed", "rows_rejected", "loaded_at", "source_file"),
        """
        select
            table_name, count(*) as batches, sum(rows_landed) as rows_landed, sum(rows_rejected) as rows_rejected,
            max(loaded_at) as loaded_at, arg_max(source_file, batch_id) as source_file
        from marts.load_batch
        group by table_name
        order by loaded_at, table_name
        """,
    ),
}

QUERIES |= {
    # What the release holds: every public table and code list, column by column.
    "schema": Query(
        (),
        ("table_name", "column_name", "data_type"),
        """
        select
            case schema_name when 'marts' then table_name else 'reference.' || table_name end as table_name,
            column_name, data_type
        from duckdb_columns()
        where schema_name in ('marts', 'reference')
        order by schema_name, duckdb_columns.table_name, column_index
        """,
    ),
    "indicator_entry": Query(
        ("dim_indicator",),
        ("numerator", "denominator", "unit", "source", "required_tables", "needs_zh", "needs_en"),
        """
        select numerator, denominator, unit, source, required_tables, coalesce(also_needs_zh, required_tables) as needs_zh,
            coalesce(also_needs, required_tables) as needs_en
        from marts.dim_indicator
        where indicator_id = $indicator
        """,
    ),
    **{
        f"held_{mart}": Query(
            (mart,),
            ("rows", "first_month", "last_month"),
            f"""
            select count(*) as rows, min(month) as first_month, max(month) as last_month
            from marts.{mart}
            where indicator_id = $indicator
            """,
        )
        for mart in INDICATOR_MARTS
    },
    # What can be ranked in the chosen period: indicators, kinds of care, groups of peers.
    "institution_choices": Query(
        ("institution_indicator_monthly",),
        ("indicator_id", "visit_bucket", "peer_group"),
        """
        select indicator_id, visit_bucket, peer_group
        from marts.institution_indicator_monthly
        where month = cast($period as date) and period_kind = $span and is_ranked
        group by indicator_id, visit_bucket, peer_group
        order by indicator_id, visit_bucket <> 'all', visit_bucket, peer_group
        """,
    ),
    "institution_ranking": Query(
        ("institution_indicator_monthly", "dim_institution", "dim_indicator"),
        ("institution_code", "name", "value", "stored_unit", "is_ranked", "peer_median", "flag"),
        """
        select
            entry.institution_code, coalesce(place.name, entry.institution_code) as name, indicator.stored_unit,
            entry.value, entry.value_prior_year, entry.peer_median, entry.peer_percentile, entry.volume,
            entry.flag, entry.specifications_survived, entry.data_explanation, entry.funnel_low, entry.funnel_high,
            entry.is_ranked
        from marts.institution_indicator_monthly as entry
        join marts.dim_indicator as indicator on indicator.indicator_id = entry.indicator_id
        left join marts.dim_institution as place
            on place.institution_code = entry.institution_code and place.is_current
        where entry.month = cast($period as date) and entry.period_kind = $span and entry.indicator_id = $indicator
            and entry.visit_bucket = $bucket and entry.peer_group = $peers
        order by entry.is_ranked desc, entry.value desc nulls last, entry.institution_code
        """,
    ),
    # Whoever stands out most comes first.
    "institutions": Query(
        ("institution_indicator_monthly", "dim_institution"),
        ("institution_code", "name"),
        """
        select entry.institution_code, any_value(place.name) as name
        from marts.institution_indicator_monthly as entry
        left join marts.dim_institution as place
            on place.institution_code = entry.institution_code and place.is_current
        where entry.month = cast($period as date) and entry.period_kind = $span and entry.peer_group is not null
        group by entry.institution_code
        order by
            count(*) filter (entry.flag = 'red') desc, count(*) filter (entry.flag in ('orange', 'amber')) desc,
            entry.institution_code
        """,
    ),
    "institution_profile": Query(
        ("institution_indicator_monthly", "dim_indicator"),
        ("indicator_id", "name_zh", "name_en", "stored_unit", "visit_bucket", "value", "flag", "is_ranked"),
        """
        select
            entry.indicator_id, indicator.name_zh, indicator.name_en, indicator.stored_unit, entry.visit_bucket,
            entry.value, entry.value_prior_year, entry.peer_median, entry.peer_percentile, entry.peer_count,
            entry.volume, entry.flag, entry.specifications_survived, entry.data_explanation, entry.is_ranked
        from marts.institution_indicator_monthly as entry
        join marts.dim_indicator as indicator on indicator.indicator_id = entry.indicator_id
        where entry.institution_code = $institution and entry.month = cast($period as date)
            and entry.period_kind = $span and entry.value is not null
        order by
            case entry.flag when 'red' then 0 when 'orange' then 1 when 'amber' then 2 else 3 end, indicator.sort_order,
            entry.visit_bucket
        """,
    ),
    "institution_history": Query(
        ("institution_indicator_monthly", "dim_indicator"),
        ("month", "stored_unit", "value", "value_prior_year", "peer_median"),
        """
        select
            entry.month, indicator.stored_unit, entry.value, entry.value_prior_year, entry.peer_median, entry.trend_low,
            entry.trend_high, entry.volume
        from marts.institution_indicator_monthly as entry
        join marts.dim_indicator as indicator on indicator.indicator_id = entry.indicator_id
        where entry.institution_code = $institution and entry.indicator_id = $indicator
            and entry.visit_bucket = $bucket and entry.period_kind = 'month'
            and entry.month between cast($period as date) - interval 35 month and cast($period as date)
        order by entry.month
        """,
    ),
    "institution_doctors": Query(
        ("doctor_indicator_monthly", "dim_indicator"),
        (
            "doctor_code",
            "indicator_id",
            "stored_unit",
            "value",
            "peer_median",
            "peer_percentile",
            "is_ranked",
        ),
        """
        select entry.doctor_code, entry.indicator_id, indicator.name_zh, indicator.name_en, indicator.stored_unit,
            entry.value, entry.peer_median, entry.peer_percentile, entry.persons, entry.is_ranked
        from marts.doctor_indicator_monthly as entry
        join marts.dim_indicator as indicator on indicator.indicator_id = entry.indicator_id
        where entry.institution_code = $institution and entry.month = cast($period as date)
            and entry.indicator_id = $doctor_indicator
            and entry.period_kind = case when $span = 'month' then 'month' else 'ytd' end
        order by entry.is_ranked desc, entry.value desc nulls last, entry.doctor_code
        limit 100
        """,
    ),
    "institution_items": Query(
        ("drug_monthly",),
        ("item_code", "item_name", "quantity", "amount", "persons"),
        f"""
        with {_SPAN}
        select item_code, max(item_name) as item_name, sum(quantity) as quantity, sum(amount) as amount,
            sum(persons) as persons, bool_or(is_centrally_procured) as is_centrally_procured,
            bool_or(is_negotiated) as is_negotiated, bool_or(is_key_monitored) as is_key_monitored
        from marts.drug_monthly
        cross join span
        where institution_code = $institution and month between since and until
        group by item_code
        order by amount desc, item_code
        limit 20
        """,
    ),
    "institution_concentration": Query(
        ("drug_concentration_monthly",),
        ("month", "drugs", "top_drug", "top_10_share", "gini"),
        """
        select month, drugs, top_drug, top_1_share, top_10_share, gini
        from marts.drug_concentration_monthly
        where scope_kind = 'institution' and scope_code = $institution and month = cast($period as date)
        """,
    ),
}
