"""Build, gate, validation and the static catalogue: everything that `medfund build` and its kin call."""

from __future__ import annotations

from medfund.pipeline.build import BuildResult, build

__all__ = ["BuildResult", "build"]
