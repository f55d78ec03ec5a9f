"""Rolling-origin backtest: forecasts made as if at earlier months, held against what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medfund.forecast.memory import Fits
from medfund.forecast.models import Z_80, Z_95, Floats, Outlook, UnfitError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Design:
    """What is tried on a series: periods a year, periods ahead, and the origins of the backtest.

    Origins lie within the last `span` periods, with at least `shortest` periods before and `nearest` after them, at
    every `step`th period of the calendar, so that a period more leaves them where they are. `horizons` are the
    rows of the scorecard.
    """

    season: int
    ahead: int
    shortest: int
    nearest: int
    span: int
    step: int
    horizons: tuple[int, ...]


MONTHS = Design(season=12, ahead=24, shortest=24, nearest=3, span=48, step=4, horizons=(3, 6, 12, 24))
YEARS = Design(season=1, ahead=3, shortest=8, nearest=1, span=20, step=1, horizons=(1, 2, 3))


@dataclass(frozen=True)
class Series:
    """Amounts in fen of periods in a row; `last` counts the periods of the calendar up to the last one."""

    amounts: Floats
    last: int

    def origins(self, design: Design) -> Ints:
        """Numbers of periods known at each origin, ascending; none where the series is too short.

        One that the longest horizon has just followed is always among them.
        """
        length = len(self.amounts)
        known = np.arange(max(design.shortest, length - design.span), length - design.nearest + 1)
        on_calendar = (self.last - (length - known)) % design.step == 0
        return known[on_calendar | (known == length - design.ahead)]

    def came(self, design: Design) -> Floats:
        """What came after each origin, [origin, periods ahead]; NaN where it has not come yet."""
        at = self.origins(design)[:, None] + np.arange(design.ahead)[None, :]
        length = len(self.amounts)
        return np.where(at < length, self.amounts[np.minimum(at, length - 1)], np.nan)

    def scale(self, design: Design) -> float:
        """Mean absolute difference to the same period a year before: what MASE counts in (Hyndman, Koehler 2006)."""
        season = design.season
        return float(np.mean(np.abs(self.amounts[season:] - self.amounts[:-season])))


@dataclass(frozen=True)
class Trial:
    """One model on one series. Arrays are [origin, periods ahead]; what had not come yet is NaN.

    `error` is forecast − actual, `sd` the model's own standard deviation of it; `outlook` starts at the end.
    """

    error: Floats
    sd: Floats
    outlook: Outlook

    def mean_errors(self, design: Design) -> Floats:
        """Mean absolute error up to each horizon of the scorecard that some origin has reached, the longest last."""
        reached = [h for h in design.horizons if np.isfinite(self.error[:, h - 1]).any()]
        return np.array([np.nanmean(np.abs(self.error[:, :h])) for h in reached])

    def loses_to(self, benchmark: Trial, design: Design) -> bool:
        """Whether its mean error is larger than the benchmark's at any horizon of the scorecard."""
        return bool((self.mean_errors(design) > benchmark.mean_errors(design)).any())

    def widening(self) -> float:
        """How much wider than the model says its intervals have to be: root mean square of error ÷ sd, at least 1."""
        squares = self._squares()
        count = np.isfinite(squares).sum()
        return float(np.sqrt(max(1.0, np.nansum(squares) / count))) if count else 1.0

    def covered(self, z: float) -> NDArray[np.bool_]:
        """Whether what came lay within ± z widened standard deviations; each origin is widened by the others' errors."""
        squares = self._squares()
        total, count = np.nansum(squares), np.isfinite(squares).sum()
        others = count - np.isfinite(squares).sum(axis=1)
        mean = (total - np.nansum(squares, axis=1)) / np.maximum(others, 1)
        wide = np.sqrt(np.maximum(1.0, mean))[:, None]
        return np.abs(self.error) <= z * wide * self.sd

    def _squares(self) -> Floats:
        # A model that is sure of itself to less than a fen is taken as unsure by a fen.
        squares: Floats = np.square(self.error / np.maximum(self.sd, 1.0))
        return squares


def run_trials(
    series: Series, names: Sequence[str], design: Design, fits: Fits
) -> tuple[dict[str, Trial], list[str]]:
    """Every candidate at every origin and at the end. Returns the trials, and why the others could not be fitted."""
    came = series.came(design)
    trials: dict[str, Trial] = {}
    unfit: list[str] = []
    for name in names:
        try:
            past = [
                fits.fit(name, series.amounts[:known], design.season, design.ahead)
                for known in series.origins(design)
            ]
            outlook = fits.fit(name, series.amounts, design.season, design.ahead)
        except UnfitError as error:
            unfit.append(str(error))
            continue
        empty = np.empty((0, design.ahead))
        points = np.stack([one.point for one in past]) if past else empty
        sd = np.stack([one.sd for one in past]) if past else empty
        trials[name] = Trial(points - came, np.where(np.isnan(came), np.nan, sd), outlook)
    return trials, unfit


def scores(trial: Trial, came: Floats, unit: float, design: Design) -> list[dict[str, Any]]:
    """Rows of the scorecard: each horizon pools all origins and all periods up to it.

    `origins` counts the origins that so many periods have followed; a horizon without any has no row. MASE =
    mean |error| ÷ `unit`, WAPE = Σ|error| ÷ Σ|actual|; null where the divisor is zero.
    """
    rows = []
    inside_80, inside_95 = trial.covered(Z_80), trial.covered(Z_95)
    for horizon in design.horizons:
        known = np.isfinite(came[:, :horizon])
        reached = int(np.isfinite(came[:, horizon - 1]).sum())
        if not reached:
            continue
        misses = np.abs(trial.error[:, :horizon][known])
        total = float(np.abs(came[:, :horizon][known]).sum())
        rows.append(
            {
                "horizon": horizon,
                "origins": reached,
                "periods": int(known.sum()),
                "mase": float(misses.mean()) / unit if unit > 0 else None,
                "wape": float(misses.sum()) / total if total > 0 else None,
                "coverage_80": float(inside_80[:, :horizon][known].mean()),
                "coverage_95": float(inside_95[:, :horizon][known].mean()),
            }
        )
    return rows


def best(trials: dict[str, Trial], benchmark: str, design: Design) -> str:
    """The model with the smallest mean error of those that lose to the benchmark at no horizon; it never loses itself."""

    def total(name: str) -> float:
        errors = trials[name].mean_errors(design)
        return float(errors[-1]) if len(errors) else 0.0

    able = [name for name, trial in trials.items() if not trial.loses_to(trials[benchmark], design)]
    return min(able, key=lambda name: (total(name), name != benchmark))
