"""A few damaged exports on every run; `python -m tests.unit.ingest_fuzz` tries as many as one likes."""

from __future__ import annotations

from tests.unit.ingest_fuzz import run

# The same inputs each time, so that a failure is the change's and not the dice's; the last ones once found something:
# a code of three million characters, and Parquet pages that lie beyond the end of the file.
SEEDS = (*range(30), 70237, 70718, 70758)


def test_damaged_exports_are_answered_in_a_sentence_and_accounted_for() -> None:
    said: list[str] = []
    assert run(SEEDS, said.append) == [], said
