"""A violation of continuity, and how it is told to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.measures.phases import RECOVERY_S
from reports.records import FaultWindow


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of continuity."""

    kind: str
    """One of `gates.VIOLATIONS`."""
    conversation: int
    turn_id: str | None
    """None: the session as a whole."""
    count: int
    """How many turns it concerns."""
    since: float
    """Run time at which all was still well as far as is known."""
    at: float
    """Run time at which it was seen."""
    where: str
    """Who answered what, and when."""
    expected: str
    saw: str

    def line(self, faults: Sequence[FaultWindow]) -> str:
        """One line of evidence."""
        what = f"turn {self.turn_id}" if self.turn_id else "the session"
        return (
            f"conversation {self.conversation}, {what}: {self.where}; expected {self.expected}; "
            f"saw {self.saw} at {self.at:.3f} s; {_beside(faults, self.since, self.at)}"
        )


def _beside(faults: Sequence[FaultWindow], since: float, at: float) -> str:
    """The faults in progress between two moments, or just before."""
    near = [f for f in faults if f.start <= at and f.end + RECOVERY_S >= since]
    if not near:
        return "no fault near"
    named = ", ".join(f"{f.id} ({f.start:.1f}–{f.end:.1f} s)" for f in near[-3:])
    return f"beside {named}" if len(near) <= 3 else f"beside {named} and {len(near) - 3} before"
