"""The same backtest on the real national series, year by year."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from medfund.forecast.books import bands
from medfund.forecast.models import ANNUAL
from medfund.forecast.scoring import YEARS, actuals, best, origins, run_trials, scale, scores

# Years in a row that one publisher's series has to have: eight to learn from, and some to be tried on.
SHORTEST = 14

_SERIES = """
with figure as (
    select scheme, item, vintage, year, cast(cast(value as decimal(38, 4)) * 100 as bigint) as value
    from marts.fund_published_annual
    where region = 'national' and is_money and item in ('income', 'expenditure')
    qualify count(*) over (partition by scheme, item, vintage, year) = 1
),
run as (
    select *, max(year) over series - year - (row_number() over (series order by year desc) - 1) as gaps
    from figure
    window series as (partition by scheme, item, vintage)
)
select scheme, item, max(year) as last_year, list(value order by year) as value
from run
where gaps = 0
group by scheme, item, vintage
having count(*) >= $shortest
order by scheme, item, count(*) desc
"""


def forecast_published(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, Any]]]:
    """Backtest and outlook of every national series that is long enough, as rows of `tables.SCHEMAS`."""
    forecast: list[dict[str, Any]] = []
    score: list[dict[str, Any]] = []
    done: set[tuple[str, str]] = set()
    for scheme, item, last_year, value in connection.execute(_SERIES, {"shortest": SHORTEST}).fetchall():
        if (scheme, item) in done:  # another publisher's, shorter
            continue
        done.add((scheme, item))
        series = np.array(value, dtype=np.float64)
        trials, _ = run_trials(series, ANNUAL, YEARS)
        came = actuals(series, YEARS)
        shown = best(trials, ANNUAL[0], YEARS)
        first_year = last_year - len(series)
        for model, trial in trials.items():
            key = {"scheme": scheme, "item": item, "model": model}
            score += [
                {**key, **row, "is_shown": model == shown}
                for row in scores(trial, came, scale(series, YEARS.season), YEARS)
            ]
            for at, known in enumerate(origins(len(series), YEARS)):
                expected = came[at] + trial.error[at]
                forecast += [
                    {
                        **key,
                        "origin_year": first_year + int(known),
                        "year": first_year + int(known) + 1 + step,
                        "actual": int(came[at, step]),
                        "point": int(np.rint(expected[step])),
                        "is_shown": model == shown,
                    }
                    for step in range(YEARS.ahead)
                    if np.isfinite(came[at, step])
                ]
            point = np.rint(trial.outlook.point).astype(np.int64)
            forecast += [
                {
                    **key,
                    "origin_year": last_year,
                    "year": last_year + 1 + step,
                    "actual": None,
                    **band,
                    "is_shown": model == shown,
                }
                for step, band in enumerate(bands(trial, point, never_negative=True))
            ]
    return {"forecast_published": forecast, "forecast_published_score": score}
