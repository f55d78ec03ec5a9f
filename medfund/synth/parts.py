"""The groups of exports beside the settlements, in the order of writing."""

from __future__ import annotations

from medfund.synth import books
from medfund.synth.scene import Part

PARTS: tuple[type[Part], ...] = (books.Claims,)
