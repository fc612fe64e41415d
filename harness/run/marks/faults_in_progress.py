"""The faults in progress: those that the harness plays, and those that marks declare."""

from __future__ import annotations

from pathlib import Path

from chaos.experiment.schedule import Schedule
from harness.run.directory.record_tail import Tail
from reports.records import FaultMark
from reports.records.fault_mark import still_open


class DeclaredFaults:
    """Follows the marks of a run."""

    def __init__(self, run_dir: Path) -> None:
        """Nothing is read yet."""
        self._tail = Tail(run_dir, FaultMark)
        self._marks: list[FaultMark] = []

    def read(self) -> list[FaultMark]:
        """The marks since the last call."""
        new: list[FaultMark] = self._tail.read()
        self._marks += new
        return new

    @property
    def current(self) -> tuple[str, ...]:
        """The names of the faults that have begun and not ended, as of the last `read`."""
        return tuple(still_open(self._marks))

    @property
    def last_end(self) -> float | None:
        """Run time at which the last of them ended; None before any."""
        return max((mark.t for mark in self._marks if mark.edge == "end"), default=None)


class FaultsInProgress:
    """Both kinds of faults together."""

    def __init__(self, schedule: Schedule | None, declared: DeclaredFaults) -> None:
        """`declared` is read by its owner; `schedule` is None when the harness plays no fault."""
        self._schedule, self._declared = schedule, declared

    @property
    def current(self) -> str | None:
        """The names of all faults in progress; None: there are none."""
        played = None if self._schedule is None else self._schedule.current
        return " + ".join([*([played] if played else []), *self._declared.current]) or None

    @property
    def last_end(self) -> float | None:
        """Run time at which the last fault ended; None before any."""
        played = None if self._schedule is None else self._schedule.last_end
        ends = [end for end in (played, self._declared.last_end) if end is not None]
        return max(ends, default=None)
