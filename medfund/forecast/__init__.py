"""Forecasts of the funds: which models are tried, how they are scored, and the process that a build starts for it.

Docs: docs/decisions/0008-forecasts.md.
"""

from __future__ import annotations

from medfund.forecast.process import Forecaster, Summary
from medfund.forecast.tables import write_inputs

__all__ = ["Forecaster", "Summary", "write_inputs"]
