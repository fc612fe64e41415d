"""A load that alternates between a low and a high rate, and what a turn takes at each.

A core that idles between turns has to wake for each piece of work, and its caches are cold: a turn
takes more processor time at a low load than at a high one.  Both loads are in one run, because the
speed of a shared machine changes from one run to the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from reports.capacity.demand_rows import Row, rows_in
from reports.measures.cpu_use import Step
from reports.measures.phases import load_phases
from reports.measures.spans import Span, overlap
from reports.records.history import History

LOW, HIGH = "low", "high"
"""The phases are `low-0`, `high-0`, `low-1` …"""
SETTLING_S = 2.0
"""At the begin of a phase: turns of the one before are still running."""


@dataclass(frozen=True, slots=True)
class Level:
    """One of the two loads."""

    rows: tuple[Row, ...]
    """Two for each of its phases, without the settling."""

    @property
    def turns_per_s(self) -> float:
        """Turns that ran in a second."""
        return sum(row.turns for row in self.rows) / self._seconds

    @property
    def cpu_s(self) -> float:
        """Processor seconds a turn."""
        return sum(row.used_s for row in self.rows) / sum(row.turns for row in self.rows)

    @property
    def share(self) -> float:
        """The share of its core that the replica used."""
        return sum(row.used_s + row.idle_s for row in self.rows) / self._seconds

    @property
    def _seconds(self) -> float:
        return sum(row.until - row.since for row in self.rows)


@dataclass(frozen=True, slots=True)
class Alternation:
    """The two loads of a run."""

    low: Level
    high: Level

    @property
    def low_spans(self) -> list[Span]:
        """The spans of the low load."""
        return [(row.since, row.until) for row in self.low.rows]

    def as_at_low(self, row: Row) -> Row:
        """The row with the use that its turns would have had at the low load."""
        high = [(each.since, each.until) for each in self.high.rows]
        part = overlap((row.since, row.until), high) / (row.until - row.since)
        times = self.high.turns_per_s / self.low.turns_per_s
        ratio = self.high.cpu_s / self.low.cpu_s
        turns = part * times + 1 - part
        return replace(row, used_s=row.used_s * turns / (part * times * ratio + 1 - part))


def alternation(
    history: History, steps: Sequence[Step], idle_share: float = 0.0
) -> Alternation | None:
    """The two loads, with the use of a resource by `steps`; None: the load does not alternate.

    `idle_share` of a core is used without turns.
    """
    found = []
    for name in (LOW, HIGH):
        spans = [
            half
            for phase in load_phases(history)
            if phase.name.startswith(f"{name}-") and phase.end > phase.start + SETTLING_S
            for half in _halves(phase.start + SETTLING_S, phase.end)
        ]
        level = Level(tuple(rows_in(history, steps, spans, idle_share)))
        if not level.rows or not sum(row.turns for row in level.rows) or level.cpu_s <= 0:
            return None
        found.append(level)
    return Alternation(*found)


def _halves(begin: float, end: float) -> tuple[Span, Span]:
    """Three phases are too few to tell an interval."""
    middle = (begin + end) / 2
    return (begin, middle), (middle, end)
