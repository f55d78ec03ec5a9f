"""Build, gate, validation and the static catalogue: everything that `medfund build` and its kin call."""

from __future__ import annotations

from medfund.pipeline.builder import BuildResult, build
from medfund.pipeline.catalogue import docs
from medfund.pipeline.quality import Gate
from medfund.pipeline.validation import Validation, validate

__all__ = ["BuildResult", "Gate", "Validation", "build", "docs", "validate"]
