"""disclosure: not finished; says what it will answer and what it needs."""

from dashboards.lib import blocks

blocks.planned("disclosure")
