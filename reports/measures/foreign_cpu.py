"""The CPU that other processes used, in stretches of the run, and the worst stretch.

Time stolen by a hypervisor counts as others'.  If part of the run's own CPU is not visible (a
target, containers on another machine, a foreign Redis), nothing is known.  Samples that do not tell
it, as while a container ends, are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.records import Sample
from reports.records.history import History

LIMIT_PERCENT = 20.0
"""Percent of all processors together, over a stretch."""


BUSY_PERCENT = 80.0
"""Below this percentage of busy time the machine had free CPU."""


STRETCH = 5
"""Samples, one a second."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some seconds of the run on the machine."""

    foreign: float
    """Percent of all processors that others used."""
    busy: float
    """Percent of all processors that were busy."""
    at: float
    """Run time of its beginning."""

    @property
    def disturbs(self) -> bool:
        """Whether it may have made the service slow."""
        return self.foreign > LIMIT_PERCENT and self.busy > BUSY_PERCENT


def busiest(history: History, since: float, until: float) -> Stretch | None:
    """The stretch in which others used the most; None if it was not sampled."""
    samples = [s for s in history.once(_known) if since <= s.t <= until]
    return max(
        _stretches(samples), key=lambda stretch: (stretch.disturbs, stretch.foreign), default=None
    )


def stretches(history: History) -> list[Stretch]:
    """All stretches of the run, one beginning with each sample."""
    return _stretches(history.once(_known))


def _stretches(samples: Sequence[Sample]) -> list[Stretch]:
    width = min(STRETCH, len(samples))
    return [_mean(samples[n : n + width]) for n in range(len(samples) - width + 1) if width]


def foreign_cpu(history: History) -> float | None:
    """The most that others used during the load, percent of all processors."""
    stretch = history.once(worst_stretch)
    return None if stretch is None else stretch.foreign


def _known(history: History) -> list[Sample]:
    samples = history.samples_by_source.get("host", [])
    return [s for s in samples if "own_percent" in s.values and "cpu_percent" in s.values]


def worst_stretch(history: History) -> Stretch | None:
    start, end = history.load_start, history.load_end
    if start is None or end is None:
        return None
    return busiest(history, start, end)


def _mean(samples: Sequence[Sample]) -> Stretch:
    busy = sum(s.values["cpu_percent"] for s in samples) / len(samples)
    own = sum(s.values["own_percent"] for s in samples) / len(samples)
    return Stretch(max(0.0, busy - own), busy, samples[0].t)
