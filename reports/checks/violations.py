"""The classes of broken continuity, and how one is told to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reports.phases import RECOVERY_S
from reports.records import FaultWindow

CLASSES = {
    "lost": "Conversation context lost",
    "duplicated": "Turns that happened twice",
    "reordered": "Histories out of order",
    "truncated": "Turns cut off a history",
    "forked": "Turns with two histories",
    "half_turn": "Turns that half happened",
    "resurrected": "Sessions back from the dead",
    "phantom": "Turns that nobody sent",
    "leaked": "Data of another customer",
    "context_missed": "Replies without the context",
}
"""Every violation class and its title.

- lost: an acknowledged turn is missing, or a whole session is, within its TTL.
- truncated: two or more acknowledged turns are missing together from the front or the end of a
  history of which something is left; or a later read shows less than an earlier one did.  Any
  other absence (a single turn, one from the middle, everything) is `lost`.
- duplicated: a turn's message is there twice, or the same reply is.
- forked: one turn has two different replies, or not the message or reply that was acknowledged.
- half_turn: the message without the reply, or the reverse; also beside the whole turn, where one
  of several attempts left its half behind.
- reordered: acknowledged turns in another order, or turns interleaved.
- resurrected: there after the TTL must have taken it, or after an acknowledged delete.
- phantom: a turn that nobody sent, or that the service had refused.
- leaked: another conversation's turn, or another user's session.
- context_missed: the reply's witness shows that the model was not shown the acknowledged turns.
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach of continuity."""

    kind: str
    """One of `CLASSES`."""
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
