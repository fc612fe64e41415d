"""The course of a measurement of Redis: where it is, and about how long the rest takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from enum import StrEnum


class Step(StrEnum):
    """The parts of a measurement; the first two come once, the others for each size."""

    TEMPLATES = "templates"
    FLUSHES = "flushes"
    FILL = "fill"
    TURNS = "turns"
    RESTARTS = "restarts"
    EXPIRY = "expiry"


_ONCE = (Step.TEMPLATES, Step.FLUSHES)
_SECONDS: dict[Step, tuple[float, float]] = {
    Step.TEMPLATES: (6.0, 0.0),
    Step.FLUSHES: (4.0, 0.0),
    Step.FILL: (0.5, 120e-6),
    Step.TURNS: (5.0, 0.0),
    Step.RESTARTS: (3.0, 150e-6),
    Step.EXPIRY: (18.0, 60e-6),
}
"""Seconds of each part, and for each session of the size more, on one core of two."""
_SURE_S = 5.0
"""This much of the plan is taken to have gone as planned before anything is known."""


def planned_s(sizes: Sequence[int]) -> float:
    """The seconds that a measurement with these numbers of sessions takes, roughly."""
    return sum(seconds for _, seconds in _plan(sizes))


class Course:
    """Says the progress of one measurement, with the time that is left."""

    def __init__(
        self,
        sizes: Sequence[int],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`say` is called with one sentence each."""
        self._plan, self._say, self._clock = _plan(sizes), say, clock
        self._begun = clock()

    def at(self, step: Step, text: str, size: int = 0, share: float = 0.0) -> None:
        """A part has begun, or this share of it is done."""
        done = 0.0
        for part, seconds in self._plan:
            if part == (step, size):
                done += share * seconds
                break
            done += seconds
        left = sum(seconds for _, seconds in self._plan) - done
        pace = (self._clock() - self._begun + _SURE_S) / (done + _SURE_S)
        self._say(f"Redis: {text}; about {left * pace:.0f} s left")

    def say(self, text: str) -> None:
        """Something besides the parts, as it is."""
        self._say(text)


def _plan(sizes: Sequence[int]) -> list[tuple[tuple[Step, int], float]]:
    """(part, size) → its seconds, in order."""
    found = [((step, 0), _SECONDS[step][0]) for step in _ONCE]
    for size in sizes:
        for step in Step:
            if step not in _ONCE:
                fixed, each = _SECONDS[step]
                found.append(((step, size), fixed + each * size))
    return found
