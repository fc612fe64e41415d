"""Writes the milestones of the load as they are reached."""

from __future__ import annotations

import math
from collections.abc import Callable

from loadtests.profiles.profile import Profile
from reports.records import LoadMark, Recorder

HEAD_START_S = 0.5
"""Seconds from planning to the first possible arrival."""


class Milestones:
    """Writes the milestones of one load as `reports.records.LoadMark`."""

    def __init__(self, profile: Profile, recorder: Recorder) -> None:
        self._profile, self._recorder = profile, recorder
        self.load_end = profile.load_seconds
        """Seconds from the start to the last possible arrival; an order may move it."""

    def mark(self, mark: str, t: float, **values: float) -> None:
        """Write one mark."""
        floats = {key: float(value) for key, value in values.items()}
        self._recorder.write(LoadMark(t, mark, floats))

    def start(self, start: float, arrivals: int) -> None:
        """Mark the start of the arrivals at run time `start`."""
        self.mark("start", start, arrivals=arrivals, turns=self._profile.expected_turns)

    def follow(self, start: float, wait_until: Callable[[float], bool]) -> None:
        """Mark the phases and the end of the arrivals; ends early when `wait_until` says False."""
        for name, begin, end in self._profile.planned_phases():
            if not wait_until(start + begin):
                return
            self.mark(f"phase:{name}", start + begin, end=start + end)
        if wait_for_end(lambda: start + self.load_end, wait_until):
            self.mark("arrivals-end", start + self.load_end)


def wait_for_end(end: Callable[[], float], wait_until: Callable[[float], bool]) -> bool:
    """Wait until the end of the load, which may move meanwhile; False as soon as `wait_until` is.

    `end` tells the run time at which the load ends, as far as is known now.
    """
    waited_for = -math.inf
    while waited_for < end():
        waited_for = end()
        if not wait_until(waited_for):
            return False
    return True
