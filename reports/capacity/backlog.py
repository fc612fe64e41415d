"""The backlog of a probe: the growth of the open turns, and the rate that turns are finished at
while others wait.

A short probe cannot see a small overload in its latency: with a limit of L seconds and T seconds
of load, an overload below about L/T passes.  The two measures here see it earlier.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reports.capacity.turn_times import TurnTime
from reports.measures.spans import Span
from reports.measures.spans import seconds as length

STEP_S = 1.0
_CONFIDENT = 1.96
"""Standard errors of a two-sided 95 % interval."""
_BLOCK_S = 5.0
"""The noise of arrivals is measured over blocks of this length: turns of one conversation come
close together, so that shorter blocks understate it."""
_SHORTEST_STRETCH_S = 4.0
_LEAST_FULL_S = 5.0
_WORK_SPREAD = 0.5
"""The coefficient of variation of the work of a turn that is assumed."""
_RISE, _FALL = 5.0, 3.5
"""A stretch with waiting turns begins this many standard deviations above the usual number of open
turns, and ends at this many."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The growth of the number of open turns."""

    per_s: float
    """Turns a second, the median of the slopes between all pairs of moments (Theil 1950, Sen
    1968)."""
    noise: float
    """The half of the 95 % interval that chance arrivals explain."""

    @property
    def grows(self) -> bool:
        """Whether it grows, and chance does not explain it."""
        return self.per_s > self.noise


@dataclass(frozen=True, slots=True)
class Full:
    """The stretches in which more turns were open than usual: something was at its limit."""

    stretches: tuple[Span, ...]
    per_s: float
    """Turns a second that were finished in them: what the limiting part carries."""
    error: float
    """The standard error of `per_s`."""

    @property
    def seconds(self) -> float:
        """Their length together."""
        return length(self.stretches)


class OpenTurns:
    """The number of open turns over time."""

    def __init__(self, turns: Sequence[TurnTime]) -> None:
        """`turns` are all turns of the probe."""
        self._due = sorted(turn.due for turn in turns)
        ended = [turn for turn in turns if not turn.open]
        self._done = sorted(turn.due + turn.waited for turn in ended)

    def at(self, t: float) -> int:
        """Turns that were due and had not ended at run time `t`."""
        return bisect_right(self._due, t) - bisect_right(self._done, t)

    def due_between(self, start: float, end: float) -> int:
        """Turns due in (start, end]."""
        return bisect_right(self._due, end) - bisect_right(self._due, start)

    def done_between(self, start: float, end: float) -> int:
        """Turns that ended in (start, end]."""
        return bisect_right(self._done, end) - bisect_right(self._done, start)

    def growth(self, start: float, end: float) -> Growth | None:
        """The growth from `start` to `end`; None when that is too short."""
        moments = _moments(start, end)
        if len(moments) < 3 * _BLOCK_S:
            return None
        open_turns = [self.at(t) for t in moments]
        slopes = [
            (open_turns[b] - open_turns[a]) / ((b - a) * STEP_S)
            for a in range(len(moments))
            for b in range(a + 1, len(moments))
        ]
        # A sum of independent steps of variance v a second over T seconds has a fitted slope of
        # variance 6/5 · v/T, although nothing but chance moves it.
        spread = self._arrival_variance(start, end)
        noise = _CONFIDENT * math.sqrt(1.2 * spread / (end - start))
        return Growth(statistics.median(slopes), noise)

    def _arrival_variance(self, start: float, end: float) -> float:
        """Variance of the arrivals, turns² a second; at least that of a Poisson process."""
        edges = [start + n * _BLOCK_S for n in range(int((end - start) / _BLOCK_S) + 1)]
        counts = [self.due_between(a, b) for a, b in pairwise(edges)]
        poisson = sum(counts) / (len(counts) * _BLOCK_S)
        return max(poisson, statistics.variance(counts) / _BLOCK_S)

    def full(self, start: float, end: float, usual: float) -> Full | None:
        """The rate at which turns are finished while others wait; None: they hardly ever waited.

        `usual` is the number of open turns without any waiting: rate × latency at a low load.
        """
        deviation = math.sqrt(usual + 1)
        stretches = self._stretches(
            start, end, usual + _RISE * deviation, usual + _FALL * deviation
        )
        seconds = length(stretches)
        if seconds < _LEAST_FULL_S:
            return None
        finished = sum(self.done_between(a, b) for a, b in stretches)
        # At both ends of a stretch some turns are partly done, and turns differ in their work.
        partly = 2 * len(stretches) * deviation**2
        error = math.sqrt(partly + _WORK_SPREAD**2 * finished) / seconds
        return Full(tuple(stretches), finished / seconds, error)

    def _stretches(self, start: float, end: float, rise: float, fall: float) -> list[Span]:
        found: list[Span] = []
        since: float | None = None
        step = STEP_S / 10
        t = start
        while t <= end:
            number = self.at(t)
            if since is None and number >= rise:
                since = t
            elif since is not None and number < fall:
                found.append((since, t))
                since = None
            t += step
        if since is not None:
            found.append((since, end))
        return [(a, b) for a, b in found if b - a >= _SHORTEST_STRETCH_S]


def _moments(start: float, end: float) -> list[float]:
    return [start + n * STEP_S for n in range(int((end - start) / STEP_S) + 1)]
