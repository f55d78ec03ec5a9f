"""The same backtest on the real national series, year by year."""

from __future__ import annotations

import duckdb
import numpy as np

from medfund.forecast.books import bands
from medfund.forecast.memory import Fits
from medfund.forecast.models import ANNUAL
from medfund.forecast.scoring import YEARS, Series, best, run_trials, scores
from medfund.forecast.tables import Rows

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
-- Where several publishers have one, the longest.
qualify row_number() over (partition by scheme, item order by count(*) desc, vintage) = 1
order by scheme, item
"""


def forecast_national(connection: duckdb.DuckDBPyConnection, fits: Fits, into: Rows) -> None:
    """Try the candidates on every series that is long enough: what they would have said, what they expect, scores."""
    found = connection.execute(_SERIES, {"shortest": SHORTEST}).fetchall()
    for scheme, item, last_year, value in found:
        series = Series(np.array(value, dtype=np.float64), last_year)
        trials, _ = run_trials(series, ANNUAL, YEARS, fits)
        came, shown = series.came(YEARS), best(trials, ANNUAL[0], YEARS)
        for model, trial in trials.items():
            key = {"scheme": scheme, "item": item, "model": model, "is_shown": model == shown}
            into["forecast_published_score"] += [
                {**key, **row} for row in scores(trial, came, series.scale(YEARS), YEARS)
            ]
            for at, known in enumerate(series.origins(YEARS)):
                origin = last_year - len(value) + int(known)
                into["forecast_published"] += [
                    {
                        **key,
                        "origin_year": origin,
                        "year": origin + 1 + step,
                        "actual": int(came[at, step]),
                        "point": int(np.rint(came[at, step] + trial.error[at, step])),
                    }
                    for step in np.flatnonzero(np.isfinite(came[at])).tolist()
                ]
            point = np.rint(trial.outlook.point).astype(np.int64)
            into["forecast_published"] += [
                {**key, "origin_year": last_year, "year": last_year + 1 + step, **band}
                for step, band in enumerate(bands(trial, point, never_negative=True))
            ]
