"""When a session must be there, and when it must be gone.

A service touches the session somewhere between the moment a turn is sent and the moment it is
done, and each touch gives it one more TTL.  From outside only these bands are known:

    touched for certain, at the earliest                touched perhaps, at the latest
    |--------- TTL: must be there ---------|....either....|----------- must be gone ----->
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum

from reports.records import AuditRecord, ConversationRecord, Fate, Outcome, TurnRecord

CLOCK_S = 0.1
"""Slack on either side of the TTL: two clocks, one of which may be slewed, over one TTL."""


class Presence(Enum):
    """What must be true of a session during one operation."""

    THERE = "there"
    THERE_BUT_FOR_DURABILITY = "there, unless lost as declared"
    EITHER = "either"
    GONE = "gone"


class SessionModel:
    """Follows one session through its operations, in their order."""

    def __init__(
        self, record: ConversationRecord | None, ttl: float, durable: bool, expires: bool = True
    ) -> None:
        """`durable`: the session's opening cannot have been lost as declared.  `expires`: the
        service's TTL is known to be `ttl`; else it is only known not to be shorter."""
        self._ttl = ttl
        self._longest = ttl if expires else math.inf
        self._deleted = record.deleted if record else None
        self._kept = -math.inf
        self._kept_if_durable = -math.inf
        self._latest = math.inf
        if record is not None and record.opened is not None:
            self._kept_if_durable = record.due if record.started is None else record.started
            self._kept = self._kept_if_durable if durable else -math.inf
            self._latest = record.opened

    def presence(self, start: float, end: float) -> Presence:
        """What must be true of the session during an operation sent and done at these times."""
        if self._deleted is not None and start > self._deleted:
            return Presence.GONE
        if start - self._latest > self._longest + CLOCK_S:
            return Presence.GONE
        if end - self._kept < self._ttl - CLOCK_S:
            return Presence.THERE
        if end - self._kept_if_durable < self._ttl - CLOCK_S:
            return Presence.THERE_BUT_FOR_DURABILITY
        return Presence.EITHER

    def took(self, turn: TurnRecord, durable: bool) -> None:
        """A turn was taken."""
        if turn.outcome is Outcome.OK:
            self._kept_if_durable = turn.sent
            if durable:
                self._kept = turn.sent
        if turn.outcome is Outcome.INFO or turn.unsure:
            # An attempt nobody heard of again may touch the session at any time from now on, so
            # this session never must be gone.  One that was refused has touched it by `done`.
            self._latest = math.inf
        else:
            self._latest = max(self._latest, turn.done)

    def took_all(self, turns: Sequence[TurnRecord]) -> None:
        """All turns were taken, each acknowledged at the first attempt and not to be lost."""
        self._kept = self._kept_if_durable = turns[-1].sent
        self._latest = max(self._latest, max(turn.done for turn in turns))

    def reopened(self, at: float) -> None:
        """The session was gone, and the customer opened another."""
        self._latest = at

    def read(self, audit: AuditRecord) -> None:
        """An audit read the session, which some services count as a touch."""
        self._latest = max(self._latest, audit.done)


def turns_all_known(record: ConversationRecord | None) -> bool:
    """Whether every turn left a record (a run cut short or a lost generator leaves some out)."""
    return record is not None and record.fate not in (Fate.CENSORED, Fate.LOST)
