"""The size of the database that holds the sessions, from its samples."""

from __future__ import annotations

from dataclasses import dataclass

from reports.records.columns import FAIL, OUTCOME
from reports.records.history import History

DATABASE = "database"
"""The source of its samples."""


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """Bytes."""

    before: float
    """At the start of the load, or in the first sample."""
    peak: float
    last: float
    turns: int
    """The turns that may have been stored."""

    @property
    def per_turn(self) -> float | None:
        """Bytes by which it grew a turn, from before the load to the end; None: no turn."""
        return (self.last - self.before) / self.turns if self.turns else None


def measure(history: History) -> DatabaseSize | None:
    """Its size over the run; None: it was not sampled."""
    sizes = [
        (sample.t, sample.values["size"])
        for sample in history.samples_by_source.get(DATABASE, [])
        if "size" in sample.values
    ]
    if not sizes:
        return None
    start = history.load_start
    before = [size for t, size in sizes if start is not None and t <= start]
    stored = history.turns.which(lambda state: state & OUTCOME != FAIL)
    return DatabaseSize(
        before=before[-1] if before else sizes[0][1],
        peak=max(size for _, size in sizes),
        last=sizes[-1][1],
        turns=sum(stored),
    )
