"""Policy events and breaks of scope that are drawn on time axes: when, for which schemes, and where it is said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Event:
    """A day from which figures mean something else; the text is under `event.<key>`."""

    key: str
    on: date
    schemes: frozenset[str]


EVENTS: tuple[Event, ...] = (
    Event("ncms_merged", date(2018, 1, 1), frozenset({"resident", "total"})),
    Event("maternity_merged", date(2019, 1, 1), frozenset({"employee", "total"})),
    Event("accounting_2026", date(2026, 1, 1), frozenset({"employee", "resident", "assistance", "total"})),
)


def between(first: date, last: date, scheme: str) -> list[Event]:
    """The events of a scheme after the first month shown and up to the last."""
    return [event for event in EVENTS if first < event.on <= last and scheme in event.schemes]
