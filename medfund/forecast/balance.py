"""The balance as the roll-forward of two flows: its points to the fen, its intervals from the flows' errors."""

from __future__ import annotations

import numpy as np

from medfund.forecast.models import Floats, Outlook
from medfund.forecast.scoring import Ints, Trial


def accumulated_sd(sd: Floats) -> Floats:
    """Standard deviation of the sum of a model's errors over the first 1, 2, … periods ahead, from those of each.

    A linear model's error h periods ahead is e(h) + c(1)·e(h−1) + … + c(h−1)·e(1) with independent shocks e, so its
    variance grows by c(h)²·σ² from h to h + 1, which gives the c. Shock i then stands in the sum over H periods
    with weight C(H−i) = 1 + c(1) + … + c(H−i), and the variance of the sum is σ² · Σ C(m)², m = 0 … H−1 (Hyndman,
    Koehler, Ord, Snyder: Forecasting with Exponential Smoothing, 2008, chapter 6). `sd` is [periods ahead] or
    [origin, periods ahead], and so is the result; NaN stays NaN.
    """
    variance = np.square(sd)
    first = np.maximum(variance[..., :1], np.finfo(np.float64).tiny)
    growth = np.sqrt(np.maximum(np.diff(variance, axis=-1), 0.0) / first)
    weight = np.concatenate([np.ones_like(first), growth], axis=-1).cumsum(axis=-1)
    total: Floats = np.sqrt(first * np.square(weight).cumsum(axis=-1))
    return np.where(sd > 0, total, sd)


def roll_forward(income: Trial, expenditure: Trial, opening: float) -> Trial:
    """The trial of the balance that two flows give. Their shocks are taken as independent of each other.

    The error of the balance is the sum of the flows' errors so far, also in the backtest: what moves a balance
    besides flows (adjusted openings) is nobody's forecast.
    """
    return Trial(
        np.cumsum(income.error - expenditure.error, axis=1),
        _together(income.sd, expenditure.sd),
        Outlook(
            opening + np.cumsum(income.outlook.point - expenditure.outlook.point),
            _together(income.outlook.sd, expenditure.outlook.sd),
        ),
    )


def _together(income: Floats, expenditure: Floats) -> Floats:
    return np.hypot(accumulated_sd(income), accumulated_sd(expenditure))


def closing_balances(opening: int, income: Ints, expenditure: Ints) -> Ints:
    """Balance after each month in fen: opening + income − expenditure, nothing rounded."""
    return opening + np.cumsum(income - expenditure)
