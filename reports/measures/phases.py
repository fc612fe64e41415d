"""Assigns turns to the phases of the run.

A fault's phase is its window; its recovery is the `RECOVERY_S` seconds that follow, or less when
another fault begins or ends meanwhile.  A turn belongs to the first fault whose window its time in
flight (from the intended moment to the end) touches; else to the first recovery it touches; else to
the warm-up or the steady state by its intended moment.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from reports.records.history import History

RECOVERY_S = 5.0
_MARGIN_S = 2.0
_AT_ONCE = 256
"""Turns that follow each other in their file, most of which are of one phase."""
WARMUP = "warmup"
STEADY = "steady"


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of run time, seconds."""

    name: str
    start: float
    end: float


class _Windows:
    """Stretches of time that may overlap, searched by time."""

    def __init__(self, windows: Sequence[Phase]) -> None:
        self._windows = sorted(windows, key=lambda window: window.start)
        # Latest end so far: never falls, so it can be searched even where windows overlap.
        self._ends = list(accumulate((window.end for window in self._windows), max))

    def touched(self, start: float, end: float) -> str | None:
        """The name of the first window that [start, end] touches."""
        for window in self._windows[bisect_left(self._ends, start) :]:
            if window.start > end:
                return None
            if window.end >= start:
                return window.name
        return None


class PhaseMap:
    """Assigns times to phases."""

    def __init__(self, history: History) -> None:
        faults = history.faults
        self.faults = [Phase(f"fault:{fault.id}", fault.start, fault.end) for fault in faults]
        starts = sorted(fault.start for fault in faults)
        ends = sorted(fault.end for fault in faults)
        self.recoveries = []
        for fault in faults:
            begins = starts[bisect_left(starts, fault.end) :]
            heals = ends[bisect_right(ends, fault.end) :]
            end = min([fault.end + RECOVERY_S, *begins[:1], *heals[:1]])
            self.recoveries.append(Phase(f"recovery:{fault.id}", fault.end, end))
        self.shared: defaultdict[str, set[str]] = defaultdict(set)
        """Phase of a fault → phases of simultaneous faults to which its turns belong too.

        Complete after every turn has been assigned.
        """
        self._overlapping = {
            first.name: others
            for first in self.faults
            if (others := [o for o in self.faults if o is not first and _overlap(o, first)])
        }
        self._faults = _Windows(self.faults)
        self._recoveries = _Windows(self.recoveries)
        self._warmup = _warmup(history)
        self._busy = _joined([*self.faults, *self.recoveries])
        self._busy_ends = [end for _, end in self._busy]

    def of_all(self, first_due: float, last_due: float, last_done: float) -> str | None:
        """The phase of all turns within these times; None: they may differ."""
        place = bisect_left(self._busy_ends, first_due)
        if place < len(self._busy) and self._busy[place][0] <= last_done:
            return None
        if (first_due < self._warmup) != (last_due < self._warmup):
            return None
        return WARMUP if first_due < self._warmup else STEADY

    def of(self, due: float, done: float) -> str:
        """The phase of a turn that was due and done at these run times."""
        place = bisect_left(self._busy_ends, due)
        if place == len(self._busy) or self._busy[place][0] > done:
            # Nearly all turns: in no fault and in no recovery.
            return WARMUP if due < self._warmup else STEADY
        fault = self._faults.touched(due, done)
        if fault in self._overlapping:
            for other in self._overlapping[fault]:
                if other.start <= done and due <= other.end:
                    self.shared[other.name].add(fault)
        return (
            fault
            or self._recoveries.touched(due, done)
            or (WARMUP if due < self._warmup else STEADY)
        )


def _joined(windows: Sequence[Phase]) -> list[tuple[float, float]]:
    """The disjoint spans that the windows cover, in order."""
    joined: list[tuple[float, float]] = []
    for window in sorted(windows, key=lambda window: window.start):
        start, end = window.start, max(window.start, window.end)
        if joined and start <= joined[-1][1]:
            start, latest = joined.pop()
            end = max(latest, end)
        joined.append((start, end))
    return joined


def _overlap(one: Phase, other: Phase) -> bool:
    return one.start <= other.end and other.start <= one.end


def turns_by_phase(history: History) -> dict[str, array[int]]:
    """The numbers of the turns of every phase that has any."""
    phases = history.once(PhaseMap)
    groups: defaultdict[str, array[int]] = defaultdict(lambda: array("I"))
    count = len(history.turns)
    for first in range(0, count, _AT_ONCE):
        after = min(first + _AT_ONCE, count)
        due, done = history.turns.due[first:after], history.turns.done[first:after]
        common = phases.of_all(min(due), max(due), max(done))
        if common is not None:
            groups[common].extend(range(first, after))
            continue
        for number, times in enumerate(zip(due, done, strict=True), first):
            groups[phases.of(*times)].append(number)
    return dict(groups)


def in_words(phase: str) -> str:
    """A phase in a sentence: `in the steady state`, `during kill-redis-1`, `after kill-redis-1`."""
    kind, _, fault = phase.partition(":")
    if fault and kind in ("fault", "recovery"):
        return f"{'during' if kind == 'fault' else 'after'} {fault}"
    return {STEADY: "in the steady state", WARMUP: "in the warm-up"}.get(phase, f"in {phase}")


def in_brackets(phase: str) -> str:
    """A phase behind a gate's title: ` (during kill-redis-1)`; nothing where the title says it."""
    return "" if phase in ("run", STEADY) else f" ({in_words(phase)})"


def time_of(history: History, phase: str) -> tuple[float, float]:
    """The run time that a gate covers: a fault and its recovery, or the whole load."""
    for fault in history.faults:
        if phase in (f"fault:{fault.id}", f"recovery:{fault.id}"):
            return fault.start - _MARGIN_S, fault.end + RECOVERY_S + _MARGIN_S
    return history.load_start or 0.0, history.load_end or history.last_moment


def load_phases(history: History) -> list[Phase]:
    """The phases of the profile, from the load's marks."""
    marks = [mark for mark in history.marks if mark.mark.startswith("phase:")]
    last = history.mark("arrivals-end")
    close = last.t if last else history.load_end
    if not marks or close is None:
        return []
    ends = [mark.t for mark in marks[1:]] + [max(close, marks[-1].t)]
    return [
        Phase(mark.mark.removeprefix("phase:"), mark.t, end)
        for mark, end in zip(marks, ends, strict=True)
    ]


def _warmup(history: History) -> float:
    """Run time of the end of the warm-up; -inf without one."""
    return max((p.end for p in load_phases(history) if p.name == WARMUP), default=float("-inf"))
