"""The times at which a session must exist, and at which it must be gone.

A service touches the session at some moment between the sending and the end of a turn, and each
touch restarts the TTL.  From outside only these bands are known:

    touched for certain, at the earliest                touched perhaps, at the latest
    |--------- TTL: must be there ---------|....either....|----------- must be gone ----->

A forgotten attempt may touch the session for a while after it was given up (see the module
`forgotten`).  If only such an attempt can have kept a session alive, the session's existence or
absence proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum

from reports.records import (
    DELETION_FAILED,
    AuditRecord,
    ConversationRecord,
    Fate,
    Outcome,
    TurnRecord,
)

CLOCK_S = 0.1
"""Slack on either side of the TTL, for the drift of two clocks over one TTL, seconds."""
_AT_ONCE_S = 0.2
"""A session is first read this soon after its conversation ended; later reads are retries."""


class Presence(Enum):
    """The expected state of a session during one operation."""

    THERE = "there"
    THERE_BUT_FOR_DURABILITY = "there, unless lost as declared"
    EITHER = "either"
    GONE_BUT_FOR_FORGOTTEN = "gone, unless a forgotten attempt touched it"
    GONE = "gone"


class SessionModel:
    """Follows one session through its operations in order."""

    def __init__(
        self,
        record: ConversationRecord | None,
        ttl: float,
        durable: bool,
        expires: bool = True,
        late_until: Callable[[float, float], float] = lambda sent, given_up: math.inf,
        deletion_durable: bool = True,
    ) -> None:
        """`durable`, `deletion_durable`: the session's opening, and its deletion, cannot be lost
        within the declared durability.  `expires`: the service's TTL is exactly `ttl`; else it is
        at least `ttl`.  `late_until`: the last time at which an attempt sent and given up at these
        times may act."""
        self._ttl = ttl
        self._longest = ttl if expires else math.inf
        self._late_until = late_until
        self._deleted = record.deleted if record else None
        self._seen_gone = math.inf
        self._perhaps_deleted = math.inf
        self.kept = -math.inf
        """The last time at which it was used for certain, and not lost as declared."""
        self.last_found = -math.inf
        """The last time at which it was seen to exist."""
        self._kept_if_durable = -math.inf
        self._latest = self._forgotten = math.inf
        if record is None:
            return
        if record.opened is not None:
            self._kept_if_durable = record.due if record.started is None else record.started
            self.kept = self._kept_if_durable if durable else -math.inf
            self._latest = self._forgotten = self.last_found = record.opened
        if self._deleted is not None and not deletion_durable:
            self._perhaps_deleted, self._deleted = self._deleted, None
        if (record.error or "").startswith(DELETION_FAILED) and record.ended is not None:
            self._perhaps_deleted = record.ended

    @property
    def may_have_expired(self) -> bool:
        """Whether it must exist, unless the service's TTL, which is unknown, has ended it."""
        undeleted = self._deleted is None and self._perhaps_deleted == math.inf
        return undeleted and self._longest == math.inf and self.kept > -math.inf

    def presence(self, start: float, end: float) -> Presence:
        """The expected state of the session during an operation sent and done at these times."""
        # The deletion was acknowledged before the next request, even in the same microsecond.
        if self._deleted is not None and start >= self._deleted:
            return Presence.GONE
        if start - CLOCK_S > self._seen_gone:
            return Presence.GONE
        if start - self._latest > self._longest + CLOCK_S:
            if start - self._forgotten > self._longest + CLOCK_S:
                return Presence.GONE
            return Presence.GONE_BUT_FOR_FORGOTTEN
        if end >= self._perhaps_deleted:
            return Presence.EITHER
        if end - self.kept < self._ttl - CLOCK_S:
            return Presence.THERE
        if end - self._kept_if_durable < self._ttl - CLOCK_S:
            return Presence.THERE_BUT_FOR_DURABILITY
        return Presence.EITHER

    def took(self, turn: TurnRecord, durable: bool) -> None:
        """Take a turn into account."""
        if turn.outcome is Outcome.OK:
            self._kept_if_durable = turn.sent
            self.last_found = turn.done
            self._seen_gone = math.inf
            if durable:
                self.kept = turn.sent
        # A refused attempt cannot touch the session after `done`.
        self._touched(turn.done)
        if turn.outcome is Outcome.INFO or turn.unsure:
            self._forgotten = max(self._forgotten, self._late_until(turn.sent, turn.done))

    def took_all(self, turns: Sequence[TurnRecord]) -> None:
        """Take all turns, each acknowledged at the first attempt and durable."""
        self.kept = self._kept_if_durable = turns[-1].sent
        self._touched(max([turn.done for turn in turns]))

    def reopened(self, at: float) -> None:
        """The session was gone, and the customer opened another one with another id."""
        self._latest = self._forgotten = at
        self._seen_gone = math.inf

    def asked(self, audit: AuditRecord) -> None:
        """Prepare to judge an audit.  If it needed several attempts, the first one may have touched
        a session that still existed."""
        first = audit.asked
        if first is None and was_asked_again(audit, self._latest):
            first = self._latest
        if first is not None and self.presence(first, first) is not Presence.GONE:
            self._forgotten = max(self._forgotten, self._late_until(first, audit.at))

    def read(self, audit: AuditRecord) -> None:
        """An audit read the session, which some services count as a touch."""
        self._touched(audit.done)
        if audit.status == "found":
            self.last_found = audit.done
        if audit.status == "gone":
            self._seen_gone = min(self._seen_gone, audit.done)

    def _touched(self, at: float) -> None:
        if at > self._latest:
            self._latest = at
        if at > self._forgotten:
            self._forgotten = at


