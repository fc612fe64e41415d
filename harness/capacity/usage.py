"""The CPU time that each part of a probe used, from the samples of its run."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.records.history import History

REPLICA = "replica:r01"
REDIS = "redis"


@dataclass(frozen=True, slots=True)
class Meter:
    """Readings of a number that only grows, such as CPU seconds, in order of time."""

    times: Sequence[float]
    values: Sequence[float]

    def at(self, t: float) -> float:
        """The value at `t`: on a straight line between two readings."""
        place = bisect_right(self.times, t)
        if place == 0:
            return self.values[0]
        if place == len(self.times):
            return self.values[-1]
        before, after = self.times[place - 1], self.times[place]
        share = (t - before) / (after - before)
        return self.values[place - 1] + share * (self.values[place] - self.values[place - 1])

    def used(self, begin: float, end: float) -> float:
        """The growth from `begin` to `end`."""
        return self.at(end) - self.at(begin)

    def within(self, begin: float, end: float) -> list[float]:
        """The times of the readings in this stretch."""
        return [t for t in self.times if begin <= t <= end]


def meter(history: History, source: str, name: str = "cpu_s") -> Meter | None:
    """The readings of one source; None with fewer than two.

    A part that was started again counts on from zero: the sum over its processes is returned.
    """
    samples = [s for s in history.samples_by_source.get(source, []) if name in s.values]
    if len(samples) < 2:
        return None
    total, values = 0.0, [0.0]
    for before, after in pairwise(samples):
        grown = after.values[name] - before.values[name]
        total += grown if grown >= 0 else after.values[name]
        values.append(total)
    return Meter([s.t for s in samples], values)


def whole_run(history: History) -> Meter | None:
    """CPU seconds of the whole run: its fleet, its generator and the harness."""
    samples = [s for s in history.samples_by_source.get("host", []) if "own_percent" in s.values]
    if len(samples) < 2:
        return None
    total, values = 0.0, [0.0]
    for before, after in pairwise(samples):
        cores = after.values.get("cores", 1.0)
        total += after.values["own_percent"] / 100 * cores * (after.t - before.t)
        values.append(total)
    return Meter([s.t for s in samples], values)


def idle_rate(history: History, metered: Meter) -> float:
    """CPU seconds a second of the part before the load; 0 when that was not sampled.

    Health checks, timers and scrapes cost it even without a turn.
    """
    start = history.load_start
    calm = [] if start is None else metered.within(0.0, start)
    if len(calm) < 2:
        return 0.0
    return metered.used(calm[0], calm[-1]) / (calm[-1] - calm[0])
