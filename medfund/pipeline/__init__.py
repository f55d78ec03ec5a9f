"""Build, gate, validation and the static catalogue: everything that `medfund build` and its kin call."""

from __future__ import annotations

from medfund.pipeline.build import BuildResult, build
from medfund.pipeline.docs import docs
from medfund.pipeline.quality import Gate
from medfund.pipeline.validate import Validation, validate

__all__ = ["BuildResult", "Gate", "Validation", "build", "docs", "validate"]
