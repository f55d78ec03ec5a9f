"""Raw exports of a bureau that doesn't exist, for demos, tests and measurements."""

from medfund.synth.faults import FAULTS
from medfund.synth.writer import DEFAULT_MONTHS, SIZES, SynthReport, write

__all__ = ["DEFAULT_MONTHS", "FAULTS", "SIZES", "SynthReport", "write"]
