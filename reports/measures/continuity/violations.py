"""A violation of continuity, and its line of evidence."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from reports.measures.phases import RECOVERY_S
from reports.records import FaultWindow


class Violation(Struct, frozen=True, gc=False):
    """One breach of continuity."""

    kind: str
    """One of `gates.VIOLATIONS`."""
    conversation: int
    turn_id: str | None
    """None: the session as a whole."""
    count: int
    """The number of affected turns."""
    since: float
    """The last run time at which all was still correct as far as known."""
    at: float
    """Run time of the observation."""
    where: str
    """The replicas that answered, and when."""
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
