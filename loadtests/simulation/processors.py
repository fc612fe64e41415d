"""Cores: every process has one of its own, or all share a few.

Both give work to a processor, which takes it in the order of arrival, and put an event into the
calendar for its end.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any, Protocol

from loadtests.simulation.state import Processor, Work

Event = tuple[float, int, int, Any]
"""(time, number of the event, handler, its argument)."""

_ROUNDING_S = 1e-9
"""Work that is this near to its end has ended."""


class Cores(Protocol):
    """Where processors run."""

    def submit(
        self, processor: Processor, t: float, work: float, stage: int, thing: Any, after: float
    ) -> None:
        """Give `work` seconds to `processor` at `t`; event `stage` comes `after` seconds later."""

    def drop(self, processor: Processor, t: float) -> None:
        """The processor dies: forget its work, or let its events find a dead request."""

    def tick(self, t: float, version: int) -> None:
        """An event of the cores themselves."""


class OwnCores:
    """Each processor has a core of its own."""

    def __init__(self, calendar: list[Event], number: Callable[[], int]) -> None:
        def submit(
            processor: Processor, t: float, work: float, stage: int, thing: Any, after: float
        ) -> None:
            free_at = processor.free_at
            if t >= free_at:
                if t - free_at >= processor.wakes_after_s:
                    work += processor.wake_s
                free_at = t
            end = free_at + work
            processor.free_at = end
            processor.busy += work
            heappush(calendar, (end + after, number(), stage, thing))

        # A closure, because half of the simulation's time is spent here and in its callers.
        self.submit = submit
        """As `Cores`: in order of arrival, the end of the work is known at once."""

    def drop(self, processor: Processor, t: float) -> None:
        """As `Cores`; the events of its work stay in the calendar."""
        processor.busy = processor.used(t)
        processor.free_at = t

    def tick(self, t: float, version: int) -> None:
        """As `Cores`; such cores have no events of their own."""


class SharedCores:
    """All processors share `cores` cores equally, as processes do under a fair scheduler.

    Processor sharing: with n busy processors each runs at the speed min(1, cores / n).  Its clock
    counts the seconds of work that each busy processor has received.
    """

    def __init__(
        self, cores: int, calendar: list[Event], number: Callable[[], int], tick: int
    ) -> None:
        """`tick` is the handler that calls `tick` below."""
        self._cores, self._calendar, self._number, self._tick = cores, calendar, number, tick
        self._heads: list[tuple[float, int, Processor]] = []
        """(the clock at the end of the running work, number, processor)."""
        self._clock = 0.0
        self._at = 0.0
        """The time at which the clock was right."""
        self._version = 0

    def submit(
        self, processor: Processor, t: float, work: float, stage: int, thing: Any, after: float
    ) -> None:
        """As `Cores`."""
        if processor.running is not None:
            processor.waiting.append((work, stage, thing, after))
            return
        self._advance(t)
        if t - processor.free_at >= processor.wakes_after_s:
            work += processor.wake_s
        self._start(processor, (work, stage, thing, after))
        self._plan(t)

    def drop(self, processor: Processor, t: float) -> None:
        """As `Cores`; the running work counts as not done."""
        self._advance(t)
        processor.waiting.clear()
        processor.running = None
        self._heads = sorted(head for head in self._heads if head[2] is not processor)
        self._plan(t)

    def tick(self, t: float, version: int) -> None:
        """The work that ends first ends at `t`, unless something has come in between."""
        if version != self._version:
            return
        self._advance(t)
        heads = self._heads
        while heads and heads[0][0] <= self._clock + _ROUNDING_S:
            _, _, processor = heappop(heads)
            assert processor.running is not None
            work, stage, thing, after = processor.running
            processor.busy += work
            heappush(self._calendar, (t + after, self._number(), stage, thing))
            processor.running = None
            processor.free_at = t
            if processor.waiting:
                self._start(processor, processor.waiting.popleft())
        self._plan(t)

    def _start(self, processor: Processor, work: Work) -> None:
        processor.running = work
        heappush(self._heads, (self._clock + work[0], self._number(), processor))

    def _rate(self) -> float:
        return min(1.0, self._cores / len(self._heads)) if self._heads else 1.0

    def _advance(self, t: float) -> None:
        self._clock += (t - self._at) * self._rate()
        self._at = t

    def _plan(self, t: float) -> None:
        self._version += 1
        if self._heads:
            left = max(0.0, self._heads[0][0] - self._clock) / self._rate()
            event = (t + left, self._number(), self._tick, self._version)
            heappush(self._calendar, event)
