"""The evidence about a failed gate: its waits, their times, and the samples of those times."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from reports.checks.waits import Waits
from reports.measures.percentiles import median
from reports.measures.spans import Span, merged, overlap
from reports.records import Finding, Sample, TurnRecord
from reports.records.history import History

_BESIDE_S = 3.0
"""Samples are taken every second, and those of the replicas' metrics every three."""
_MOST_READ = 5000
HALF = 0.5
"""A cause must overlap at least this share of the waits to explain the gate."""


@dataclass(frozen=True, slots=True)
class Cause:
    """An explanation of the waits."""

    name: str
    """One word, for programs: `machine`, `redis_core`, `model`, ..."""
    sentence: str
    """For a person, without a full stop."""


@dataclass(frozen=True)
class Scene:
    """A failed gate, its waits, and the history to search for its cause."""

    history: History
    finding: Finding
    waits: Waits

    @cached_property
    def spans(self) -> list[Span]:
        """The time of all the waits."""
        return merged((wait.since, wait.until) for wait in self.waits.waits)

    @cached_property
    def turns(self) -> list[TurnRecord]:
        """The waiting turns; of many thousands an evenly spread sample."""
        numbers = self.waits.numbers
        step = -(-len(numbers) // _MOST_READ) or 1
        return [self.history.turns[number] for number in numbers[::step]]

    @property
    def examined(self) -> int:
        """The number of waiting turns, and of the reads and deletions that failed."""
        reads = (wait for wait in self.waits.waits if wait.turn is None and wait.error)
        return len(self.turns) + sum(1 for _ in reads)

    @cached_property
    def told(self) -> list[str]:
        """The errors of the waits, one each."""
        errors = [turn.error for turn in self.turns]
        errors += [wait.error for wait in self.waits.waits if wait.turn is None]
        return [error for error in errors if error]

    @cached_property
    def typical_s(self) -> float:
        """The median wait, seconds."""
        return median([wait.until - wait.since for wait in self.waits.waits])

    def explained_by(self, spans: list[Span]) -> bool:
        """Whether half of the waits overlap these spans for half of their time."""
        hit = sum(
            overlap((wait.since, wait.until), spans) >= (wait.until - wait.since) / 2
            for wait in self.waits.waits
        )
        return bool(spans) and hit >= HALF * len(self.waits.waits)

    def samples(self, source: str) -> list[Sample]:
        """The samples of one source during the waits, or close to them."""
        return [s for s in self.history.samples_by_source.get(source, []) if self.beside(s.t)]

    def sources(self, kind: str) -> list[str]:
        """The sources `kind:<name>`, in order."""
        known = self.history.samples_by_source
        return sorted(source for source in known if source.partition(":")[0] == kind)

    def risen(self, source: str, name: str) -> float:
        """The rise of a counter during the waits; a restart resets it to 0."""
        rises = (
            now - before if now >= before else now for before, now in self._steps(source, name)
        )
        return sum(rises)

    def _steps(self, source: str, name: str) -> Iterator[tuple[float, float]]:
        before: float | None = None
        for sample in self.history.samples_by_source.get(source, []):
            if name in sample.values:
                now = sample.values[name]
                if before is not None and self.beside(sample.t):
                    yield before, now
                before = now

    def beside(self, t: float) -> bool:
        """Whether there is a wait at this run time, or within a few seconds of it."""
        number = bisect_right(self._widened, (t, math.inf)) - 1
        return number >= 0 and t <= self._widened[number][1]

    @cached_property
    def _widened(self) -> list[Span]:
        return merged((start - _BESIDE_S, end + _BESIDE_S) for start, end in self.spans)


def name_of(source: str) -> str:
    """`r07` of `replica:r07`."""
    return source.partition(":")[2]


def some(names: list[str]) -> str:
    """The names; of many only the first ones."""
    return (
        ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    )
