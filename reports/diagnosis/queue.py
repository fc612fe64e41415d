"""Whether the queue (the running turns) grew before the fault or after it."""

from __future__ import annotations

from array import array
from bisect import bisect_right

from reports.diagnosis.scene import Scene
from reports.measures.percentiles import median
from reports.records.history import History

_LONGER = 2.0
_MOST_MOMENTS = 600
_AT_LEAST = 10
"""Fewest turns above the usual number that count as a queue."""


def queue(scene: Scene) -> str | None:
    """One sentence, without a full stop; None for a gate of no fault, or without a queue."""
    name = scene.finding.phase.partition(":")[2]
    fault = next((each for each in scene.history.faults if each.id == name), None)
    if fault is None:
        return None
    due, done = scene.history.once(_ends)
    start, end = scene.history.load_start or 0.0, scene.history.load_end or fault.end

    def under_way(at: float) -> int:
        return bisect_right(due, at) - bisect_right(done, at)

    usual = median([float(under_way(at)) for at in _steps(start, end)])
    grown = max(_LONGER * usual, usual + _AT_LEAST)
    before = under_way(fault.start)
    after = _steps(fault.start, scene.waits.span[1])
    most, at = max((under_way(at), -at) for at in after)
    if before >= grown:
        return (
            f"the queue had grown before the fault: {before} turns were under way as it began, "
            f"{usual:.0f} usually"
        )
    if most >= grown:
        return (
            f"the queue grew after the fault began: from {before} turns under way to {most} within "
            f"{-at - fault.start:.0f} s, {usual:.0f} usually"
        )
    return None


def _steps(start: float, end: float) -> list[float]:
    """Moments about a second apart, limited in number."""
    count = max(1, min(_MOST_MOMENTS, int(end - start)))
    return [start + (end - start) * n / count for n in range(count)]


def _ends(history: History) -> tuple[array[float], array[float]]:
    turns = history.turns
    return array("d", sorted(turns.due)), array("d", sorted(turns.done))
