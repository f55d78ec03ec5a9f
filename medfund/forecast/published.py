"""The same backtest on the real national series, year by year."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import duckdb
import numpy as np

from medfund.forecast.books import bands
from medfund.forecast.models import ANNUAL
from medfund.forecast.scoring import YEARS, Ints, actuals, best, origins, run_trials, scale, scores
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


@dataclass(frozen=True)
class NationalSeries:
    """Yearly amounts in fen, ending with `last_year`."""

    scheme: str
    item: str
    last_year: int
    value: Ints

    def sha256(self, settings: str) -> str:
        """Hash of everything its forecast depends on."""
        said = json.dumps([settings, self.last_year, self.value.tolist()])
        return hashlib.sha256(said.encode()).hexdigest()


def read_national_series(connection: duckdb.DuckDBPyConnection) -> list[NationalSeries]:
    """The series that are long enough, ordered by scheme and item."""
    found = connection.execute(_SERIES, {"shortest": SHORTEST}).fetchall()
    return [NationalSeries(scheme, item, last, np.array(value)) for scheme, item, last, value in found]


def forecast_national(series: NationalSeries, sha256: str, into: Rows) -> None:
    """Try the candidates on the series and add what they would have said, what they expect, and their scores."""
    value = series.value.astype(np.float64)
    trials, _ = run_trials(value, ANNUAL, YEARS)
    came = actuals(value, YEARS)
    shown = best(trials, ANNUAL[0], YEARS)
    for model, trial in trials.items():
        key = {
            "scheme": series.scheme,
            "item": series.item,
            "model": model,
            "is_shown": model == shown,
        }
        into["forecast_published_score"] += [
            {**key, **row, "series_sha256": sha256}
            for row in scores(trial, came, scale(value, YEARS.season), YEARS)
        ]
        for at, known in enumerate(origins(len(value), YEARS)):
            origin = series.last_year - len(value) + int(known)
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
            {**key, "origin_year": series.last_year, "year": series.last_year + 1 + step, **band}
            for step, band in enumerate(bands(trial, point, never_negative=True))
        ]