def turns_all_known(record: ConversationRecord | None) -> bool:
    """Whether every turn has a record (a run cut short or a lost generator omits some)."""
    return record is not None and record.fate not in (Fate.CENSORED, Fate.LOST)


def was_asked_again(audit: AuditRecord, latest: float) -> bool:
    """Whether a read needed several attempts.  `latest`: the end of its conversation."""
    if audit.asked is not None:
        return True
    return audit.when == "end" and audit.at - latest > _AT_ONCE_S


def was_added_to(audit: AuditRecord, shown: set[str], turns: Sequence[TurnRecord]) -> bool:
    """Whether a read holds a turn of unknown fate that an earlier read, which showed the turns
    `shown`, lacked, so that one of its attempts has touched the session since."""
    unsettled = {turn.turn_id for turn in turns if turn.outcome is Outcome.INFO}
    return bool(shown and unsettled & {item.turn_id for item in audit.history} - shown)


def may_be_opened_late(audit: AuditRecord, turns: Sequence[TurnRecord]) -> bool:
    """Whether the session is empty and may have been opened by a forgotten attempt.

    An attempt that was given up may wait in the service until the session of the next attempt has
    expired.  It then opens a new, empty session.
    """
    if audit.status != "found" or audit.history:
        return False
    # If the first turn in a session failed, opening the session may have failed.
    return any(
        turn.error is not None and (turn.turn == 0 or turn.reopened is not None) for turn in turns
    )


def asked_at(record: ConversationRecord | None, opened: float) -> tuple[float, float]:
    """When opening the session was first requested, and when it was acknowledged."""
    return opened if record is None or record.started is None else record.started, opened


def answer_of(turn: TurnRecord) -> str:
    """The replica that answered a turn, in words."""
    return f"sent {turn.sent:.3f} s, answered by {turn.replica or 'nobody'}"


def last_acknowledged(turns: Sequence[TurnRecord]) -> str:
    """The last acknowledged turn, in words, as the last known good moment."""
    for turn in reversed(turns):
        if turn.outcome is Outcome.OK:
            who = turn.replica or "nobody"
            return f" (the last, {turn.turn_id}, acknowledged at {turn.done:.3f} s by {who})"
    return ""
