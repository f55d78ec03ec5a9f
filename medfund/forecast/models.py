"""The candidate models, by the names that the scorecard prints, and the library that fits them."""

from __future__ import annotations

import importlib
import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LIBRARY = "statsforecast"
EXTRA = "forecast"
# Both round and optimise: another version may give another last fen.
_NUMERICS = (LIBRARY, "numpy", "scipy")

# The benchmark comes first: what loses to it is not shown.
MONTHLY = ("seasonal_naive", "ets", "stl_ets", "stl_theta")
ANNUAL = ("naive", "ets", "theta")

_LEVEL = 80
Z_80, Z_95 = 1.2815515655446004, 1.959963984540054


class UnfitError(Exception):
    """A candidate cannot be fitted to a series; the message says why."""


@dataclass(frozen=True)
class Outlook:
    """What a model expects: `point` and the standard deviation `sd` of its error, each [months ahead]."""

    point: Floats
    sd: Floats


def is_installed() -> bool:
    """Whether the forecasting library is there; without it the forecast tables stay empty."""
    return importlib.util.find_spec(LIBRARY) is not None


def preload() -> None:
    """Import the library, which takes about a second, where it is installed."""
    if is_installed():
        importlib.import_module(f"{LIBRARY}.models")


def library_versions() -> dict[str, str]:
    """Versions that decide a forecast's digits; none where the library is not installed."""
    return {name: version(name) for name in _NUMERICS} if is_installed() else {}


def fit(name: str, history: Floats, season: int, ahead: int) -> Outlook:
    """Fit the candidate `name` to `history` [periods] with `season` periods a year and look `ahead` periods ahead.

    Where history was never negative, neither is the point. Raises UnfitError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = _builders()[name](season).forecast(history, ahead, level=[_LEVEL])
        except Exception as error:  # the library raises bare exceptions for series that a model cannot hold
            raise UnfitError(f"{name}: {error}") from error
    # Some models answer in single precision, which would be another number once written and read again.
    point, high, low = (
        np.asarray(found[name], dtype=np.float64) for name in ("mean", f"hi-{_LEVEL}", f"lo-{_LEVEL}")
    )
    half = (high - low) / 2
    if not (np.isfinite(point).all() and np.isfinite(half).all()):
        raise UnfitError(f"{name}: no finite forecast")
    if history.min() >= 0:
        point = np.maximum(point, 0.0)
    # What is further ahead is never known better; simulated intervals wobble a little.
    return Outlook(point, np.maximum.accumulate(half / Z_80))


def _builders() -> dict[str, Callable[[int], Any]]:
    from statsforecast.models import MSTL, AutoETS, Naive, OptimizedTheta, SeasonalNaive

    return {
        "naive": lambda season: Naive(),
        "seasonal_naive": lambda season: SeasonalNaive(season_length=season),
        # Errors are additive, so that variances add up along the roll-forward. Trend is the part of theta: chosen
        # by an information criterion it costs three times the time and never won where it was tried.
        "ets": lambda season: AutoETS(season_length=season, model="ANA" if season > 1 else "AZN"),
        "stl_ets": lambda season: MSTL(season_length=season, trend_forecaster=AutoETS(model="ANN")),
        "stl_theta": lambda season: MSTL(
            season_length=season, trend_forecaster=OptimizedTheta(season_length=1)
        ),
        "theta": lambda season: OptimizedTheta(season_length=season),
    }
